using System.Text.Json.Nodes;
using CacheProxy.Tests.House;
using k8s;
using k8s.Models;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>The walk-through of docs/kubernetes.md, carried out with its own blocks: an API that is not the sample, put behind CacheProxy.</summary>
public sealed class YourApiTests : IDisposable
{
    private const string Facts = "orders-cached/api/deployment.yaml";

    private readonly string _folder = Directory.CreateTempSubdirectory("cacheproxy-your-api-").FullName;

    public YourApiTests()
    {
        foreach (var (file, text) in Blocks())
        {
            Write(file, text);
        }

        var components = Path.Combine(Repository.Root, "deploy", "k8s", "components");
        foreach (var file in Directory.GetFiles(components, "*", SearchOption.AllDirectories))
        {
            Write(Path.Combine("components", Path.GetRelativePath(components, file)), File.ReadAllText(file));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void CacheProxy_takes_over_the_port_and_finds_the_API_at_its_new_one()
    {
        var manifests = Render();
        var sidecar = new SidecarContainer(manifests);
        var api = Api(manifests);
        var configuration = sidecar.Start();

        Assert.True(sidecar.IsNative);
        Assert.Equal(
            sidecar.ProxyPort,
            SidecarContainer.Port(api, Assert.Single(manifests.Get<V1Service>("orders").Spec.Ports).TargetPort));
        Assert.Equal(
            $"http://localhost:{Assert.Single(api.Env, static entry => entry.Name == "PORT").Value}/",
            Assert.Single(Assert.Single(configuration.Proxy.Clusters).Destinations!.Values).Address);
        Assert.Equal(["order"], configuration.Options.Policies.Select(static policy => policy.Name));
        Assert.Equal(("/alive", "4005"), (api.LivenessProbe.HttpGet.Path, api.LivenessProbe.HttpGet.Port.Value));
        Assert.Equal(("/ready", "4005"), (api.ReadinessProbe.HttpGet.Path, api.ReadinessProbe.HttpGet.Port.Value));
    }

    [Fact]
    public void Nothing_else_changes()
    {
        var before = Manifests.In(Path.Combine(_folder, "orders"));
        var after = Render();
        var (was, now) = (before.Get<V1Deployment>("orders").Spec.Template.Spec, after.Get<V1Deployment>("orders").Spec.Template.Spec);

        Assert.Equal(["cacheproxy", .. was.InitContainers.Select(static one => one.Name)], now.InitContainers.Select(static one => one.Name));
        // Their order, which means nothing to the kubelet, is kustomize's.
        Assert.Equal(
            was.Containers.Select(static one => (one.Name, one.Image)).Order(),
            now.Containers.Select(static one => (one.Name, one.Image)).Order());
        var (apiWas, apiIs) = (Api(before), Api(after));
        apiWas.LivenessProbe.HttpGet.Port = apiWas.ReadinessProbe.HttpGet.Port = "4005";
        apiIs.LivenessProbe.HttpGet.Port = apiIs.ReadinessProbe.HttpGet.Port = "4005";
        apiWas.Env[0].Value = "4005";
        apiIs.Lifecycle = null;
        Assert.True(JsonNode.DeepEquals(Json(apiWas), Json(apiIs)));
        Assert.True(JsonNode.DeepEquals(Json(before.Get<V1Service>("orders")), Json(after.Get<V1Service>("orders"))));
        Assert.Equal(["ConfigMap", "ConfigMap", "Deployment", "Service"], after.All().Select(static one => one.Kind).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void With_the_components_for_production_nobody_reaches_the_API_past_CacheProxy()
    {
        Replace("orders-cached/kustomization.yaml", "  - ../components/sidecar/native", "  - ../components/management-tokens\n  - ../components/sidecar/native\n  - ../components/network-policy\n  - ../components/pod-monitor");
        var manifests = Render();
        var sidecar = new SidecarContainer(manifests);

        var policy = Assert.Single(manifests.All<V1NetworkPolicy>()).Spec;
        Assert.Equal(["8080", "9904"], policy.Ingress.Select(static rule => Assert.Single(rule.Ports).Port.Value));
        Assert.Equal(policy.PodSelector.MatchLabels["cacheproxy"], sidecar.Pod.Metadata.Labels["cacheproxy"]);
        Assert.Single(manifests.All<PodMonitor>());
        Assert.True(sidecar.IsNative);
        Assert.Single(sidecar.Start().Options.Management.Tokens);
    }

    [Fact]
    public void In_the_classic_form_the_API_outlasts_all_that_CacheProxy_may_take_to_stop()
    {
        Replace("orders-cached/kustomization.yaml", "sidecar/native", "sidecar/classic");
        Replace(Facts, "seconds: 10", "seconds: 35");
        Replace(Facts, "terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 70");
        var manifests = Render();
        var sidecar = new SidecarContainer(manifests);
        var api = Api(manifests);
        var shutdown = (long)new Microsoft.Extensions.Hosting.HostOptions().ShutdownTimeout.TotalSeconds;

        Assert.False(sidecar.IsNative);
        Assert.Contains(sidecar.Node, sidecar.Pod.Spec.Containers);
        Assert.True(sidecar.Node.Lifecycle.PreStop.Sleep.Seconds > 0);
        Assert.True(api.Lifecycle.PreStop.Sleep.Seconds >= sidecar.Node.Lifecycle.PreStop.Sleep.Seconds + shutdown);
        Assert.True(sidecar.Pod.Spec.TerminationGracePeriodSeconds > api.Lifecycle.PreStop.Sleep.Seconds + shutdown);
        Assert.Equal(sidecar.ProxyPort, SidecarContainer.Port(api, Assert.Single(manifests.Get<V1Service>("orders").Spec.Ports).TargetPort));
    }

    [Theory]
    [InlineData("native")]
    [InlineData("classic")]
    public void A_Deployment_or_a_container_of_another_name_is_refused_and_not_passed_over(string form)
    {
        Replace("orders-cached/kustomization.yaml", "sidecar/native", $"sidecar/{form}");
        Replace(Facts, "name: web ", "name: wob ");
        Assert.Contains("image", Refusal(), StringComparison.Ordinal);

        Replace(Facts, "name: wob ", "name: web ");
        Replace(Facts, "name: orders ", "name: order ");
        Assert.Contains("Deployment.v1.apps/order", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_forgotten_port_is_refused()
    {
        Replace("orders-cached/api/kustomization.yaml", "- port=8080", "- prt=8080");

        Assert.Contains("data.port", Refusal(), StringComparison.Ordinal);
    }

    // Each fenced block that says which file it is. The configuration stands beside the facts.
    private static IEnumerable<(string File, string Text)> Blocks()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "kubernetes.md"));
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal) && lines[i].Contains(" file=", StringComparison.Ordinal))
            {
                var file = lines[i].Split(" file=")[1];
                var end = Array.IndexOf(lines, "```", i + 1);
                yield return (file.Contains('/', StringComparison.Ordinal) ? file : $"orders-cached/api/{file}", string.Join('\n', lines[(i + 1)..end]));
                i = end;
            }
        }
    }

    private static V1Container Api(Manifests manifests) =>
        Assert.Single(manifests.Get<V1Deployment>("orders").Spec.Template.Spec.Containers, static container => container.Name == "web");

    private static JsonNode Json(object one) => JsonNode.Parse(KubernetesJson.Serialize(one))!;

    private Manifests Render() => Manifests.In(Path.Combine(_folder, "orders-cached"));

    private string Refusal() => Manifests.Refusal(Path.Combine(_folder, "orders-cached"));

    private void Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private void Replace(string file, string from, string to)
    {
        var path = Path.Combine(_folder, file);
        var text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }
}
