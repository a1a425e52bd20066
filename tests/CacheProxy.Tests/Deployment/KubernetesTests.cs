using System.Globalization;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Checks;
using CacheProxy.Management;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>What a cluster would be told is what the program means.</summary>
public sealed class KubernetesTests
{
    private static readonly string[] Sections =
        [KestrelSettings.SectionName, ReverseProxyShape.SectionName, CacheProxySettings.SectionName, TelemetrySettings.LogSection];

    public static TheoryData<string> Folders => ["deploy/k8s", "deploy/k8s/overlays/production"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_mounted_file_and_the_environment_are_a_configuration_that_the_program_accepts(string folder)
    {
        var snapshot = new SidecarContainer(Manifests.Of(folder)).Start();

        Assert.NotEmpty(snapshot.Options.Policies);
        Assert.NotEmpty(snapshot.Options.Redis.ConnectionString);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_variable_that_could_be_a_key_is_in_a_section_of_the_programs(string folder) => Assert.All(
        new SidecarContainer(Manifests.Of(folder)).Environment.Where(static entry => entry.Name.Contains("__", StringComparison.Ordinal)),
        static entry => Assert.Contains(entry.Name.Split("__")[0], Sections));

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_Service_leads_to_the_port_that_the_sidecar_listens_on_and_to_no_other(string folder)
    {
        var manifests = Manifests.Of(folder);
        var sidecar = new SidecarContainer(manifests);
        var service = Assert.Single(Manifests.List(manifests.Get("Service", "customer-api"), "spec", "ports"));
        var target = Manifests.Text(service, "targetPort")!;

        Assert.Equal(PortOf(sidecar.Start().Listeners.ProxyUrl), sidecar.Port(target));
        Assert.Empty(Manifests.List(manifests.Container("customer-api"), "ports"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_probes_ask_the_management_listener_on_the_pods_own_address(string folder)
    {
        var sidecar = new SidecarContainer(Manifests.Of(folder));
        var management = sidecar.Start().Listeners.ManagementUrl;

        Assert.Equal("*", BindingAddress.Parse(management).Host);
        AssertProbe(sidecar, "livenessProbe", Probes.LivePath, management);
        AssertProbe(sidecar, "readinessProbe", Probes.ReadyPath, management);
        AssertProbe(sidecar, "startupProbe", Probes.ReadyPath, management);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_API_listens_on_the_pods_loopback_alone_where_the_sidecar_finds_it(string folder)
    {
        var manifests = Manifests.Of(folder);
        var urls = Assert.Single(
            Manifests.List(manifests.Container("customer-api"), "env"), static entry => Manifests.Text(entry, "name") == "ASPNETCORE_URLS");
        var listens = new Uri(Manifests.Text(urls, "value")!);
        var destination = new SidecarContainer(manifests).Start().Proxy.Clusters
            .Single(static cluster => cluster.ClusterId == "customer-api").Destinations!["primary"];

        Assert.True(listens.IsLoopback);
        Assert.Equal(listens, new Uri(destination.Address));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_APIs_own_probes_go_through_the_sidecar_because_nothing_else_reaches_it(string folder)
    {
        var manifests = Manifests.Of(folder);
        var api = manifests.Container("customer-api");
        var port = new SidecarContainer(manifests).Port("http");

        Assert.Equal(port, Manifests.Text(api, "readinessProbe", "httpGet", "port"));
        Assert.Equal(port, Manifests.Text(api, "livenessProbe", "httpGet", "port"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_policies_are_mounted_as_the_folder_that_the_program_reads(string folder)
    {
        var sidecar = new SidecarContainer(Manifests.Of(folder));
        var files = new ConfigurationSources(new ContainerImage("Dockerfile").WorkingFolder, [], new Microsoft.Extensions.Configuration.ConfigurationManager()).Files;

        Assert.Equal(Path.GetDirectoryName(files[1]), Manifests.Text(sidecar.Mount, "mountPath"));
        Assert.NotNull(Manifests.Text(sidecar.ConfigMap(), "data", Path.GetFileName(files[1])));
        // With a subPath the file would never change.
        Assert.Null(Manifests.At(sidecar.Mount, "subPath"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Redis_comes_from_a_Secret(string folder)
    {
        var entry = Assert.Single(
            Manifests.List(new SidecarContainer(Manifests.Of(folder)).Node, "env"),
            static entry => Manifests.Text(entry, "name") == "CacheProxy__Redis__ConnectionString");

        Assert.Equal("connection-string", Manifests.Text(entry, "valueFrom", "secretKeyRef", "key"));
        // Without it every replica would have a cache of its own, and a write through one would not evict from the others.
        Assert.NotEqual("true", Manifests.Text(entry, "valueFrom", "secretKeyRef", "optional"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Nobody_is_root_or_can_become_it_or_write_to_the_image(string folder)
    {
        var pod = Manifests.At(Manifests.Of(folder).Get("Deployment", "customer-api"), "spec", "template", "spec")!;

        Assert.Equal("true", Manifests.Text(pod, "securityContext", "runAsNonRoot"));
        Assert.All(Manifests.List(pod, "containers"), static container =>
        {
            var context = Manifests.At(container, "securityContext")!;
            Assert.Equal("false", Manifests.Text(context, "allowPrivilegeEscalation"));
            Assert.Equal("true", Manifests.Text(context, "readOnlyRootFilesystem"));
            Assert.Equal("ALL", Assert.Single(Manifests.List(context, "capabilities", "drop")).ToString());
        });
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_pod_has_time_to_end_what_is_under_way_and_the_API_outlasts_the_sidecar(string folder)
    {
        var manifests = Manifests.Of(folder);
        var grace = Seconds(Manifests.Text(manifests.Get("Deployment", "customer-api"), "spec", "template", "spec", "terminationGracePeriodSeconds"));
        var sidecar = Seconds(Manifests.Text(manifests.Container("cacheproxy"), "lifecycle", "preStop", "sleep", "seconds"));
        var api = Seconds(Manifests.Text(manifests.Container("customer-api"), "lifecycle", "preStop", "sleep", "seconds"));

        Assert.True(sidecar > TimeSpan.Zero);
        Assert.True(api > sidecar);
        Assert.True(grace > api + new HostOptions().ShutdownTimeout);
    }

    [Fact]
    public void Without_the_sidecar_the_API_has_the_port_that_the_sidecar_takes_over()
    {
        var api = Manifests.Of("deploy/k8s/base").Container("customer-api");
        var port = Assert.Single(Manifests.List(api, "ports"));

        Assert.Equal("http", Manifests.Text(port, "name"));
        Assert.Equal(new SidecarContainer(Manifests.Of("deploy/k8s")).Port("http"), Manifests.Text(port, "containerPort"));
    }

    [Fact]
    public void Production_survives_the_drain_of_a_node()
    {
        var manifests = Manifests.Of("deploy/k8s/overlays/production");

        Assert.Contains("PodDisruptionBudget", manifests.Kinds);
        Assert.True(int.Parse(Manifests.Text(manifests.Get("Deployment", "customer-api"), "spec", "replicas")!, CultureInfo.InvariantCulture) > 1);
    }

    private static void AssertProbe(SidecarContainer sidecar, string probe, string path, string management)
    {
        var request = Manifests.At(sidecar.Node, probe, "httpGet");
        Assert.NotNull(request);
        Assert.Equal(path, Manifests.Text(request, "path"));
        Assert.Equal(PortOf(management), sidecar.Port(Manifests.Text(request, "port")!));
    }

    private static TimeSpan Seconds(string? text) => TimeSpan.FromSeconds(int.Parse(text!, CultureInfo.InvariantCulture));

    private static string PortOf(string url) => BindingAddress.Parse(url).Port.ToString(CultureInfo.InvariantCulture);
}
