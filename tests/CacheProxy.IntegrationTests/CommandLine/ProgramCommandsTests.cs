using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.CommandLine;

/// <summary>Commands as a process, with its environment.</summary>
public sealed class ProgramCommandsTests
{
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["CacheProxy__Redis__ConnectionString"] = "redis:6379,password=s3cret",
        ["CACHEPROXY__POLICIES__customer__TTL"] = "7m",
    };

    [Fact]
    public async Task Print_config_names_the_variables_that_values_come_from_and_hides_secrets()
    {
        using var program = ProgramRun.Start(Environment, "print-config", "--CacheProxy:Redis:Timeout=1s");

        var (exitCode, output, errors) = await program.WaitAsync();

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("CacheProxy:Redis:ConnectionString = \"redis:6379,password=***\"  # 4 CacheProxy__Redis__ConnectionString\n", output);
        Assert.Contains("CacheProxy:Policies:customer:Ttl = \"7m\"  # 4 CACHEPROXY__POLICIES__customer__TTL\n", output);
        Assert.Contains("CacheProxy:Redis:Timeout = \"1s\"  # 5 command line\n", output);
        Assert.DoesNotContain("s3cret", output);
    }

    [Fact]
    public async Task Check_config_ends_with_1_for_what_a_start_would_refuse()
    {
        using var program = ProgramRun.Start(
            new Dictionary<string, string> { ["CacheProxy__Redis__Timeout"] = "250", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "nonsense" }, "check-config");

        var (exitCode, output, errors) = await program.WaitAsync();

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("2 problems", errors);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", errors);
    }

    [Fact]
    public async Task Run_starts_as_the_program_does_without_a_command()
    {
        using var program = ProgramRun.Start(
            new Dictionary<string, string> { ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0", ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0" },
            "run",
            "--CacheProxy:Redis:Timeout=1s");

        Assert.Contains("\"Id\":1000", await program.ReadLineAsync());
        await program.TerminateAsync();
        Assert.Equal(0, (await program.WaitAsync()).ExitCode);
    }
}
