using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using CacheProxy.Bench.Load.Machine;
using CacheProxy.Bench.Load.Measures;
using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Results;

namespace CacheProxy.Bench.Load;

/// <summary>Takes every measure of every peer, round by round: within a round all peers follow each other, each round begins with another.</summary>
internal static class Bench
{
    public static Run Run(Options options)
    {
        using var site = new Site(options.Files, options.Programs);
        using var plan = new Plan(site, options.Scale);
        var peers = PeerList.All.Where(peer => options.Only.IsMatch(peer.Name) && site.Has(peer)).ToArray();
        var measures = plan.Measures.Where(measure => options.Measures.IsMatch(measure.Name)).ToArray();
        var run = new Run
        {
            Date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd"),
            Commit = options.Commit,
            Scale = options.Scale.Name,
            Machine = Computer.Describe(),
        };
        if (site.AotBinary is { Exists: true, Length: var bytes })
        {
            run.Machine["AOT binary"] = string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
        }

        var started = Stopwatch.GetTimestamp();
        foreach (var measure in measures)
        {
            Console.WriteLine($"== {measure.Title}, after {Stopwatch.GetElapsedTime(started).TotalMinutes:0.0} minutes");
            for (var round = 1; round <= measure.Rounds; round++)
            {
                for (var i = 0; i < peers.Length; i++)
                {
                    Take(run, plan, measure, peers[(i + round - 1) % peers.Length], round);
                }
            }
        }

        return run;
    }

    private static void Take(Run run, Plan plan, Measure measure, Peer peer, int round)
    {
        if (!measure.Applies(peer))
        {
            return;
        }

        var started = Stopwatch.GetTimestamp();
        try
        {
            var values = measure.Run(peer, round);
            run.Figures.Add(new Figure(measure.Name, peer.Name, round, values));
            Console.WriteLine(
                $"{measure.Name} {round}/{measure.Rounds} {peer.Name} ({Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s):"
                + string.Concat(values.Select(static value => $" {value.Key}={value.Value:0.##}")));
        }
        catch (Exception failure) when (failure is BenchFailure or SocketException or HttpRequestException)
        {
            // The figure would be wrong, so there is none; the others are taken, and the exit code tells.
            plan.Stop(peer);
            var text = $"{measure.Name}, {peer.Name}, round {round}: {failure.Message}";
            run.Failures.Add(text);
            Console.Error.WriteLine($"FAILED: {text}");
        }
    }
}
