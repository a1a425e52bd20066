using Xunit;
using static CacheProxy.IntegrationTests.Security.AttackedProxy;

namespace CacheProxy.IntegrationTests.Security;

/// <summary>Requests about whose host, end or lines two programs may disagree.</summary>
public sealed class RequestShapeTests(AttackedProxy attacked) : IClassFixture<AttackedProxy>
{
    private const string Smuggled = "GET /smuggled-{id} HTTP/1.1\r\nHost: api\r\nX-Tenant-Subdomain: demo\r\n\r\n";

    [Theory]
    [InlineData("Host: api\r\nHost: evil.example.net")]
    [InlineData("Host: api\r\nhost: api")]
    [InlineData("Host: api, evil.example.net")]
    [InlineData("Host: a b")]
    [InlineData("Host: api/evil")]
    [InlineData("Host: api@evil.example.net")]
    [InlineData("Host: api?evil")]
    [InlineData("Host: api#evil")]
    [InlineData("Host: api\\evil")]
    [InlineData("Host: api:80:81")]
    [InlineData("Host: api:8o")]
    [InlineData("Host: [::1")]
    [InlineData("Host: \u00e4pi")]
    [InlineData("X-No-Host: 1")]
    public async Task A_Host_that_is_none_or_several_is_refused_and_the_API_never_sees_it(string lines)
    {
        var customer = attacked.NextCustomer();

        var answer = await attacked.SendUntilCloseAsync(Get(customer).Replace("Host: api", lines, StringComparison.Ordinal));

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Empty(attacked.Arrived(customer));
    }

    [Theory]
    [InlineData("evil.example.net")]
    [InlineData("api:1337")]
    [InlineData("api:80")]
    [InlineData("api:443")]
    [InlineData("api.")]
    [InlineData("[::1]:80")]
    [InlineData("x$y'z")]
    public async Task An_answer_to_another_host_or_port_is_never_shared(string host)
    {
        var customer = attacked.NextCustomer();
        var attack = Get(customer).Replace("Host: api", $"Host: {host}", StringComparison.Ordinal);

        var poisoned = await attacked.SendAsync(attack);
        var victim = await attacked.SendAsync(Get(customer));
        var again = await attacked.SendAsync(attack);

        Assert.Contains($"Host: {host}\r\n", poisoned.Content, StringComparison.Ordinal);
        Assert.Contains("Host: api\r\n", victim.Content, StringComparison.Ordinal);
        Assert.Contains($"Host: {host}\r\n", again.Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Tenant-Subdomain: acme", "api")]
    [InlineData("X-Tenant-Subdomain: demo\r\nX-Tenant-Subdomain: acme", "api")]
    [InlineData("X-Tenant-Subdomain: demo, acme", "api")]
    [InlineData("X-Tenant-Subdomain: demo", "acme.example.com")]
    [InlineData("X-Tenant-Subdomain:", "api")]
    [InlineData("X-Tenant-Subdomain: demo\u00e4", "api")]
    [InlineData("X-Tenant-Subdomain: d_emo", "api")]
    [InlineData("X-Other: 1", "api")]
    public async Task A_request_that_names_another_tenant_none_or_two_neither_gets_the_tenants_answer_nor_leaves_one(string line, string host)
    {
        var customer = attacked.NextCustomer();
        var attack = Get(customer)
            .Replace("X-Tenant-Subdomain: demo", line, StringComparison.Ordinal)
            .Replace("Host: api", $"Host: {host}", StringComparison.Ordinal);

        await attacked.SendAsync(attack);
        await attacked.SendAsync(Get(customer));
        await attacked.SendAsync(attack.Replace("GET ", "HEAD ", StringComparison.Ordinal));
        var victim = await attacked.SendAsync(Get(customer));

        Assert.StartsWith(Get(customer)[..20], victim.Content, StringComparison.Ordinal);
        Assert.DoesNotContain(host == "api" ? "acme" : host, victim.Content, StringComparison.Ordinal);
        Assert.InRange(attacked.Arrived(customer).Length, 2, 3);
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1\r\na\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding:\u000bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nX: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding\r\n: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 0\r\nContent-Length: 90\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 0, 90\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 0x0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: api\r\n X: folded\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: api\r\nX: a\rb\r\nConnection: close\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: api\r\nX: a\0b\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    public async Task A_request_hidden_behind_another_one_never_reaches_the_API(string shape)
    {
        var customer = attacked.NextCustomer();

        var answers = await attacked.SendUntilCloseAsync(
            shape.Replace("Host: api", $"Host: api\r\nX-Customer: {customer}", StringComparison.Ordinal)
            + Smuggled.Replace("{id}", customer, StringComparison.Ordinal),
            afterFirst: Get("last", "Connection: close\r\n"));

        Assert.Empty(attacked.Arrived($"/smuggled-{customer} "));
        Assert.True(attacked.Arrived(customer).Length <= 1);
        Assert.StartsWith("HTTP/1.1 ", answers, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+2")]
    [InlineData("02")]
    [InlineData(" 2 ")]
    public async Task A_length_in_an_odd_spelling_arrives_in_the_usual_one(string length)
    {
        var customer = attacked.NextCustomer();

        var answers = await attacked.SendUntilCloseAsync(
            $"POST /api/customers/{customer} HTTP/1.1\r\nHost: api\r\nContent-Length: {length}\r\n\r\nok" + Get("last", "Connection: close\r\n"));

        Assert.Contains("last", answers, StringComparison.Ordinal);
        var arrived = Assert.Single(attacked.Arrived(customer));
        Assert.Equal(["2"], arrived.Values("Content-Length"));
        Assert.Equal("ok", arrived.FramedBody);
    }

    [Fact]
    public async Task Two_requests_in_one_piece_are_two_requests_and_each_gets_its_own_answer()
    {
        var (first, second) = (attacked.NextCustomer(), attacked.NextCustomer());

        var answers = await attacked.SendUntilCloseAsync(Get(first) + Get(second, "Connection: close\r\n"));

        Assert.Single(attacked.Arrived(first));
        Assert.Single(attacked.Arrived(second));
        Assert.InRange(answers.IndexOf($"/{first} ", StringComparison.Ordinal), 0, answers.IndexOf($"/{second} ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1_100_000)]
    [InlineData(4_000_000)]
    public async Task An_oversized_header_is_refused_and_stays_the_attackers_problem(int length)
    {
        var customer = attacked.NextCustomer();

        var refused = await attacked.SendUntilCloseAsync(Get(customer, $"X-Large: {new string('a', length)}\r\n"));
        var victim = await attacked.SendAsync(Get(customer));

        Assert.True(refused.Length == 0 || refused.StartsWith("HTTP/1.1 431 ", StringComparison.Ordinal));
        Assert.Equal(200, victim.Status);
    }

    [Theory]
    [InlineData("X-Meta: a\u0007b", 400)]
    [InlineData("X-Large: {large}", 431)]
    [InlineData("X-Meta: \u007f", 500)]
    [InlineData("Accept: ;;;", 406)]
    [InlineData("Content-Type: \u00ff", 415)]
    [InlineData("X-Forwarded-Proto: gopher", 301)]
    public async Task An_error_that_one_clients_header_caused_is_answered_to_no_one_else(string line, int status)
    {
        var customer = attacked.NextCustomer();
        attacked.Answers[$"/api/customers/{customer}"] = $"HTTP/1.1 {status} Bad\r\nLocation: /\r\nContent-Length: 3\r\n\r\nbad";
        await attacked.SendUntilCloseAsync(Get(customer, line.Replace("{large}", new string('a', 100_000), StringComparison.Ordinal) + "\r\nConnection: close\r\n"));
        attacked.Answers.TryRemove($"/api/customers/{customer}", out _);

        var victim = await attacked.SendAsync(Get(customer));

        Assert.Equal(200, victim.Status);
        Assert.StartsWith($"GET /api/customers/{customer} ", victim.Content, StringComparison.Ordinal);
    }
}
