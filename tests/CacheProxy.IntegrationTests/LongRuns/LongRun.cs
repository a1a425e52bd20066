using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// Readers and writers of few customers through several complete proxies, for a while and at random. Each read is held against what was
/// promised when it began. One seed decides what every client asks for; how the requests meet is chance.
/// </summary>
internal sealed partial class LongRun
{
    private const int ReadersPerHost = 4;

    private readonly LongRunSettings _settings;
    private readonly LongRunPromise _promise;
    private readonly RedisHistory _redis;
    private readonly ILongRunHost[] _hosts;
    private readonly RecordedCustomer[] _customers;
    private readonly LongRunApi _api;
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<AnsweredWrite, bool> _unsettled = new();

    public LongRun(StubApi stub, LongRunSettings settings, LongRunPromise promise, RedisHistory redis, params ILongRunHost[] hosts)
    {
        _settings = settings;
        _promise = promise;
        _redis = redis;
        _hosts = hosts;
        _customers = [.. Enumerable.Range(1, settings.Load.Customers).Select(static id => new RecordedCustomer(id.ToString(CultureInfo.InvariantCulture)))];
        _api = new LongRunApi(_customers.ToDictionary(static customer => customer.Id), settings.Load.LongestWrite, Committed, settings.Load.OfPets);
        stub.Handler = _api.AnswerAsync;
    }

    public LongRunCounts Counts { get; } = new();

    public IReadOnlyList<RecordedCustomer> Customers => _customers;

    /// <summary>A version that the API has had past all proxies since before a purge that is done: every read that begins from now on knows of it.</summary>
    public void Purged(RecordedCustomer customer, int version)
    {
        var now = Stopwatch.GetTimestamp();
        customer.Answered(new AnsweredWrite(customer.Id, version, host: 0, now) { SettledAt = now });
        Counts.Written();
    }

    /// <summary>Writes that came too late for the API's own request timeout.</summary>
    private int TooLate => _api.TooLate;

    /// <summary>Answers that nobody should have got, each with its story.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <param name="trouble">What happens meanwhile, until the token says that the time is over; it leaves everything running.</param>
    public async Task GoOnAsync(Func<CancellationToken, Task>? trouble = null)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var parties = new List<Task> { Task.Run(() => SettleAsync(over.Token)) };
        for (var host = 0; host < _hosts.Length; host++)
        {
            for (var party = 0; party < ReadersPerHost + _settings.Load.WritersPerHost; party++)
            {
                var random = new Random(HashCode(_settings.Seed, host, party));
                var number = host;
                parties.Add(party < ReadersPerHost
                    ? Task.Run(() => ReadAsync(number, random, over.Token))
                    : Task.Run(() => WriteAsync(number, random, over.Token)));
            }
        }

        // However busy the machine is, there is something to lose when the trouble begins.
        if (_settings.Load.MemoryTtl > TimeSpan.Zero)
        {
            await Eventually.TrueAsync(() => Counts.Copies > 0 || !_violations.IsEmpty);
        }

        over.CancelAfter(_settings.Duration);
        if (trouble is not null)
        {
            parties.Add(Task.Run(() => trouble(over.Token)));
        }

        await Task.WhenAll(parties);
    }

    /// <summary>The run is told of and judged, and all heals.</summary>
    /// <param name="name">What was played.</param>
    /// <param name="output">Where it is told.</param>
    /// <param name="byWriting">As <see cref="HealAsync"/> takes it.</param>
    public async Task ConcludeAsync(string name, ITestOutputHelper output, bool byWriting = false)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"Long run, {name}{_settings.Load}: {Counts}, {TooLate} writes too late for the API, {_violations.Count} violations ({_settings.Duration.TotalSeconds} s, {LongRunSettings.SeedVariable}={_settings.Seed})");
        output.WriteLine(text);
        Console.WriteLine(text);
        Assert.True(_violations.IsEmpty, text + "\n" + string.Join('\n', _violations.Take(20)));
        Assert.NotEqual(0, Counts.Hits);
        Assert.NotEqual(0, Counts.Writes);
        // A run of copies in which none was served would prove nothing.
        Assert.True(Counts.Copies > 0 || _settings.Load.MemoryTtl == TimeSpan.Zero, text);
        await HealAsync(byWriting);
        Assert.Empty(_violations);
    }

    /// <summary>
    /// The trouble is over: every read returns what the API has, and each customer is served from the cache again, by each proxy.
    /// </summary>
    /// <param name="byWriting">Whether something happened of which nothing is promised before the next write.</param>
    private async Task HealAsync(bool byWriting)
    {
        await Eventually.TrueAsync(() => _api.UnderWay == 0 && _hosts.All(static host => host.PendingEvictions == 0));
        // Nobody has waited for those who held what was changed by a writer that left: what they hold runs out.
        await Pause.ForAsync((int)_settings.Load.MemoryTtl.TotalMilliseconds);
        foreach (var customer in _customers)
        {
            if (byWriting || !customer.Read().Exists)
            {
                await Eventually.TrueAsync(async () =>
                    await SendAsync(0, HttpMethod.Put, customer, default, leavesAfterMs: 0) is { Status: 200 });
            }
        }

        foreach (var customer in _customers)
        {
            for (var host = 0; host < _hosts.Length; host++)
            {
                await (_hosts[host].Caches ? IsServedFromTheCacheAsync(host, customer) : Task.CompletedTask);
            }
        }
    }

    private async Task IsServedFromTheCacheAsync(int host, RecordedCustomer customer)
    {
        LongRunAnswer? last = null;
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                last = await SendAsync(host, HttpMethod.Get, customer, default, leavesAfterMs: 0);
                Assert.Equal(customer.Version.ToString(CultureInfo.InvariantCulture), last?.Body);
                return last is { IsHit: true };
            });
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Customer {customer.Id} through proxy {host} has not healed: {last}", exception);
        }
    }

    // Not HashCode.Combine, which differs from process to process.
    private static int HashCode(int seed, int host, int party) => unchecked((((seed * 31) + host) * 31) + party);

    private async Task ReadAsync(int host, Random random, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var customer = Choose(random);
            var script = ApiScript.ForRead(random);
            var leavesAfterMs = random.Next(25) == 0 ? random.Next(1, 10) : 0;
            var committed = customer.Version;
            var began = Stopwatch.GetTimestamp();
            if (await SendAsync(host, HttpMethod.Get, customer, script, leavesAfterMs) is { } answer)
            {
                Counts.Read(answer);
                var least = _promise == LongRunPromise.Committed ? committed : customer.KnownTo(host, began);
                Check(host, customer, least, script, answer);
            }
        }
    }

    private void Check(int host, RecordedCustomer customer, int least, ApiScript script, in LongRunAnswer answer)
    {
        if (answer.Status == 500 && script.Outcome == ApiOutcome.FailedBefore)
        {
            return;
        }

        var known = int.TryParse(answer.Body, NumberStyles.None, CultureInfo.InvariantCulture, out var version);
        if (!known || answer.Body != answer.Version || !customer.Had(version, answer.Status == 200) || answer.Status is not (200 or 404))
        {
            _violations.Enqueue($"Customer {customer.Id} through proxy {host}: nothing that the API ever had: {answer}");
        }
        else if (version < least)
        {
            _violations.Enqueue($"Customer {customer.Id} through proxy {host}: version {version} after {least}: {answer}");
        }
    }

    private async Task<LongRunAnswer?> SendAsync(
        int host, HttpMethod method, RecordedCustomer customer, ApiScript script, int leavesAfterMs, string write = "")
    {
        using var leaving = leavesAfterMs > 0 && write.Length > 0
            ? CancellationTokenSource.CreateLinkedTokenSource(Volatile.Read(ref _patience).Token)
            : new CancellationTokenSource();
        if (leavesAfterMs > 0)
        {
            leaving.CancelAfter(leavesAfterMs);
        }

        try
        {
            var isOfPet = _settings.Load.OfPets && method != HttpMethod.Get;
            using var request = new HttpRequestMessage(method, isOfPet ? customer.PetPath : customer.Path);
            request.Headers.Add(ApiScript.HeaderName, script.ToString());
            request.Headers.Add(LongRunApi.SentHeader, Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture));
            request.Headers.Add(LongRunApi.WriteHeader, write);
            request.Content = method == HttpMethod.Get ? null : new StringContent("{}");
            using var response = await _hosts[host].Client.SendAsync(request, leaving.Token);
            return new LongRunAnswer(
                (int)response.StatusCode,
                LongRunApi.VersionIn(await response.Content.ReadAsStringAsync(leaving.Token)),
                Header(response, LongRunApi.VersionHeader),
                Header(response, "Cache-Status"),
                response.Headers.RetryAfter is not null);
        }
        catch (OperationCanceledException) when (leavesAfterMs > 0)
        {
            Left(write);
            Counts.ClientLeft();
        }
        catch (HttpRequestException) when (_hosts[host].MayBeGone)
        {
            // What the replica was at when it was killed, it may have passed on to the API.
            Left(write);
            Counts.ConnectionBroke();
            await Pause.ForAsync(25);
        }
        catch (HttpRequestException exception)
        {
            _violations.Enqueue($"{method} of customer {customer.Id} through proxy {host}: {exception.Message}");
        }

        return null;
    }

    private static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
}
