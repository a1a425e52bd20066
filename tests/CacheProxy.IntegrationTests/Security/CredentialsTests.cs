using System.Text;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Writing;
using CacheProxy.Tests.House;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Security;

/// <summary>For every pair of requests for one customer: may the second have what the first left in the cache?</summary>
public sealed class CredentialsTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    // As they are called in the documentation.
    private static readonly (string Name, string Lines)[] Callers =
    [
        ("nobody", "X-Tenant-Subdomain: demo"),
        ("token A", "X-Tenant-Subdomain: demo|Authorization: Bearer a"),
        ("token B", "X-Tenant-Subdomain: demo|Authorization: Bearer b"),
        ("tokens A and B", "X-Tenant-Subdomain: demo|Authorization: Bearer a|Authorization: Bearer b"),
        ("token A in acme", "X-Tenant-Subdomain: acme|Authorization: Bearer a"),
        ("cookie A", "X-Tenant-Subdomain: demo|Cookie: session=a"),
        ("cookie B", "X-Tenant-Subdomain: demo|Cookie: session=b"),
        ("key A", "X-Tenant-Subdomain: demo|X-Api-Key: a"),
        ("certificate A", "X-Tenant-Subdomain: demo|X-Client-Cert: a"),
        ("certificate B", "X-Tenant-Subdomain: demo|X-Client-Cert: b"),
    ];

    [Theory]
    [InlineData("PerCredential", "")]
    [InlineData("Rfc9111", "")]
    [InlineData("Rfc9111", "public")]
    [InlineData("Shared", "")]
    [InlineData("Bypass", "")]
    public async Task Who_may_have_whose_answer_is_what_the_documentation_says(string mode, string cacheControl)
    {
        await using var api = await StubApi.StartAsync(context =>
        {
            context.Response.Headers.CacheControl = cacheControl;
            return context.Response.WriteAsync("customer");
        });
        await using var proxy = await StartAsync(api, mode);

        var table = await MeasureAsync(proxy, api);

        var heading = $"### `{mode}`{(cacheControl.Length > 0 ? $", and the API says `{cacheControl}`" : "")}\n";
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "security.md"), TestContext.Current.CancellationToken);
        Assert.Contains(heading, page, StringComparison.Ordinal);
        var section = page[(page.IndexOf(heading, StringComparison.Ordinal) + heading.Length)..];
        Assert.Equal(table, Table(section));
    }

    [Theory]
    [InlineData("PerCredential", 200)]
    [InlineData("Shared", 200)]
    [InlineData("Rfc9111", 401)]
    [InlineData("Bypass", 401)]
    public async Task A_revoked_token_is_answered_from_the_cache_no_longer_than_the_entry_lives(string mode, int statusAtFirst)
    {
        var isRevoked = false;
        await using var api = await StubApi.StartAsync(context =>
        {
            context.Response.StatusCode = Volatile.Read(ref isRevoked) ? 401 : 200;
            return context.Response.WriteAsync("customer");
        });
        var time = new FakeTimeProvider();
        await using var proxy = await StartAsync(api, mode, time);
        Assert.Equal(200, await StatusAsync(proxy, "token A"));

        Volatile.Write(ref isRevoked, true);

        Assert.Equal(statusAtFirst, await StatusAsync(proxy, "token A"));
        time.Advance(Ttl);
        Assert.Equal(401, await StatusAsync(proxy, "token A"));
        Assert.Equal(401, await StatusAsync(proxy, "token A"));
    }

    [Theory]
    [InlineData("PerCredential")]
    [InlineData("Rfc9111")]
    [InlineData("Shared")]
    [InlineData("Bypass")]
    public async Task A_refusal_is_never_stored(string mode)
    {
        var status = 401;
        await using var api = await StubApi.StartAsync(context =>
        {
            context.Response.StatusCode = Volatile.Read(ref status);
            return context.Response.WriteAsync("answer");
        });
        await using var proxy = await StartAsync(api, mode);
        Assert.Equal(401, await StatusAsync(proxy, "token A"));
        Volatile.Write(ref status, 403);
        Assert.Equal(403, await StatusAsync(proxy, "token A"));

        Volatile.Write(ref status, 200);

        Assert.Equal(200, await StatusAsync(proxy, "token A"));
    }

    [Theory]
    [InlineData("Shared", true)]
    [InlineData("Rfc9111", true)]
    [InlineData("PerCredential", false)]
    public async Task A_refused_reader_evicts_nothing_that_others_share(string mode, bool kept)
    {
        var status = 200;
        await using var api = await StubApi.StartAsync(context =>
        {
            context.Response.StatusCode = Volatile.Read(ref status);
            context.Response.Headers.CacheControl = "public, max-age=300";
            return context.Response.WriteAsync("customer");
        });
        await using var proxy = await StartAsync(api, mode);
        await proxy.AskAsync(WriteScene.Path, ("Authorization", "Bearer a"));

        // Under PerCredential only a credential that once was good has anything to evict: its own.
        Volatile.Write(ref status, 401);
        var refused = await proxy.AskAsync(WriteScene.Path, ("Authorization", kept ? "Bearer bad" : "Bearer a"), ("Cache-Control", "no-cache"));
        Assert.Equal(401, refused.Status);
        Volatile.Write(ref status, 200);

        Assert.Equal(kept, (await proxy.AskAsync(WriteScene.Path, ("Authorization", "Bearer a"))).IsHit);
    }

    private static Task<ProxyUnderTest> StartAsync(StubApi api, string mode, TimeProvider? time = null) => ProxyUnderTest.StartAsync(
        api.Address,
        [
            ("CacheProxy:Policies:customer:Credentials", mode),
            ("CacheProxy:Credentials:Headers:0", "Authorization"),
            ("CacheProxy:Credentials:Headers:1", "Cookie"),
            ("CacheProxy:Credentials:Headers:2", "X-Api-Key"),
            ("CacheProxy:Credentials:Headers:3", "X-Client-Cert"),
        ],
        time: time);

    private static async Task<string> MeasureAsync(ProxyUnderTest proxy, StubApi api)
    {
        var table = new StringBuilder($"| first \\ second | {string.Join(" | ", Callers.Select(static caller => caller.Name))} |\n");
        table.Append(string.Concat(Enumerable.Repeat("| --- ", Callers.Length + 1))).Append("|\n");
        for (var first = 0; first < Callers.Length; first++)
        {
            table.Append("| ").Append(Callers[first].Name).Append(" |");
            for (var second = 0; second < Callers.Length; second++)
            {
                var customer = $"c{first}-{second}";
                await SendAsync(proxy, Callers[first].Lines, customer);
                await SendAsync(proxy, Callers[second].Lines, customer);
                table.Append(api.Count($"GET /api/customers/{customer}") == 1 ? " yes |" : " no |");
            }

            table.Append('\n');
        }

        return table.ToString();
    }

    private static async Task<int> StatusAsync(ProxyUnderTest proxy, string caller) =>
        (await SendAsync(proxy, Callers.Single(one => one.Name == caller).Lines, "1")).Status;

    private static Task<RawHttpMessage> SendAsync(ProxyUnderTest proxy, string lines, string customer) => RawHttp.SendAsync(
        proxy.Address.Port,
        $"GET /api/customers/{customer} HTTP/1.1\r\nHost: api\r\n{lines.Replace("|", "\r\n", StringComparison.Ordinal)}\r\n\r\n");

    private static string Table(string section)
    {
        var lines = section.Split('\n').SkipWhile(static line => !line.StartsWith('|')).TakeWhile(static line => line.StartsWith('|'));
        return string.Concat(lines.Select(static line => line + "\n"));
    }
}
