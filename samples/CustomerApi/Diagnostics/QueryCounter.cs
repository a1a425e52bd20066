namespace CustomerApi.Diagnostics;

/// <summary>How many SQL statements of each kind this process has run since its start or the last reset.</summary>
internal sealed class QueryCounter
{
    private static readonly QueryKind[] Kinds = Enum.GetValues<QueryKind>();

    private readonly long[] _counts = new long[Kinds.Length];

    public void Count(QueryKind kind) => Interlocked.Increment(ref _counts[(int)kind]);

    public void Reset()
    {
        foreach (var kind in Kinds)
        {
            Interlocked.Exchange(ref _counts[(int)kind], 0);
        }
    }

    public QueryCounts Snapshot()
    {
        var byKind = Kinds.ToDictionary(
            kind => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(kind.ToString()),
            kind => Interlocked.Read(ref _counts[(int)kind]));
        return new QueryCounts(byKind.Values.Sum(), byKind);
    }
}
