using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

/// <summary>The sample customer API on a port and a database file of its own.</summary>
internal sealed partial class SampleApi : IAsyncDisposable
{
    private readonly SampleProgram _program;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Task _drained;

    private SampleApi(SampleProgram program, Uri address)
    {
        _program = program;
        _drained = DrainAsync();
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
    }

    public HttpClient Client { get; }

    public SampleProgram Program => _program;

    /// <summary>What it has said since it listens.</summary>
    public IEnumerable<string> Lines => _lines;

    public static async Task<SampleApi> StartAsync(string databasePath, params IEnumerable<string> settings)
    {
        var program = SampleProgram.Start("CustomerApi", ["--urls", "http://127.0.0.1:0", "--Database:Path", databasePath, .. settings]);
        while (await program.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                return new SampleApi(program, new Uri(match.Groups[1].Value));
            }
        }

        var problem = await program.Error.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.DisposeAsync();
        throw new InvalidOperationException($"The sample API did not start: {problem}");
    }

    public async Task<SampleAnswer> SendAsync(
        string method, string path, string? tenant = "demo", string? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (tenant is not null)
        {
            request.Headers.Add("X-Tenant-Subdomain", tenant);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, contentType);
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var json = text.StartsWith('{') ? JsonDocument.Parse(text).RootElement : default;
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(
            header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new SampleAnswer((int)response.StatusCode, headers, text, json);
    }

    public async Task<long> QueriesAsync(string kind)
    {
        var counts = await SendAsync("GET", "/diagnostics/queries", tenant: null);
        return counts.Json.GetProperty("byKind").GetProperty(kind).GetInt64();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _program.DisposeAsync();
        await _drained;
    }

    private async Task DrainAsync()
    {
        while (await _program.Output.ReadLineAsync(CancellationToken.None) is { } line)
        {
            _lines.Enqueue(line);
        }
    }

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex Listening();
}
