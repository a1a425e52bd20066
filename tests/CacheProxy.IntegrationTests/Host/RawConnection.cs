using System.Net.Sockets;
using System.Text;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>Sends bytes as they are and reads until the other side closes.</summary>
internal static class RawConnection
{
    public static async Task<string> ExchangeAsync(Uri address, string request)
    {
        var cancellation = Xunit.TestContext.Current.CancellationToken;
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, cancellation);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), cancellation);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(cancellation);
    }
}
