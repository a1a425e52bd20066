using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>
/// A Redis that version 0.1 filled is served by this one. PreviousVersion.json holds the fields as that version wrote them, byte for byte.
/// Only what binds them to the moment and the Redis of the recording is moved to those of the test: times and the replication id.
/// </summary>
public sealed class PreviousVersionTests(RedisServerFixture redis) : IClassFixture<RedisServerFixture>
{
    private const int DeadlineDigits = 13;
    private const int ReplicationIdDigits = 16;

    // Behind the stamp: version, length, length of the body, status, flags.
    private const int ResponseTimeOffset = 45 + 1 + 4 + 8 + 2 + 1;

    private RedisServer Server => redis.Server;

    [Theory]
    [InlineData("/api/customers/1", "", "{\"id\":1,\"name\":\"ZoÃ«\"}")]
    [InlineData("/api/customers/2", "X-Region: north\r\n", "{\"id\":2,\"language\":\"de\"}")]
    [InlineData("/api/customers/2", "", "{\"id\":2,\"language\":\"fr\"}")]
    [InlineData("/api/customers/3?with=pets", "", "{\"id\":3}")]
    [InlineData("/api/customers/4", "Authorization: Bearer alice\r\n", "{\"id\":4,\"seen\":\"by alice\"}")]
    public async Task An_entry_is_a_hit_for_the_request_that_filled_it(string target, string headers, string body)
    {
        await RestoreAsync();
        await using var api = await StubApi.StartAsync(Answers.Body("new"));
        await using var proxy = await StartAsync(api);

        var answer = await AskAsync(proxy, target, headers);

        Assert.Equal(body, answer.Content);
        Assert.StartsWith("cacheproxy; hit", Assert.Single(answer.Values("Cache-Status")), StringComparison.Ordinal);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task Its_fields_are_sent_as_they_were()
    {
        await RestoreAsync();
        await using var api = await StubApi.StartAsync(Answers.Body("new"));
        await using var proxy = await StartAsync(api);

        var answer = await AskAsync(proxy, "/api/customers/1");

        Assert.Equal(200, answer.Status);
        Assert.Equal(["22"], answer.Values("Content-Length"));
        Assert.Equal(["application/json; charset=utf-8"], answer.Values("Content-Type"));
        Assert.Equal(["\"one-7\""], answer.Values("ETag"));
        Assert.Equal(["Mon, 23 Nov 2026 08:00:00 GMT"], answer.Values("Last-Modified"));
        Assert.Equal(["a"], answer.Values("X-Trace"));
        Assert.Equal(["</a>; rel=\"x\"", "</b>; rel=\"y\""], answer.Values("Link"));
    }

    [Theory]
    [InlineData("/api/customers/3", "")]
    // Filled by these very requests, but without regard to the language, which version 0.1 did not know to choose the answer.
    [InlineData("/api/customers/2", "Accept-Language: de\r\nX-Region: north\r\n")]
    [InlineData("/api/customers/2", "Accept-Language: fr\r\n")]
    [InlineData("/api/customers/4", "Authorization: Bearer bob\r\n")]
    public async Task Another_variant_is_a_miss(string target, string headers)
    {
        await RestoreAsync();
        await using var api = await StubApi.StartAsync(Answers.Body("new"));
        await using var proxy = await StartAsync(api);

        Assert.Equal("new", (await AskAsync(proxy, target, headers)).Content);
    }

    [Fact]
    public async Task A_write_evicts_every_variant()
    {
        await RestoreAsync();
        await using var api = await StubApi.StartAsync(Answers.Body("done"));
        await using var proxy = await StartAsync(api);

        await AskAsync(proxy, "/api/customers/2", method: "PUT");

        Assert.Equal(0, await Server.NumberAsync("EXISTS", "demo:customer:2"));
    }

    [Fact]
    public async Task A_write_that_is_under_way_through_the_previous_version_keeps_its_fence()
    {
        await RestoreAsync();
        var before = await Server.FieldsAsync("demo:customer:5");
        await using var api = await StubApi.StartAsync(Answers.Body("new"));
        await using var proxy = await StartAsync(api);

        Assert.Equal("new", (await AskAsync(proxy, "/api/customers/5")).Content);
        Assert.Equal("new", (await AskAsync(proxy, "/api/customers/5")).Content);
        Assert.Equal(2, api.Count("GET /api/customers/5"));
        Assert.Equal(["body", "fence", "meta", before[^1]], before);
        Assert.Equal(before, await Server.FieldsAsync("demo:customer:5"));
    }

    // A busy machine must not turn a hit into a forward.
    private Task<ProxyUnderTest> StartAsync(StubApi api) =>
        ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], Server.ConnectionString);

    private static Task<RawHttpMessage> AskAsync(ProxyUnderTest proxy, string target, string headers = "", string method = "GET") =>
        proxy.AskRawAsync(target, "X-Tenant-Subdomain: demo\r\n" + headers, method);

    private async Task RestoreAsync()
    {
        await Server.SendAsync("FLUSHALL");
        using var recording = Recording();
        var shift = await NowMsAsync() - recording.RootElement.GetProperty("recordedAtMs").GetInt64();
        var replicationId = await ReplicationIdAsync();
        foreach (var key in recording.RootElement.GetProperty("keys").EnumerateObject())
        {
            foreach (var field in key.Value.EnumerateObject())
            {
                var value = field.Value.GetBytesFromBase64();
                if (field.Name.StartsWith("meta", StringComparison.Ordinal))
                {
                    MoveDeadline(value, shift);
                    Encoding.ASCII.GetBytes(replicationId).CopyTo(value, DeadlineDigits);
                    var responseTime = value.AsSpan(ResponseTimeOffset);
                    BinaryPrimitives.WriteInt64LittleEndian(responseTime, BinaryPrimitives.ReadInt64LittleEndian(responseTime) + shift);
                }
                else if (field.Name == "fence" || field.Name.StartsWith("write:", StringComparison.Ordinal))
                {
                    MoveDeadline(value, shift);
                }

                await Server.SendAsync("HSET", key.Name, field.Name, Encoding.Latin1.GetString(value));
            }

            await Server.SendAsync("EXPIRE", key.Name, "300");
        }
    }

    private static JsonDocument Recording()
    {
        using var stream = typeof(PreviousVersionTests).Assembly.GetManifestResourceStream(typeof(PreviousVersionTests), "PreviousVersion.json")!;
        return JsonDocument.Parse(stream);
    }

    private static void MoveDeadline(Span<byte> value, long shift)
    {
        var deadline = long.Parse(value[..DeadlineDigits], CultureInfo.InvariantCulture) + shift;
        Encoding.ASCII.GetBytes(deadline.ToString("D13", CultureInfo.InvariantCulture)).CopyTo(value);
    }

    private async Task<long> NowMsAsync()
    {
        var time = (object?[])(await Server.SendAsync("TIME"))!;
        return (long.Parse((string)time[0]!, CultureInfo.InvariantCulture) * 1000) + (long.Parse((string)time[1]!, CultureInfo.InvariantCulture) / 1000);
    }

    private async Task<string> ReplicationIdAsync()
    {
        var text = (await Server.TextAsync("INFO", "replication"))!;
        return text[(text.IndexOf("master_replid:", StringComparison.Ordinal) + "master_replid:".Length)..][..ReplicationIdDigits];
    }
}
