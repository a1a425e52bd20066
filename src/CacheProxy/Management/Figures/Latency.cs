namespace CacheProxy.Management.Figures;

/// <summary>Durations as a histogram counts them: how many took at most so long.</summary>
internal sealed class Latency
{
    // By bound in seconds, each with all that took at most so long.
    private readonly SortedList<double, double> _upTo = [];

    public double Count => _upTo.TryGetValue(double.PositiveInfinity, out var all) ? all : 0;

    /// <summary>Adds a bucket of one series; several series add up.</summary>
    public void Add(double bound, double count) => _upTo[bound] = (_upTo.TryGetValue(bound, out var sum) ? sum : 0) + count;

    /// <summary>
    /// The time in seconds that a share of all stayed below, estimated as Prometheus' <c>histogram_quantile</c> does: evenly within the
    /// bucket, and the highest bound for what took longer. <c>null</c> where nothing was measured.
    /// </summary>
    public double? Quantile(double share)
    {
        var rank = share * Count;
        if (!(rank > 0))
        {
            return null;
        }

        var (below, before) = (0.0, 0.0);
        foreach (var (bound, count) in _upTo)
        {
            if (count >= rank)
            {
                return double.IsInfinity(bound) ? below : below + ((bound - below) * (rank - before) / (count - before));
            }

            (below, before) = (bound, count);
        }

        return below;
    }
}
