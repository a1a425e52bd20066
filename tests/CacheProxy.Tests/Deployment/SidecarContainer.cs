using System.Text;
using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace CacheProxy.Tests.Deployment;

/// <summary>The sidecar's container as a cluster would start it.</summary>
internal sealed class SidecarContainer(Manifests manifests)
{
    private const string AbsentSecret = "redis.example.com:6379,password=unknown";

    public YamlNode Node { get; } = manifests.Container("cacheproxy");

    /// <summary>Names and values, with what is taken from elsewhere put in.</summary>
    public (string Name, string Value)[] Environment =>
        [.. Manifests.List(Node, "env").Select(entry => (Manifests.Text(entry, "name")!, Value(entry)))];

    public YamlNode Mount => Assert.Single(Manifests.List(Node, "volumeMounts"));

    /// <summary>The shipped configuration, what is mounted over it, and the environment, compiled as the program does at its start.</summary>
    public ConfigurationSnapshot Start()
    {
        var folder = Directory.CreateTempSubdirectory("cacheproxy-deployment-").FullName;
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), Path.Combine(folder, "appsettings.json"));
            Directory.CreateDirectory(Path.Combine(folder, "config"));
            File.WriteAllText(Path.Combine(folder, "config", "appsettings.json"), Manifests.Text(ConfigMap(), "data", "appsettings.json"));
            var environment = new ConfigurationBuilder().AddInMemoryCollection(Environment
                .Where(static entry => entry.Name.Contains("__", StringComparison.Ordinal))
                .Select(static entry => KeyValuePair.Create(entry.Name.Replace("__", ":", StringComparison.Ordinal), (string?)entry.Value)));
            var problems = new List<ConfigurationProblem>();
            var snapshot = ConfigurationCompiler.Compile(new ConfigurationSources(folder, [], environment.Build()), running: null, problems);
            Assert.True(snapshot is not null, ConfigurationReport.Text(problems));
            return snapshot;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The number of the port with this name.</summary>
    public string? Port(string name) => Manifests.Text(
        Assert.Single(Manifests.List(Node, "ports"), port => Manifests.Text(port, "name") == name), "containerPort");

    public YamlNode ConfigMap()
    {
        var volume = Assert.Single(
            Manifests.List(manifests.Get("Deployment", "customer-api"), "spec", "template", "spec", "volumes"),
            volume => Manifests.Text(volume, "name") == Manifests.Text(Mount, "name"));
        return manifests.Get("ConfigMap", Manifests.Text(volume, "configMap", "name")!);
    }

    private string Value(YamlNode entry)
    {
        if (Manifests.At(entry, "valueFrom", "secretKeyRef") is { } reference)
        {
            var secret = manifests.Find("Secret", Manifests.Text(reference, "name")!);
            return secret is null
                ? AbsentSecret
                : Encoding.UTF8.GetString(Convert.FromBase64String(Manifests.Text(secret, "data", Manifests.Text(reference, "key")!)!));
        }

        return Manifests.Text(entry, "value") ?? Manifests.Text(entry, "valueFrom", "fieldRef", "fieldPath")!;
    }
}
