using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>What is stored of a resource, for who asks. No request waits for it, so that it counts as no step and never opens the breaker.</summary>
internal sealed partial class RedisStore
{
    public async ValueTask<StoredResource?> InspectAsync(ResourceKey key, StoreTimeoutBudget budget)
    {
        if (budget.Remaining <= TimeSpan.Zero || !_connection.TryGetPrimary(out var primary))
        {
            return null;
        }

        try
        {
            // As text: it is asked for seldom, and changes nothing.
            var asked = primary.Database.ScriptEvaluateAsync(
                _scripts.Inspect.Text, [key.Value], [], CommandFlags.DemandMaster | CommandFlags.NoScriptCache);
            var reply = (RedisValue[])(await _deadlines.WaitAsync(asked, budget.Remaining))!;
            return _entries.Inspect(reply, key, primary.ReplicationIdOf(key.Value));
        }
        catch (Exception exception)
        {
            // Whatever the client library throws: what is stored is not known.
            _refusals.Report(RedisFailures.Classify(exception), exception, _scripts.Inspect);
            return null;
        }
    }
}
