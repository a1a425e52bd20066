using Xunit;
using static CacheProxy.IntegrationTests.Security.AttackedProxy;

namespace CacheProxy.IntegrationTests.Security;

/// <summary>Paths that routing and an API may read differently. In the data, <c>{id}</c> is the victim's customer.</summary>
public sealed class RequestTargetTests(AttackedProxy attacked) : IClassFixture<AttackedProxy>
{
    public static readonly TheoryData<string> DoubtfulTargets =
    [
        "/api/customers/{id};x", "/api/customers/{id}%3bx", "/api/customers/{id};/x.css", "/api;a/customers/{id}",
        "/api/customers/{id}%2f", "/api/customers/{id}%2Fx.css", "/api/customers/{id}%252f", "/api/customers/{id}%25",
        "/api%2fcustomers%2f{id}", "/api%2Fcustomers/{id}", "/api/customers%2f{id}",
        "/api/customers/{id}\\", "/api\\customers\\{id}", "/api/customers/{id}%5c", "/api%5Ccustomers/{id}",
        "/api/./customers/{id}", "/api/x/../customers/{id}", "/api/x/%2e%2e/customers/{id}", "/api/%2E/customers/{id}",
        "/api/customers/x/..%2f{id}", "/api/customers/{id}/.", "/api/customers/{id}/x/..",
        "/api//customers/{id}", "//api/customers/{id}", "/api/customers//{id}", "/api/customers/{id}//",
        "/api/customers/{id}.", "/api/customers/{id}%2e", "/api/customers/{id}%20", "/api/customers/%20{id}", "/api/customers/{id}%09",
        "/api/customers/{id}%0d%0aX-Evil:%201", "/api/customers/{id}%0a", "/api/customers/{id}%7f",
        "/api/customers/{id}%c0%af", "/api/customers/%c1%a3{id-1}", "/api/customers/{id}%c3%a9", "/api/customers/{id}%E2%80%AE",
        "/api/customers/{id}%EF%BC%8F", "/api/customers/{id}%u002f", "/api/customers/{id}%", "/api/customers/{id}%2", "/api/customers/{id}%zz",
        "/api/customers/{id}+", "/api/customers/{id}:x", "/api/customers/{id}@x", "/api/customers/{id},x", "/api/customers/{id}&x", "/api/customers/{id}=x",
        "/api/customers/{id}'", "/api/customers/{id}\"", "/api/customers/{id}<x>", "/api/customers/{id}|x", "/api/customers/{{id}}",
        "/api/customers/{id}#x", "/api/customers/{id}*", "/api/customers/{id}!", "/api/customers/({id})",
        "http://api/api/customers/{id}", "http://evil.example.net/api/customers/{id}", "https://api:444/api/customers/{id}?x",
    ];

    [Theory, MemberData(nameof(DoubtfulTargets))]
    public async Task A_path_that_programs_read_differently_is_neither_answered_from_the_cache_nor_stored(string target)
    {
        var customer = attacked.NextCustomer();
        var attack = Attack(target, customer);

        var first = await attacked.SendAsync(attack);
        var second = await attacked.SendAsync(attack);
        var victim = await attacked.SendAsync(Get(customer));
        var third = await attacked.SendAsync(attack);

        Assert.All([first, second, third], static answer => Assert.Equal(200, answer.Status));
        Assert.StartsWith($"GET /api/customers/{customer} HTTP/1.1", victim.Content, StringComparison.Ordinal);
        Assert.Equal(4, attacked.Arrived(customer[1..]).Length);
    }

    [Theory]
    [InlineData("/api/customers/{id}%00")]
    [InlineData("/api/customers/{id}%00.css")]
    [InlineData("/api/customers/{id}\u00e9")]
    [InlineData("/api/customers/{id}\u00c0\u00af")]
    [InlineData("/api/customers/{id}\0")]
    [InlineData("/api/customers/{id}\rX-Evil:1")]
    [InlineData("/api/customers/{id} x")]
    [InlineData("api/customers/{id}")]
    [InlineData("?/api/customers/{id}")]
    public async Task A_target_that_is_none_is_refused_and_the_API_never_sees_it(string target)
    {
        var customer = attacked.NextCustomer();

        var answer = await attacked.SendUntilCloseAsync(Attack(target, customer)[..^2] + "Connection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Empty(attacked.Arrived(customer));
    }

    [Theory]
    [InlineData("/api/customers/{id}/")]
    [InlineData("/API/Customers/{id}")]
    [InlineData("/%61pi/customers/{id}")]
    [InlineData("/api/customers/%63{id-1}")]
    [InlineData("/api/customer%73/{id}/")]
    public async Task A_spelling_that_routing_takes_for_the_same_resource_has_its_own_answer_and_a_write_to_it_evicts_every_spelling(string target)
    {
        var customer = attacked.NextCustomer();
        var attack = Attack(target, customer);

        await attacked.SendAsync(attack);
        await attacked.SendAsync(Get(customer));
        var other = await attacked.SendAsync(attack);
        var honest = await attacked.SendAsync(Get(customer));
        await attacked.SendAsync(attack.Replace("GET ", "DELETE ", StringComparison.Ordinal));
        var afterwards = await attacked.SendAsync(Get(customer));
        var otherAfterwards = await attacked.SendAsync(attack);

        Assert.StartsWith(attack[..attack.IndexOf('\r', StringComparison.Ordinal)], other.Content, StringComparison.Ordinal);
        Assert.StartsWith($"GET /api/customers/{customer} HTTP/1.1", honest.Content, StringComparison.Ordinal);
        Assert.All([other, honest], static answer => Assert.Contains("cacheproxy; hit", answer.Head, StringComparison.Ordinal));
        Assert.All([afterwards, otherAfterwards], static answer => Assert.Contains("cacheproxy; fwd=uri-miss", answer.Head, StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(DoubtfulTargets))]
    public async Task A_write_to_a_path_that_may_mean_the_resource_evicts_it(string target)
    {
        var customer = attacked.NextCustomer();
        await attacked.SendAsync(Get(customer));

        await attacked.SendAsync(Attack(target, customer).Replace("GET ", "DELETE ", StringComparison.Ordinal));
        var afterwards = await attacked.SendAsync(Get(customer));

        Assert.Contains("cacheproxy; fwd=uri-miss", afterwards.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/customers/{id}/x.css")]
    [InlineData("/api/customers/{id}%2fx.css")]
    [InlineData("/api/customers/{id}%2Fx.js")]
    [InlineData("/api/customers/{id};x.css")]
    [InlineData("/api/customers/{id}%3bx.css")]
    [InlineData("/api/customers/{id}%0ax.css")]
    [InlineData("/api/customers/{id}%23x.css")]
    [InlineData("/api/customers/{id}%3fx.css")]
    [InlineData("/api/customers/{id}?x.css")]
    [InlineData("/api/customers/{id}.css")]
    [InlineData("/static/..%2fapi/customers/{id}")]
    [InlineData("/static/%2e%2e/api/customers/{id}")]
    public async Task A_victim_that_is_lured_to_a_path_that_looks_static_leaves_nothing_for_the_attacker(string target)
    {
        var customer = attacked.NextCustomer();
        var lure = Attack(target, customer);

        await attacked.SendAsync(lure[..^2] + "Authorization: Bearer victim\r\n\r\n");
        var attacker = await attacked.SendAsync(lure);

        Assert.DoesNotContain("Bearer victim", attacker.Content, StringComparison.Ordinal);
        Assert.Equal(2, attacked.Arrived(customer).Length);
    }

    [Theory]
    [InlineData("0F8FAD5B-D9CB-469F-A165-708677289500")]
    [InlineData("0f8fad5b-D9CB-469f-a165-708677289501")]
    public async Task A_write_to_a_UUID_evicts_every_spelling_of_it_and_each_is_answered_with_its_own(string id)
    {
        await attacked.SendAsync(Get(id));
        await attacked.SendAsync(Get(id.ToLowerInvariant()));
        var hit = await attacked.SendAsync(Get(id));
        Assert.Contains("cacheproxy; hit", hit.Head, StringComparison.Ordinal);
        Assert.StartsWith($"GET /api/customers/{id} ", hit.Content, StringComparison.Ordinal);

        await attacked.SendAsync(Get(id.ToUpperInvariant()).Replace("GET ", "DELETE ", StringComparison.Ordinal));

        Assert.Contains("fwd=uri-miss", (await attacked.SendAsync(Get(id))).Head, StringComparison.Ordinal);
        Assert.Contains("fwd=", (await attacked.SendAsync(Get(id.ToLowerInvariant()))).Head, StringComparison.Ordinal);
    }

    private static string Attack(string target, string customer) => Get(customer).Replace(
        $"/api/customers/{customer}",
        target.Replace("{id-1}", customer[1..], StringComparison.Ordinal).Replace("{id}", customer, StringComparison.Ordinal),
        StringComparison.Ordinal);
}
