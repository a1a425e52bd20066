using System.Globalization;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>The steps on the index of a resource, which has a key, and perhaps a node, of its own.</summary>
internal sealed partial class RedisStore
{
    private const string Done = "done";
    private const string Registered = "registered";

    private static readonly long MarkStandsMs = Milliseconds(DependentIndex.MarkStands);

    public IIndexVersions? Versions => _connection.TryGetPrimary(out var primary) ? primary : null;

    public async ValueTask<Registration> RegisterAsync(
        ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget)
    {
        RedisValue[] arguments = [MarkStandsMs, dependent.Value, Milliseconds(life), mostDependents];
        return await RunAsync(StoreStep.Register, _scripts.Register, IndexOf(key), arguments, budget) switch
        {
            Registered => new Registration(RegistrationOutcome.Registered),
            "written" => new Registration(RegistrationOutcome.Written),
            "full" => new Registration(RegistrationOutcome.Full),
            var reply when reply.StartsWith(Registered, StringComparison.Ordinal)
                && long.TryParse(reply.AsSpan(Registered.Length), CultureInfo.InvariantCulture, out var sinceWriteMs) =>
                new Registration(RegistrationOutcome.Registered, sinceWriteMs),
            _ => new Registration(RegistrationOutcome.Unavailable),
        };
    }

    public async ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget)
    {
        RedisValue[] arguments = [MarkStandsMs, token.ToString(), Milliseconds(deadline)];
        return Read(await RunAsync(StoreStep.BeginWriteOnIndex, _scripts.BeginWriteOnIndex, IndexOf(key), arguments, budget));
    }

    public async ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget)
    {
        RedisValue[] arguments = [MarkStandsMs, token.ToString(), Milliseconds(deadline)];
        return await RunAsync(StoreStep.RenewWriteOnIndex, _scripts.RenewWriteOnIndex, IndexOf(key), arguments, budget) switch
        {
            "renewed" => IndexRenewal.Renewed,
            "lost" or ForeignKey => IndexRenewal.Lost,
            _ => IndexRenewal.Unavailable,
        };
    }

    public async ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget)
    {
        RedisValue[] arguments = [MarkStandsMs, token.Write + ".", token.ToString(), changed ? 1 : 0];
        return Read(await RunAsync(StoreStep.EndWriteOnIndex, _scripts.EndWriteOnIndex, IndexOf(key), arguments, budget));
    }

    private static ResourceKey IndexOf(ResourceKey key) => new(key.Value + DependentIndex.Suffix);

    // On a key of another program nothing is registered, so nothing depends on the resource.
    private static IndexedWrite Read(string reply)
    {
        if (reply is Done or ForeignKey)
        {
            return IndexedWrite.Done;
        }

        var lines = reply.Split('\n');
        return lines[0] == Done
            ? new IndexedWrite(StoreOutcome.Done, Array.ConvertAll(lines[1..], static line => new ResourceKey(line)))
            : IndexedWrite.Unavailable;
    }
}
