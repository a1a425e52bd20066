using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Demo.Starting;

namespace Demo.Walking;

/// <summary>Sends requests as curl would, and asks the API after each how many queries it has run.</summary>
internal sealed class Caller(HttpClient client, Ports ports)
{
    private long _queriesSoFar;

    /// <summary>The API's count after the last request.</summary>
    public long QueriesSoFar => _queriesSoFar;

    public Task<Exchange> ThroughProxyAsync(Step step, CancellationToken stop) => SendAsync(ports.Proxy, step, stop);

    public Task<Exchange> StraightToApiAsync(Step step, CancellationToken stop) => SendAsync(ports.Api, step, stop);

    /// <summary>Sets the API's count to 0.</summary>
    public async Task ResetAsync(CancellationToken stop)
    {
        using var response = await client.DeleteAsync(CountsUrl(), stop);
        response.EnsureSuccessStatusCode();
        _queriesSoFar = 0;
    }

    private async Task<Exchange> SendAsync(int port, Step step, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(new HttpMethod(step.Method), $"http://localhost:{port}{step.Path}");
        request.Headers.Add("X-Tenant-Subdomain", step.Tenant);
        if (step.Body is not null)
        {
            request.Content = new StringContent(step.Body, Encoding.UTF8, "application/x-www-form-urlencoded");
        }

        var begin = Stopwatch.GetTimestamp();
        using var response = await client.SendAsync(request, stop);
        var body = await response.Content.ReadAsStringAsync(stop);
        var elapsed = Stopwatch.GetElapsedTime(begin);

        var before = _queriesSoFar;
        _queriesSoFar = await CountAsync(stop);
        var answer = response.Headers.TryGetValues("Cache-Status", out var values) ? CacheAnswer.Read(values) : CacheAnswer.None;
        return new Exchange(response.StatusCode, body, answer, elapsed, _queriesSoFar - before);
    }

    private async Task<long> CountAsync(CancellationToken stop)
    {
        await using var counts = await client.GetStreamAsync(CountsUrl(), stop);
        using var document = await JsonDocument.ParseAsync(counts, cancellationToken: stop);
        return document.RootElement.GetProperty("total").GetInt64();
    }

    private string CountsUrl() => $"http://localhost:{ports.Api}/diagnostics/queries";
}
