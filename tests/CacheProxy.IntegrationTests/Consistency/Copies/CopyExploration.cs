using System.Diagnostics;
using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Store;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Store.Redis.Topologies;
using CacheProxy.Tests.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>Plays every order in which the steps of a system can come.</summary>
internal static class CopyExploration
{
    // So many first steps are shared out among the explorers.
    private const int SharedDepth = 4;
    private const int RedisExplorers = 16;
    private const int MostReplicas = 3;

    public static Task<long> PlayInMemoryAsync(ITestOutputHelper output, string name, CopyParty[] system, CopyDamage? damage = null) => PlayAsync(
        output,
        "memory, copies, " + name,
        system,
        [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new CopiedMemoryStore(CopyRun.Grace, (damage ?? CopyDamage.None).OfScripts))],
        damage);

    public static async Task<long> PlayInRedisAsync(ITestOutputHelper output, CopyParty[][] systems, CopyDamage? damage = null)
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await RedisClient.ConnectAsync(
            RedisClient.Options(server.ConnectionString), static _ => { }, static () => { }, TestContext.Current.CancellationToken);
        var primary = new ExploredPrimary(connection.GetDatabase(), connection.GetServers()[0]);
        var stores = new ICacheStore[MostReplicas][];
        var total = 0L;
        try
        {
            for (var i = 0; i < stores.Length; i++)
            {
                // Another takes the place of one that dies.
                stores[i] = [await OpenAsync(server, primary), await OpenAsync(server, primary)];
            }

            foreach (var system in systems)
            {
                await server.SendAsync("FLUSHALL");
                total += await PlayAsync(
                    output,
                    "Redis, copies",
                    system,
                    [.. Enumerable.Range(0, RedisExplorers).Select(number => new CopiedRedisStore(stores, connection.GetDatabase(), primary, number, system))],
                    damage);
            }
        }
        finally
        {
            foreach (var store in stores.SelectMany(static replica => replica ?? []))
            {
                await store.DisposeAsync();
            }
        }

        return total;
    }

    // Its clock stands still, so that nothing but the explorer decides what it knows of Redis.
    private static async Task<ICacheStore> OpenAsync(RedisServer server, ExploredPrimary primary)
    {
        var store = await RedisStores.OpenAsync(
            server, timeout: TimeSpan.FromSeconds(20), time: new FakeTimeProvider(), scripts: new RedisScripts(ExploredRedisStore.Clock));
        primary.PutInto(store);
        return store;
    }

    /// <param name="output">Where the counts go.</param>
    /// <param name="name">What the system is about.</param>
    /// <param name="system">Who takes steps.</param>
    /// <param name="stores">One store for each explorer; each has a thread of its own.</param>
    /// <param name="damage">What is wrong.</param>
    public static async Task<long> PlayAsync(ITestOutputHelper output, string name, CopyParty[] system, IReadOnlyList<ICopiedStore> stores, CopyDamage? damage = null)
    {
        var started = Stopwatch.GetTimestamp();
        var shared = new Shared(system, damage ?? CopyDamage.None, TestContext.Current.CancellationToken);
        var counts = await Task.WhenAll(stores.Select(store => Task.Factory.StartNew(
            () => Explore(shared, store), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        var (played, holds, copies) = (counts.Sum(static count => count.Played), counts.Sum(static count => count.Holds), counts.Sum(static count => count.FromCopies));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name} [{string.Join("; ", system)}]: {played:N0} interleavings, {holds:N0} leases, {copies:N0} reads from copies, {Stopwatch.GetElapsedTime(started).TotalSeconds:N1} s"));
        Assert.NotEqual(0, holds);
        return played;
    }

    /// <summary>All states that a system comes to.</summary>
    /// <param name="system">Who takes steps.</param>
    /// <param name="leavesOut">Whether orders are left out that lead to nothing new.</param>
    public static Task<(long Played, HashSet<string> States)> StatesAsync(CopyParty[] system, bool leavesOut) => Task.Factory.StartNew(
        () =>
        {
            var context = new SteppedContext();
            SynchronizationContext.SetSynchronizationContext(context);
            var run = new CopyRun(new CopiedMemoryStore(CopyRun.Grace, SharedStoreDamage.None), context, CopyDamage.None);
            var (played, states) = (0L, new HashSet<string>());
            var choices = new CopyChoices([]);
            do
            {
                Play(run, system, choices, leavesOut ? run.Touches : static _ => CopyTouch.Everything, () => states.Add(run.State()));
                played++;
            }
            while (choices.Backtrack());
            return (played, states);
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private static (long Played, long Holds, long FromCopies) Explore(Shared shared, ICopiedStore store)
    {
        var context = new SteppedContext();
        SynchronizationContext.SetSynchronizationContext(context);
        var run = new CopyRun(store, context, shared.Damage);
        var played = 0L;
        try
        {
            while (shared.Next(run) is { } prefix)
            {
                played += ExploreFrom(run, shared, prefix);
            }
        }
        catch
        {
            // One broken promise is enough; the others stop.
            shared.Fail();
            throw;
        }

        return (played, run.Holds, run.FromCopies);
    }

    private static long ExploreFrom(CopyRun run, Shared shared, int[] prefix)
    {
        var choices = new CopyChoices(prefix);
        var played = 0L;
        do
        {
            shared.ThrowIfEnded();
            Play(run, shared.System, choices, run.Touches);
            played++;
        }
        while (choices.Backtrack());
        return played;
    }

    private static void Play(
        CopyRun run, CopyParty[] system, CopyChoices choices, Func<CopyStep, CopyTouch> touches, Action? afterStep = null, int depthLimit = int.MaxValue)
    {
        var story = new List<string>();
        try
        {
            choices.Begin();
            run.Begin(system);
            while (story.Count < depthLimit && run.Enabled() is { Count: > 0 } enabled)
            {
                var step = choices.Choose(enabled, touches);
                story.Add(run.Describe(step));
                run.Take(step);
                afterStep?.Invoke();
            }

            if (depthLimit == int.MaxValue)
            {
                run.End();
            }
            else
            {
                run.Abandon();
            }
        }
        catch (InterleavingException exception)
        {
            throw new InterleavingException($"[{string.Join("; ", system)}] after ({string.Join("), (", story)}): {exception.Message}.");
        }
    }

    /// <summary>What the explorers of one system share: the beginnings that are still to be played on.</summary>
    private sealed class Shared(CopyParty[] system, CopyDamage damage, CancellationToken cancellation)
    {
        private readonly Lock _lock = new();
        private Queue<int[]>? _prefixes;
        private volatile bool _failed;

        public CopyParty[] System => system;

        public CopyDamage Damage => damage;

        public void Fail() => _failed = true;

        public void ThrowIfEnded() => cancellation.ThrowIfCancellationRequested();

        public int[]? Next(CopyRun run)
        {
            lock (_lock)
            {
                // The first who comes finds out which there are.
                _prefixes ??= new Queue<int[]>(Prefixes(run));
                return !_failed && _prefixes.TryDequeue(out var prefix) ? prefix : null;
            }
        }

        private List<int[]> Prefixes(CopyRun run)
        {
            var all = new List<int[]>();
            var choices = new CopyChoices([]);
            do
            {
                Play(run, system, choices, run.Touches, depthLimit: SharedDepth);
                all.Add(choices.Taken);
            }
            while (choices.Backtrack());

            return all;
        }
    }
}
