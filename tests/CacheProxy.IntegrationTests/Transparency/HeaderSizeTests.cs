using System.Net;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>Headers much larger than the servers' usual limits pass in both directions.</summary>
public sealed class HeaderSizeTests
{
    /// <summary>Lines and the length of each: 64 KiB in one, 64 KiB in many, nearly 1 MiB in large ones and in small ones.</summary>
    public static readonly TheoryData<int, int> Sizes = new() { { 1, 65_536 }, { 1_024, 64 }, { 15, 65_536 }, { 9_000, 100 } };

    [Theory, MemberData(nameof(Sizes))]
    public async Task The_headers_of_a_request_arrive(int lines, int length)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        var request = $"GET /x HTTP/1.1\r\nHost: x\r\n{Lines(lines, length)}\r\n";

        await RawHttp.SendAsync(upstream.Port, request);
        await RawHttp.SendAsync(proxy.Port, request);

        Comparison.AssertSame(KnownDifferences.OfRequests, await upstream.NextRequestAsync(), await upstream.NextRequestAsync());
    }

    [Theory, MemberData(nameof(Sizes))]
    public async Task The_headers_of_a_response_come_back(int lines, int length)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => $"HTTP/1.1 200 OK\r\n{Lines(lines, length)}Content-Length: 2\r\n\r\nok");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        var direct = await RawHttp.SendAsync(upstream.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
        var forwarded = await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");

        Comparison.AssertSame(KnownDifferences.OfResponses, direct, forwarded);
    }

    [Theory, InlineData(1, 65_536), InlineData(1_024, 64)]
    public async Task And_in_HTTP_2(int lines, int length)
    {
        await using var api = await Http2Api.StartAsync(context =>
        {
            foreach (var (name, value) in context.Request.Headers.Where(field => field.Key.StartsWith("x-n", StringComparison.Ordinal)))
            {
                context.Response.Headers[name] = value;
            }

            return Task.CompletedTask;
        });
        await using var proxy = await TransparencyHost.StartAsync(api.Port);
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Port, "/x", HttpMethod.Get);
        for (var i = 0; i < lines; i++)
        {
            call.Headers.Add(Name(i), new string('v', length));
        }

        using var response = await client.SendAsync(call, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            call.Headers.Select(field => (field.Key, field.Value.Single())),
            response.Headers.Where(field => field.Key.StartsWith("x-n", StringComparison.Ordinal)).Select(field => (field.Key, field.Value.Single())));
    }

    [Theory]
    [InlineData(17, 65_536, 1, 431)]
    [InlineData(10_001, 10, 1, 431)]
    [InlineData(1, 1, 256 * 1024, 414)]
    public async Task What_is_larger_still_is_refused_before_the_API_sees_it(int lines, int length, int target, int status)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        try
        {
            await client.WriteAsync($"GET /{new string('t', target)} HTTP/1.1\r\nHost: x\r\n{Lines(lines, length)}\r\n");
        }
        catch (IOException)
        {
            // Refused before all of it was sent.
        }

        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Empty(upstream.Requests);
    }

    [Theory, InlineData(60_000), InlineData(250_000)]
    public async Task A_long_target_arrives(int length)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        var target = $"/{new string('p', length / 2)}?{new string('q', length / 2)}";

        var response = await RawHttp.SendAsync(proxy.Port, $"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(200, response.Status);
        Assert.Equal(target, (await upstream.NextRequestAsync()).Target);
    }

    private static string Lines(int count, int length)
    {
        var value = new string('v', length);
        return string.Concat(Enumerable.Range(0, count).Select(i => $"{Name(i)}: {value}\r\n"));
    }

    private static string Name(int number) => $"x-n{number:D5}";
}
