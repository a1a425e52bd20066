using Xunit;
using static CacheProxy.IntegrationTests.Security.AttackedProxy;

namespace CacheProxy.IntegrationTests.Security;

/// <summary>What a request carries besides its resource, and what an API may make of it.</summary>
public sealed class UnkeyedInputTests(AttackedProxy attacked) : IClassFixture<AttackedProxy>
{
    private const string Evil = "evil.example.net";

    public static readonly TheoryData<string> ForwardedHeaders =
    [
        "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Scheme", "X-Forwarded-Server",
        "X-Forwarded-Ssl", "X-Forwarded-Path", "X-Forwarded-Uri", "Forwarded", "X-Host", "X-Original-Host", "X-HTTP-Host-Override",
    ];

    [Theory, MemberData(nameof(ForwardedHeaders))]
    public async Task A_header_that_APIs_build_links_from_reaches_no_one_elses_answer(string header)
    {
        var customer = attacked.NextCustomer();
        var attack = Get(customer, $"{header}: {Evil}\r\n");

        var poisoned = await attacked.SendAsync(attack);
        var victim = await attacked.SendAsync(Get(customer));
        var again = await attacked.SendAsync(attack);

        Assert.Contains(Evil, poisoned.Content, StringComparison.Ordinal);
        Assert.DoesNotContain(Evil, victim.Content, StringComparison.Ordinal);
        Assert.Contains(Evil, again.Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Original-URL: /admin")]
    [InlineData("X-Rewrite-URL: /admin")]
    [InlineData("X-HTTP-Method-Override: GET")]
    [InlineData("X-HTTP-Method: HEAD")]
    [InlineData("X-Method-Override: OPTIONS")]
    public async Task A_header_that_asks_for_another_URL_or_method_is_neither_answered_from_the_cache_nor_stored(string line)
    {
        var customer = attacked.NextCustomer();
        var attack = Get(customer, line + "\r\n");

        await attacked.SendAsync(attack);
        await attacked.SendAsync(attack);
        var victim = await attacked.SendAsync(Get(customer));
        await attacked.SendAsync(attack);

        Assert.DoesNotContain(line, victim.Content, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(4, attacked.Arrived(customer).Length);
    }

    [Theory]
    [InlineData("GET", "", "X-HTTP-Method-Override: DELETE\r\n")]
    [InlineData("GET", "", "X-HTTP-Method: put\r\n")]
    [InlineData("GET", "", "X-Method-Override: PATCH\r\n")]
    [InlineData("GET", "", "X-HTTP-Method-Override: PUT, GET\r\n")]
    [InlineData("GET", "", "X-HTTP-Method-Override: FOO\r\nX-HTTP-Method-Override: PUT\r\n")]
    [InlineData("GET", "?_method=DELETE", "")]
    [InlineData("GET", "?a=b;%5fmethod=DELETE", "")]
    [InlineData("PUT", "", "X-HTTP-Method-Override: POST\r\n")]
    [InlineData("PUT", "", "X-HTTP-Method-Override: GET\r\n")]
    [InlineData("POST", "?_method=DELETE", "Content-Length: 0\r\n")]
    [InlineData("POST", "", "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n")]
    [InlineData("put", "", "Content-Length: 0\r\n")]
    [InlineData("delete", "", "")]
    public async Task A_request_that_may_be_a_write_in_disguise_evicts(string method, string query, string lines)
    {
        var customer = attacked.NextCustomer();
        await attacked.SendAsync(Get(customer));

        await attacked.SendAsync($"{method} /api/customers/{customer}{query} HTTP/1.1\r\nHost: api\r\nX-Tenant-Subdomain: demo\r\n{lines}\r\n");
        await attacked.SendAsync(Get(customer));

        Assert.Equal(3, attacked.Arrived(customer).Length);
    }

    // WSGI, Rack, PHP and CGI know a header by a name in which '-' and '_', with some every other mark, are one.
    [Theory]
    [InlineData("X_Api_Key: evil")]
    [InlineData("X_Tenant_Subdomain: acme")]
    [InlineData("x-tenant_subdomain: acme")]
    [InlineData("X_HTTP_Method_Override: GET")]
    [InlineData("X-HTTP_Method: HEAD")]
    [InlineData("X_Original_URL: /admin")]
    [InlineData("X_Rewrite_URL: /admin")]
    [InlineData("X_Forwarded_Prefix: /evil")]
    [InlineData("X_Forwarded_For: 10.0.0.1")]
    [InlineData("X.Forwarded.Proto: gopher")]
    [InlineData("X_Host: evil.example.net")]
    public async Task A_header_whose_name_some_programs_fold_into_one_that_decides_is_neither_answered_from_the_cache_nor_stored(string line)
    {
        var customer = attacked.NextCustomer();
        var attack = Get(customer, line + "\r\n");

        await attacked.SendAsync(attack);
        var second = await attacked.SendAsync(attack);
        var victim = await attacked.SendAsync(Get(customer));
        await attacked.SendAsync(attack);

        Assert.Contains("detail=header-name", second.Head, StringComparison.Ordinal);
        Assert.DoesNotContain(line, victim.Content, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(4, attacked.Arrived(customer).Length);
        Assert.All(attacked.Arrived(line), arrived => Assert.Contains(line, arrived.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/api/customers/{0}", "X-Tenant-Subdomain: demo\r\nX_HTTP_Method_Override: DELETE\r\n")]
    [InlineData("POST", "/api/customers/{0}", "X-Tenant-Subdomain: demo\r\nX-HTTP_Method: put\r\nContent-Length: 0\r\n")]
    [InlineData("PUT", "/elsewhere", "X-Tenant-Subdomain: demo\r\nX_Original_URL: /api/customers/{0}\r\nContent-Length: 0\r\n")]
    [InlineData("DELETE", "/api/customers/{0}", "X-Tenant-Subdomain: acme\r\nX_Tenant_Subdomain: demo\r\n")]
    [InlineData("DELETE", "/api/customers/{0}", "X_Tenant_Subdomain: demo\r\n")]
    public async Task A_write_with_such_a_header_evicts_whatever_it_may_mean(string method, string target, string lines)
    {
        var customer = attacked.NextCustomer();
        await attacked.SendAsync(Get(customer));

        await attacked.SendAsync($"{method} {target} HTTP/1.1\r\nHost: api\r\n{lines}\r\n".Replace("{0}", customer, StringComparison.Ordinal));
        var afterwards = await attacked.SendAsync(Get(customer));

        Assert.Contains("fwd=uri-miss", afterwards.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Original-URL: /api/customers/{0}\r\n")]
    [InlineData("X-Rewrite-URL: http://api/api/./customers/{0};a?b\r\n")]
    public async Task A_write_evicts_what_a_URL_in_a_header_names(string line)
    {
        var customer = attacked.NextCustomer();
        await attacked.SendAsync(Get(customer));

        await attacked.SendAsync(
            $"PUT /elsewhere HTTP/1.1\r\nHost: api\r\nX-Tenant-Subdomain: demo\r\nContent-Length: 0\r\n{line.Replace("{0}", customer, StringComparison.Ordinal)}\r\n");
        await attacked.SendAsync(Get(customer));

        Assert.Equal(3, attacked.Arrived(customer).Length);
    }

    [Theory]
    [InlineData("Content-Length: 4\r\n\r\nevil")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 4\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nevil")]
    public async Task A_GET_with_a_body_is_neither_answered_from_the_cache_nor_stored(string rest)
    {
        var customer = attacked.NextCustomer();
        var attack = Get(customer)[..^2] + rest;

        var poisoned = await attacked.SendAsync(attack);
        var victim = await attacked.SendAsync(Get(customer));
        await attacked.SendAsync(attack);

        Assert.Contains("evil", poisoned.Content, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", victim.Content, StringComparison.Ordinal);
        Assert.Equal(3, attacked.Arrived(customer).Length);
    }

    [Theory]
    [InlineData("?a=1", "?a=1;a=2")]
    [InlineData("?utm_content=x", "?utm_content=x;callback=evil")]
    [InlineData("?id=1&id=2", "?id=2&id=1")]
    [InlineData("?id=1", "?id=1&id=1")]
    [InlineData("?a=1", "?A=1")]
    [InlineData("?a=A", "?a=%41")]
    [InlineData("?a=%2f", "?a=%2F")]
    [InlineData("?a=1", "?a=1&")]
    [InlineData("?a=1", "?a=1#b")]
    [InlineData("?a=1&b=2", "?b=2&a=1")]
    [InlineData("?a[]=1", "?a%5b%5d=1")]
    [InlineData("?a", "?a=")]
    [InlineData("", "?utm_source=x")]
    public async Task Two_spellings_of_a_query_never_share_an_answer(string honest, string cloaked)
    {
        var customer = attacked.NextCustomer();

        var first = await attacked.SendAsync(Get(customer + cloaked));
        var second = await attacked.SendAsync(Get(customer + honest));

        Assert.StartsWith($"GET /api/customers/{customer}{cloaked} HTTP/1.1", first.Content, StringComparison.Ordinal);
        Assert.StartsWith($"GET /api/customers/{customer}{honest} HTTP/1.1", second.Content, StringComparison.Ordinal);
    }
}
