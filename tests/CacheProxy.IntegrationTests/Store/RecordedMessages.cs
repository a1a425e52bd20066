using System.Collections.Concurrent;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>What a replica hears. An invalidation is acknowledged at once with this number, if there is one.</summary>
internal sealed class RecordedMessages : IReplicaListener
{
    private readonly ConcurrentQueue<string> _heard = new();
    private readonly IReplicaChannel _channel;
    private readonly long? _acknowledges;

    public RecordedMessages(ICacheStore store, long? acknowledges = null)
    {
        (_channel, _acknowledges) = (store.Channel!, acknowledges);
        _channel.Attach(this);
    }

    public string[] Heard => [.. _heard];

    public void OnInvalidation(ResourceKey key, string writer)
    {
        _heard.Enqueue($"{key.Value} is written by {writer}");
        if (_acknowledges is { } number)
        {
            _channel.Acknowledge(writer, key, number);
        }
    }

    public void OnAcknowledgement(ResourceKey key, string replica, long number) => _heard.Enqueue($"{replica} serves {key.Value} from {number} on");

    public void OnClosed() => _heard.Enqueue("closed");
}
