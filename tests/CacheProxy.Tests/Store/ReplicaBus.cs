using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Store;

/// <summary>
/// What replicas send each other, in the hands of a test: each message waits until it is delivered, which may be late, twice, or never.
/// </summary>
internal sealed class ReplicaBus
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ReplicaChannel> _channels = [];
    private readonly List<ReplicaMessage> _waiting = [];

    /// <summary>Whether messages are delivered as soon as they are sent.</summary>
    public bool DeliversAtOnce { get; set; }

    /// <summary>Whether a message waits although one that says the same waits already. Who plays all orders has no use for it: one may be lost.</summary>
    public bool KeepsRepeats { get; set; } = true;

    /// <summary>What has been sent and not taken, the oldest first.</summary>
    public ReplicaMessage[] Waiting
    {
        get
        {
            lock (_lock)
            {
                return [.. _waiting];
            }
        }
    }

    /// <summary>How many messages have been sent.</summary>
    public int Sent { get; private set; }

    /// <summary>The channel of a replica; a replica that takes another one's name takes its channel.</summary>
    public ReplicaChannel Join(string replica)
    {
        lock (_lock)
        {
            return _channels[replica] = new ReplicaChannel(this, replica);
        }
    }

    public ReplicaChannel ChannelOf(string replica)
    {
        lock (_lock)
        {
            return _channels[replica];
        }
    }

    public void Send(ReplicaMessage message)
    {
        lock (_lock)
        {
            Sent++;
            if (!DeliversAtOnce)
            {
                if (KeepsRepeats || !_waiting.Exists(message.Repeats))
                {
                    _waiting.Add(message);
                }

                return;
            }
        }

        Deliver(message);
    }

    /// <summary>Takes the oldest message away. Who drops it has lost it; who delivers it twice has doubled it.</summary>
    public ReplicaMessage? Take()
    {
        lock (_lock)
        {
            if (_waiting is not [var first, ..])
            {
                return null;
            }

            _waiting.RemoveAt(0);
            return first;
        }
    }

    /// <summary>Takes away what the test names.</summary>
    public ReplicaMessage[] TakeAll(Predicate<ReplicaMessage>? isMeant = null)
    {
        lock (_lock)
        {
            ReplicaMessage[] taken = [.. _waiting.Where(message => isMeant?.Invoke(message) ?? true)];
            _waiting.RemoveAll(taken.Contains);
            return taken;
        }
    }

    /// <summary>Hands a message to whom it is for; nobody hears what is sent to a replica that does not listen.</summary>
    public void Deliver(ReplicaMessage message)
    {
        ReplicaChannel? channel;
        lock (_lock)
        {
            channel = _channels.GetValueOrDefault(message.To);
        }

        if (channel is not { IsOpen: true, Listener: { } listener })
        {
            return;
        }

        if (message.Number is { } number)
        {
            listener.OnAcknowledgement(message.Key, message.From, number);
        }
        else
        {
            listener.OnInvalidation(message.Key, message.From);
        }
    }

    /// <summary>Delivers what is waiting, and what is sent because of it, until nothing waits.</summary>
    public void DeliverAll()
    {
        while (Take() is { } message)
        {
            Deliver(message);
        }
    }
}

/// <summary>What one replica tells another.</summary>
/// <param name="To">The replica that it is for.</param>
/// <param name="Key">The resource.</param>
/// <param name="From">Who says it.</param>
/// <param name="Number">The number that is acknowledged; <c>null</c> for an invalidation.</param>
internal sealed record ReplicaMessage(string To, ResourceKey Key, string From, long? Number = null)
{
    public bool IsInvalidation => Number is null;

    /// <summary>Whether it says the same.</summary>
    public bool Repeats(ReplicaMessage other) => (To, Key, From, Number) == (other.To, other.Key, other.From, other.Number);

    // Two messages that say the same are two.
    public bool Equals(ReplicaMessage? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>The end of the bus at one replica.</summary>
internal sealed class ReplicaChannel(ReplicaBus bus, string replica) : IReplicaChannel
{
    public string Replica => replica;

    public bool IsOpen { get; private set; } = true;

    public IReplicaListener? Listener { get; private set; }

    public void Attach(IReplicaListener listener) => Listener = listener;

    public void Invalidate(ResourceKey key, string replica) => bus.Send(new ReplicaMessage(replica, key, Replica));

    public void Acknowledge(string writer, ResourceKey key, long number) => bus.Send(new ReplicaMessage(writer, key, Replica, number));

    /// <summary>Its own messages do not come back any more, and it notices.</summary>
    public void Close()
    {
        IsOpen = false;
        Listener?.OnClosed();
    }

    public void Open() => IsOpen = true;
}
