using YamlDotNet.RepresentationModel;

namespace CacheProxy.Tests.Deployment;

/// <summary>YAML of which no types are known.</summary>
internal static class Yaml
{
    public static YamlNode[] Read(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(static document => document.RootNode)];
    }

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

    /// <summary>The same text for what says the same, however it is laid out.</summary>
    public static string Outline(YamlNode node) => node switch
    {
        YamlMappingNode map => "{" + string.Join(", ", map.Children.Select(static pair => $"{pair.Key}: {Outline(pair.Value)}")) + "}",
        YamlSequenceNode list => "[" + string.Join(", ", list.Children.Select(Outline)) + "]",
        _ => node.ToString(),
    };
}
