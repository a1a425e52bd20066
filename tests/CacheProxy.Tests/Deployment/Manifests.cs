using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using CacheProxy.Tests.House;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace CacheProxy.Tests.Deployment;

/// <summary>What <c>kubectl kustomize</c> makes of a folder.</summary>
internal sealed class Manifests
{
    private static readonly ConcurrentDictionary<string, Lazy<Manifests>> Rendered = new();

    private readonly YamlNode[] _all;

    private Manifests(YamlNode[] all) => _all = all;

    public IEnumerable<string> Kinds => _all.Select(static one => Text(one, "kind")!);

    /// <summary>Rendered once a run.</summary>
    public static Manifests Of(string folder) =>
        Rendered.GetOrAdd(folder, static wanted => new Lazy<Manifests>(() => Render(wanted))).Value;

    public YamlNode? Find(string kind, string name) =>
        _all.SingleOrDefault(one => Text(one, "kind") == kind && Text(one, "metadata", "name") == name);

    public YamlNode Get(string kind, string name)
    {
        var found = Find(kind, name);
        Assert.True(found is not null, $"no {kind} {name}");
        return found;
    }

    /// <summary>A container of the API's pod.</summary>
    public YamlNode Container(string name)
    {
        var containers = List(Get("Deployment", "customer-api"), "spec", "template", "spec", "containers");
        return Assert.Single(containers, container => Text(container, "name") == name);
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

    private static Manifests Render(string folder)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Kustomize(Path.Combine(Repository.Root, folder))));
        return new Manifests([.. stream.Documents.Select(static document => document.RootNode)]);
    }

    private static string Kustomize(string folder)
    {
        var start = new ProcessStartInfo("kubectl", ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var kubectl = Process.Start(start)!;
            var errors = kubectl.StandardError.ReadToEndAsync();
            var output = kubectl.StandardOutput.ReadToEnd();
            kubectl.WaitForExit();
            Assert.True(kubectl.ExitCode == 0, errors.GetAwaiter().GetResult());
            return output;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException("These tests need kubectl, whose kustomize renders without a cluster.", exception);
        }
    }
}
