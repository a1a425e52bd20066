using System.Text.Json.Nodes;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Checks;
using CacheProxy.Management;
using CacheProxy.Tests.House;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>What a cluster would be told is what the program means.</summary>
public sealed class KubernetesTests
{
    private static readonly string[] Sections =
        [KestrelSettings.SectionName, ReverseProxyShape.SectionName, CacheProxySettings.SectionName, TelemetrySettings.LogSection];

    public static TheoryData<string> Overlays => [.. Manifests.Overlays.Select(static path => Path.GetFileName(path))];

    public static TheoryData<string> WithSidecar => ["demo", "production", "redis-cluster"];

    [Fact]
    public void The_overlays_are_those_that_the_page_lists() =>
        Assert.Equal(["demo", "gateway", "production", "redis-cluster"], Manifests.Overlays.Select(static path => Path.GetFileName(path)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_mounted_files_and_the_environment_are_a_configuration_that_the_program_accepts(string overlay)
    {
        var snapshot = new SidecarContainer(Manifests.Of(overlay)).Start();

        Assert.NotEmpty(snapshot.Options.Policies);
        Assert.NotEmpty(snapshot.Options.Redis.ConnectionString);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Every_variable_that_could_be_a_key_is_in_a_section_of_the_programs(string overlay) => Assert.All(
        new SidecarContainer(Manifests.Of(overlay)).Environment.Where(static entry => entry.Name.Contains("__", StringComparison.Ordinal)),
        static entry => Assert.Contains(entry.Name.Split("__")[0], Sections));

    [Theory]
    [MemberData(nameof(WithSidecar))]
    public void The_Service_leads_to_the_port_that_the_sidecar_listens_on_and_the_API_listens_on_another_where_the_sidecar_finds_it(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var sidecar = new SidecarContainer(manifests);
        var api = Api(manifests);
        var target = Assert.Single(manifests.Get<V1Service>("customer-api").Spec.Ports).TargetPort;
        var destination = new Uri(sidecar.Start().Proxy.Clusters.Single(static cluster => cluster.ClusterId == "customer-api").Destinations!["primary"].Address);

        Assert.True(sidecar.IsNative);
        Assert.Equal(sidecar.ProxyPort, SidecarContainer.Port(api, target));
        Assert.True(destination.IsLoopback);
        Assert.Equal(SidecarContainer.PortOf(Assert.Single(api.Env, static entry => entry.Name == "ASPNETCORE_URLS").Value), destination.Port);
        Assert.NotEqual(sidecar.ProxyPort, destination.Port);
    }

    [Fact]
    public void The_gateways_Service_leads_to_CacheProxy_and_from_there_another_one_to_the_API_as_it_was()
    {
        var manifests = Manifests.Of("gateway");
        var gateway = new SidecarContainer(manifests);
        var clients = manifests.Get<V1Service>("customer-api").Spec;
        var origin = manifests.Get<V1Service>("customer-api-origin").Spec;
        var api = manifests.Get<V1Deployment>("customer-api").Spec.Template;

        Assert.Equal(gateway.ProxyPort, SidecarContainer.Port(gateway.Node, Assert.Single(clients.Ports).TargetPort));
        AssertSelects(clients.Selector, gateway.Pod);
        AssertSelects(origin.Selector, api);
        Assert.Equal(
            new Uri($"http://customer-api-origin:{Assert.Single(origin.Ports).Port}/"),
            new Uri(gateway.Start().Proxy.Clusters.Single(static cluster => cluster.ClusterId == "customer-api").Destinations!["primary"].Address));
        Assert.Equal("http://*:4004", Assert.Single(Api(manifests).Env, static entry => entry.Name == "ASPNETCORE_URLS").Value);
        Assert.Null(api.Spec.InitContainers);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_probes_ask_the_management_listener_on_the_pods_own_address(string overlay)
    {
        var sidecar = new SidecarContainer(Manifests.Of(overlay));
        var management = sidecar.Start().Listeners.ManagementUrl;

        Assert.Equal("*", BindingAddress.Parse(management).Host);
        AssertProbe(sidecar.Node, sidecar.Node.LivenessProbe, Probes.LivePath, management);
        AssertProbe(sidecar.Node, sidecar.Node.ReadinessProbe, Probes.ReadyPath, management);
        AssertProbe(sidecar.Node, sidecar.Node.StartupProbe, Probes.ReadyPath, management);
    }

    [Theory]
    [MemberData(nameof(WithSidecar))]
    public void The_APIs_own_probes_ask_the_API_itself_so_that_the_sidecars_failure_does_not_restart_it(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var api = Api(manifests);
        var listens = SidecarContainer.PortOf(Assert.Single(api.Env, static entry => entry.Name == "ASPNETCORE_URLS").Value);

        Assert.Equal(listens, SidecarContainer.Port(api, api.ReadinessProbe.HttpGet.Port));
        Assert.Equal(listens, SidecarContainer.Port(api, api.LivenessProbe.HttpGet.Port));
        Assert.Equal("/healthz", api.LivenessProbe.HttpGet.Path);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_policies_are_mounted_as_the_folder_that_the_program_reads_and_are_the_whole_configuration(string overlay)
    {
        var sidecar = new SidecarContainer(Manifests.Of(overlay));
        var files = new ConfigurationSources(new ContainerImage("Dockerfile").WorkingFolder, [], new Microsoft.Extensions.Configuration.ConfigurationManager()).Files;
        var folder = Assert.Single(sidecar.Node.VolumeMounts, mount => mount.MountPath == Path.GetDirectoryName(files[1]));
        var image = Assert.Single(sidecar.Node.VolumeMounts, mount => mount.MountPath == files[0]);

        // With a subPath the file would never change.
        Assert.Null(folder.SubPath);
        Assert.Equal("cacheproxy", Assert.Single(sidecar.Pod.Spec.Volumes, volume => volume.Name == folder.Name).ConfigMap.Name);
        Assert.Contains(Path.GetFileName(files[1]), Manifests.Of(overlay).Get<V1ConfigMap>("cacheproxy").Data.Keys);
        var inPlace = Assert.Single(sidecar.Pod.Spec.Volumes, volume => volume.Name == image.Name).ConfigMap.Name;
        Assert.Equal("{}", Manifests.Of(overlay).Get<V1ConfigMap>(inPlace).Data[image.SubPath]);
    }

    [Fact]
    public void The_policies_of_the_sample_API_are_the_shipped_ones()
    {
        var shipped = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "appsettings.json")))!.AsObject();
        shipped.Remove("$schema");

        Assert.True(JsonNode.DeepEquals(shipped, JsonNode.Parse(Manifests.Of("demo").Get<V1ConfigMap>("cacheproxy").Data["appsettings.json"])));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Redis_comes_from_a_Secret(string overlay)
    {
        var entry = Assert.Single(
            new SidecarContainer(Manifests.Of(overlay)).Node.Env, static entry => entry.Name == "CacheProxy__Redis__ConnectionString");

        Assert.Equal("connection-string", entry.ValueFrom.SecretKeyRef.Key);
        // Without it every replica would have a cache of its own, and a write through one would not evict from the others.
        Assert.NotEqual(true, entry.ValueFrom.SecretKeyRef.Optional);
    }

    [Theory]
    [MemberData(nameof(WithSidecar))]
    public void A_pod_has_time_to_end_what_is_under_way(string overlay)
    {
        var sidecar = new SidecarContainer(Manifests.Of(overlay));
        var api = Assert.Single(sidecar.Pod.Spec.Containers, static container => container.Name == "customer-api");

        // The kubelet stops it when the API has ended.
        Assert.Null(sidecar.Node.Lifecycle);
        Assert.True(api.Lifecycle.PreStop.Sleep.Seconds > 0);
        Assert.True(sidecar.Pod.Spec.TerminationGracePeriodSeconds > api.Lifecycle.PreStop.Sleep.Seconds + ShutdownSeconds);
    }

    [Fact]
    public void A_gateway_has_time_to_end_what_is_under_way()
    {
        var gateway = new SidecarContainer(Manifests.Of("gateway"));

        Assert.True(gateway.Node.Lifecycle.PreStop.Sleep.Seconds > 0);
        Assert.True(gateway.Pod.Spec.TerminationGracePeriodSeconds > gateway.Node.Lifecycle.PreStop.Sleep.Seconds + ShutdownSeconds);
    }

    [Fact]
    public void Production_survives_the_drain_of_a_node_and_keeps_its_data_out_of_its_pods()
    {
        var manifests = Manifests.Of("production");
        var deployment = manifests.Get<V1Deployment>("customer-api").Spec;
        var scaler = Assert.Single(manifests.All<V2HorizontalPodAutoscaler>()).Spec;

        Assert.Single(manifests.All<V1PodDisruptionBudget>());
        Assert.True(scaler.MinReplicas > 1);
        Assert.Contains(deployment.Template.Spec.Containers, container => container.Name == Assert.Single(scaler.Metrics).ContainerResource.Container);
        // Each apply would set it back.
        Assert.Null(deployment.Replicas);
        Assert.All(deployment.Template.Spec.Volumes, static volume => Assert.True(volume.ConfigMap is not null || volume.Secret is not null, volume.Name));
        Assert.NotNull(Assert.Single(Api(manifests).Env, static entry => entry.Name == "ConnectionStrings__Database").ValueFrom.SecretKeyRef);
        Assert.NotEmpty(deployment.Template.Spec.TopologySpreadConstraints);
    }

    [Theory]
    [InlineData("production")]
    [InlineData("gateway")]
    public void Changes_need_a_token_from_a_Secret_that_can_be_replaced_while_it_runs(string overlay)
    {
        var sidecar = new SidecarContainer(Manifests.Of(overlay));
        var mount = Assert.Single(sidecar.Node.VolumeMounts, mount => Assert.Single(sidecar.Pod.Spec.Volumes, volume => volume.Name == mount.Name).Secret is not null);

        Assert.Single(sidecar.Start().Options.Management.Tokens);
        // With a subPath the file would never change.
        Assert.Null(mount.SubPath);
    }

    [Fact]
    public void Without_the_sidecar_the_API_has_the_port_that_the_sidecar_takes_over()
    {
        var api = Assert.Single(Manifests.In(Path.Combine(Repository.Root, "deploy", "k8s", "base")).Get<V1Deployment>("customer-api").Spec.Template.Spec.Containers);

        Assert.Equal(new SidecarContainer(Manifests.Of("demo")).ProxyPort, Assert.Single(api.Ports).ContainerPort);
        Assert.Equal(SidecarContainer.PortOf(api.Env[0].Value), Assert.Single(api.Ports).ContainerPort);
    }

    private static long ShutdownSeconds => (long)new HostOptions().ShutdownTimeout.TotalSeconds;

    private static V1Container Api(Manifests manifests) =>
        Assert.Single(manifests.Get<V1Deployment>("customer-api").Spec.Template.Spec.Containers, static container => container.Name == "customer-api");

    private static void AssertSelects(IDictionary<string, string> selector, V1PodTemplateSpec pod) => Assert.Subset(
        pod.Metadata.Labels.Select(static label => $"{label.Key}={label.Value}").ToHashSet(StringComparer.Ordinal),
        selector.Select(static label => $"{label.Key}={label.Value}").ToHashSet(StringComparer.Ordinal));

    private static void AssertProbe(V1Container container, V1Probe probe, string path, string management)
    {
        Assert.Equal(path, probe.HttpGet.Path);
        Assert.Equal(SidecarContainer.PortOf(management), SidecarContainer.Port(container, probe.HttpGet.Port));
    }
}
