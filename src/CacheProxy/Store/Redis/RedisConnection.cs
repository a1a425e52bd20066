using System.Diagnostics.CodeAnalysis;
using System.Net;
using CacheProxy.Store.Redis.Topologies;

namespace CacheProxy.Store.Redis;

/// <summary>
/// The connection to Redis and the loop that maintains it: it connects in the background, probes while the breaker is open, and keeps the
/// clock and the primary up to date. No request waits for it. A Redis that is absent at the start is handled like one that fails later.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HealthyFor = TimeSpan.FromSeconds(10);

    // While one node of several is down, every step on its keys fails and asks for the roles to be learnt again.
    private static readonly TimeSpan BetweenLearnings = TimeSpan.FromMilliseconds(500);

    // A peer that vanishes without closing leaves a connection that does not break. The client library notices that, too, but only after
    // four of its own timeouts: 20 s by default.
    private const int MaxUnansweredProbes = 5;

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly RedisProbe _probe;
    private readonly RedisDiagnosis _diagnosis;
    private readonly TaskCompletionSource _firstContact = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _loop;
    private volatile RedisPrimary? _primary;
    private volatile TaskCompletionSource _wake = NewWake();
    private readonly Lock _lock = new();
    private readonly HashSet<EndPoint?> _failedNodes = [];
    private readonly OutageReports _reports;
    private bool _rolesInDoubt;
    private volatile RedisTrouble? _trouble;

    public RedisConnection(
        RedisOptions options, RedisScripts scripts, RedisDeadlines deadlines, RedisDiagnosis diagnosis, LongestLease longest, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _diagnosis = diagnosis;
        _reports = new OutageReports(logger);
        Clock = new RedisClock(time);
        Breaker = new RedisBreaker(OnOpened);
        var detection = new TopologyDetection(
            options.ConnectionString, new RedisWires(scripts, deadlines), endPoint => OnFailed(RedisFailure.Disconnected, endPoint: endPoint), Wake, time, _stopping.Token);
        Uses = new ReplicationUses(options.KeyPrefix, scripts, longest, Wake, time);
        _probe = new RedisProbe(options, scripts, detection, Clock, Uses, time);
        _loop = Task.Run(RunAsync);
    }

    public RedisClock Clock { get; }

    public ReplicationUses Uses { get; }

    public RedisBreaker Breaker { get; }

    /// <summary>Completes when Redis has been reached or clearly cannot be reached now; not while it is slow, or the primary is not clear.</summary>
    public Task FirstContact => _firstContact.Task;

    public bool TryGetPrimary([NotNullWhen(true)] out RedisPrimary? primary)
    {
        primary = Breaker.IsClosed && _primary is { } known && known.UntilTimestamp > _time.GetTimestamp() ? known : null;
        return primary is not null;
    }

    /// <summary>Judges what the failure of one step on a key means for Redis as a whole.</summary>
    public void Failed(RedisFailure failure, string key)
    {
        if (RedisFailures.ConcernsAll(failure))
        {
            Breaker.Failed(failure);
        }
        else if (RedisFailures.ConcernsNode(failure))
        {
            OnFailed(failure, key);
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
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await WatchAsync();
            }
            catch (Exception exception)
            {
                // A bug, or a log that takes nothing more: without this loop nobody would ever notice that Redis is back, so it goes on.
                Report(exception);
                _firstContact.TrySetResult();
                await DelayAsync(LongestPause);
            }
        }
    }

    private async Task WatchAsync()
    {
        var pause = FirstPause;
        var unanswered = 0;
        var healthySince = 0L;
        while (!_stopping.IsCancellationRequested)
        {
            var learns = BeginLearning() || !Breaker.IsClosed;
            var breaks = Breaker.Breaks;
            _trouble = null;
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
                await WaitAsync(_probe.LearnsEvery);

                // A breaker that opens again soon after it closed keeps the longer pause, so that it does not flap.
                pause = _time.GetElapsedTime(healthySince) > HealthyFor ? FirstPause : pause;
                continue;
            }

            unanswered = failure == RedisFailure.TimedOut ? unanswered + 1 : 0;
            if (unanswered >= MaxUnansweredProbes)
            {
                unanswered = 0;
                _logger.RedisConnectionReplaced();
                await CloseAsync();
            }

            Breaker.Failed(failure.Value);
            if (!Breaker.IsClosed)
            {
                _reports.Report(_trouble ?? _diagnosis.Of(failure.Value));
            }

            await WaitAsync(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Fails if a connection broke during the probe: the answers may come from a Redis that has been replaced since.</summary>
    private bool TryClose(int breaks)
    {
        var reported = _reports.End();
        if (!Breaker.TryClose(breaks))
        {
            _reports.Resume(reported);
            return false;
        }

        _logger.RedisAvailable();
        if (_primary?.ReplicationIdOf("") == RedisPrimary.NoReplicationId)
        {
            _logger.RedisHidesReplicationId();
        }

        return true;
    }

    private async Task<RedisFailure?> ProbeAsync(bool learns)
    {
        try
        {
            var primary = await _probe.RunAsync(learns);
            _diagnosis.Usable();
            lock (_lock)
            {
                foreach (var node in _failedNodes)
                {
                    // It has failed since it was asked.
                    primary.Doubt(node);
                }

                _primary = primary;
            }

            return null;
        }
        catch (Exception exception)
        {
            // The failure becomes the breaker's state, unless it says nothing about Redis as a whole. But a probe that was cut short must not
            // close the breaker: the primary that is known may be that of a Redis which has been replaced since.
            var failure = RedisFailures.Classify(exception);
            if (failure == RedisFailure.Unexpected)
            {
                Report(exception);
            }

            if (failure is RedisFailure.Refused or RedisFailure.CommandDenied or RedisFailure.Full or RedisFailure.Unexpected
                && Breaker.IsClosed && _primary is not null)
            {
                return null;
            }

            _trouble = await _diagnosis.ExplainAsync(exception, _reports.Reported, _stopping.Token);
            return failure;
        }
    }

    private bool BeginLearning()
    {
        lock (_lock)
        {
            _failedNodes.Clear();
            return Interlocked.Exchange(ref _rolesInDoubt, false);
        }
    }

    private async Task CloseAsync()
    {
        _primary = null;
        await _probe.CloseAsync();
    }

    private void OnFailed(RedisFailure failure, string? key = null, EndPoint? endPoint = null)
    {
        if (!_probe.IsCluster)
        {
            Breaker.Failed(failure);
            return;
        }

        // One node of several: steps on its keys fail, the others go on, but one of its replicas may have been promoted.
        lock (_lock)
        {
            endPoint = key is null ? endPoint : _primary?.EndPointOf(key);
            // Where it is known that nobody has the key, nothing is left to doubt.
            if (key is null || endPoint is not null)
            {
                _failedNodes.Add(endPoint);
                _primary?.Doubt(endPoint);
            }
            _rolesInDoubt = true;
        }

        Wake();
    }

    private void OnOpened(RedisFailure failure)
    {
        // First of all, because the log may throw.
        Wake();
        _reports.Report(_trouble ?? _diagnosis.Of(failure));
    }

    private void Report(Exception exception)
    {
        try
        {
            _logger.RedisWatchFailed(exception);
        }
        catch (Exception)
        {
            // It was the log.
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

    private Task DelayAsync(TimeSpan delay) => Task.WhenAny(Task.Delay(delay, _time, _stopping.Token));
}
