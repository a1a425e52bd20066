using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Writes that go past the replicas, and are told of afterwards.</summary>
internal sealed partial class ReplicaRun
{
    private readonly bool _takesBlindly;

    private async ValueTask WriteOutsideAsync(ReplicaPartyState state, ExploredReplica replica, int step)
    {
        if (step == 0)
        {
            state.Version = ++_version;
            return;
        }

        if (state.IsTaken)
        {
            return;
        }

        var outcome = await replica.Cache.EvictAsync(_explored.Key, $"e{state.Token[1..^1]}{step}", _budget);
        state.IsTaken = _takesBlindly || outcome == StoreOutcome.Done;
        state.IsUnsettled = !state.IsTaken;
        if (state.IsTaken)
        {
            // From here on everybody may rely on it, through whichever replica.
            PromiseAll(state.Version);
        }
    }
}
