using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using CacheProxy.Tests.House;
using k8s;
using k8s.Models;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>What <c>kubectl kustomize</c> makes of a folder, read strictly: a field that Kubernetes does not know is an error.</summary>
internal sealed class Manifests
{
    private static readonly Dictionary<string, Type> Foreign = new(StringComparer.Ordinal)
    {
        ["monitoring.coreos.com/v1/PodMonitor"] = typeof(PodMonitor),
        ["monitoring.coreos.com/v1/PrometheusRule"] = typeof(PrometheusRule),
    };

    private static readonly ConcurrentDictionary<string, Lazy<Manifests>> Rendered = new();

    private readonly IKubernetesObject<V1ObjectMeta>[] _all;

    private Manifests(IEnumerable<object> all) => _all = [.. all.Cast<IKubernetesObject<V1ObjectMeta>>()];

    public static string[] Overlays { get; } = [.. Directory.GetDirectories(Path.Combine(Repository.Root, "deploy", "k8s", "overlays")).Order(StringComparer.Ordinal)];

    /// <summary>An overlay of the project, rendered once a run.</summary>
    public static Manifests Of(string overlay) =>
        Rendered.GetOrAdd(overlay, static wanted => new Lazy<Manifests>(() => In(Path.Combine(Repository.Root, "deploy", "k8s", "overlays", wanted)))).Value;

    public static Manifests In(string folder)
    {
        var (code, output, errors) = Kustomize(folder);
        Assert.True(code == 0, errors);
        return Read(output);
    }

    /// <summary>What kustomize says when it refuses a folder.</summary>
    public static string Refusal(string folder)
    {
        var (code, _, errors) = Kustomize(folder);
        Assert.NotEqual(0, code);
        return errors;
    }

    public static Manifests Read(string yaml) => new(KubernetesYaml.LoadAllFromString(yaml, Foreign, strict: true));

    public IEnumerable<IKubernetesObject<V1ObjectMeta>> All() => _all;

    public IEnumerable<T> All<T>() => _all.OfType<T>();

    public T? Find<T>(string name)
        where T : IKubernetesObject<V1ObjectMeta> => All<T>().SingleOrDefault(one => one.Metadata.Name == name);

    public T Get<T>(string name)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var found = Find<T>(name);
        Assert.True(found is not null, $"no {typeof(T).Name} {name}");
        return found;
    }

    /// <summary>Everything that makes pods, with its pods.</summary>
    public IEnumerable<(string Name, V1LabelSelector? Selector, V1PodTemplateSpec Pod)> Workloads() =>
    [
        .. All<V1Deployment>().Select(static one => (one.Metadata.Name, (V1LabelSelector?)one.Spec.Selector, one.Spec.Template)),
        .. All<V1StatefulSet>().Select(static one => (one.Metadata.Name, (V1LabelSelector?)one.Spec.Selector, one.Spec.Template)),
        .. All<V1Job>().Select(static one => (one.Metadata.Name, (V1LabelSelector?)null, one.Spec.Template)),
    ];

    public static IEnumerable<V1Container> Containers(V1PodTemplateSpec pod) => (pod.Spec.InitContainers ?? []).Concat(pod.Spec.Containers);

    private static (int Code, string Output, string Errors) Kustomize(string folder)
    {
        var start = new ProcessStartInfo("kubectl", ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var kubectl = Process.Start(start)!;
            var errors = kubectl.StandardError.ReadToEndAsync();
            var output = kubectl.StandardOutput.ReadToEnd();
            kubectl.WaitForExit();
            return (kubectl.ExitCode, output, errors.GetAwaiter().GetResult());
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException("These tests need kubectl, whose kustomize renders without a cluster.", exception);
        }
    }
}
