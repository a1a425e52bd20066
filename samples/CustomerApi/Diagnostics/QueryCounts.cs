namespace CustomerApi.Diagnostics;

internal sealed record QueryCounts(long Total, IReadOnlyDictionary<string, long> ByKind);
