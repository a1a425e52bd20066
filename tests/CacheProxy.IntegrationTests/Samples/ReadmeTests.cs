using System.Text.RegularExpressions;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

/// <summary>The README's first configuration and its lines of curl, run as they stand, but for the ports.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "README.md"));

    [Fact]
    public async Task The_lines_of_curl_show_a_miss_a_hit_and_a_write_that_evicts()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("an item"));
        await using var host = await StartAsync(api);
        var lines = Curl().Matches(Readme);
        Assert.Equal(3, lines.Count);

        foreach (Match line in lines)
        {
            Assert.Matches(Said(line.Groups["said"].Value), await AskAsync(host, line.Groups["options"].Value, line.Groups["path"].Value));
        }

        // Whether the write evicted is what the next read shows.
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", await AskAsync(host, "", lines[0].Groups["path"].Value));
    }

    [Fact]
    public async Task A_literal_beside_the_id_is_not_cached()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("found"));
        await using var host = await StartAsync(api);

        Assert.Equal("", await AskAsync(host, "", "/items/search"));
    }

    private static Task<RunningHost> StartAsync(StubApi api) => RunningHost.StartAsync(
        api.Address,
        static directory => File.WriteAllText(Path.Combine(directory, "appsettings.json"), Configuration().Match(Readme).Groups["json"].Value),
        null,
        "--Kestrel:Endpoints:Proxy:Url=http://127.0.0.1:0",
        "--Kestrel:Endpoints:Management:Url=http://127.0.0.1:0",
        $"--ReverseProxy:Clusters:api:Destinations:primary:Address={api.Address}");

    private static async Task<string> AskAsync(RunningHost host, string options, string path)
    {
        var method = Option("-X").Match(options) is { Success: true } named ? named.Groups["value"].Value : "GET";
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(host.Proxy, path));
        if (Option("-d").Match(options) is { Success: true } data)
        {
            request.Content = new StringContent(data.Groups["value"].Value.Trim('\''));
        }

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return response.Headers.TryGetValues("Cache-Status", out var values) ? string.Join(", ", values) : "";
    }

    // The comment of a line; seconds of freshness pass while a test runs.
    private static string Said(string comment) => comment.StartsWith("Cache-Status: ", StringComparison.Ordinal)
        ? $"^{Regex.Escape(comment["Cache-Status: ".Length..]).Replace("ttl=299", @"ttl=\d+", StringComparison.Ordinal)}$"
        : "^$";

    private static Regex Option(string name) => new($@"{name} (?<value>'[^']*'|\S+)");

    [GeneratedRegex(@"```json file=appsettings\.json\n(?<json>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Configuration();

    [GeneratedRegex(@"^curl -i (?<options>.*)http://localhost:4004(?<path>\S+) +# (?<said>.+)$", RegexOptions.Multiline)]
    private static partial Regex Curl();
}
