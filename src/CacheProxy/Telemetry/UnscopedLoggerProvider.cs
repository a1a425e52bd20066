namespace CacheProxy.Telemetry;

/// <summary>Leaves out scopes, such as the server's with the connection's id: an event has the properties that it names itself.</summary>
internal sealed class UnscopedLoggerProvider(ILoggerProvider provider) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new UnscopedLogger(provider.CreateLogger(categoryName));

    public void Dispose() => provider.Dispose();

    private sealed class UnscopedLogger(ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logger.Log(logLevel, eventId, state, exception, formatter);
    }
}
