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

    // A peer that vanished without a word leaves a connection that never fails; after so many unanswered probes it is given up.
    private const int MostUnansweredProbes = 5;

    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RedisKey _probeKey;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private volatile ConnectionMultiplexer? _multiplexer;
    private volatile IDatabase? _database;
    private volatile TaskCompletionSource _wake = NewWake();
    private bool _toldUnavailable;

    public RedisConnection(RedisOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _probeKey = options.KeyPrefix + "cacheproxy:probe";
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
            case RedisFailure.NotReady:
                Breaker.Failed(failure);
                break;
            case RedisFailure.Disconnected:
                // In a cluster a node that is gone fails its own keys, at once; the others go on.
                if (_multiplexer is not { } multiplexer || multiplexer.GetEndPoints().Length <= 1 || !multiplexer.IsConnected)
                {
                    Breaker.Failed(failure);
                }

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
            var failure = await ProbeAsync();
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

                await WaitAsync(BetweenMeasurements);

                // Opening again soon after it closed goes on with the pause where it was: no flapping many times a second.
                pause = _time.GetElapsedTime(healthySince) > BetweenMeasurements ? FirstPause : pause;
                continue;
            }

            unanswered = failure == RedisFailure.TimedOut ? unanswered + 1 : 0;
            if (unanswered >= MostUnansweredProbes)
            {
                unanswered = 0;
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
    private async Task<RedisFailure?> ProbeAsync()
    {
        try
        {
            var multiplexer = _multiplexer ?? await ConnectAsync();
            if (!Breaker.IsClosed && multiplexer.IsConnected)
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
            await Bounded(database.KeyDeleteAsync(_probeKey, CommandFlags.DemandMaster));
            return null;
        }
        catch (Exception exception)
        {
            // Every failure of a probe becomes the breaker's state; an error that says nothing of Redis as a whole is none.
            var failure = RedisFailures.Classify(exception);
            return failure is RedisFailure.Refused or RedisFailure.Full ? null : failure;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var options = ConfigurationOptions.Parse(_options.ConnectionString);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(250);
        options.ClientName ??= string.Create(CultureInfo.InvariantCulture, $"cacheproxy-{Environment.ProcessId}");
        RedisClientDifferences.BeforeConnect(options);
        var connecting = ConnectionMultiplexer.ConnectAsync(options);
        ConnectionMultiplexer multiplexer;
        try
        {
            multiplexer = await connecting.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The process ends; a connection that comes about all the same is closed.
            _ = connecting.ContinueWith(static late => late.Result.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
            throw;
        }

        RedisClientDifferences.AfterConnect(multiplexer);
        multiplexer.ConnectionFailed += (_, _) => OnConnectionFailed(multiplexer);
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

            multiplexer.Dispose();
        }
    }

    private void OnConnectionFailed(ConnectionMultiplexer multiplexer)
    {
        if (ReferenceEquals(multiplexer, _multiplexer) && !multiplexer.IsConnected)
        {
            Breaker.Failed(RedisFailure.Disconnected);
        }
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

    private Task<T> Bounded<T>(Task<T> task) => RedisWait.AtMost(task, ProbeTimeout, _time);

    private Task Bounded(Task task) => task.WaitAsync(ProbeTimeout, _time, _stopping.Token);

    private TimeSpan ProbeTimeout => _options.Timeout < LongestProbe ? _options.Timeout : LongestProbe;
}
