namespace CacheProxy.Management.Figures;

/// <summary>What this replica held in one span of time, and what answers waited for holders.</summary>
internal sealed class CopyFigures
{
    /// <summary>Leases that were asked for, by what came of it.</summary>
    public Tally Holds { get; } = new("granted", "refused", "unavailable");

    /// <summary>Leases that were given back, by reason.</summary>
    public Tally Releases { get; } = new("invalidated");

    /// <summary>Answers that waited for holders, by what ended it.</summary>
    public Tally Waits { get; } = new("acknowledged", "lapsed", "grace");

    /// <summary>How long they waited.</summary>
    public Latency Wait { get; } = new();

    /// <summary>Adds what one series counted, if it is about copies.</summary>
    public bool TryAdd(Series series, double value)
    {
        switch (series.Name)
        {
            case "cacheproxy_holds_total":
                Holds.Add(series["result"], value);
                return true;
            case "cacheproxy_releases_total":
                Releases.Add(series["reason"], value);
                return true;
            case "cacheproxy_evictions_waits_total":
                Waits.Add(series["ended"], value);
                return true;
            case "cacheproxy_evictions_wait_seconds_bucket":
                Wait.Add(MetricsReading.Number(series["le"]), value);
                return true;
            default:
                return false;
        }
    }
}
