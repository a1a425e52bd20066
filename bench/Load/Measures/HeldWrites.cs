using System.Diagnostics;
using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Traffic;

namespace CacheProxy.Bench.Load.Measures;

/// <summary>
/// What a write costs its client while no other instance, one, or three hold a copy of what it changes. Each write has a customer of its own, and
/// the kinds take turns. The API answers at once, so that it hides nothing of what the write waits for.
/// </summary>
internal sealed class HeldWrites(Subject subject, int first)
{
    public const int Instances = 4;

    private const int Writer = 0;
    // The first look-up that wants a lease opens the channel of its instance, which takes a moment.
    private static readonly TimeSpan LongestHolding = TimeSpan.FromSeconds(5);

    private static readonly int[] Kinds = [0, 1, 3];

    public static int Customers(int writesOfEach) => (writesOfEach + WarmUps) * Kinds.Length;

    private const int WarmUps = 10;

    private int _next = first;

    public Values Run(int writesOfEach)
    {
        using var clients = subject.Clients(1);
        var latencies = Kinds.ToDictionary(static kind => kind, static _ => new List<double>());
        for (var i = 0; i < writesOfEach + WarmUps; i++)
        {
            foreach (var holders in Kinds)
            {
                var latency = Write(clients, holders);
                if (i >= WarmUps)
                {
                    latencies[holders].Add(latency);
                }
            }
        }

        var values = new Values();
        foreach (var (holders, taken) in latencies)
        {
            taken.Sort();
            values[$"p50-{holders}"] = taken[taken.Count / 2];
            values[$"p99-{holders}"] = taken[(taken.Count * 99 / 100) - 1];
        }

        values["more-1"] = values["p50-1"] - values["p50-0"];
        values["more-3"] = values["p50-3"] - values["p50-0"];
        return values;
    }

    /// <returns>Microseconds.</returns>
    private double Write(Driver clients, int holders)
    {
        var customer = new Customer(_next % Mix.Tenants, CustomerKind.Small, _next++);
        clients.Run(One(customer, AskKind.Read, Writer), Pace.UntilDone());
        Hold(clients, customer, holders);
        return clients.Run(One(customer, AskKind.Write, Writer), Pace.UntilDone()).Percentile(0.5);
    }

    private void Hold(Driver clients, Customer customer, int holders)
    {
        var key = $"t{customer.Tenant}:customer:a{customer.Number}";
        var began = Stopwatch.GetTimestamp();
        for (var looks = 0; subject.Redis.Holders(key) < holders; looks++)
        {
            if (Stopwatch.GetElapsedTime(began) > LongestHolding)
            {
                throw new BenchFailure($"After {looks} look-ups in each of {holders} instances, {subject.Redis.Holders(key)} hold {key}");
            }

            for (var instance = 1; instance <= holders; instance++)
            {
                clients.Run(One(customer, AskKind.Read, instance), Pace.UntilDone());
            }
        }
    }

    private static Asks One(Customer customer, AskKind kind, int instance) => new(1, _ => new Ask(customer, kind)) { First = instance };
}
