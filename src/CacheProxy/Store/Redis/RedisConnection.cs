using System.Diagnostics.CodeAnalysis;
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
    private volatile bool _rolesInDoubt;
    private RedisTrouble? _reported;
    private volatile RedisTrouble? _trouble;

    public RedisConnection(RedisOptions options, RedisScripts scripts, RedisDiagnosis diagnosis, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _diagnosis = diagnosis;
        Clock = new RedisClock(time);
        Breaker = new RedisBreaker(OnOpened);
        var detection = new TopologyDetection(options.ConnectionString, () => OnFailed(RedisFailure.Disconnected), Wake, time, _stopping.Token);
        _probe = new RedisProbe(options, scripts, detection, Clock, time);
        _loop = Task.Run(RunAsync);
    }

    public RedisClock Clock { get; }

    public RedisBreaker Breaker { get; }

    /// <summary>
    /// Completes when Redis has been reached, or when it is clear that it cannot be reached now. It does not complete while Redis is slow
    /// or it is not clear which node is the primary.
    /// </summary>
    public Task FirstContact => _firstContact.Task;

    public bool TryGetPrimary([NotNullWhen(true)] out RedisPrimary? primary)
    {
        primary = Breaker.IsClosed && _primary is { } known && known.UntilTimestamp > _time.GetTimestamp() ? known : null;
        return primary is not null;
    }

    /// <summary>Judges what the failure of one step means for Redis as a whole.</summary>
    public void Failed(RedisFailure failure)
    {
        switch (failure)
        {
            case RedisFailure.TimedOut:
            case RedisFailure.RefusesWrites:
            case RedisFailure.PasswordMissing:
            case RedisFailure.PasswordWrong:
            case RedisFailure.PasswordChanged:
                Breaker.Failed(failure);
                break;
            case RedisFailure.Disconnected:
            case RedisFailure.CertificateUntrusted:
            case RedisFailure.TlsRequired:
            case RedisFailure.TlsNotSpoken:
            case RedisFailure.NotReady:
                OnFailed(failure);
                break;
            case RedisFailure.Full:
            case RedisFailure.ForeignKey:
            case RedisFailure.ScriptMissing:
            case RedisFailure.CommandDenied:
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
                ReportUnavailable(_trouble ?? _diagnosis.Of(failure.Value));
            }

            await WaitAsync(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Fails if a connection broke during the probe: the answers may come from a Redis that has been replaced since.</summary>
    private bool TryClose(int breaks)
    {
        var reported = Interlocked.Exchange(ref _reported, null);
        if (!Breaker.TryClose(breaks))
        {
            _reported = reported;
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
            _primary = primary;
            _diagnosis.Usable();
            if (_rolesInDoubt)
            {
                // A node has failed since it was asked.
                primary.Doubt();
            }

            return null;
        }
        catch (Exception exception)
        {
            // The failure becomes the breaker's state, unless the error reply says nothing about Redis as a whole.
            var failure = RedisFailures.Classify(exception);
            if (failure is RedisFailure.Refused or RedisFailure.CommandDenied or RedisFailure.Full && _primary is not null)
            {
                return null;
            }

            _trouble = await _diagnosis.ExplainAsync(exception, _reported, _stopping.Token);
            return failure;
        }
    }

    private async Task CloseAsync()
    {
        _primary = null;
        await _probe.CloseAsync();
    }

    private void OnFailed(RedisFailure failure)
    {
        if (!_probe.IsCluster)
        {
            Breaker.Failed(failure);
            return;
        }

        // One node of several: steps on its keys fail, the others go on, but one of its replicas may have been promoted.
        _rolesInDoubt = true;
        _primary?.Doubt();
        Wake();
    }

    private void OnOpened(RedisFailure failure)
    {
        ReportUnavailable(_trouble ?? _diagnosis.Of(failure));
        Wake();
    }

    /// <summary>Once an outage, and once more where it turns out that waiting does not end it.</summary>
    private void ReportUnavailable(RedisTrouble trouble)
    {
        var reported = Interlocked.CompareExchange(ref _reported, trouble, null);
        if (reported is null)
        {
            _logger.RedisUnavailable(trouble.Failure, trouble.Endpoint, trouble.Advice);
        }
        else if (trouble.IsRefusal && trouble.Failure != reported.Failure && Interlocked.CompareExchange(ref _reported, trouble, reported) == reported)
        {
            _logger.RedisStaysUnavailable(trouble.Failure, trouble.Endpoint, trouble.Advice);
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
}
