using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>A log that throws the first time that it is given this message.</summary>
internal sealed class FailingLog(string message) : ILogger<RedisStore>
{
    private int _given;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (formatter(state, exception) == message && Interlocked.Increment(ref _given) == 1)
        {
            throw new InvalidOperationException("The log is full.");
        }
    }
}
