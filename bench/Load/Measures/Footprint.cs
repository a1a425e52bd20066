using System.Diagnostics;
using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Traffic;

namespace CacheProxy.Bench.Load.Measures;

/// <summary>What a process takes that has just been started: time to its first answer, and memory. Redis is not counted.</summary>
internal sealed class Footprint(Site site, Gauge gauge, Scale scale)
{
    private const int Entries = 10_000;

    public Values Start(Peer peer)
    {
        using var subject = new Subject(site, peer, instances: 0);
        var started = Stopwatch.GetTimestamp();
        subject.StartInstance(site);
        One(subject);
        return new Values { ["milliseconds"] = Stopwatch.GetElapsedTime(started).TotalMilliseconds };
    }

    public Values Memory(Peer peer)
    {
        using var subject = new Subject(site, peer);
        One(subject);
        // Until what the start has left behind is done with.
        Thread.Sleep(scale.Settle);
        var values = new Values { ["idle"] = subject.ResidentMegabytes() };
        if (peer.Scope != PeerScope.PassThrough)
        {
            gauge.Fill(subject, Entries, CustomerKind.Small);
            values["entries"] = subject.ResidentMegabytes();
            gauge.Run(subject, Asks.Again(Entries, CustomerKind.Small, 1), () => Pace.Saturated(scale.Saturated));
            values["load"] = subject.ResidentMegabytes();
        }

        using (var idle = subject.Clients(scale.IdleConnections))
        {
            // Each connection carries a request, for a server keeps more of one that was used.
            idle.Run(new Asks(scale.IdleConnections, static i => new Ask(new Customer(i % Mix.Tenants, CustomerKind.Small, i), AskKind.Read)), Pace.UntilDone());
            values["connections"] = subject.ResidentMegabytes();
        }

        gauge.Run(subject, Asks.Flood(scale.Flood), Pace.UntilDone);
        values["flood"] = subject.ResidentMegabytes();
        return values;
    }

    private static void One(Subject subject)
    {
        using var client = subject.Clients(1);
        client.Run(Asks.Once(1, CustomerKind.Small), Pace.UntilDone());
    }
}
