using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CacheProxy.Configuration;
using CacheProxy.Hosting;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

public sealed class StartTests
{
    private static readonly Dictionary<string, string> FreePorts = new()
    {
        ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0",
        ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
    };

    [Fact]
    public async Task The_program_starts_in_any_directory_takes_every_key_from_the_environment_and_stops_on_SIGTERM()
    {
        await using var api = await NamedApi.StartAsync("api");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var program = ProgramRun.Start(new Dictionary<string, string>(FreePorts)
        {
            ["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = api.Address,
            // Were it heeded, the port in use would stop the start.
            ["ASPNETCORE_URLS"] = $"http://{taken.LocalEndpoint}",
            ["ASPNETCORE_HTTP_PORTS"] = $"{((IPEndPoint)taken.LocalEndpoint).Port}",
        });

        var started = JsonNode.Parse(await program.ReadLineAsync())!;
        Assert.Equal(1000, (int?)started["EventId"]!["Id"]);
        var proxy = new Uri((string)started["Proxy"]!);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Equal("api answers", await client.GetStringAsync(new Uri(proxy, "/api/orders"), TestContext.Current.CancellationToken));

        await program.TerminateAsync();
        var (exitCode, output, errors) = await program.WaitAsync();
        Assert.Equal(0, exitCode);
        Assert.Equal("CacheProxy stopped", (string?)JsonNode.Parse(output.Trim())!["@m"]);
        Assert.Equal("", errors);
    }

    [Fact]
    public async Task Without_session_affinity_it_makes_no_keys_in_the_home_directory()
    {
        var home = Directory.CreateTempSubdirectory("cacheproxy-home-");
        try
        {
            using var program = ProgramRun.Start(new Dictionary<string, string>(FreePorts) { ["HOME"] = home.FullName });

            Assert.NotEqual("", await program.ReadLineAsync());
            await program.TerminateAsync();
            await program.WaitAsync();

            Assert.Empty(home.GetFiles("*", SearchOption.AllDirectories));
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_first_event_names_the_files_that_were_read()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var one = await RunningHost.StartAsync(api.Address);
        await using var both = await RunningHost.StartAsync(api.Address, static directory =>
        {
            Directory.CreateDirectory(Path.Combine(directory, "config"));
            File.WriteAllText(Path.Combine(directory, "config", "appsettings.json"), "{}");
        });

        Assert.Equal($"\"{one.File}\"", Files(one));
        Assert.Equal($"\"{both.File}, {Path.Combine(both.Directory, "config", "appsettings.json")}\"", Files(both));

        static string Files(RunningHost host) => Assert.Single(
            host.Log.Events, static logged => logged.MessageTemplate.Text.Contains("configuration: ", StringComparison.Ordinal))
            .Properties["Files"].ToString();
    }

    [Fact]
    public async Task A_file_in_the_working_directory_that_is_not_read_is_warned_about()
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-");
        try
        {
            var file = Path.Combine(directory.CreateSubdirectory("config").FullName, "appsettings.json");
            await File.WriteAllTextAsync(file, "{}", TestContext.Current.CancellationToken);
            using var program = ProgramRun.StartIn(directory.FullName, FreePorts);

            await program.ReadLineAsync();
            await program.TerminateAsync();
            var (_, output, _) = await program.WaitAsync();

            var warned = JsonNode.Parse(output.Split('\n')[0])!;
            Assert.Equal(1002, (int?)warned["EventId"]!["Id"]);
            Assert.Equal(file, (string?)warned["File"]);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_wrong_configuration_ends_it_with_1_and_one_report_of_all_problems()
    {
        var (exitCode, output, errors) = await RunAsync(new Dictionary<string, string>(FreePorts)
        {
            ["CacheProxy__Policies__customer__Ttl"] = "300",
            ["CacheProxy__Redis__ConnectionString"] = "redis://:s3cret@redis",
            ["CacheProxy__Redis__Timout"] = "1s",
            ["ReverseProxy__Routes__customer__ClusterId"] = "",
        });

        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith("CacheProxy cannot start: 4 problems.", errors);
        Assert.Contains("CacheProxy:Policies:customer:Ttl = \"300\"", errors);
        Assert.Contains("CacheProxy:Redis:ConnectionString = \"***\"", errors);
        Assert.Contains("did you mean CacheProxy:Redis:Timeout?", errors);
        Assert.Contains("ReverseProxy:Routes:customer:ClusterId", errors);
        Assert.DoesNotContain("s3cret", errors);
        AssertNoStackTrace(errors);
    }

    [Theory]
    [InlineData("--Kestel:Endpoints:Proxy:Url=http://*:1", "did you mean Kestrel?")]
    [InlineData("--CacheProxy:Redis:Timeout", "--KEY=VALUE")]
    [InlineData("-x=1", "--KEY=VALUE")]
    [InlineData("start", "--KEY=VALUE")]
    [InlineData("--Kestrel:Endpoints:Proxy:Url=https://127.0.0.1:0", "certificate")]
    [InlineData("--Serilog:WriteTo:0:Name=File", "unknown key")]
    public async Task A_wrong_argument_ends_it_too(string argument, string said)
    {
        var (exitCode, _, errors) = await RunAsync(FreePorts, argument);

        Assert.Equal(1, exitCode);
        Assert.Contains(said, errors);
        AssertNoStackTrace(errors);
    }

    [Theory]
    [InlineData("Proxy")]
    [InlineData("Management")]
    public async Task A_port_in_use_ends_it_and_says_whose(string endpoint)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://{taken.LocalEndpoint}";

        var (exitCode, output, errors) = await RunAsync(new Dictionary<string, string>(FreePorts)
        {
            [$"Kestrel__Endpoints__{endpoint}__Url"] = url,
        });

        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.Contains($"Kestrel:Endpoints:{endpoint}:Url = \"{url}\"", errors);
        AssertNoStackTrace(errors);
    }

    [Fact]
    public void Malformed_JSON_is_reported_with_file_and_line()
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-");
        try
        {
            var file = Path.Combine(directory.FullName, "appsettings.json");
            File.WriteAllText(file, "{\n  \"CacheProxy\": {\n    \"Redis\": { \"Timeout\": 1s }\n  }\n}");

            var refused = Assert.Throws<ConfigurationRefusedException>(() =>
                CacheProxyHost.Build([], new CacheProxyHostOptions { Directory = directory.FullName }));

            var problem = Assert.Single(refused.Problems);
            Assert.Equal(file, problem.Key);
            Assert.Contains("line 3", problem.Allowed);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void Every_file_that_is_malformed_is_reported()
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-");
        try
        {
            string[] files = [Path.Combine(directory.FullName, "appsettings.json"), Path.Combine(directory.CreateSubdirectory("config").FullName, "appsettings.json")];
            Array.ForEach(files, static file => File.WriteAllText(file, "{"));

            var refused = Assert.Throws<ConfigurationRefusedException>(() =>
                CacheProxyHost.Build([], new CacheProxyHostOptions { Directory = directory.FullName }));

            Assert.Equal(files, refused.Problems.Select(static problem => problem.Key));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void Without_any_file_it_says_what_is_missing()
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-");
        try
        {
            var refused = Assert.Throws<ConfigurationRefusedException>(() =>
                CacheProxyHost.Build([], new CacheProxyHostOptions { Directory = directory.FullName }));

            Assert.Equal("ReverseProxy:Routes", Assert.Single(refused.Problems).Key);
        }
        finally
        {
            directory.Delete();
        }
    }

    [Fact]
    public async Task Two_hosts_in_one_process_share_nothing()
    {
        await using var first = await NamedApi.StartAsync("first");
        await using var second = await NamedApi.StartAsync("second");
        await using var one = await RunningHost.StartAsync(first.Address);
        await using var other = await RunningHost.StartAsync(second.Address, null, null, "--Serilog:MinimumLevel:Default=Debug");

        Assert.Equal("first answers", await one.GetAsync("/x"));
        Assert.Equal("second answers", await other.GetAsync("/x"));
        Assert.NotSame(one.Configuration, other.Configuration);
        Assert.DoesNotContain(one.Log.Events, static logged => logged.Level < Serilog.Events.LogEventLevel.Information);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        Dictionary<string, string> environment, params string[] arguments)
    {
        using var program = ProgramRun.Start(environment, arguments);
        return await program.WaitAsync();
    }

    private static void AssertNoStackTrace(string errors)
    {
        Assert.DoesNotContain("Exception", errors);
        Assert.DoesNotContain("   at ", errors);
    }
}
