using System.Net.Http.Headers;
using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

/// <summary>Who may use the management listener, and what it answers to the others.</summary>
public sealed class AdministrationTests
{
    private const string Close = "Connection: close\r\n\r\n";

    [Fact]
    public async Task A_change_needs_a_token_and_is_a_line_of_the_log()
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");

        var without = await RawAsync(proxy, "POST /warm HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n");
        var wrong = await RawAsync(proxy, "POST /warm HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer not-the-right-token\r\nContent-Length: 0\r\n");
        var right = await proxy.AdministerAsync(HttpMethod.Post, "/warm");

        Assert.StartsWith("HTTP/1.1 401 ", without);
        Assert.Contains("\r\nWWW-Authenticate: Bearer realm=\"cacheproxy\"\r\n", without);
        Assert.Contains("urn:cacheproxy:problem:token-required", without);
        Assert.StartsWith("HTTP/1.1 401 ", wrong);
        Assert.Contains("error=\"invalid_token\"", wrong);
        Assert.Equal(409, right.Status);
        Assert.Equal("application/problem+json", right["Content-Type"]);
        Assert.Equal("nothing-to-warm", Word(right));
        // It says how the change was answered, so that it comes after the answer.
        await Eventually.TrueAsync(() => proxy.Log.Messages.Any(static message => message.StartsWith("Change by token \"", StringComparison.Ordinal)
            && message.EndsWith("from \"127.0.0.1\": \"POST\" \"/warm\", \"warming of no policy\"; answered 409", StringComparison.Ordinal)));
        Assert.Contains("Administration refused: \"POST\" \"/warm\" from \"127.0.0.1\": \"wrong-token\"", proxy.Log.Messages);
        Assert.DoesNotContain(proxy.Log.Messages, static message =>
            message.Contains(ProxyUnderTest.Token, StringComparison.Ordinal) || message.Contains("not-the-right-token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_configured_token_every_change_is_refused_and_the_answer_says_what_to_configure()
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9", [("CacheProxy:Management:Tokens", "")]);

        var answer = await proxy.AdministerAsync(HttpMethod.Post, "/warm");

        Assert.Equal((403, "no-tokens"), (answer.Status, Word(answer)));
        Assert.Contains("CacheProxy:Management:Tokens", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_sends_wrong_tokens_is_told_to_wait_and_the_right_one_is_not()
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");
        var statuses = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            statuses.Add((await RawAsync(proxy, $"POST /warm HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer a-wrong-token-{i}\r\nContent-Length: 0\r\n"))[9..12]);
        }

        Assert.Equal(["401", "401", "401", "401", "401", "429", "429"], statuses);
        Assert.Contains("\r\nRetry-After: ", await RawAsync(proxy, "POST /warm HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer again-wrong-token\r\nContent-Length: 0\r\n"));
        Assert.Equal(409, (await proxy.AdministerAsync(HttpMethod.Post, "/warm")).Status);
    }

    [Theory]
    [InlineData("POST /warm HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.test\r\nContent-Length: 0\r\n", "other-page")]
    [InlineData("POST /warm HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\nContent-Length: 0\r\n", "other-page")]
    [InlineData("POST /warm HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n", "other-page")]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n", "other-page")]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: rebound.evil.test:9904\r\n", "other-host")]
    public async Task A_page_of_another_origin_can_neither_change_nor_read(string request, string problem)
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");

        var answer = await RawAsync(proxy, request);

        Assert.StartsWith("HTTP/1.1 403 ", answer);
        Assert.Contains("urn:cacheproxy:problem:" + problem, answer);
    }

    [Theory]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: localhost:9904\r\n")]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n")]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://{host}\r\n")]
    [InlineData("GET /openapi/v1.json HTTP/1.0\r\n")]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: cacheproxy.internal\r\nAuthorization: Bearer " + ProxyUnderTest.Token + "\r\n")]
    public async Task Who_is_on_the_machine_or_has_a_token_reads(string request)
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");

        Assert.StartsWith("HTTP/1.1 200 ", await RawAsync(proxy, request));
    }

    [Fact]
    public async Task Every_error_is_a_problem_that_says_what_there_is()
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");

        var missing = await proxy.AskAsync(new Uri(proxy.Management, "/nothing").AbsoluteUri);
        var wrong = await proxy.AskAsync(HttpMethod.Delete, new Uri(proxy.Management, "/metrics").AbsoluteUri);

        Assert.Equal((404, "application/problem+json", "not-found"), (missing.Status, missing["Content-Type"], Word(missing)));
        Assert.Contains("\"/livez\"", missing.Text, StringComparison.Ordinal);
        Assert.Equal((405, "wrong-method", "GET, HEAD"), (wrong.Status, Word(wrong), wrong["Allow"]));
        Assert.Equal("nosniff", wrong["X-Content-Type-Options"]);
    }

    [Fact]
    public async Task Tokens_are_replaced_by_replacing_their_file()
    {
        var file = "";
        await using var host = await RunningHost.StartAsync("http://127.0.0.1:9", directory =>
        {
            file = Path.Combine(directory, "tokens");
            File.WriteAllText(file, "the-first-of-the-tokens\n");
        });
        var json = RunningHost.Shipped("http://127.0.0.1:9");
        json["CacheProxy"]!["Management"] = new System.Text.Json.Nodes.JsonObject { ["TokensFile"] = file };
        host.Write(json);
        await Eventually.TrueAsync(async () => await StatusAsync(host, "the-first-of-the-tokens") == 409);

        await File.WriteAllTextAsync(file, "the-second-of-the-tokens\n", TestContext.Current.CancellationToken);

        await Eventually.TrueAsync(async () => await StatusAsync(host, "the-second-of-the-tokens") == 409);
        Assert.NotEqual(409, await StatusAsync(host, "the-first-of-the-tokens"));
    }

    private static async Task<int> StatusAsync(RunningHost host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Management, "/warm"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private static Task<string> RawAsync(ProxyUnderTest proxy, string request) =>
        RawConnection.ExchangeAsync(proxy.Management, request.Replace("{host}", proxy.Management.Authority, StringComparison.Ordinal) + Close);

    private static string Word(ClientAnswer answer)
    {
        using var problem = JsonDocument.Parse(answer.Text);
        return problem.RootElement.GetProperty("type").GetString()!["urn:cacheproxy:problem:".Length..];
    }
}
