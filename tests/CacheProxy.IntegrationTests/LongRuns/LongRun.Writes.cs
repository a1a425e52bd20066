using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>The writers, those among them that leave, and from when on which replica must know of what they wrote.</summary>
internal sealed partial class LongRun
{
    private const int LongestWriterPauseMs = 60;

    private readonly ConcurrentDictionary<string, UnderWay> _underWay = new();
    private readonly ConcurrentQueue<UnderWay> _left = new();
    private readonly RecordedCustomer?[] _lately = new RecordedCustomer?[16];
    private CancellationTokenSource _patience = new();
    private int _writes;
    private int _leavers;

    /// <summary>All writers under way that would leave sooner or later leave now.</summary>
    public async Task LosePatienceAsync()
    {
        // Not disposed: writers may be about to look at it, and it has no timer.
        await Interlocked.Exchange(ref _patience, new CancellationTokenSource()).CancelAsync();
    }

    private async Task WriteAsync(int host, Random random, CancellationToken over)
    {
        var load = _settings.Load;
        HttpMethod[] methods = [HttpMethod.Put, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete];
        while (!over.IsCancellationRequested)
        {
            var customer = _customers[random.Next(_customers.Length)];
            var leavesAfterMs = random.Next(load.LeavesOneIn) == 0 ? random.Next(1, load.LongestPatienceMs) : 0;
            var sent = Stopwatch.GetTimestamp();
            var name = string.Create(CultureInfo.InvariantCulture, $"{host} {Interlocked.Increment(ref _writes)}");
            _underWay[name] = new UnderWay(host, customer, sent);
            var script = ApiScript.ForWrite(random, load.LongestCommitMs);
            if (await SendAsync(host, methods[random.Next(methods.Length)], customer, script, leavesAfterMs, name) is { } known)
            {
                _underWay.TryRemove(name, out _);
                Record(host, customer, sent, known);
            }

            await Pause.ForAsync(random.Next(LongestWriterPauseMs));
        }
    }

    private void Record(int host, RecordedCustomer customer, long sent, in LongRunAnswer answer)
    {
        if (answer.Version.Length > 0)
        {
            var write = new AnsweredWrite(customer.Id, int.Parse(answer.Version, CultureInfo.InvariantCulture), host, Stopwatch.GetTimestamp());
            if (_promise == LongRunPromise.Acknowledged || !_hosts[host].HasPendingEviction(customer.Id) || (_promise == LongRunPromise.Strict && !_redis.WasAbsent(sent, write.AnsweredAt)))
            {
                write.SettledAt = Stopwatch.GetTimestamp();
            }
            else
            {
                _unsettled.TryAdd(write, true);
            }

            customer.Answered(write);
            Counts.Written();
        }
        else if (answer.Status is 409 or 500)
        {
            Counts.DeclinedByTheApi();
        }
        else if (answer is { Status: 503, AsksToRetry: true } && _promise == LongRunPromise.Strict)
        {
            Counts.RefusedByThePolicy();
        }
        else
        {
            _violations.Enqueue($"A write of customer {customer.Id} through proxy {host}: {answer}");
        }
    }

    /// <summary>Notices when the eviction that a proxy had pending of a write has reached Redis.</summary>
    private async Task SettleAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            JudgeThoseWhoLeft();
            foreach (var write in _unsettled.Keys)
            {
                var before = Stopwatch.GetTimestamp();
                if (write.AnsweredAt < before && !_hosts[write.Host].HasPendingEviction(write.Customer))
                {
                    write.SettledAt = Stopwatch.GetTimestamp();
                    _unsettled.TryRemove(write, out _);
                }
            }

            await Pause.ForAsync(2);
        }
    }

    /// <summary>Whom a reader asks for: any customer, a hot one, or one whose writer has left lately.</summary>
    private RecordedCustomer Choose(Random random)
    {
        var isOfHot = _settings.Load.HotCustomers > 0 && random.Next(2) == 0;
        var customer = _customers[random.Next(isOfHot ? _settings.Load.HotCustomers : _customers.Length)];
        return _settings.Load.ReadersFollowLeavers && random.Next(2) == 0
            ? Volatile.Read(ref _lately[random.Next(_lately.Length)]) ?? customer
            : customer;
    }

    /// <summary>The API has committed a write, whether anybody still waits for its answer or not.</summary>
    private void Committed(string write, int version)
    {
        if (_underWay.TryGetValue(write, out var underWay))
        {
            underWay.Version = version;
            RecordLeft(write, underWay);
        }
    }

    private void Left(string write)
    {
        if (_underWay.TryGetValue(write, out var underWay))
        {
            underWay.LeftAt = Stopwatch.GetTimestamp();
            Volatile.Write(ref _lately[(uint)Interlocked.Increment(ref _leavers) % _lately.Length], underWay.Customer);
            RecordLeft(write, underWay);
        }
    }

    private void RecordLeft(string name, UnderWay write)
    {
        if (write is { LeftAt: > 0, Version: > 0 } && _underWay.TryRemove(name, out _))
        {
            _left.Enqueue(write);
        }
    }

    /// <summary>
    /// Either state may be read of a write that nobody was told of, until its deadline has passed; then what the API has. A Redis that was
    /// killed meanwhile has lost the fence, and nothing is promised.
    /// </summary>
    private void JudgeThoseWhoLeft()
    {
        while (_left.TryPeek(out var write) && Stopwatch.GetElapsedTime(write.LeftAt) > _settings.Load.WriteDeadline)
        {
            _left.TryDequeue(out _);
            var now = Stopwatch.GetTimestamp();
            if (_redis.WasAbsent(write.Sent, now))
            {
                continue;
            }

            Counts.LeftAndCommitted();
            var known = new AnsweredWrite(write.Customer.Id, write.Version, write.Host, now);
            _unsettled.TryAdd(known, true);
            write.Customer.Answered(known);
        }
    }

    private sealed class UnderWay(int host, RecordedCustomer customer, long sent)
    {
        private long _leftAt;
        private int _version;

        public int Host => host;

        public RecordedCustomer Customer => customer;

        public long Sent => sent;

        public long LeftAt
        {
            get => Volatile.Read(ref _leftAt);
            set => Volatile.Write(ref _leftAt, value);
        }

        public int Version
        {
            get => Volatile.Read(ref _version);
            set => Volatile.Write(ref _version, value);
        }
    }
}
