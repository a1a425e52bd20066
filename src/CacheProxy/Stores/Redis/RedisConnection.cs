using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using StackExchange.Redis;

namespace CacheProxy.Stores.Redis;

/// <summary>
/// The connection and the loop that looks after it: connects in the background, probes while the breaker is open, keeps the clock.
/// Nobody waits for it. A Redis that is absent at the start is the same as one that goes away later.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenMeasurements = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(1);

    // A node of several that stays away fails its own keys' steps; each of them asks for the roles to be learnt anew.
    private static readonly TimeSpan BetweenLearnings = TimeSpan.FromMilliseconds(500);

    // A peer that vanished without a word leaves a connection that never fails; after so many unanswered probes it is given up.
    private const int MostUnansweredProbes = 5;
    private const int MostProbeKeys = 6;

    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RedisKey _probeKey;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private volatile ConnectionMultiplexer? _multiplexer;
    private volatile IDatabase? _database;
    private volatile TaskCompletionSource _wake = NewWake();
    private volatile bool _rolesInDoubt;
    private bool _toldUnavailable;

    public RedisConnection(RedisOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _probeKey = options.KeyPrefix + "cacheproxy:probe:";
        Clock = new RedisClock(time);
        Breaker = new RedisBreaker(OnOpened);
        _loop = Task.Run(RunAsync);
    }

    public RedisClock Clock { get; }

    public RedisBreaker Breaker { get; }

    public bool TryGetDatabase([NotNullWhen(true)] out IDatabase? database)
    {
        database = Breaker.IsClosed ? _database : null;
        return database is not null;
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
                OnFailed(failure, _multiplexer);
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
            var failure = await ProbeAsync(learns);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            if (failure is null)
            {
                unanswered = 0;
                if (!Breaker.IsClosed)
                {
                    healthySince = _time.GetTimestamp();
                    _toldUnavailable = false;
                    Breaker.Close();
                    _logger.RedisAvailable();
                }

                await DelayAsync(learns ? BetweenLearnings : TimeSpan.Zero);
                await WaitAsync(BetweenMeasurements);

                // Opening again soon after it closed goes on with the pause where it was: no flapping many times a second.
                pause = _time.GetElapsedTime(healthySince) > BetweenMeasurements ? FirstPause : pause;
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

    /// <summary>Asks Redis for its time, and for a write that changes nothing: a demoted primary answers the first and not the second.</summary>
    private async Task<RedisFailure?> ProbeAsync(bool learns)
    {
        try
        {
            var multiplexer = _multiplexer ?? await ConnectAsync();
            if (learns && multiplexer.IsConnected)
            {
                // After a failover this is how the client learns who the primary is.
                await Bounded(multiplexer.ConfigureAsync());
            }

            var database = _database!;
            var asked = _time.GetTimestamp();
            var reply = await Bounded(database.ExecuteAsync("TIME", [], CommandFlags.DemandMaster));
            var answered = _time.GetTimestamp();
            var parts = (RedisValue[])reply!;
            Clock.Measured(((long)parts[0] * 1000) + ((long)parts[1] / 1000), asked, answered);
            await ProbeWriteAsync(database, multiplexer.GetEndPoints().Length > 1 ? MostProbeKeys : 1);
            return null;
        }
        catch (Exception exception)
        {
            // Every failure of a probe becomes the breaker's state; an error that says nothing of Redis as a whole is none.
            var failure = RedisFailures.Classify(exception);
            return failure is RedisFailure.Refused or RedisFailure.Full ? null : failure;
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

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var multiplexer = await RedisClient.ConnectAsync(_options.ConnectionString, _stopping.Token);
        multiplexer.ConnectionFailed += (_, _) => OnFailed(RedisFailure.Disconnected, multiplexer);
        multiplexer.ConnectionRestored += (_, _) => Wake();
        _multiplexer = multiplexer;
        _database = multiplexer.GetDatabase();
        return multiplexer;
    }

    private async Task CloseAsync()
    {
        var multiplexer = _multiplexer;
        _database = null;
        _multiplexer = null;
        if (multiplexer is not null)
        {
            try
            {
                await Bounded(multiplexer.CloseAsync(allowCommandsToComplete: false));
            }
            catch (Exception)
            {
                // It is given up either way.
            }

            await RedisClientDifferences.DisposeAsync(multiplexer);
        }
    }

    private void OnFailed(RedisFailure failure, ConnectionMultiplexer? multiplexer)
    {
        if (!ReferenceEquals(multiplexer, _multiplexer))
        {
            return;
        }

        if (multiplexer is null || !multiplexer.IsConnected || multiplexer.GetEndPoints().Length <= 1)
        {
            Breaker.Failed(failure);
            return;
        }

        // One node of several: its own keys fail at once and the others go on, but a replica may have been promoted.
        _rolesInDoubt = true;
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

    private Task Bounded(Task task) => task.WaitAsync(ProbeTimeout, _time, _stopping.Token);

    private TimeSpan ProbeTimeout => _options.Timeout < LongestProbe ? _options.Timeout : LongestProbe;
}
