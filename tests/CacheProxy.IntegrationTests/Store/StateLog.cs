using System.Collections.Concurrent;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>Keeps the names of the events that a store logged.</summary>
internal sealed class StateLog : ILogger<RedisStore>
{
    private readonly ConcurrentQueue<string> _lines = new();

    public string[] Events => [.. _lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(formatter(state, exception));
}
