using System.Globalization;
using System.Security.Cryptography;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>
/// Bodies of any size pass in constant memory, on routes with a cache policy and without. <c>CACHEPROXY_BIG_BODY_MIB</c> sets the size;
/// without it the tests take one that is merely much larger than what they allow the memory to grow by.
/// </summary>
[Collection(nameof(MemoryCollection))]
public sealed class BigBodyTests
{
    private const string SizeVariable = "CACHEPROXY_BIG_BODY_MIB";
    private const int Block = 256 * 1024;
    private const long Mebi = 1024 * 1024;
    private const long AllowedGrowth = 32 * Mebi;
    private const long SampleEvery = 32 * Mebi;

    private static readonly long Size =
        Mebi * (int.TryParse(Environment.GetEnvironmentVariable(SizeVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var mebi) ? mebi : 128);

    private long _before;
    private long _most;

    [Theory]
    [InlineData("/big")]
    [InlineData("/api/customers/1")]
    public async Task A_body_goes_up_and_another_comes_down(string path)
    {
        var arrived = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            // What was read ahead with the head belongs to the body.
            await exchange.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await ReceiveAsync(exchange.Connection.Stream, arrived);
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Size}\r\n\r\n");
            await SendAsync(exchange.Connection.Stream, sent: null);
            exchange.Close();
        });
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{upstream.Port}/");
        await using var client = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        BeginMeasuring();

        await client.WriteAsync(
            $"PUT {path} HTTP/1.1\r\nHost: x\r\nX-Tenant-Subdomain: demo\r\nContent-Length: {Size}\r\nExpect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await SendAsync(client.Stream, sent);
        Assert.StartsWith("HTTP/1.1 200", await ReadHeadByByteAsync(client.Stream), StringComparison.Ordinal);
        await ReceiveAsync(client.Stream, received);

        var hash = sent.GetHashAndReset();
        Assert.Equal(hash, arrived.GetHashAndReset());
        Assert.Equal(hash, received.GetHashAndReset());
        AssertConstantMemory();
    }

    [Fact]
    public async Task A_body_too_large_to_store_comes_down_though_its_length_is_unknown_at_first()
    {
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\n\r\n");
            await SendAsync(exchange.Connection.Stream, sent: null);
            exchange.Close();
        });
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{upstream.Port}/");
        BeginMeasuring();

        using var response = await proxy.Client.GetAsync(
            "/api/customers/1", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await ReceiveAsync(body, received);

        Assert.Equal(0, await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        AssertConstantMemory();
    }

    private void BeginMeasuring()
    {
        _before = GC.GetTotalMemory(forceFullCollection: true);
        _most = 0;
    }

    private void AssertConstantMemory()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Size / Mebi} MiB; managed memory grew by {(_most - _before) / 1024} KiB; the process has {Environment.WorkingSet / Mebi} MiB"));
        Assert.InRange(_most - _before, long.MinValue, AllowedGrowth);
    }

    private async Task SendAsync(Stream stream, IncrementalHash? sent)
    {
        var block = new byte[Block];
        for (long done = 0; done < Size; done += Block)
        {
            BitConverter.TryWriteBytes(block, done);
            sent?.AppendData(block);
            if (done % SampleEvery == 0)
            {
                _most = Math.Max(_most, GC.GetTotalMemory(forceFullCollection: true));
            }

            await stream.WriteAsync(block, TestContext.Current.CancellationToken);
        }
    }

    private static async Task ReceiveAsync(Stream stream, IncrementalHash arrived)
    {
        var block = new byte[Block];
        for (long done = 0; done < Size;)
        {
            var count = await stream.ReadAsync(block.AsMemory(0, (int)Math.Min(Block, Size - done)), TestContext.Current.CancellationToken);
            Assert.NotEqual(0, count);
            arrived.AppendData(block, 0, count);
            done += count;
        }
    }

    // Not a byte of the body may be read here: the rest is taken from the bare stream.
    private static async Task<string> ReadHeadByByteAsync(Stream stream)
    {
        var head = new List<char>();
        var one = new byte[1];
        while (head is not [.., '\r', '\n', '\r', '\n'] && await stream.ReadAsync(one, TestContext.Current.CancellationToken) == 1)
        {
            head.Add((char)one[0]);
        }

        return new string([.. head]);
    }
}
