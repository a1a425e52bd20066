using System.Collections.Immutable;

namespace CacheProxy.Configuration.Policies;

/// <summary>How writes are told of that go past the sidecar (<c>CacheProxy:Intake</c>).</summary>
internal sealed record IntakeOptions
{
    /// <summary>The most items of one request or one entry of a stream. Default 1000, range 1 to 10000.</summary>
    public int MaxItems { get; init; } = 1000;

    /// <summary>The largest body of one request, in bytes. Default 1048576 (1 MiB), range 1024 to 67108864 (64 MiB).</summary>
    public int MaxBodyBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// What a changed row of each table changes, for change-data-capture. Default: none. Named <c>table</c>, <c>schema.table</c>,
    /// <c>db.table</c> or <c>db.schema.table</c>.
    /// </summary>
    public ImmutableArray<IntakeTable> Tables { get; init; } = [];

    /// <summary>Streams in Redis that tell of writes.</summary>
    public IntakeStreamOptions Stream { get; init; } = new();
}

/// <summary>A table whose changed rows are told of.</summary>
/// <param name="Name">As it is configured.</param>
/// <param name="Rows">What each row stands for.</param>
internal sealed record IntakeTable(string Name, ImmutableArray<IntakeRow> Rows);

/// <summary>
/// What a row stands for: the members of what a job would tell of it, each a template over the row's columns. Exactly one of
/// <see cref="Policy"/>, <see cref="Url"/> and <see cref="Tag"/> is there.
/// </summary>
internal sealed record IntakeRow
{
    /// <summary>The policy whose resource it is.</summary>
    public string? Policy { get; init; }

    /// <summary>The URL of the resource.</summary>
    public RowTemplate? Url { get; init; }

    /// <summary>A tag.</summary>
    public RowTemplate? Tag { get; init; }

    /// <summary>The tenant, where keys name one.</summary>
    public RowTemplate? Tenant { get; init; }

    /// <summary>The host, where keys name one.</summary>
    public RowTemplate? Host { get; init; }

    /// <summary>The values of the policy's key, by their names.</summary>
    public ImmutableArray<(string Name, RowTemplate Text)> Values { get; init; } = [];
}

/// <summary>Streams in Redis that tell of writes (<c>CacheProxy:Intake:Stream</c>).</summary>
internal sealed record IntakeStreamOptions
{
    /// <summary>The keys of the streams, as they are: without <c>CacheProxy:Redis:KeyPrefix</c>. Default: none, which reads none.</summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>The consumer group that all replicas read as. Default <c>cacheproxy</c>.</summary>
    public string Group { get; init; } = "cacheproxy";

    /// <summary>The most entries that are read at a time. Default 100, range 1 to 1000.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>How long to wait before an empty stream is looked at again. Default 100 ms, range 10 ms to 10 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long an entry may be with one replica before another one takes it over. Default 10 s, range 1 s to 10 min. More than an eviction takes.
    /// </summary>
    public TimeSpan ClaimAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often an entry that cannot be understood is tried before it is set aside. Default 3, range 1 to 100.</summary>
    public int MaxTries { get; init; } = 3;

    /// <summary>What is put behind a stream's key to name the stream of entries that were set aside. Default <c>:dead</c>.</summary>
    public string DeadLetterSuffix { get; init; } = ":dead";

    /// <summary>
    /// Whether entries are deleted when they are done with. Default: false. Only where nobody else reads the stream.
    /// </summary>
    public bool DeleteDone { get; init; }
}
