namespace CacheProxy.Management.Figures;

/// <summary>All that was counted in one span of time: from an earlier reading, or from the start, to a later one.</summary>
internal sealed class SpanFigures
{
    /// <param name="now">The later reading.</param>
    /// <param name="then">The earlier one; absent: since the start.</param>
    /// <param name="seconds">Between them.</param>
    public SpanFigures(MetricsReading now, MetricsReading? then, double seconds)
    {
        Seconds = seconds;
        for (var i = 0; i < now.Table.Count; i++)
        {
            Add(now.Table[i], now.Since(then, i));
        }
    }

    public double Seconds { get; }

    /// <summary>Of all policies together.</summary>
    public TrafficFigures Total { get; } = new();

    public SortedDictionary<string, TrafficFigures> Policies { get; } = new(StringComparer.Ordinal);

    /// <summary>How long each step waited for Redis that Redis answered.</summary>
    public SortedDictionary<string, Latency> StoreSteps { get; } = new(StringComparer.Ordinal);

    /// <summary>All steps together.</summary>
    public Latency Store { get; } = new();

    /// <summary>Steps that Redis did not answer.</summary>
    public double StoreFailures { get; private set; }

    /// <summary>Requests that the API did not answer, by the word that says why.</summary>
    public Tally UpstreamFailures { get; } = new();

    public CopyFigures Copies { get; } = new();

    /// <summary>Requests by outcome of the tenants that have counters of their own; empty where none have.</summary>
    public Dictionary<string, Tally> Tenants { get; } = new(StringComparer.Ordinal);

    /// <summary>What shows values and not counts says nothing about a span.</summary>
    private void Add(Series series, double value)
    {
        switch (series.Name)
        {
            case "cacheproxy_store_duration_seconds_bucket" when series["outcome"] == "answered":
                AddStep(series["step"], MetricsReading.Number(series["le"]), value);
                break;
            case "cacheproxy_store_duration_seconds_count" when series["outcome"] == "failed":
                StoreFailures += value;
                break;
            case "cacheproxy_upstream_failures_total":
                UpstreamFailures.Add(series["error"], value);
                break;
            case "cacheproxy_tenants_requests_total":
                AddTenant(series, value);
                break;
            default:
                if (!Copies.TryAdd(series, value))
                {
                    AddTraffic(series, value);
                }

                break;
        }
    }

    private void AddTenant(Series series, double value)
    {
        if (!Tenants.TryGetValue(series["tenant"], out var tally))
        {
            Tenants[series["tenant"]] = tally = TrafficFigures.NewOutcomes();
        }

        tally.Add(series["outcome"], value);
    }

    // Evictions of tags are counted under the name of a policy that is none.
    private void AddTraffic(Series series, double value)
    {
        var policy = series["policy"];
        if (policy.Length == 0)
        {
            return;
        }

        Total.Add(series, value);
        if (!Policies.TryGetValue(policy, out var figures))
        {
            Policies[policy] = figures = new TrafficFigures();
        }

        figures.Add(series, value);
    }

    private void AddStep(string step, double bound, double value)
    {
        Store.Add(bound, value);
        if (!StoreSteps.TryGetValue(step, out var latency))
        {
            StoreSteps[step] = latency = new Latency();
        }

        latency.Add(bound, value);
    }
}

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

/// <summary>What clients asked for in one piece of the last minutes, and what became of it.</summary>
internal sealed class CoursePiece
{
    /// <param name="now">The later reading.</param>
    /// <param name="then">The earlier one.</param>
    /// <param name="seconds">Between them.</param>
    public CoursePiece(MetricsReading now, MetricsReading then, double seconds)
    {
        Seconds = seconds;
        for (var i = 0; i < now.Table.Count; i++)
        {
            if (now.Table[i] is { Name: "cacheproxy_requests_total" } series && series["detail"] != "refresh")
            {
                Outcomes.Add(series["outcome"], now.Since(then, i));
            }
        }
    }

    public double Seconds { get; }

    public Tally Outcomes { get; } = TrafficFigures.NewOutcomes();
}

/// <summary>What has a value at one time and is not counted.</summary>
internal readonly struct StateFigures
{
    public StateFigures(MetricsReading now)
    {
        for (var i = 0; i < now.Table.Count; i++)
        {
            switch (now.Table[i].Name)
            {
                case "cacheproxy_store_available":
                    StoreAvailable = now[i] > 0;
                    break;
                case "cacheproxy_evictions_pending":
                    EvictionsPending = now[i];
                    break;
                case "cacheproxy_fills_followers":
                    Followers = now[i];
                    break;
                case "cacheproxy_fills_queued":
                    Queued = now[i];
                    break;
                case "cacheproxy_memory_held_bytes":
                    HeldBytes = now[i];
                    break;
                case "cacheproxy_copies":
                    Copies = now[i];
                    break;
                case "cacheproxy_memory_copies_bytes":
                    CopyBytes = now[i];
                    break;
                case "cacheproxy_channel_closed":
                    ChannelClosed = now[i] > 0;
                    break;
                default:
                    break;
            }
        }
    }

    public bool StoreAvailable { get; }

    public double EvictionsPending { get; }

    /// <summary>Requests that wait for another one's fill.</summary>
    public double Followers { get; }

    /// <summary>Misses that wait for a place at the API.</summary>
    public double Queued { get; }

    public double HeldBytes { get; }

    /// <summary>Copies of entries that this replica holds.</summary>
    public double Copies { get; }

    public double CopyBytes { get; }

    /// <summary>Whether copies are wanted, and nothing is held because messages of replicas do not arrive.</summary>
    public bool ChannelClosed { get; }
}
