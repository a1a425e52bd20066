using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Management;
using CacheProxy.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Writing;

public sealed class WritesOfPoliciesThatAreOffTests
{
    [Fact]
    public async Task Only_what_is_on_is_fenced_and_both_are_evicted_before_the_answer() => Assert.Equal(
        ["begin a", "end a Changed", "end b Changed"], await StepsAsync(WriteResult.Changed, Policy("a"), Policy("b", CacheMode.Off)));

    [Fact]
    public async Task A_policy_that_is_off_costs_a_write_one_step() =>
        Assert.Equal(["end b Changed"], await StepsAsync(WriteResult.Changed, Policy("b", CacheMode.Off)));

    [Fact]
    public async Task A_write_that_changed_nothing_costs_none() =>
        Assert.Empty(await StepsAsync(WriteResult.Unchanged, Policy("b", CacheMode.Off)));

    [Fact]
    public async Task A_write_whose_outcome_is_unknown_leaves_a_fence_for_those_who_have_it_on() =>
        Assert.Equal(["begin b", "end b Unknown"], await StepsAsync(WriteResult.Unknown, Policy("b", CacheMode.Off)));

    [Fact]
    public async Task A_strict_policy_that_is_off_is_fenced_like_one_that_is_on() => Assert.Equal(
        ["begin b", "end b Changed"], await StepsAsync(WriteResult.Changed, Policy("b", CacheMode.Off, WriteConsistency.Strict)));

    private static async Task<IReadOnlyList<string>> StepsAsync(WriteResult result, params CachePolicy[] policies)
    {
        var store = new NotedWrites();
        using var exposition = new Exposition();
        using var copies = new LocalCopies(TimeProvider.System);
        var pending = new PendingEvictions(TimeProvider.System, NullLogger<PendingEvictions>.Instance);
        var services = new WriteServices(
            new ResourceCache(store, pending, copies, new VaryHints(), new AbsentKeys()),
            new CacheEventLog(NullLoggerFactory.Instance),
            new WriteMetrics(exposition.Meters, store, pending),
            TimeProvider.System);
        await using var write = new WriteFence(
            services, TimeSpan.FromSeconds(1), [.. policies.Select(static policy => new EvictionTarget(policy, new ResourceKey(policy.Name), null, null))]);

        Assert.True(await write.TryBeginAsync());
        Assert.True(write.IsStanding);
        await write.EndAsync(result);
        return store.Steps;
    }

    private static CachePolicy Policy(string name, CacheMode mode = CacheMode.On, WriteConsistency consistency = WriteConsistency.BestEffort)
    {
        var options = new CachePolicyOptions { Name = name, Key = "{tenant}:" + name, Mode = mode, WriteConsistency = consistency };
        return new CachePolicy(options, KeyTemplate.TryParse(options.Key, out var template, out _) ? template! : throw new InvalidOperationException());
    }

    private sealed class NotedWrites : ICacheStore
    {
        public List<string> Steps { get; } = [];

        public long NowMs => 0;

        public bool IsAvailable => true;

        public Task FirstContact => Task.CompletedTask;

        public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
            Note($"begin {key.Value}");

        public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
            Note($"end {key.Value} {result}");

        public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => throw new NotSupportedException();

        public string NewFillToken(ResourceKey key) => throw new NotSupportedException();

        public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
            throw new NotSupportedException();

        public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
            throw new NotSupportedException();

        public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;

        private ValueTask<WriteStep> Note(string step)
        {
            Steps.Add(step);
            return new(WriteStep.Done);
        }
    }
}
