using CacheProxy.Management;
using CacheProxy.Tests.House;
using k8s.Models;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>The objects of each overlay fit each other, and the rules that a cluster may have.</summary>
public sealed class KubernetesObjectTests
{
    // What the pages tell an operator to make.
    private static readonly string[] MadeByHand = ["cacheproxy-redis", "customer-api-database", "cacheproxy-management"];

    public static TheoryData<string> Overlays => KubernetesTests.Overlays;

    [Fact]
    public void A_field_that_Kubernetes_does_not_know_would_be_found() => Assert.ThrowsAny<Exception>(static () => Manifests.Read(
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: x
        spec:
          selector: {}
          template:
            spec:
              containers:
                - name: x
                  readynessProbe: {}
        """));

    [Fact]
    public void The_objects_of_observability_have_only_fields_that_are_known() =>
        Assert.NotEmpty(Assert.Single(Manifests.In(Path.Combine(Repository.Root, "deploy", "observability")).All<PrometheusRule>()).Spec.Groups);

    [Theory]
    [MemberData(nameof(Overlays))]
    public void What_selects_pods_selects_some(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var pods = manifests.Workloads().Select(static one => one.Pod).ToArray();

        Assert.All(manifests.Workloads(), static one => Assert.True(one.Selector is null || Selects(one.Selector.MatchLabels, one.Pod), one.Name));
        AssertEachSelects(manifests.All<V1Service>().Select(static one => (one.Metadata.Name, one.Spec.Selector)), pods);
        AssertEachSelects(manifests.All<V1PodDisruptionBudget>().Select(static one => (one.Metadata.Name, one.Spec.Selector.MatchLabels)), pods);
        AssertEachSelects(manifests.All<V1NetworkPolicy>().Select(static one => (one.Metadata.Name, one.Spec.PodSelector.MatchLabels)), pods);
        AssertEachSelects(manifests.All<PodMonitor>().Select(static one => (one.Metadata.Name, one.Spec.Selector.MatchLabels)), pods);
        Assert.All(pods, static pod => AssertEachSelects(
            (pod.Spec.TopologySpreadConstraints ?? []).Select(static one => (one.TopologyKey, one.LabelSelector.MatchLabels)), [pod]));
        Assert.All(manifests.All<V2HorizontalPodAutoscaler>(), one => Assert.NotNull(manifests.Find<V1Deployment>(one.Spec.ScaleTargetRef.Name)));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void What_pods_name_is_there_or_made_by_hand(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var secrets = manifests.All<V1Secret>().Select(static one => one.Metadata.Name).Concat(MadeByHand).ToArray();

        Assert.All(manifests.Workloads(), one =>
        {
            Assert.All(Manifests.Containers(one.Pod).SelectMany(static container => container.Env ?? []), entry =>
                Assert.True(entry.ValueFrom?.SecretKeyRef is not { } secret || secrets.Contains(secret.Name), entry.Name));
            Assert.All(one.Pod.Spec.Volumes ?? [], volume =>
            {
                Assert.True(volume.ConfigMap is null || manifests.Find<V1ConfigMap>(volume.ConfigMap.Name) is not null, volume.Name);
                Assert.True(volume.Secret is null || secrets.Contains(volume.Secret.SecretName), volume.Name);
            });
        });
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void No_pod_has_two_ports_of_one_name_or_number_or_a_container_without_an_image(string overlay) =>
        Assert.All(Manifests.Of(overlay).Workloads(), static one =>
        {
            var ports = Manifests.Containers(one.Pod).SelectMany(static container => container.Ports ?? []).ToArray();
            Assert.Equal(ports.Length, ports.Select(static port => port.Name).Distinct(StringComparer.Ordinal).Count());
            Assert.Equal(ports.Length, ports.Select(static port => port.ContainerPort).Distinct().Count());
            Assert.All(Manifests.Containers(one.Pod), static container => Assert.False(string.IsNullOrEmpty(container.Image), container.Name));
        });

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Images_are_of_a_version_and_those_that_are_built_here_of_this_one_and_not_pulled_when_they_are_there(string overlay)
    {
        var props = File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"));

        Assert.All(Manifests.Of(overlay).Workloads().SelectMany(static one => Manifests.Containers(one.Pod)), container =>
        {
            var parts = container.Image.Split(':');
            Assert.Equal(2, parts.Length);
            Assert.NotEqual("latest", parts[1]);
            Assert.Equal("IfNotPresent", container.ImagePullPolicy);
            if (parts[0] is "cacheproxy" or "customer-api")
            {
                Assert.Contains($"<Version>{parts[1]}</Version>", props, StringComparison.Ordinal);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Every_container_says_what_it_needs_and_how_much_memory_it_may_take(string overlay) =>
        Assert.All(Manifests.Of(overlay).Workloads().SelectMany(static one => Manifests.Containers(one.Pod)), static container =>
        {
            Assert.Superset(new HashSet<string> { "cpu", "memory" }, container.Resources.Requests.Keys.ToHashSet(StringComparer.Ordinal));
            Assert.True(container.Resources.Limits["memory"].ToDecimal() >= container.Resources.Requests["memory"].ToDecimal(), container.Name);
        });

    // Pod Security Standards, "restricted".
    [Theory]
    [MemberData(nameof(Overlays))]
    public void Pod_Security_restricted_lets_every_pod_in(string overlay) => Assert.All(Manifests.Of(overlay).Workloads(), static one =>
    {
        var pod = one.Pod.Spec;
        Assert.Null(pod.HostNetwork);
        Assert.Null(pod.HostPID);
        Assert.Null(pod.HostIPC);
        Assert.Null(pod.SecurityContext.Sysctls);
        Assert.NotEqual(0, pod.SecurityContext.RunAsUser);
        Assert.All(pod.Volumes ?? [], static volume => Assert.True(volume.ConfigMap is not null || volume.EmptyDir is not null || volume.Secret is not null, volume.Name));
        Assert.All(Manifests.Containers(one.Pod), container =>
        {
            var context = container.SecurityContext;
            Assert.True(context.RunAsNonRoot ?? pod.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", (context.SeccompProfile ?? pod.SecurityContext.SeccompProfile).Type);
            Assert.NotEqual(0, context.RunAsUser);
            Assert.False(context.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], context.Capabilities.Drop);
            Assert.Null(context.Capabilities.Add);
            Assert.Null(context.Privileged);
            Assert.All(container.Ports ?? [], static port => Assert.Null(port.HostPort));
            // Beyond the standard.
            Assert.True(context.ReadOnlyRootFilesystem);
        });
        Assert.False(pod.AutomountServiceAccountToken);
    });

    [Theory]
    [InlineData("production")]
    [InlineData("gateway")]
    [InlineData("redis-cluster")]
    public void Clients_reach_CacheProxy_alone_and_only_the_scraper_and_the_operator_its_management_port(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var sidecar = new SidecarContainer(manifests);
        var policy = manifests.Get<V1NetworkPolicy>("cacheproxy").Spec;
        var management = SidecarContainer.PortOf(sidecar.Start().Listeners.ManagementUrl);

        Assert.True(Selects(policy.PodSelector.MatchLabels, sidecar.Pod));
        Assert.Equal(["Ingress"], policy.PolicyTypes);
        // To the proxy from anywhere, to the management from two.
        Assert.Equal([sidecar.ProxyPort, management], policy.Ingress.Select(static rule => int.Parse(Assert.Single(rule.Ports).Port.Value, null)));
        Assert.Null(policy.Ingress[0].FromProperty);
        Assert.Equal(2, policy.Ingress[1].FromProperty.Count);
        Assert.All(policy.Ingress[1].FromProperty, static peer => Assert.NotEmpty(peer.PodSelector.MatchLabels));
    }

    [Fact]
    public void Behind_a_gateway_nobody_but_the_gateway_reaches_the_API()
    {
        var manifests = Manifests.Of("gateway");
        var policy = manifests.Get<V1NetworkPolicy>("customer-api").Spec;

        Assert.True(Selects(policy.PodSelector.MatchLabels, manifests.Get<V1Deployment>("customer-api").Spec.Template));
        var peer = Assert.Single(Assert.Single(policy.Ingress).FromProperty);
        Assert.True(Selects(peer.PodSelector.MatchLabels, new SidecarContainer(manifests).Pod));
        Assert.False(Selects(peer.PodSelector.MatchLabels, manifests.Get<V1Deployment>("customer-api").Spec.Template));
    }

    [Fact]
    public void Prometheus_scrapes_the_metrics_page_at_the_management_port()
    {
        var manifests = Manifests.Of("production");
        var sidecar = new SidecarContainer(manifests);
        var endpoint = Assert.Single(Assert.Single(manifests.All<PodMonitor>()).Spec.PodMetricsEndpoints);

        Assert.Equal(MetricsPage.Path, endpoint.Path);
        Assert.Equal(SidecarContainer.PortOf(sidecar.Start().Listeners.ManagementUrl), SidecarContainer.Port(sidecar.Node, endpoint.Port));
    }

    private static void AssertEachSelects(IEnumerable<(string Name, IDictionary<string, string> Labels)> selectors, IEnumerable<V1PodTemplateSpec> pods) =>
        Assert.All(selectors, one => Assert.True(pods.Any(pod => Selects(one.Labels, pod)), one.Name));

    private static bool Selects(IDictionary<string, string> labels, V1PodTemplateSpec pod) =>
        labels.Count > 0 && labels.All(label => pod.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
}
