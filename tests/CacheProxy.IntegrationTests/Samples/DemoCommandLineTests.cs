using System.Net;
using System.Net.Sockets;
using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

public sealed class DemoCommandLineTests
{
    [Theory]
    [InlineData("--bogus")]
    [InlineData("stray")]
    [InlineData("--api-port", "70000")]
    [InlineData("--api-port", "-1")]
    [InlineData("--api-port")]
    [InlineData("--redis", "localhost")]
    [InlineData("--redis", "localhost:6379,password=x")]
    [InlineData("--latency", "fast")]
    [InlineData("--latency", "10-5")]
    [InlineData("--latency", "1-2-3")]
    [InlineData("--exit=yes")]
    [InlineData("--proxy-port", "4005")]
    public async Task Wrong_usage_is_named_and_ends_with_exit_code_2(params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(arguments);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(arguments[^1].Split('=')[^1], error, StringComparison.Ordinal);
        Assert.Contains("--help", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        var (exitCode, output, _) = await RunAsync("--help");

        Assert.Equal(0, exitCode);
        foreach (var option in (string[])["--redis", "--latency", "--exit", "--proxy-port", "--api-port", "--management-port", "--help"])
        {
            Assert.Contains(option, output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--proxy-port")]
    [InlineData("--api-port")]
    [InlineData("--management-port")]
    public async Task A_port_in_use_is_named_with_the_option_that_chooses_another(string option)
    {
        using var occupant = new TcpListener(IPAddress.Loopback, 0);
        occupant.Start();
        var port = ((IPEndPoint)occupant.LocalEndpoint).Port;

        string[] free = ["--proxy-port=0", "--api-port=0", "--management-port=0"];
        var (exitCode, _, error) = await RunAsync([.. free, $"{option}={port}"]);

        Assert.Equal(1, exitCode);
        Assert.Contains($"{port}", error, StringComparison.Ordinal);
        Assert.Contains(option, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Redis_that_is_not_there_is_named()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var address = $"127.0.0.1:{((IPEndPoint)closed.LocalEndpoint).Port}";
        closed.Stop();

        var (exitCode, _, error) = await RunAsync("--proxy-port=0", "--api-port=0", "--management-port=0", "--redis", address);

        Assert.Equal(1, exitCode);
        Assert.Contains(address, error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var demo = SampleProgram.Start("Demo", arguments);
        var output = demo.Output.ReadToEndAsync(stop);
        var error = demo.Error.ReadToEndAsync(stop);
        return (await demo.ExitCodeAsync(stop), await output, await error);
    }
}
