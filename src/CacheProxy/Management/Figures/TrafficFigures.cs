namespace CacheProxy.Management.Figures;

/// <summary>What became of the requests of one policy, or of all, in one span of time.</summary>
internal sealed class TrafficFigures
{
    /// <summary>Requests of clients by outcome. A refresh in the background is none.</summary>
    public Tally Outcomes { get; } = NewOutcomes();

    /// <summary>Why requests were forwarded.</summary>
    public Tally Forwards { get; } = new();

    public double Refreshes { get; private set; }

    /// <summary>Hits that this replica answered from its own memory, without asking Redis.</summary>
    public double FromCopies { get; private set; }

    /// <summary>Fills that have ended, by what came of them.</summary>
    public Tally Fills { get; } = new("stored");

    public Tally Writes { get; } = new("changed", "unchanged", "unknown", "refused");

    public double Evictions { get; private set; }

    public Tally ShadowHits { get; } = new("equal", "different");

    /// <summary>By outcome.</summary>
    public SortedDictionary<string, Latency> Latencies { get; } = new(StringComparer.Ordinal)
    {
        ["fill"] = new(),
        ["forward"] = new(),
        ["hit"] = new(),
    };

    public double Requests => Outcomes.Sum;

    /// <summary>Requests that were answered without the API.</summary>
    public double Answered => AnsweredOf(Outcomes);

    /// <summary>Below 0 where refreshes asked the API more often than hits saved it.</summary>
    public double Saved => Answered - Refreshes;

    public double? HitRatio => HitRatioOf(Outcomes);

    public static Tally NewOutcomes() => new("hit", "stale", "collapsed", "fill", "forward");

    public static double? HitRatioOf(Tally outcomes) => outcomes.Sum is > 0 and var all ? AnsweredOf(outcomes) / all : null;

    private static double AnsweredOf(Tally outcomes) => outcomes["hit"] + outcomes["stale"] + outcomes["collapsed"];

    /// <summary>Adds what one series of this policy counted.</summary>
    public void Add(Series series, double value)
    {
        switch (series.Name)
        {
            case "cacheproxy_requests_total":
                AddRequests(series, value);
                break;
            case "cacheproxy_fills_total":
                Fills.Add(series["result"], value);
                break;
            case "cacheproxy_writes_total":
                Writes.Add(series["result"], value);
                break;
            case "cacheproxy_evictions_total":
                Evictions += value;
                break;
            case "cacheproxy_shadow_hits_total":
                ShadowHits.Add(series["equal"] == "true" ? "equal" : "different", value);
                break;
            case "cacheproxy_request_duration_seconds_bucket":
                LatencyOf(series["outcome"]).Add(MetricsReading.Number(series["le"]), value);
                break;
            default:
                break;
        }
    }

    private void AddRequests(Series series, double value)
    {
        var (outcome, detail) = (series["outcome"], series["detail"]);
        if (detail == "refresh")
        {
            Refreshes += value;
            return;
        }

        Outcomes.Add(outcome, value);
        if (outcome == "forward")
        {
            Forwards.Add(detail, value);
        }
        else if (detail == "copy")
        {
            FromCopies += value;
        }
    }

    private Latency LatencyOf(string outcome)
    {
        if (!Latencies.TryGetValue(outcome, out var latency))
        {
            Latencies[outcome] = latency = new Latency();
        }

        return latency;
    }
}

/// <summary>Counts by word.</summary>
/// <param name="words">Those that are there even at 0; others appear with their first count.</param>
internal sealed class Tally(params string[] words)
{
    private readonly OrderedDictionary<string, double> _counts =
        new(words.Select(static word => KeyValuePair.Create(word, 0.0)), StringComparer.Ordinal);

    public double this[string word] => _counts.TryGetValue(word, out var count) ? count : 0;

    public double Sum => _counts.Values.Sum();

    /// <summary>In the order of their appearance.</summary>
    public IEnumerable<KeyValuePair<string, double>> All => _counts;

    /// <summary>Those that happened, most frequent first.</summary>
    public IEnumerable<KeyValuePair<string, double>> MostFrequent =>
        _counts.Where(static pair => pair.Value > 0).OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal);

    public void Add(string word, double count)
    {
        if (count != 0 || _counts.ContainsKey(word))
        {
            _counts[word] = this[word] + count;
        }
    }
}
