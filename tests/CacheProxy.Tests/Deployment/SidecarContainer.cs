using System.Globalization;
using System.Text;
using CacheProxy.Configuration;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>CacheProxy's container as a cluster would start it.</summary>
internal sealed class SidecarContainer
{
    private const string AbsentSecret = "redis.example.com:6379,password=unknown";
    private const string AbsentToken = "0123456789abcdef0123456789abcdef";

    private static readonly string Program = new ContainerImage("Dockerfile").WorkingFolder;

    private readonly Manifests _manifests;

    public SidecarContainer(Manifests manifests)
    {
        _manifests = manifests;
        Deployment = Assert.Single(manifests.All<V1Deployment>(), static one => one.Metadata.Labels?.ContainsKey("cacheproxy") == true);
        Node = Assert.Single(Manifests.Containers(Pod), static container => container.Name == "cacheproxy");
    }

    public V1Deployment Deployment { get; }

    public V1PodTemplateSpec Pod => Deployment.Spec.Template;

    public V1Container Node { get; }

    /// <summary>Whether the kubelet starts it before the API and stops it after the API.</summary>
    public bool IsNative => Pod.Spec.InitContainers?.Contains(Node) == true && Node.RestartPolicy == "Always";

    /// <summary>Names and values, with what is taken from elsewhere put in.</summary>
    public (string Name, string Value)[] Environment => [.. Node.Env.Select(entry => (entry.Name, Value(entry)))];

    /// <summary>The port that clients reach it at.</summary>
    public int ProxyPort => PortOf(Start().Listeners.ProxyUrl);

    /// <summary>The image's configuration, what is mounted over it, and the environment, compiled as the program does at its start.</summary>
    public ConfigurationSnapshot Start()
    {
        var folder = Directory.CreateTempSubdirectory("cacheproxy-deployment-").FullName;
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), Path.Combine(folder, "appsettings.json"));
            foreach (var mount in Node.VolumeMounts)
            {
                Mount(mount, folder);
            }

            var environment = new ConfigurationBuilder().AddInMemoryCollection(Environment
                .Where(static entry => entry.Name.Contains("__", StringComparison.Ordinal))
                .Select(entry => KeyValuePair.Create(entry.Name.Replace("__", ":", StringComparison.Ordinal), (string?)Moved(entry.Value, folder))));
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

    /// <summary>The number behind a probe's or a Service's port.</summary>
    public static int Port(V1Container container, IntOrString port) => int.TryParse(port.Value, CultureInfo.InvariantCulture, out var number)
        ? number
        : Assert.Single(container.Ports, one => one.Name == port.Value).ContainerPort;

    public static int PortOf(string url) => BindingAddress.Parse(url).Port;

    // What lies beside the program in the image lies in the folder here.
    private static string Moved(string path, string folder) =>
        path.StartsWith(Program + "/", StringComparison.Ordinal) ? Path.Combine(folder, path[(Program.Length + 1)..]) : path;

    private void Mount(V1VolumeMount mount, string folder)
    {
        var volume = Assert.Single(Pod.Spec.Volumes, volume => volume.Name == mount.Name);
        var path = Moved(mount.MountPath, folder);
        if (volume.Secret is not null)
        {
            Directory.CreateDirectory(path);
            File.WriteAllText(Path.Combine(path, "tokens"), AbsentToken);
            return;
        }

        var map = _manifests.Get<V1ConfigMap>(volume.ConfigMap.Name);
        if (mount.SubPath is { } key)
        {
            File.WriteAllText(path, map.Data[key]);
            return;
        }

        Directory.CreateDirectory(path);
        foreach (var (name, text) in map.Data)
        {
            File.WriteAllText(Path.Combine(path, name), text);
        }
    }

    private string Value(V1EnvVar entry)
    {
        if (entry.ValueFrom?.SecretKeyRef is { } reference)
        {
            return _manifests.Find<V1Secret>(reference.Name) is { } secret ? Encoding.UTF8.GetString(secret.Data[reference.Key]) : AbsentSecret;
        }

        return entry.Value ?? entry.ValueFrom!.FieldRef.FieldPath;
    }
}
