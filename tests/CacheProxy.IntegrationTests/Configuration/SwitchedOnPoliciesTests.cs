using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Reporting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Configuration;

/// <summary>The shipped policies besides the customer's: off as shipped, and on by one key each.</summary>
public sealed class SwitchedOnPoliciesTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private static readonly string[] Lists = ["/api/customers", "/api/customers?page=2", "/api/customers/search?q=a"];

    public static TheoryData<StoreKind, string, string, string> Policies
    {
        get
        {
            var data = new TheoryData<StoreKind, string, string, string>();
            foreach (var store in Enum.GetValues<StoreKind>())
            {
                data.Add(store, "tenant", "/api/tenants/by-subdomain/demo", "PUT /api/tenants/by-subdomain/demo");
                data.Add(store, "pet", "/api/pets/7", "PUT /api/pets/7");
                data.Add(store, "service-catalog", "/api/services", "POST /api/services");
                data.Add(store, "service-catalog", "/api/services", "PATCH /api/services/3");
                data.Add(store, "staff", "/api/staff/7", "DELETE /api/staff/7");
                data.Add(store, "reservation", "/api/reservations/7", "POST /api/reservations/7/cancel");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task One_key_makes_it_a_miss_a_hit_and_evicted_by_its_write(StoreKind store, string policy, string path, string write)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartShippedAsync(store, api.Address, ($"CacheProxy:Policies:{policy}:Mode", "On"));

        var miss = await proxy.AskAsync(path);
        var hit = await proxy.AskAsync(path);
        await proxy.AskAsync(new HttpMethod(write.Split(' ')[0]), write.Split(' ')[1]);
        var afterwards = await proxy.AskAsync(path);

        Assert.Equal(("1", "1", "3"), (miss.Text, hit.Text, afterwards.Text));
        Assert.Equal((false, true, false), (miss.IsHit, hit.IsHit, afterwards.IsHit));
        Assert.Equal(3, api.Requests.Count);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task As_shipped_all_but_customers_pass_and_leave_nothing(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartShippedAsync(store, api.Address);
        string[] paths = [.. Policies.Select(static row => row.Data.Item3).Distinct(), .. Lists];

        foreach (var path in paths)
        {
            Assert.False((await proxy.AskAsync(path)).IsHit);
            Assert.False((await proxy.AskAsync(path)).IsHit);
        }

        await proxy.AskAsync(HttpMethod.Put, "/api/customers/7");
        await proxy.AskAsync(HttpMethod.Put, "/api/pets/7");
        Assert.Equal((paths.Length * 2) + 2, api.Requests.Count);
        Assert.True(store == StoreKind.Memory || await stores.Redis.NumberAsync("DBSIZE") == 0, "Something is in Redis.");
        Assert.Equal(["Customer cache invalidated {customerId=\"7\", tenantId=\"demo\"}"], CacheEvents.Of(proxy));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Lists_and_searches_are_cached_and_every_write_to_a_customer_of_the_tenant_evicts_them_all(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartShippedAsync(store, api.Address, ("CacheProxy:Policies:customer-list:Mode", "On"));
        const string Other = "X-Tenant-Subdomain: acme\r\n";
        var other = await proxy.AskRawAsync(Lists[1], Other);

        foreach (var write in (string[])
            ["PUT /api/customers/1", "POST /api/customers", "PATCH /API/customers/2/", "DELETE /api/customers/3", "POST /api/customers/1/pets", "DELETE /api/pets/7"])
        {
            await EachIsAsync(proxy, isHit: false);
            await EachIsAsync(proxy, isHit: true);
            await proxy.AskAsync(new HttpMethod(write.Split(' ')[0]), write.Split(' ')[1]);
        }

        await EachIsAsync(proxy, isHit: false);
        Assert.Equal(other.Content, (await proxy.AskRawAsync(Lists[1], Other)).Content);
    }

    [Fact]
    public async Task A_list_a_search_and_every_spelling_of_either_are_variants_of_their_own_that_one_write_evicts()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartShippedAsync(StoreKind.Memory, api.Address, ("CacheProxy:Policies:customer-list:Mode", "On"));
        string[] targets =
        [
            "/api/customers?q=a", "/api/customers/search?q=a", "/api/customers/?q=a", "/api/customers/search/?q=a", "/api/Customers?q=a",
            "/api/customers/SEARCH?q=a", "/api/customers/sear%63h?q=a", "/api/customers?q=%61", "/api/customers",
        ];

        var first = await AskAllAsync();
        Assert.Equal(first, await AskAllAsync());
        Assert.Equal(targets.Length, first.Distinct().Count());
        await proxy.AskRawAsync("/api/customers/sear%63h/", method: "DELETE");
        Assert.Empty((await AskAllAsync()).Intersect(first));

        async Task<string[]> AskAllAsync()
        {
            var contents = new List<string>();
            foreach (var target in targets)
            {
                contents.Add((await proxy.AskRawAsync(target)).Content);
            }

            return [.. contents];
        }
    }

    [Theory]
    [InlineData("/api/customers/search%2F?q=a")]
    [InlineData("/api/customers/search;v=1")]
    [InlineData("/api/customers//search?q=a")]
    [InlineData("/api/customers/./search?q=a")]
    [InlineData("/api/services/..%2Fservices")]
    [InlineData("/api//services")]
    [InlineData("/api/services.")]
    [InlineData("/api/pets/search")]
    [InlineData("/api/pets/7/")]
    [InlineData("/api/pets/7/photos")]
    [InlineData("/api/services/3")]
    public async Task A_path_that_may_be_something_else_is_neither_stored_nor_served_under_a_shipped_policy(string target)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartShippedAsync(
            StoreKind.Memory,
            api.Address,
            ("CacheProxy:Policies:customer-list:Mode", "On"),
            ("CacheProxy:Policies:service-catalog:Mode", "On"),
            ("CacheProxy:Policies:pet:Mode", "On"),
            ("CacheProxy:Policies:pet:ExceptIds", "7, search"));

        var first = await proxy.AskRawAsync(target);
        var second = await proxy.AskRawAsync(target);

        Assert.Equal(("1", "2"), (first.Content, second.Content));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_list_that_is_asked_for_while_a_customer_is_written_is_not_stored(StoreKind store)
    {
        var gate = new Gate();
        var numbered = Answers.Numbered();
        await using var api = await StubApi.StartAsync(async context =>
        {
            if (HttpMethods.IsPut(context.Request.Method))
            {
                await gate.PassAsync();
            }

            await numbered(context);
        });
        await using var proxy = await stores.StartShippedAsync(store, api.Address, ("CacheProxy:Policies:customer-list:Mode", "On"));
        await proxy.AskAsync(Lists[0]);

        var writing = proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        await gate.ReachedAsync();
        var meanwhile = await proxy.AskAsync(Lists[0]);
        gate.Open();
        await writing;

        Assert.Equal(("2", false), (meanwhile.Text, meanwhile.IsHit));
        Assert.Equal("4", (await proxy.AskAsync(Lists[0])).Text);
    }

    [Theory]
    [InlineData("DELETE", "/api/customers/1")]
    [InlineData("POST", "/api/customers/1/merge")]
    [InlineData("DELETE", "/api/pets/7")]
    public async Task What_goes_with_a_customer_or_a_pet_is_evicted_where_the_policies_say_what_they_depend_on(string method, string path)
    {
        await using var api = await StubApi.StartAsync(
            Answers.Body("""{"id":5,"customerId":1,"petId":7}""", ("Content-Type", "application/json")));
        await using var proxy = await stores.StartShippedAsync(
            StoreKind.Memory,
            api.Address,
            ("CacheProxy:Policies:pet:Mode", "On"),
            ("CacheProxy:Policies:pet:DependsOn:customer", "/customerId"),
            ("CacheProxy:Policies:reservation:Mode", "On"),
            ("CacheProxy:Policies:reservation:DependsOn:customer", "/customerId"),
            ("CacheProxy:Policies:reservation:DependsOn:pet", "/petId"));
        await proxy.AskAsync("/api/pets/7");
        await proxy.AskAsync("/api/reservations/5");
        Assert.True((await proxy.AskAsync("/api/pets/7")).IsHit);
        Assert.True((await proxy.AskAsync("/api/reservations/5")).IsHit);

        await proxy.AskAsync(new HttpMethod(method), path);

        Assert.False((await proxy.AskAsync("/api/pets/7")).IsHit);
        Assert.False((await proxy.AskAsync("/api/reservations/5")).IsHit);
    }

    [Fact]
    public async Task A_write_where_a_policy_is_off_evicts_and_revokes_what_is_on_elsewhere()
    {
        var gate = new Gate();
        var numbered = Answers.Numbered();
        await using var api = await StubApi.StartAsync(async context =>
        {
            if (context.Request is { Method: "GET", Path.Value: "/api/pets/8" })
            {
                await gate.PassAsync();
            }

            await numbered(context);
        });
        await using var on = await stores.StartShippedAsync(StoreKind.Redis, api.Address, ("CacheProxy:Policies:pet:Mode", "On"));
        await using var off = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], stores.Redis.ConnectionString, shipped: true);
        await on.AskAsync("/api/pets/7");
        var filling = on.AskAsync("/api/pets/8");
        await gate.ReachedAsync();

        await off.AskAsync(HttpMethod.Delete, "/api/pets/7");
        await off.AskAsync(HttpMethod.Put, "/api/pets/8");
        gate.Open();
        await filling;

        Assert.False((await on.AskAsync("/api/pets/7")).IsHit);
        Assert.False((await on.AskAsync("/api/pets/8")).IsHit);
    }

    [Fact]
    public async Task Where_a_policy_is_off_a_write_evicts_before_the_head_of_an_answer_whose_end_is_still_to_come()
    {
        var gate = new Gate();
        var numbered = Answers.Numbered();
        await using var api = await StubApi.StartAsync(async context =>
        {
            if (context.Request.Method != "PUT")
            {
                await numbered(context);
                return;
            }

            await context.Response.WriteAsync("be");
            await context.Response.Body.FlushAsync();
            await gate.PassAsync();
            await context.Response.WriteAsync("gun");
        });
        await using var on = await stores.StartShippedAsync(StoreKind.Redis, api.Address, ("CacheProxy:Policies:staff:Mode", "On"));
        await using var off = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], stores.Redis.ConnectionString, shipped: true);
        await on.AskAsync("/api/staff/7");
        Assert.True((await on.AskAsync("/api/staff/7")).IsHit);

        using var write = new HttpRequestMessage(HttpMethod.Put, "/api/staff/7");
        using var answer = await off.Client.SendAsync(write, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var afterHead = await on.AskAsync("/api/staff/7");
        gate.Open();

        Assert.Equal("begun", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.False(afterHead.IsHit);
    }

    private static async Task EachIsAsync(ProxyUnderTest proxy, bool isHit)
    {
        foreach (var list in Lists)
        {
            Assert.Equal(isHit, (await proxy.AskAsync(list)).IsHit);
        }
    }
}
