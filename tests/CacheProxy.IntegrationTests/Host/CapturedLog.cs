using System.Collections.Concurrent;
using Serilog.Core;
using Serilog.Events;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>All log events of one host, as Serilog's sinks get them.</summary>
internal sealed class CapturedLog : ILogEventSink
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<LogEvent> _events = new();
    private readonly SemaphoreSlim _more = new(0);

    public IReadOnlyCollection<LogEvent> Events => _events;

    public IEnumerable<string> Messages => _events.Select(static logged => logged.RenderMessage());

    public void Emit(LogEvent logEvent)
    {
        _events.Enqueue(logEvent);
        _more.Release();
    }

    /// <summary>Waits until <paramref name="count"/> messages contain the text. One waiter at a time.</summary>
    public async Task WaitForAsync(string text, int count = 1)
    {
        while (Messages.Count(message => message.Contains(text, StringComparison.Ordinal)) < count)
        {
            Assert.True(
                await _more.WaitAsync(Budget, TestContext.Current.CancellationToken),
                $"No message with '{text}' among:\n{string.Join('\n', Messages)}");
        }
    }
}
