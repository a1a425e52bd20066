using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>
/// The connection and the loop that looks after it: connects in the background, probes while the breaker is open, keeps the clock, and
/// knows who the primary is. No request waits for it. A Redis that is absent at the start is the same as one that goes away later.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HealthyFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(1);

    // A node of several that stays away fails its own keys' steps; each of them asks for the roles to be learnt anew.
    private static readonly TimeSpan BetweenLearnings = TimeSpan.FromMilliseconds(500);

    // A peer that vanished without a word leaves a connection that never fails; after so many unanswered probes it is given up.
    private const int MostUnansweredProbes = 5;
    private const int ClusterProbeKeys = 6;

    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RedisKey _probeKey;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TopologyDetection _detection;
    private readonly TaskCompletionSource _firstContact = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _loop;
    private volatile IRedisTopology? _topology;
    private volatile RedisPrimary? _primary;
    private volatile TaskCompletionSource _wake = NewWake();
    private volatile bool _rolesInDoubt;
    private bool _toldUnavailable;

    public RedisConnection(RedisOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _probeKey = options.KeyPrefix + "cacheproxy:probe:";
        _detection = new TopologyDetection(options.ConnectionString, () => OnFailed(RedisFailure.Disconnected), Wake, time, _stopping.Token);
        Clock = new RedisClock(time);
        Breaker = new RedisBreaker(OnOpened);
        _loop = Task.Run(RunAsync);
    }

    public RedisClock Clock { get; }

    public RedisBreaker Breaker { get; }

    /// <summary>Completes when Redis has been reached, or has said that it is not there. One that is slow, or not clear about who the primary is, has said neither.</summary>
    public Task FirstContact => _firstContact.Task;

    public bool TryGetPrimary([NotNullWhen(true)] out RedisPrimary? primary)
    {
        primary = Breaker.IsClosed && _primary is { } known && known.UntilTimestamp > _time.GetTimestamp() ? known : null;
        return primary is not null;
    }

    /// <summary>What a failed step says about Redis as a whole.</summary>
    public void Failed(RedisFailure failure)
    {
        switch (failure)
        {
            case RedisFailure.TimedOut:
            case RedisFailure.RefusesWrites:
            case RedisFailure.NotAuthenticated:
                Breaker.Failed(failure);
                break;
            case RedisFailure.Disconnected:
            case RedisFailure.NotReady:
                OnFailed(failure);
                break;
            case RedisFailure.Full:
            case RedisFailure.ForeignKey:
            case RedisFailure.ScriptMissing:
            case RedisFailure.Refused:
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        await CloseAsync();
        _stopping.Dispose();
    }

    private static TaskCompletionSource NewWake() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync()
    {
        var pause = FirstPause;
        var unanswered = 0;
        var healthySince = 0L;
        while (!_stopping.IsCancellationRequested)
        {
            var learns = _rolesInDoubt || !Breaker.IsClosed;
            _rolesInDoubt = false;
            var breaks = Breaker.Breaks;
            var failure = await ProbeAsync(learns);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            if (failure is null && !Breaker.IsClosed)
            {
                failure = TryClose(breaks) ? null : RedisFailure.Disconnected;
                healthySince = _time.GetTimestamp();
            }

            if (failure is not (RedisFailure.TimedOut or RedisFailure.NotReady))
            {
                _firstContact.TrySetResult();
            }

            if (failure is null)
            {
                unanswered = 0;
                await DelayAsync(learns ? BetweenLearnings : TimeSpan.Zero);
                await WaitAsync(_topology!.LearnsEvery);

                // Opening again soon after it closed goes on with the pause where it was: no flapping many times a second.
                pause = _time.GetElapsedTime(healthySince) > HealthyFor ? FirstPause : pause;
                continue;
            }

            unanswered = failure == RedisFailure.TimedOut ? unanswered + 1 : 0;
            if (unanswered >= MostUnansweredProbes)
            {
                unanswered = 0;
                _logger.RedisConnectionGivenUp();
                await CloseAsync();
            }

            Breaker.Failed(failure.Value);
            if (!Breaker.IsClosed)
            {
                TellUnavailable(failure.Value);
            }

            await WaitAsync(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Not when a connection broke during the probe: what was asked before may have been another run of Redis.</summary>
    private bool TryClose(int breaks)
    {
        var told = Interlocked.Exchange(ref _toldUnavailable, false);
        if (!Breaker.TryClose(breaks))
        {
            _toldUnavailable = told;
            return false;
        }

        _logger.RedisAvailable();
        return true;
    }

    /// <summary>
    /// Asks who the primary is, asks that one for its time, and for a write that changes nothing: a primary that may not write answers
    /// the first and not the second.
    /// </summary>
    private async Task<RedisFailure?> ProbeAsync(bool learns)
    {
        try
        {
            var topology = _topology ??= await _detection.DetectAsync();
            var primary = await topology.FindAsync(learns, ProbeTimeout);
            var asked = _time.GetTimestamp();
            var reply = await Bounded(primary.Database.ExecuteAsync("TIME", [], CommandFlags.DemandMaster));
            var answered = _time.GetTimestamp();
            var parts = (RedisValue[])reply!;
            Clock.Measured(((long)parts[0] * 1000) + ((long)parts[1] / 1000), asked, answered);
            await ProbeWriteAsync(primary.Database, topology.IsCluster ? ClusterProbeKeys : 1);
            _primary = primary;
            if (_rolesInDoubt)
            {
                // A node has gone since it was asked.
                primary.Doubt();
            }

            return null;
        }
        catch (Exception exception)
        {
            // Every failure of a probe becomes the breaker's state; an error that says nothing of Redis as a whole is none.
            var failure = RedisFailures.Classify(exception);
            return failure is RedisFailure.Refused or RedisFailure.Full && _primary is not null ? null : failure;
        }
    }

    /// <summary>In a cluster one node that is gone must not speak for all: some of several keys have another one.</summary>
    private async Task ProbeWriteAsync(IDatabase database, int keys)
    {
        for (var i = 1; ; i++)
        {
            try
            {
                var key = _probeKey.Append(i.ToString(CultureInfo.InvariantCulture));
                await Bounded(database.KeyDeleteAsync(key, CommandFlags.DemandMaster));
                return;
            }
            catch (Exception exception) when (i < keys && RedisFailures.Classify(exception) is RedisFailure.Disconnected or RedisFailure.NotReady)
            {
                // The next key may have a node that answers.
            }
        }
    }

    private async Task CloseAsync()
    {
        _primary = null;
        await _detection.DisposeAsync();
        if (_topology is { } topology)
        {
            _topology = null;
            await topology.DisposeAsync();
        }
    }

    private void OnFailed(RedisFailure failure)
    {
        if (_topology is not { IsCluster: true })
        {
            Breaker.Failed(failure);
            return;
        }

        // One node of several: its own keys fail at once and the others go on, but a replica may have been promoted.
        _rolesInDoubt = true;
        _primary?.Doubt();
        Wake();
    }

    private void OnOpened(RedisFailure failure)
    {
        TellUnavailable(failure);
        Wake();
    }

    private void TellUnavailable(RedisFailure failure)
    {
        if (!Interlocked.Exchange(ref _toldUnavailable, true))
        {
            _logger.RedisUnavailable(failure);
        }
    }

    private void Wake() => _wake.TrySetResult();

    private async Task WaitAsync(TimeSpan longest)
    {
        var wake = _wake;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        await Task.WhenAny(wake.Task, Task.Delay(longest, _time, ended.Token));
        await ended.CancelAsync();
        if (wake.Task.IsCompleted)
        {
            _wake = NewWake();
        }
    }

    private async Task DelayAsync(TimeSpan delay) => await Task.WhenAny(Task.Delay(delay, _time, _stopping.Token));

    private Task<T> Bounded<T>(Task<T> task) => RedisWait.AtMost(task, ProbeTimeout, _time);

    private TimeSpan ProbeTimeout => _options.Timeout < LongestProbe ? _options.Timeout : LongestProbe;
}
