using System.Net;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

public sealed class ManagementIsolationTests
{
    private const string Close = "Connection: close\r\n\r\n";

    [Theory]
    [InlineData("GET /livez HTTP/1.1\r\nHost: {management}\r\n")]
    [InlineData("GET /readyz HTTP/1.1\r\nHost: localhost:9904\r\n")]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: localhost:9904\r\n")]
    [InlineData("GET http://{management}/livez HTTP/1.1\r\nHost: {management}\r\n")]
    [InlineData("GET http://{management}/metrics HTTP/1.1\r\nHost: {management}\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: {proxy}\r\nX-Forwarded-Host: {management}\r\nX-Forwarded-Port: 9904\r\n")]
    [InlineData("GET /livez HTTP/1.0\r\n")]
    public async Task Nothing_that_arrives_at_the_proxy_reaches_management(string request)
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);

        var answer = await RawConnection.ExchangeAsync(host.Proxy, Fill(request, host) + Close);

        Assert.Contains("api answers", answer);
        Assert.Single(api.Targets);
    }

    [Theory]
    [InlineData("GET /api/customers/1 HTTP/1.1\r\nHost: {proxy}\r\n", 404)]
    [InlineData("GET http://{proxy}/api/customers/1 HTTP/1.1\r\nHost: {proxy}\r\n", 404)]
    [InlineData("POST /api/customers HTTP/1.1\r\nHost: {management}\r\nContent-Length: 2\r\n", 404)]
    [InlineData("GET / HTTP/1.1\r\nHost: {management}\r\n", 200)]
    [InlineData("GET /index.html HTTP/1.1\r\nHost: {management}\r\n", 404)]
    [InlineData("GET /livez/ HTTP/1.1\r\nHost: {management}\r\n", 404)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: {management}\r\n", 404)]
    [InlineData("DELETE /livez HTTP/1.1\r\nHost: {management}\r\n", 405)]
    public async Task Nothing_that_arrives_at_management_is_forwarded(string request, int status)
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        var body = request.Contains("Content-Length: 2") ? "{}" : "";

        var answer = await RawConnection.ExchangeAsync(host.Management, Fill(request, host) + Close + body);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.DoesNotContain("Server:", answer);
        Assert.Empty(api.Targets);
    }

    [Theory]
    [InlineData("/livez", "alive\n")]
    [InlineData("/readyz", "ready\n")]
    public async Task Probes_answer_at_management_whatever_the_Host_says(string path, string text)
    {
        await using var host = await RunningHost.StartAsync("http://127.0.0.1:9");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Management, path));
        request.Headers.Host = "api.example.com";

        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task A_HEAD_probe_gets_no_body()
    {
        await using var host = await RunningHost.StartAsync("http://127.0.0.1:9");

        var answer = await RawConnection.ExchangeAsync(host.Management, $"HEAD /livez HTTP/1.1\r\nHost: x\r\n{Close}");

        Assert.StartsWith("HTTP/1.1 200 OK", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    private static string Fill(string request, RunningHost host) => request
        .Replace("{proxy}", host.Proxy.Authority, StringComparison.Ordinal)
        .Replace("{management}", host.Management.Authority, StringComparison.Ordinal);
}
