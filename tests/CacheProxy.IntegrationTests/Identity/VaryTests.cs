using CacheProxy.Filling;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.Identity;

/// <summary>One resource, several variants.</summary>
public sealed class VaryTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Target = "/api/customers/1";

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Each_value_of_the_named_header_has_its_own_entry(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Echo("Accept-Language", ("Vary", "Accept-Language")));
        await using var proxy = await stores.StartAsync(store, api.Address);

        foreach (var language in new[] { "de", "en", "fr", "de", "en", "fr" })
        {
            Assert.Equal(language, (await proxy.AskAsync(Target, ("Accept-Language", language))).Text);
        }

        Assert.Equal("", (await proxy.AskAsync(Target)).Text);
        Assert.Equal(4, api.Requests.Count);
    }

    [Fact]
    public async Task Several_named_headers_count_together_and_no_others()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Vary", "Accept-Language, X-Plan")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Equal("1", (await proxy.AskAsync(Target, ("Accept-Language", "de,en"), ("X-Plan", "a"))).Text);
        Assert.Equal("1", (await proxy.AskAsync(Target, ("Accept-Language", "de,en"), ("X-Plan", "a"), ("X-Other", "1"))).Text);
        Assert.Equal("1", (await proxy.AskAsync(Target, ("Accept-Language", "DE,  en"), ("X-Plan", "a"))).Text);
        Assert.Equal("2", (await proxy.AskAsync(Target, ("Accept-Language", "en,de"), ("X-Plan", "a"))).Text);
        Assert.Equal("3", (await proxy.AskAsync(Target, ("Accept-Language", "de,en"), ("X-Plan", "b"))).Text);
    }

    [Fact]
    public async Task A_name_that_a_later_response_adds_counts_from_then_on()
    {
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            Answers.Body("1", ("Vary", "X-A")), Answers.Body("2", ("Vary", "X-B")), Answers.Body("3", ("Vary", "X-A")), Answers.Body("4")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Equal("1", (await proxy.AskAsync(Target, ("X-A", "1"), ("X-B", "1"))).Text);
        Assert.Equal("2", (await proxy.AskAsync(Target, ("X-A", "2"), ("X-B", "1"))).Text);
        Assert.Equal("2", (await proxy.AskAsync(Target, ("X-A", "2"), ("X-B", "1"))).Text);
        Assert.Equal("3", (await proxy.AskAsync(Target, ("X-A", "2"), ("X-B", "2"))).Text);
    }

    [Fact]
    public async Task A_name_that_some_programs_fold_into_one_that_it_varies_on_is_a_variant_of_its_own()
    {
        await using var api = await StubApi.StartAsync(Answers.Echo("X_Plan", ("Vary", "X-Plan")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Equal("gold", (await proxy.AskAsync(Target, ("X_Plan", "gold"))).Text);
        Assert.Equal("", (await proxy.AskAsync(Target)).Text);
        Assert.Equal("iron", (await proxy.AskAsync(Target, ("X_Plan", "iron"))).Text);
        Assert.Equal(("gold", true), ((await proxy.AskAsync(Target, ("X_Plan", "gold"))).Text, (await proxy.AskAsync(Target, ("X_Plan", "gold"))).IsHit));
        Assert.True((await proxy.AskAsync(Target, ("X_Other", "1"))).IsHit);
    }

    [Theory]
    [InlineData("Accept", "application/json", "text/csv")]
    [InlineData("Accept-Language", "de", "en")]
    [InlineData("Api-Version", "1", "2")]
    [InlineData("X-Api-Version", "1", "2")]
    public async Task A_header_by_which_APIs_negotiate_counts_although_the_response_does_not_say_so(string header, string one, string other)
    {
        await using var api = await StubApi.StartAsync(Answers.Echo(header));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        foreach (var value in (string[])[one, other, one, other])
        {
            Assert.Equal(value, (await proxy.AskAsync(Target, (header, value))).Text);
        }

        Assert.Equal("", (await proxy.AskAsync(Target)).Text);
        Assert.Equal(3, api.Requests.Count);
    }

    [Fact]
    public async Task Who_takes_anything_reads_the_plain_entry()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);

        var first = await proxy.AskRawAsync(Target, "X-Tenant-Subdomain: demo\r\nAccept: */*\r\n");
        var body = await stores.Redis.TextAsync("HGET", "demo:customer:1", "body");
        var second = await proxy.AskRawAsync(Target, "X-Tenant-Subdomain: demo\r\nAccept: */*\r\nAccept-Language: *\r\n");
        var third = await proxy.AskRawAsync(Target);

        Assert.Equal(("1", "1", "1", "1"), (first.Content, body, second.Content, third.Content));
    }

    [Fact]
    public async Task A_policy_names_the_headers_that_always_count()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:VaryBy", "X-Plan")]);

        Assert.Equal("1", (await proxy.AskAsync(Target, ("X-Plan", "a"), ("Accept", "text/csv"))).Text);
        Assert.Equal("2", (await proxy.AskAsync(Target, ("X-Plan", "b"))).Text);
        Assert.Equal("1", (await proxy.AskAsync(Target, ("X-Plan", "a"), ("Accept-Language", "de"))).Text);
        Assert.Equal("cacheproxy; fwd=bypass; fwd-status=200; detail=header-name", (await proxy.AskAsync(Target, ("X_Plan", "a"))).CacheStatus);
    }

    [Fact]
    public async Task A_miss_of_one_variant_says_so()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Vary", "X-A")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(Target, ("X-A", "1"));

        Assert.Equal("cacheproxy; fwd=vary-miss; fwd-status=200; stored", (await proxy.AskAsync(Target, ("X-A", "2"))).CacheStatus);
    }

    [Fact]
    public async Task Who_waited_for_another_variant_does_not_get_its_body()
    {
        var gate = new Gate();
        var count = 0;
        await using var api = await StubApi.StartAsync(async context =>
        {
            await (Interlocked.Increment(ref count) == 1 ? gate.PassAsync() : Task.CompletedTask);
            await Answers.Echo("X-Plan", ("Vary", "X-Plan"))(context);
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var german = proxy.AskAsync(Target, ("X-Plan", "de"));
        await gate.ReachedAsync();
        string[] languages = ["en", "de", "en", "fr", "en"];
        var others = languages.Select(language => proxy.AskAsync(Target, ("X-Plan", language))).ToArray();
        await Eventually.TrueAsync(() => proxy.Services.GetRequiredService<Flights>().Waiting == languages.Length);

        gate.Open();

        Assert.Equal("de", (await german).Text);
        Assert.Equal(languages, (await Task.WhenAll(others)).Select(static answer => answer.Text));
        foreach (var language in languages)
        {
            Assert.True((await proxy.AskAsync(Target, ("X-Plan", language))).IsHit);
        }
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task No_more_than_so_many_variants_are_kept(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(store, api.Address, ("CacheProxy:Policies:customer:MaxVariants", "3"));

        var ttl = 100;
        foreach (var query in new[] { "?1", "?2", "?3", "?4" })
        {
            api.Handler = Answers.Body(query, ("Cache-Control", $"max-age={ttl++}"));
            await proxy.AskAsync(Target + query);
        }

        Assert.True((await proxy.AskAsync(Target + "?4")).IsHit);
        Assert.True((await proxy.AskAsync(Target + "?3")).IsHit);
        Assert.True((await proxy.AskAsync(Target + "?2")).IsHit);
        Assert.False((await proxy.AskAsync(Target + "?1")).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_evicts_every_variant(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("Vary", "X-A")));
        await using var proxy = await stores.StartAsync(store, api.Address);
        (string, (string, string)[])[] variants =
        [
            (Target, []), (Target, [("X-A", "1")]), (Target + "?a=1", []), (Target + "?a=2", [("X-A", "2")]),
            (Target, [("Authorization", "Bearer 1")]),
        ];
        foreach (var (target, headers) in variants)
        {
            await proxy.AskAsync(target, headers);
            Assert.True((await proxy.AskAsync(target, headers)).IsHit);
        }

        await proxy.AskAsync(HttpMethod.Put, Target + "?b=1", ("X-A", "9"));

        foreach (var (target, headers) in variants)
        {
            Assert.False((await proxy.AskAsync(target, headers)).IsHit);
        }
    }

    [Theory]
    [InlineData("Authorization", "Bearer 1", "Bearer 2")]
    [InlineData("Cookie", "session=1", "session=2")]
    [InlineData("X-Api-Key", "1", "2")]
    public async Task Nobody_reads_what_was_stored_for_other_credentials(string header, string mine, string others)
    {
        await using var api = await StubApi.StartAsync(Answers.Echo(header));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(Target, (header, mine));

        Assert.Equal(others, (await proxy.AskAsync(Target, (header, others))).Text);
        Assert.Equal("", (await proxy.AskAsync(Target)).Text);
        Assert.Equal((mine, true), ((await proxy.AskAsync(Target, (header, mine))).Text, (await proxy.AskAsync(Target, (header, mine))).IsHit));
    }
}
