using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>A response that was cut short, or may have been, is never stored.</summary>
public sealed class IncompleteBodyTests
{
    private const string Whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole";

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false)]
    public async Task Cut_short_by_the_connections_end(string answer, bool reset)
    {
        var count = 0;
        await using var api = await RawUpstream.StartAsync(async exchange =>
        {
            if (++count > 1)
            {
                await exchange.WriteAsync(Whole);
                return;
            }

            await exchange.WriteAsync(answer);
            if (reset)
            {
                exchange.Connection.Reset();
            }

            exchange.Close();
        });
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        await AskAndIgnoreAsync(proxy);
        await LandedAsync(proxy);
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("whole", false), (second.Text, second.IsHit));
        Assert.True((await proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Fact]
    public async Task The_client_of_a_body_that_was_cut_short_notices()
    {
        await using var api = await RawUpstream.StartAsync(static async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            exchange.Close();
        });
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        await Assert.ThrowsAsync<HttpRequestException>(() => proxy.AskAsync("/api/customers/1"));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nuntil close")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil close")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nuntil close")]
    public async Task A_body_that_ends_with_its_connection_is_passed_on_and_not_stored(string answer)
    {
        await using var api = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync(answer);
            exchange.Close();
        });
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("until close", "until close"), (first.Text, second.Text));
        Assert.False(second.IsHit);
    }

    [Fact]
    public async Task A_chunked_body_with_its_end_is_stored_without_the_chunks()
    {
        await using var api = await RawUpstream.StartAsync(static _ =>
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n");
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        await proxy.AskAsync("/api/customers/1");
        var hit = await proxy.AskRawAsync("/api/customers/1", $"X-Tenant-Subdomain: demo\r\n", host: proxy.Address.Authority);

        Assert.Equal(("hello!", "6"), (hit.Content, hit.Values("Content-Length")[0]));
    }

    [Fact]
    public async Task An_API_that_is_not_there_gives_502_and_nothing_is_stored()
    {
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{RedisServer.FreePort()}/");

        var answer = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(502, answer.Status);
        Assert.Equal("cacheproxy; fwd=uri-miss", answer.CacheStatus);
    }

    private static async Task AskAndIgnoreAsync(ProxyUnderTest proxy)
    {
        try
        {
            await proxy.AskAsync("/api/customers/1");
        }
        catch (HttpRequestException)
        {
            // As it should be: the client sees that something is missing.
        }
    }

    /// <summary>The client notices before the fill has given up; whoever joins it in between is forwarded.</summary>
    private static Task LandedAsync(ProxyUnderTest proxy)
    {
        var flights = proxy.Services.GetRequiredService<Flights>();
        return Eventually.TrueAsync(() =>
        {
            var flight = flights.JoinOrLead(new FlightKey(new ResourceKey("demo:customer:1"), VariantKey.Plain), out var leads);
            if (leads)
            {
                flights.Land(flight);
            }

            return leads;
        });
    }
}
