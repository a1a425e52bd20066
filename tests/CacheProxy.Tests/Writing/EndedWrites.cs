using System.Threading.Channels;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Writing;

/// <summary>A store that can only end writes, and tells of each; the test says what comes of it, and when.</summary>
internal sealed class EndedWrites : ICacheStore
{
    private readonly Channel<string> _calls = Channel.CreateUnbounded<string>();

    /// <summary>What comes of ending a write, by key.</summary>
    public Func<string, Task<StoreOutcome>> Outcome { get; set; } = static _ => Task.FromResult(StoreOutcome.Done);

    /// <summary>Which node has a key.</summary>
    public Func<string, int> Node { get; set; } = static _ => 0;

    public long NowMs => 0;

    public bool IsAvailable => true;

    /// <summary>Key and token of the next attempt; waits until it has been made.</summary>
    public async Task<string> NextAsync() =>
        await _calls.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Xunit.TestContext.Current.CancellationToken);

    public bool HasMore => _calls.Reader.TryPeek(out _);

    public async ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
    {
        var outcome = Outcome(key.Value);
        _calls.Writer.TryWrite($"{key.Value} {token} {result}");
        return new WriteStep(await outcome);
    }

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public Task FirstContact => Task.CompletedTask;

    public int NodeOf(ResourceKey key) => Node(key.Value);

    public string NewFillToken(ResourceKey key) => throw new NotSupportedException();

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        throw new NotSupportedException();

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;
}
