using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

public sealed partial class DemoChildrenTests
{
    [Fact]
    public async Task A_demo_that_is_killed_leaves_no_program_behind()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var demo = SampleProgram.Start("Demo", "--proxy-port=0", "--api-port=0", "--management-port=0");
        var starting = await UntilLineAsync(demo, "Starting", stop);
        // The first request of the walk: both programs answer by then.
        await UntilLineAsync(demo, "GET /api/customers/123", stop);
        var ports = Port().Matches(starting).Select(match => int.Parse(match.Groups[1].ValueSpan)).ToList();
        Assert.Equal(2, ports.Count);
        using var first = await ConnectAsync(ports[0], stop);
        using var second = await ConnectAsync(ports[1], stop);

        demo.Kill();

        await UntilClosedAsync(first, stop);
        await UntilClosedAsync(second, stop);
        foreach (var port in ports)
        {
            await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(port, stop));
        }
    }

    private static async Task<string> UntilLineAsync(SampleProgram demo, string text, CancellationToken stop)
    {
        while (await demo.Output.ReadLineAsync(stop) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The demo ended before '{text}': {await demo.Error.ReadToEndAsync(stop)}");
    }

    private static async Task<TcpClient> ConnectAsync(int port, CancellationToken stop)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, stop);
        return client;
    }

    private static async Task UntilClosedAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], stop));
        }
        catch (IOException)
        {
            // Reset instead of closed: gone all the same.
        }
    }

    [GeneratedRegex(@"on port (\d+)")]
    private static partial Regex Port();
}
