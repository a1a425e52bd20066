using System.Net.Sockets;
using System.Text;

namespace Demo.Starting;

/// <summary>Pings the Redis of the command line: CacheProxy would start without it, and every step of the walk would be a miss.</summary>
internal static class RedisCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task PingAsync(string address, CancellationToken stop)
    {
        RedisAddress.TryParse(address, out var host, out var port);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray(), patience.Token);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            var answer = await reader.ReadLineAsync(patience.Token);
            if (answer != "+PONG")
            {
                throw new StartException($"What listens at {address} does not answer PING as an open Redis does but: '{answer}'.");
            }
        }
        catch (Exception problem) when (problem is SocketException or IOException)
        {
            throw new StartException($"No Redis at {address}: {problem.Message}. Start one there, or leave out --redis to cache in memory.");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new StartException($"Redis at {address} did not answer within {Patience.TotalSeconds:0} s.");
        }
    }
}
