using System.Collections.Concurrent;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Security;

/// <summary>
/// The complete product in front of an API that answers with the very request that it got, so that whatever of one request comes back to
/// another is seen. Each test has customers of its own.
/// </summary>
public sealed class AttackedProxy : IAsyncLifetime
{
    private readonly ConcurrentQueue<RawHttpMessage> _arrived = new();
    private readonly ConcurrentDictionary<string, bool> _closing = new();
    private RawUpstream? _api;
    private ProxyUnderTest? _proxy;
    private int _customers;

    /// <summary>A tenant's request for a customer, as an honest client writes it.</summary>
    public static string Get(string customer, string lines = "") =>
        $"GET /api/customers/{customer} HTTP/1.1\r\nHost: api\r\nX-Tenant-Subdomain: demo\r\n{lines}\r\n";

    /// <summary>The id of a customer that no other test asks for.</summary>
    public string NextCustomer() => $"c{Interlocked.Increment(ref _customers):D6}";

    /// <summary>What the API answers for a target, in the place of the request that it got.</summary>
    internal ConcurrentDictionary<string, string> Answers { get; } = new();

    /// <summary>Ends the API's connection after every answer in place of the request for this customer.</summary>
    internal void CloseAfter(string customer) => _closing[$"/api/customers/{customer}"] = true;

    /// <summary>The first final response to what was sent.</summary>
    internal Task<RawHttpMessage> SendAsync(string latin1) => RawHttp.SendAsync(_proxy!.Address.Port, latin1);

    /// <summary>Everything that comes back until the proxy closes; for requests that end the connection.</summary>
    /// <param name="latin1">What is sent at first.</param>
    /// <param name="afterFirst">What is sent on the same connection once the first response is there, if it is still open.</param>
    internal async Task<string> SendUntilCloseAsync(string latin1, string afterFirst = "")
    {
        await using var connection = await RawHttpConnection.OpenAsync(_proxy!.Address.Port);
        var answers = "";
        try
        {
            await connection.WriteAsync(latin1);
            if (afterFirst.Length > 0)
            {
                answers = (await connection.ReadResponseAsync()).Text;
                await connection.WriteAsync(afterFirst);
            }
        }
        catch (IOException)
        {
            // Closed before everything was sent: what it answered can still be read.
        }

        return answers + await connection.ReadToEndAsync();
    }

    /// <summary>The requests that reached the API with this text in them.</summary>
    internal RawHttpMessage[] Arrived(string text) => [.. _arrived.Where(request => request.Text.Contains(text, StringComparison.Ordinal))];

    public async ValueTask InitializeAsync()
    {
        _api = await RawUpstream.StartAsync(async exchange =>
        {
            var request = await exchange.ReadBodyAsync();
            _arrived.Enqueue(request);
            await exchange.WriteAsync(Answers.TryGetValue(request.Target, out var answer) ? answer : Echo(request));
            if (answer is not null && _closing.ContainsKey(request.Target))
            {
                exchange.Close();
            }
        });
        _proxy = await ProxyUnderTest.StartAsync(
            $"http://127.0.0.1:{_api.Port}/", [("CacheProxy:Tenant:BaseDomains:0", "example.com")]);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy!.DisposeAsync();
        await _api!.DisposeAsync();
    }

    private static string Echo(RawHttpMessage request) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {Encoding.Latin1.GetByteCount(request.Text)}\r\n\r\n{request.Text}";
}
