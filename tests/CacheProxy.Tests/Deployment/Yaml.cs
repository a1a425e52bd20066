using YamlDotNet.RepresentationModel;

namespace CacheProxy.Tests.Deployment;

/// <summary>What is read of YAML that is no object of Kubernetes.</summary>
internal static class Yaml
{
    /// <summary>The node at the end of the keys; <c>null</c> when it is not there.</summary>
    public static YamlNode? At(YamlNode node, params ReadOnlySpan<string> path)
    {
        YamlNode? current = node;
        foreach (var key in path)
        {
            current = current is YamlMappingNode map && map.Children.TryGetValue(key, out var child) ? child : null;
        }

        return current;
    }

    public static string? Text(YamlNode node, params ReadOnlySpan<string> path) => (At(node, path) as YamlScalarNode)?.Value;

    public static YamlNode[] List(YamlNode node, params ReadOnlySpan<string> path) =>
        At(node, path) is YamlSequenceNode list ? [.. list.Children] : [];
}
