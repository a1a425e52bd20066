using System.Globalization;
using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Results;
using CacheProxy.Bench.Load.Traffic;

namespace CacheProxy.Bench.Load.Measures;

/// <summary>
/// What the hits of one replica ask of Redis: without copies, and with copies that are held from the 2nd, 3rd, 5th or 8th look-up on. The number is
/// a constant of the program, so each is a program of its own, which redis-load.sh has published.
/// </summary>
internal sealed class RedisLoad : IDisposable
{
    private const int PerSecond = 10_000;
    private const int HotKeys = 2_000;

    // 0 for no copies, beside which the others are shown.
    private static readonly int[] LookUps = [0, 2, 3, 5, 8];

    private readonly Site _site;
    private readonly Scale _scale;
    private readonly Gauge _gauge;
    private readonly List<Subject> _subjects = [];
    private readonly Run _run = new() { Date = "", Commit = "", Scale = "", Machine = [] };

    private RedisLoad(Site site, Scale scale)
    {
        (_site, _scale) = (site, scale);
        _gauge = new Gauge(site.Origin);
    }

    public static int Run(Options options)
    {
        using var site = new Site(options.Files, options.Programs);
        using var load = new RedisLoad(site, options.Scale);
        load.Start();
        load.Measure("hot", $"{PerSecond:N0} hits a second over {HotKeys:N0} customers", HotKeys, static (keys, round) => Asks.Again(keys, CustomerKind.Small, round));
        load.Measure("zipf", $"{PerSecond:N0} reads a second over {options.Scale.ZipfKeys:N0} customers by Zipf's law", options.Scale.ZipfKeys, static (keys, round) => Asks.Skewed(keys, CustomerKind.Small, round));
        return 0;
    }

    public void Dispose() => _subjects.ForEach(static subject => subject.Dispose());

    private void Start()
    {
        foreach (var peer in LookUps.Where(number => _site.HasProgram($"held-{number}")).Select(PeerList.HeldFrom))
        {
            var subject = Subject.WithRedisInUse(_site, peer, _scale.Use);
            _subjects.Add(subject);
            _gauge.Fill(subject, _scale.ZipfKeys, CustomerKind.Small);
            _gauge.Run(subject, Asks.Again(HotKeys, CustomerKind.Small, 0, _scale.WarmUp), Pace.UntilDone);
        }
    }

    private void Measure(string name, string title, int keys, Func<int, int, Workload> workload)
    {
        for (var round = 1; round <= _scale.Rounds; round++)
        {
            for (var i = 0; i < _subjects.Count; i++)
            {
                var subject = _subjects[(i + round - 1) % _subjects.Count];
                // What is hot is held when it is measured.
                _gauge.Run(subject, workload(keys, round), () => Pace.Poisson(PerSecond, _scale.RedisLoad / 3, round));
                subject.Redis.ResetStatistics();
                var values = _gauge.RunExpecting(0, subject, workload(keys, round), () => Pace.Poisson(PerSecond, _scale.RedisLoad, round));
                foreach (var (command, (calls, _)) in subject.Redis.CommandStatistics())
                {
                    values["calls-" + command] = calls / values["requests"];
                }

                foreach (var (command, median) in subject.Redis.MedianMicroseconds())
                {
                    values["µs-" + command] = median;
                }

                _run.Figures.Add(new Figure(name, subject.Peer.Name, round, values));
            }
        }

        Print(name, title);
    }

    private void Print(string name, string title)
    {
        var found = new Findings(_run);
        Console.WriteLine($"\n### {title}\n\n| | look-ups of 1,000 requests | holds | µs a look-up, p50 | a hold | commands/s | CPU of Redis, ms/s | / without copies | CPU of all, µs a request | / without copies |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var peer in _subjects.Select(static subject => subject.Peer))
        {
            double? Of(string value) => found.Median(name, peer.Name, value);
            double? Beside(string value) => found.Ratio(name, value, peer.Name, _subjects[0].Peer.Name);
            var perSecond = Of("per-second");
            // Each hold has a look-up of its own in it.
            double?[] cells =
            [
                1000 * (Of("calls-hmget") - (Of("calls-evalsha") ?? 0)), 1000 * Of("calls-evalsha"), Of("µs-hmget"), Of("µs-evalsha"), Of("redis-commands") * perSecond,
                Of("cpu-redis") * perSecond / 1000, Beside("cpu-redis"), Of("cpu"), Beside("cpu"),
            ];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {peer.Title} | {string.Join(" | ", cells.Select(static cell => cell is { } value ? Tables.Number(value) : ""))} |"));
        }
    }
}
