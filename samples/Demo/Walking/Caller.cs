using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Demo.Starting;

namespace Demo.Walking;

/// <summary>Sends requests as curl would, and asks the API after each how many queries it has run.</summary>
internal sealed class Caller(HttpClient client, Ports ports)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private long _queriesSoFar;

    /// <summary>The API's count after the last request.</summary>
    public long QueriesSoFar => _queriesSoFar;

    public Task<Exchange> ThroughProxyAsync(Step step, CancellationToken stop) => SendAsync(ports.Proxy, step, stop);

    public Task<Exchange> StraightToApiAsync(Step step, CancellationToken stop) => SendAsync(ports.Api, step, stop);

    /// <summary>Asks for the same until it is a hit; false when patience has run out.</summary>
    public async Task<bool> UntilHitAsync(Step step, TimeSpan patience, CancellationToken stop)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        waiting.CancelAfter(patience);
        try
        {
            while (!(await ThroughProxyAsync(step, waiting.Token)).Answer.IsHit)
            {
                await Task.Delay(Pause, waiting.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Sets the API's count to 0.</summary>
    public async Task ResetAsync(CancellationToken stop)
    {
        using var response = await client.DeleteAsync(CountsUrl(), stop);
        response.EnsureSuccessStatusCode();
        _queriesSoFar = 0;
    }

    /// <summary>Counts anew: what the API has been asked since the last request belongs to none.</summary>
    public async Task RecountAsync(CancellationToken stop) => _queriesSoFar = await CountAsync(stop);

    private async Task<Exchange> SendAsync(int port, Step step, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(new HttpMethod(step.Method), $"http://localhost:{port}{step.Path}");
        request.Headers.Add("X-Tenant-Subdomain", step.Tenant);
        foreach (var (name, value) in step.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

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
