using Xunit;
using static CacheProxy.IntegrationTests.Security.AttackedProxy;

namespace CacheProxy.IntegrationTests.Security;

/// <summary>Answers of the API with which an attacker got something through, and answers about whose end programs disagree.</summary>
public sealed class ResponseShapeTests(AttackedProxy attacked) : IClassFixture<AttackedProxy>
{
    [Theory]
    [InlineData("X-Name: a\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("X-Name: a\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("X-Name: a\0Set-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("X-Name: a\r\n Set-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("X-Name: a\r\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("X-Name: a\r\nSet-Cookie: evil=1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    public async Task A_header_that_was_split_in_two_sets_nobody_elses_cookie(string rest)
    {
        var customer = attacked.NextCustomer();
        attacked.Answers[$"/api/customers/{customer}"] = $"HTTP/1.1 200 OK\r\nConnection: close\r\n{rest}";
        attacked.CloseAfter(customer);
        await attacked.SendUntilCloseAsync(Get(customer, "Connection: close\r\n"));
        attacked.Answers.TryRemove($"/api/customers/{customer}", out _);

        var victim = await attacked.SendAsync(Get(customer));

        Assert.Empty(victim.Values("Set-Cookie"));
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    public async Task A_second_answer_behind_the_first_is_nobodys_answer(string rest)
    {
        var (customer, other) = (attacked.NextCustomer(), attacked.NextCustomer());
        attacked.Answers[$"/api/customers/{customer}"] = $"HTTP/1.1 200 OK\r\n{rest}";

        var first = await attacked.SendAsync(Get(customer));
        var second = await attacked.SendAsync(Get(other));
        var again = await attacked.SendAsync(Get(customer));

        Assert.DoesNotContain("evil", first.Content, StringComparison.Ordinal);
        Assert.StartsWith($"GET /api/customers/{other} ", second.Content, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", again.Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 2\r\nContent-Length: 3\r\n\r\nok")]
    [InlineData("Content-Length: two\r\n\r\nok")]
    [InlineData("Content-Length: 5\r\nConnection: close\r\n\r\nok")]
    [InlineData("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2x\r\nok\r\n0\r\n\r\n")]
    [InlineData("Connection: close\r\n\r\nok")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, gzip\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task An_answer_whose_end_is_in_doubt_is_never_stored(string rest)
    {
        var customer = attacked.NextCustomer();
        attacked.Answers[$"/api/customers/{customer}"] = $"HTTP/1.1 200 OK\r\n{rest}";
        attacked.CloseAfter(customer);
        await attacked.SendUntilCloseAsync(Get(customer, "Connection: close\r\n"));
        attacked.Answers.TryRemove($"/api/customers/{customer}", out _);

        var victim = await attacked.SendAsync(Get(customer));

        Assert.StartsWith($"GET /api/customers/{customer} ", victim.Content, StringComparison.Ordinal);
    }
}
