namespace Demo.Walking;

/// <summary>A request of the walk and how it should come out.</summary>
/// <remarks>Shows is text that the body must hold; null when any will do.</remarks>
internal sealed record Step(string Method, string Path, Expected Expected, string? Body = null, string? Shows = null, string Tenant = "demo")
{
    /// <summary>How many queries the API needs where it is asked for what the cache does not hold.</summary>
    public int MissQueries { get; init; } = 1;

    /// <summary>Sent besides the tenant's, such as Authorization.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public static Step Get(string path, Expected expected, string? shows = null, string tenant = "demo") =>
        new("GET", path, expected, Shows: shows, Tenant: tenant);

    /// <summary>What differs from what was expected; empty when nothing does.</summary>
    public IEnumerable<string> Problems(Exchange exchange)
    {
        if ((int)exchange.Status is < 200 or > 299)
        {
            yield return $"the status is {(int)exchange.Status}";
        }

        if (Shows is not null && !exchange.Body.Contains(Shows, StringComparison.Ordinal))
        {
            yield return $"the body does not show {Shows}";
        }

        var (inOrder, wanted) = Expected switch
        {
            Expected.Hit => (exchange.Answer.IsHit && exchange.Queries == 0, "a hit and no query"),
            Expected.Miss => (exchange.Answer.IsMiss && exchange.Queries == MissQueries, $"a miss and {Ledger.Queries(MissQueries)}"),
            Expected.Forwarded => (!exchange.Answer.IsHit && exchange.Queries > 0, "no hit, and queries"),
        };
        if (!inOrder)
        {
            yield return $"expected was {wanted}";
        }
    }
}
