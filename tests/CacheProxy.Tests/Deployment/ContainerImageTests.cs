using System.Xml.Linq;
using CacheProxy.Tests.Configuration;
using CacheProxy.Tests.House;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>What can be said of the images without building them; tests/container/run.sh builds and runs them.</summary>
public sealed class ContainerImageTests
{
    private const string Sidecar = "Dockerfile";
    private const string SampleApi = "samples/CustomerApi/Dockerfile";

    public static TheoryData<string> Files => [Sidecar, SampleApi];

    [Fact]
    public void The_sidecar_exposes_the_ports_of_the_shipped_configuration()
    {
        var listeners = CandidateConfiguration.Accepted().Listeners;

        Assert.Equal([PortOf(listeners.ProxyUrl), PortOf(listeners.ManagementUrl)], new ContainerImage(Sidecar).Ports);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_user_is_a_number_other_than_roots_so_that_runAsNonRoot_can_check_it(string file)
    {
        Assert.True(int.TryParse(new ContainerImage(file).User, out var user));
        Assert.NotEqual(0, user);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Everything_that_is_copied_is_there_and_reaches_the_build(string file)
    {
        var letThrough = File.ReadLines(Path.Combine(Repository.Root, ".dockerignore"))
            .Where(static line => line.StartsWith('!'))
            .Select(static line => line[1..])
            .ToArray();

        Assert.All(new ContainerImage(file).Sources, source =>
        {
            Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), source);
            Assert.Contains(letThrough, allowed => source == allowed || source.StartsWith(allowed + "/", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void The_shipped_configuration_is_in_the_image() =>
        Assert.Contains("appsettings.json", new ContainerImage(Sidecar).Sources);

    [Theory]
    [InlineData(Sidecar, """["./PROJECT"]""")]
    [InlineData(SampleApi, """["dotnet", "PROJECT.dll"]""")]
    public void The_project_that_is_built_is_the_program_that_is_started(string file, string started)
    {
        var image = new ContainerImage(file);
        var project = Path.GetFileNameWithoutExtension(Assert.Single(image.Sources, static source => source.EndsWith(".csproj", StringComparison.Ordinal)));

        Assert.Equal(started.Replace("PROJECT", project, StringComparison.Ordinal), image.EntryPoint);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Build_and_runtime_are_of_the_version_that_the_projects_are_written_for(string file)
    {
        var props = File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"));
        var sdk = File.ReadAllText(Path.Combine(Repository.Root, "global.json"));

        Assert.All(new ContainerImage(file).Origins, origin =>
        {
            // Behind it stands what the image is made of: 10.0-noble-chiseled.
            var version = origin.Split(':')[1].Split('-')[0];
            Assert.Contains($"<TargetFramework>net{version}</TargetFramework>", props, StringComparison.Ordinal);
            Assert.Contains($"\"version\": \"{version}.", sdk, StringComparison.Ordinal);
        });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_change_of_code_does_not_restore_anew(string file)
    {
        var build = new ContainerImage(file).Build;
        var restore = Array.FindIndex(build, static step => step.Name == "RUN" && step.Arguments.StartsWith("dotnet restore", StringComparison.Ordinal));

        // Only what decides the packages comes before it.
        Assert.True(restore > 0);
        Assert.All(
            build[..restore].Where(static step => step.Name == "COPY").SelectMany(static step => step.Arguments.Split(' ')[..^1]),
            static source => Assert.True(source == "global.json" || Path.GetExtension(source) is ".props" or ".csproj", source));
    }

    // A platform of a build is then always that of its SDK, and the binary's.
    [Theory]
    [MemberData(nameof(Files))]
    public void No_stage_names_a_platform(string file) =>
        Assert.DoesNotContain("--platform", File.ReadAllText(Path.Combine(Repository.Root, file)), StringComparison.Ordinal);

    [Fact]
    public void PublishContainer_makes_the_image_of_the_Dockerfile()
    {
        var image = new ContainerImage(Sidecar);
        var project = XDocument.Load(Path.Combine(Repository.Root, "src", "CacheProxy", "CacheProxy.csproj"));
        string Property(string name) => project.Descendants(name).First().Value;

        Assert.Equal(image.Origins[^1], Property("ContainerBaseImage"));
        Assert.Equal(image.User, Property("ContainerUser"));
        // The name of the program is put behind it as it is.
        Assert.Equal(image.WorkingFolder + "/", Property("ContainerWorkingDirectory"));
        Assert.Equal(image.Ports, project.Descendants("ContainerPort").Single().Attribute("Include")!.Value.Split(';'));
        Assert.Equal(
            image.Environment,
            project.Descendants("ContainerEnvironmentVariable").Select(static one => $"{one.Attribute("Include")!.Value}={one.Attribute("Value")!.Value}"));
    }

    private static string PortOf(string url) => BindingAddress.Parse(url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
