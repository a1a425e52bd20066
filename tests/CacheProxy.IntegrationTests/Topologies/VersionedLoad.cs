using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>
/// Readers and writers without a pause, through one proxy or several, to an API that counts the writes of each customer. Each read is
/// held against the writes that were acknowledged before it began.
/// </summary>
internal sealed class VersionedLoad : IAsyncDisposable
{
    private const int ReadersPerProxy = 3;

    // Without reads in between there would be nothing to evict, and with few of them nothing that a replica holds.
    private const int ReadsPerWrite = 2;
    private const int ReadsPerWriteOfHeld = 20;

    private readonly CancellationTokenSource _stopping = new();
    private readonly ProxyUnderTest[] _proxies;
    private readonly VersionedCustomer[] _customers;
    private readonly ConcurrentQueue<OutdatedRead> _outdated = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly List<Task> _parties = [];
    private int _reads;
    private int _hits;
    private int _copies;
    private int _readsPerWrite;
    private int _writes;
    private int _refusedWrites;

    private VersionedLoad(ProxyUnderTest[] proxies, VersionedCustomer[] customers)
    {
        _proxies = proxies;
        _customers = customers;
    }

    /// <summary>Reads that returned less than what was acknowledged before they began.</summary>
    public IReadOnlyCollection<OutdatedRead> Outdated => _outdated;

    /// <summary>Requests that were not answered as the API answers.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    public int Reads => Volatile.Read(ref _reads);

    public int Hits => Volatile.Read(ref _hits);

    /// <summary>Hits that a proxy served from its own memory.</summary>
    public int Copies => Volatile.Read(ref _copies);

    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Writes that a strict policy refused.</summary>
    public int RefusedWrites => Volatile.Read(ref _refusedWrites);

    /// <param name="api">The API.</param>
    /// <param name="proxies">Through which the clients read and write.</param>
    /// <param name="ids">Of the customers.</param>
    /// <param name="holding">Whether there are so many reads that replicas hold copies, if they may.</param>
    public static VersionedLoad Start(StubApi api, ProxyUnderTest[] proxies, string[] ids, bool holding = false)
    {
        var load = new VersionedLoad(proxies, [.. ids.Select(static id => new VersionedCustomer(id))])
        {
            _readsPerWrite = holding ? ReadsPerWriteOfHeld : ReadsPerWrite,
        };
        api.Handler = load.AnswerAsync;
        foreach (var proxy in proxies)
        {
            load._parties.Add(Task.Run(() => load.WriteAsync(proxy)));
            for (var reader = 0; reader < ReadersPerProxy; reader++)
            {
                load._parties.Add(Task.Run(() => load.ReadAsync(proxy)));
            }
        }

        return load;
    }

    /// <summary>Until so many more reads were answered, and some writes.</summary>
    public async Task GoOnAsync(int reads)
    {
        var (read, written) = (Reads + reads, Writes + RefusedWrites + (reads / 20));
        await Eventually.TrueAsync(() => Reads >= read && Writes + RefusedWrites >= written);
    }

    /// <summary>Until each customer is served from the cache, by each proxy.</summary>
    public async Task AllAreServedFromTheCacheAsync()
    {
        foreach (var customer in _customers)
        {
            var marks = _proxies.Select(proxy => customer.HitsThrough(proxy)).ToArray();
            await Eventually.TrueAsync(() => !_proxies.Where((proxy, i) => customer.HitsThrough(proxy) <= marks[i]).Any());
        }
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_parties);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var id = context.Request.Path.Value!.Split('/')[^1];
        var customer = _customers.First(customer => customer.Id == id);
        var version = HttpMethods.IsPut(context.Request.Method) ? customer.Change() : customer.Version;
        // What was read is on its way for a moment, so that writes overtake it.
        await Task.Yield();
        await context.Response.WriteAsync(version.ToString(CultureInfo.InvariantCulture));
    }

    private async Task ReadAsync(ProxyUnderTest proxy)
    {
        for (var i = Random.Shared.Next(_customers.Length); !_stopping.IsCancellationRequested; i = (i + 1) % _customers.Length)
        {
            var customer = _customers[i];
            var (acknowledged, at) = customer.Acknowledged;
            var began = Stopwatch.GetTimestamp();
            if (await TrySendAsync(proxy, HttpMethod.Get, customer) is not { } answer)
            {
                continue;
            }

            var version = int.Parse(answer.Body, CultureInfo.InvariantCulture);
            if (version < acknowledged)
            {
                _outdated.Enqueue(new OutdatedRead(customer.Id, acknowledged, version, at, began, answer.CacheStatus));
            }

            if (answer.CacheStatus.Contains("; hit", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _hits);
                customer.CountHit(proxy);
            }

            if (answer.CacheStatus.Contains("detail=copy", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _copies);
            }

            Interlocked.Increment(ref _reads);
        }
    }

    private async Task WriteAsync(ProxyUnderTest proxy)
    {
        for (var i = Random.Shared.Next(_customers.Length); !_stopping.IsCancellationRequested; i = (i + 1) % _customers.Length)
        {
            if (await TrySendAsync(proxy, HttpMethod.Put, _customers[i]) is { Body.Length: > 0 } answer)
            {
                _customers[i].Acknowledge(int.Parse(answer.Body, CultureInfo.InvariantCulture));
                Interlocked.Increment(ref _writes);
            }

            var next = Reads + (_readsPerWrite * _customers.Length);
            await Eventually.TrueAsync(() => Reads >= next || _stopping.IsCancellationRequested);
        }
    }

    private async Task<(string Body, string CacheStatus)?> TrySendAsync(ProxyUnderTest proxy, HttpMethod method, VersionedCustomer customer)
    {
        try
        {
            using var request = new HttpRequestMessage(method, "/api/customers/" + customer.Id);
            using var response = await proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var status = response.Headers.TryGetValues("Cache-Status", out var values) ? string.Join(", ", values) : "";
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return (body, status);
            }

            if (method == HttpMethod.Put && response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Interlocked.Increment(ref _refusedWrites);
                return null;
            }

            _failures.Enqueue($"{method} {customer.Id}: {response.StatusCode} {body}");
        }
        catch (HttpRequestException exception)
        {
            _failures.Enqueue($"{method} {customer.Id}: {exception.Message}");
        }

        return null;
    }
}
