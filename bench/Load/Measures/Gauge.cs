using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Traffic;

namespace CacheProxy.Bench.Load.Measures;

/// <summary>Drives a workload against a peer and notes what it cost the peer and how much of it reached the API.</summary>
internal sealed class Gauge(Origin origin)
{
    private const int Clients = 32;

    public (Values Values, long OriginReads) Run(Subject subject, Workload workload, Func<Pace> pace)
    {
        using var driver = subject.Clients(Clients);
        var readsBefore = origin.Reads();
        var commandsBefore = subject.RedisCommands();
        var (ownBefore, redisBefore) = subject.ProcessorTime();
        var answers = driver.Run(workload, pace());
        var (own, redis) = subject.ProcessorTime();
        var commands = subject.RedisCommands() - commandsBefore;
        var originReads = origin.Reads() - readsBefore;
        var values = new Values
        {
            ["requests"] = answers.Requests,
            ["per-second"] = answers.PerSecond,
            ["cpu"] = (own - ownBefore + redis - redisBefore).TotalMicroseconds / answers.Requests,
            ["cpu-redis"] = (redis - redisBefore).TotalMicroseconds / answers.Requests,
            ["redis-commands"] = (double)commands / answers.Requests,
            ["cpu-generator"] = answers.GeneratorMicroseconds,
            ["p50"] = answers.Percentile(0.5),
            ["p99"] = answers.Percentile(0.99),
            ["p99.9"] = answers.Percentile(0.999),
            ["origin"] = (double)originReads / answers.Requests,
        };
        return (values, originReads);
    }

    /// <summary>The same, for requests of which each has to reach the API exactly so often: 0 for hits, 1 for misses.</summary>
    public Values RunExpecting(int originReadsEach, Subject subject, Workload workload, Func<Pace> pace)
    {
        var (values, originReads) = Run(subject, workload, pace);
        var expected = (long)values["requests"] * originReadsEach;
        return originReads == expected
            ? values
            : throw new BenchFailure($"The API saw {originReads} reads instead of {expected}: these were not all {(originReadsEach == 0 ? "hits" : "misses")}");
    }

    /// <summary>Reads each customer once, so that it is in the cache.</summary>
    public void Fill(Subject subject, int keys, CustomerKind kind, int first = 0) =>
        Run(subject, Asks.Once(keys, kind, first, subject.Instances), Pace.UntilDone);
}
