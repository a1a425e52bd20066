using System.Globalization;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>
/// One channel of Redis per replica: <c>PREFIXcacheproxy:replica:R</c>. Nothing is opened, or sent, before somebody asks whether it is open.
/// From then on the replica pings itself: only what comes back shows that invalidations would, too.
/// </summary>
internal sealed class RedisReplicaChannel(RedisConnection connection, string keyPrefix, TimeProvider time, ILogger logger)
    : IReplicaChannel, IAsyncDisposable
{
    private static readonly TimeSpan BetweenPings = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private IReplicaListener? _listener;
    private Task? _loop;
    private IConnectionMultiplexer? _subscribed;
    private volatile bool _isOpen;
    private long _heard;
    private bool _isReported;
    private bool _mayDropIsReported;

    /// <summary>16 hexadecimal digits, by which the scripts tell a name from what others write.</summary>
    public string Replica { get; } = Random.Shared.NextInt64(long.MinValue, long.MaxValue).ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>What the names of all channels begin with.</summary>
    public string Channels { get; } = keyPrefix + "cacheproxy:replica:";

    public bool IsOpen
    {
        get
        {
            Start();
            return _isOpen;
        }
    }

    public void Attach(IReplicaListener listener) => Volatile.Write(ref _listener, listener);

    public void Invalidate(ResourceKey key, string replica)
    {
        // Who asks for acknowledgements must hear them, even if it holds nothing itself.
        Start();
        Send(replica, ReplicaMessage.Invalidation(Replica, key));
    }

    public void Acknowledge(string writer, ResourceKey key, long number) => Send(writer, ReplicaMessage.Acknowledgement(Replica, number, key));

    /// <summary>A writer has been told of holders: what they acknowledge is to be heard.</summary>
    public void Start()
    {
        if (_loop is not null)
        {
            return;
        }

        lock (_lock)
        {
            _loop ??= _stopping.IsCancellationRequested ? Task.CompletedTask : Task.Run(RunAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Task loop;
        lock (_lock)
        {
            loop = _loop ??= Task.CompletedTask;
        }

        await loop;
        _isOpen = false;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        Volatile.Write(ref _heard, time.GetTimestamp());
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await PingAsync();
            }
            catch (Exception exception)
            {
                // Nothing comes back, so that nothing is held. The next ping tries again.
                Report(exception);
            }

            await Task.WhenAny(Task.Delay(BetweenPings, time, _stopping.Token));
            if (time.GetElapsedTime(Volatile.Read(ref _heard)) > LongestSilence)
            {
                Close();
            }
        }
    }

    private async Task PingAsync()
    {
        if (!connection.TryGetPrimary(out var primary))
        {
            return;
        }

        var client = primary.Database.Multiplexer;
        var subscriber = client.GetSubscriber();
        if (!ReferenceEquals(client, _subscribed))
        {
            // Once only: with a second subscription each message would be heard twice.
            await subscriber.UnsubscribeAsync(ChannelOf(Replica)).WaitAsync(LongestSilence, time, _stopping.Token);
            await subscriber.SubscribeAsync(ChannelOf(Replica), (_, message) => OnMessage(message)).WaitAsync(LongestSilence, time, _stopping.Token);
            _subscribed = client;
        }

        if (primary.MayDropAny && !_mayDropIsReported && _isOpen)
        {
            _mayDropIsReported = true;
            logger.HeldKeysMayBeDropped();
        }

        await subscriber.PublishAsync(ChannelOf(Replica), ReplicaMessage.Ping(time.GetTimestamp())).WaitAsync(LongestSilence, time, _stopping.Token);
    }

    private RedisChannel ChannelOf(string name) => RedisChannel.Literal(Channels + name);

    private void Send(string name, string message)
    {
        try
        {
            if (connection.TryGetPrimary(out var primary))
            {
                primary.Database.Multiplexer.GetSubscriber().Publish(ChannelOf(name), message, CommandFlags.FireAndForget);
            }
        }
        catch (Exception)
        {
            // Any message may be lost: a writer that hears nothing waits until the lease has run out.
        }
    }

    private void OnMessage(RedisValue value)
    {
        try
        {
            OnMessage(ReplicaMessage.Parse(value.ToString()));
        }
        catch (Exception exception)
        {
            // A bug: as if the message had been lost.
            logger.ReplicaMessageFailed(exception);
        }
    }

    private void OnMessage(ReplicaMessage message)
    {
        switch (message.Kind)
        {
            case ReplicaMessageKind.Ping:
                Heard(message.Number);
                break;
            case ReplicaMessageKind.Invalidation:
                Volatile.Read(ref _listener)?.OnInvalidation(new ResourceKey(message.Key), message.Replica);
                break;
            case ReplicaMessageKind.Acknowledgement:
                Volatile.Read(ref _listener)?.OnAcknowledgement(new ResourceKey(message.Key), message.Replica, message.Number);
                break;
            case ReplicaMessageKind.Unknown:
                // From a later version, or from somebody else.
                break;
        }
    }

    /// <param name="sent">When the ping was sent: one that was long on its way says nothing of now.</param>
    private void Heard(long sent)
    {
        lock (_lock)
        {
            if (sent > _heard && sent <= time.GetTimestamp())
            {
                _heard = sent;
            }

            if (_isOpen || _stopping.IsCancellationRequested || time.GetElapsedTime(_heard) > LongestSilence || sent != _heard)
            {
                return;
            }

            _isOpen = true;
            if (!_isReported)
            {
                return;
            }

            _isReported = false;
        }

        logger.ReplicaChannelBack();
    }

    private void Close()
    {
        bool wasOpen, reports;
        lock (_lock)
        {
            if (time.GetElapsedTime(_heard) <= LongestSilence)
            {
                return;
            }

            wasOpen = _isOpen;
            _isOpen = false;
            _subscribed = null;
            // While Redis is away, that is what is reported.
            reports = !_isReported && connection.TryGetPrimary(out _);
            _isReported |= reports;
        }

        if (wasOpen)
        {
            Volatile.Read(ref _listener)?.OnClosed();
        }

        if (reports)
        {
            logger.ReplicaChannelSilent();
        }
    }

    private void Report(Exception exception)
    {
        if (!_isReported && RedisFailures.Classify(exception) is RedisFailure.CommandDenied or RedisFailure.Refused)
        {
            _isReported = true;
            logger.ReplicaChannelDenied();
        }
    }
}
