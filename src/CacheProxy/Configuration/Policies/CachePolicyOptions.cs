using System.Collections.Immutable;
using CacheProxy.Http;

namespace CacheProxy.Configuration.Policies;

/// <summary>What may be cached on the routes that name this policy, and how (<c>CacheProxy:Policies:NAME</c>).</summary>
internal sealed record CachePolicyOptions
{
    /// <summary>The policy's name: the NAME of the section, and the word in log messages (<c>Customer cache hit</c>).</summary>
    public required string Name { get; init; }

    /// <summary>Template of the store's key over <c>{tenant}</c>, <c>{host}</c>, <c>{path}</c> and the route's values. Required.</summary>
    public required string Key { get; init; }

    /// <summary>Freshness when the origin gives none; more than 0, at most 24 h. Default: none, only the origin's own.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>
    /// Lifetimes in place of <see cref="Ttl"/> and <see cref="AdaptiveTtl"/>, by what the response says; the first that matches counts. Only
    /// together with one of these. Default: none.
    /// </summary>
    public ImmutableArray<TtlRule> TtlRules { get; init; } = [];

    /// <summary>A lifetime in place of <see cref="Ttl"/>, from how often the resource itself is written. Default: none.</summary>
    public AdaptiveTtl? AdaptiveTtl { get; init; }

    /// <summary>Whether to serve. Default: <see cref="CacheMode.On"/>.</summary>
    public CacheMode Mode { get; init; } = CacheMode.On;

    /// <summary>
    /// Methods that read: GET, with which HEAD goes, always does; QUERY and POST, whose content is part of the variant, where they are named.
    /// Default: GET.
    /// </summary>
    public ImmutableArray<string> ReadMethods { get; init; } = ["GET"];

    /// <summary>
    /// Most bytes of content of a QUERY or POST that is answered from the cache; 1 to 64 KiB. A larger one is forwarded uncached.
    /// Default: 32 KiB.
    /// </summary>
    public int MaxRequestBodyBytes { get; init; } = 32 * 1024;

    /// <summary>Unsafe methods that evict; <c>*</c> is every method that is not safe. Default: PUT, PATCH, DELETE.</summary>
    public ImmutableArray<string> EvictOn { get; init; } = ["PUT", "PATCH", "DELETE"];

    /// <summary>
    /// What every unsafe request on the policy's routes evicts besides: resources of other policies, found by the route's values or by JSON
    /// pointers into the write or its answer. Default: none.
    /// </summary>
    public ImmutableArray<EvictionRule> Evicts { get; init; } = [];

    /// <summary>
    /// Templates of the tags that a response belongs to, over <c>{tenant}</c>, the route's values and the names in <see cref="DependsOn"/>.
    /// Default: none.
    /// </summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Response headers that name further tags; None: no header. Default: Cache-Groups, Cache-Tag, Surrogate-Key.</summary>
    public ImmutableArray<string> TagHeaders { get; init; } = ResponseTags.Names;

    /// <summary>Whether clients are spared the headers of <see cref="TagHeaders"/>. Default: false.</summary>
    public bool HideTagHeaders { get; init; }

    /// <summary>Who may share a stored response. Default: <see cref="CredentialsMode.PerCredential"/>.</summary>
    public CredentialsMode Credentials { get; init; } = CredentialsMode.PerCredential;

    /// <summary>
    /// Under <see cref="CredentialsMode.Claims"/>: the claims of the verified token that callers share by. Every claim that the API's answer
    /// may depend on. Default: none; required there, and nowhere else.
    /// </summary>
    public ImmutableArray<string> Claims { get; init; } = [];

    /// <summary>
    /// Whether <see cref="CredentialsMode.Rfc9111"/> together with <see cref="Ttl"/> is meant: it shares answers that do not say who may
    /// share them, also those that cookies or keys personalise. Without it, the log has a warning. Default: false.
    /// </summary>
    public bool SharePersonalised { get; init; }

    /// <summary>
    /// Request headers that are always part of the variant, because APIs negotiate by them and do not say so in <c>Vary</c>. Default: Accept,
    /// Accept-Language, Api-Version, X-Api-Version.
    /// </summary>
    public ImmutableArray<string> VaryBy { get; init; } = ["Accept", "Accept-Language", "Api-Version", "X-Api-Version"];

    /// <summary>
    /// Ids that are never cached, in any case: those by which an API means the caller, such as <c>me</c>. Writes to them evict as to any
    /// other. Default: none.
    /// </summary>
    public ImmutableArray<string> ExceptIds { get; init; } = [];

    /// <summary>What happens to a write whose fence cannot be set. Default: <see cref="WriteConsistency.BestEffort"/>.</summary>
    public WriteConsistency WriteConsistency { get; init; } = WriteConsistency.BestEffort;

    /// <summary>
    /// How long the fence of a replica that died keeps the resource uncached; 1 s to 1 h. It is renewed while the write is under way and
    /// must exceed the longest time that the API may go on with a write after its client is gone. Default: 30 s.
    /// </summary>
    public TimeSpan WriteDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a write may take before its fence is no longer renewed; WriteDeadline to 24 h. Its resource is then cached again, and
    /// evicted before the API's answer goes out. Default: ten times <see cref="WriteDeadline"/>.
    /// </summary>
    public TimeSpan? WriteLimit { get; init; }

    /// <summary>
    /// Bytes per second that a client must send of a body of more than 64 KiB, or of no declared length, for the fence to be renewed; 0 to
    /// 1048576, 0: any pace will do. Default: 240.
    /// </summary>
    public int MinWriteRate { get; init; } = 240;

    /// <summary>
    /// Writes in a minute, from one address for one tenant, that may set a fence although the API answers 401 or 403 or the client leaves; 1
    /// to 1000000. Further ones set none; they evict when the API has carried them out. Default: 60.
    /// </summary>
    public int FutileFencesPerMinute { get; init; } = 60;

    /// <summary>
    /// How long a replica may serve its own copy of an entry in Redis before it asks again; 0, never, or 500 ms to 5 s. A write waits for
    /// replicas that hold one: no longer than this, and only for one that does not answer. Default: 2 s.
    /// </summary>
    public TimeSpan MemoryTtl { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long past its freshness an entry may answer for an API that fails (RFC 5861 §4); 0 to 24 h. Default: 0.</summary>
    public TimeSpan StaleIfError { get; init; }

    /// <summary>How long past its freshness an entry may be served while it is refreshed (RFC 5861 §3); 0 to 24 h. Default: 0.</summary>
    public TimeSpan StaleWhileRevalidate { get; init; }

    /// <summary>A random amount, at most this, is subtracted from <see cref="Ttl"/>; 0 to less than Ttl. Default: 0.</summary>
    public TimeSpan TtlJitter { get; init; }

    /// <summary>Largest body that is stored, in bytes; 1 to 64 MiB. Default: 1 MiB.</summary>
    public int MaxBodyBytes { get; init; } = 1024 * 1024;

    /// <summary>Most bytes of headers (names, values, separators) of a response that is stored; 1 to 1 MiB. Default: 32 KiB.</summary>
    public int MaxHeaderBytes { get; init; } = 32 * 1024;

    /// <summary>Most variants of one resource; 1 to 4096. When full, the one that expires first is dropped. Default: 64.</summary>
    public int MaxVariants { get; init; } = 64;

    /// <summary>
    /// How many of the latest requests that were forwarded or whose answers were not stored are kept for each reason, for GET /refusals and
    /// GET /explain; 0 to 100, 0: none. Default: 16.
    /// </summary>
    public int RefusalsKept { get; init; } = 16;

    /// <summary>
    /// Status codes that are stored, besides 200: each needs freshness from the origin or <see cref="NegativeTtl"/>. <c>*</c>: every
    /// final status with freshness from the origin. Default: none.
    /// </summary>
    public ImmutableArray<string> StatusCodes { get; init; } = [];

    /// <summary>Freshness of 404 and 410 when the origin gives none and <see cref="StatusCodes"/> has them; 0 to 24 h. Default: none.</summary>
    public TimeSpan? NegativeTtl { get; init; }

    /// <summary>Whether a response with <c>Last-Modified</c> and no freshness may be stored for a tenth of its age (RFC 9111 §4.2.2). Default: false.</summary>
    public bool HeuristicFreshness { get; init; }

    /// <summary>
    /// Whether Redis holds what is stored encrypted, body and headers, under the keys of <c>CacheProxy:Encryption:KeyFiles</c>. Default: false.
    /// </summary>
    public bool Encrypt { get; init; }

    /// <summary>
    /// The resources of other policies that a response contains: names of policies with JSON pointers to their ids. A write to one of them
    /// evicts the response. A name of a value in <see cref="Tags"/> says where that stands. Default: none.
    /// </summary>
    public ImmutableArray<DependencyOptions> DependsOn { get; init; } = [];

    /// <summary>Most resources of other policies that one stored response may contain; 1 to 1000. One with more is not stored. Default: 100.</summary>
    public int MaxDependencies { get; init; } = 100;

    /// <summary>Most entries that may depend on one resource of this policy; 1 to 10000. Further ones are not stored. Default: 1000.</summary>
    public int MaxDependents { get; init; } = 1000;

    /// <summary>How far concurrent misses share one upstream request. Default: <see cref="CoalesceScope.Process"/>.</summary>
    public CoalesceScope Coalesce { get; init; } = CoalesceScope.Process;

    /// <summary>
    /// Most misses of the policy that one replica has at the API at a time; 0 to 100000, 0: any number. Further ones wait in order. Writes,
    /// hits and what is forwarded uncached do not count. Set it where the API cannot carry all reads at once, as after a flush. Default: 0.
    /// </summary>
    public int MaxConcurrentFills { get; init; }

    /// <summary>As <see cref="MaxConcurrentFills"/>, of one tenant; 0 to 100000, 0: any number. Default: 0.</summary>
    public int MaxConcurrentFillsPerTenant { get; init; }

    /// <summary>How long a miss waits for its turn; 1 ms to 1 m. Default: 2 s.</summary>
    public TimeSpan FillWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What becomes of a miss that has waited in vain. Default: <see cref="FillOverflow.Forward"/>.</summary>
    public FillOverflow FillOverflow { get; init; } = FillOverflow.Forward;

    /// <summary>Which of its resources are fetched before anybody asks for them. Default: none.</summary>
    public WarmOptions Warm { get; init; } = new();

    /// <summary>
    /// The share of hits for which the API is asked all the same, behind the client's back, to see whether they were right; 0 to 1, 0: none.
    /// Default: 0.
    /// </summary>
    public double Audit { get; init; }

    /// <summary>
    /// JSON pointers to what does not count where an answer of the API is compared with what is stored, in audits and in mode Shadow: times,
    /// counters. At most 32. Default: none.
    /// </summary>
    public ImmutableArray<string> AuditIgnore { get; init; } = [];

    /// <summary>Whether a miss may have to wait.</summary>
    internal bool LimitsFills => MaxConcurrentFills > 0 || MaxConcurrentFillsPerTenant > 0;
}

/// <summary>What a policy does with the store.</summary>
internal enum CacheMode
{
    /// <summary>Look up, serve, fill and evict.</summary>
    On,

    /// <summary>Forward everything; writes still evict, so that switching back on serves nothing old.</summary>
    Off,

    /// <summary>Store and compare, never serve: reports the would-be hit rate and mismatches.</summary>
    Shadow,
}

/// <summary>Who may share a stored response.</summary>
internal enum CredentialsMode
{
    /// <summary>One entry per byte-identical set of credential headers.</summary>
    PerCredential,

    /// <summary>One entry per value of the claims that <see cref="CachePolicyOptions.Claims"/> names; without a verified token that has them, forwarded.</summary>
    Claims,

    /// <summary>The rules of RFC 9111 §3.5: a response to a request with <c>Authorization</c> is shared only if the origin allows it.</summary>
    Rfc9111,

    /// <summary>Everybody shares: authorisation happens before the sidecar.</summary>
    Shared,

    /// <summary>A request with credentials is forwarded uncached.</summary>
    Bypass,
}

/// <summary>What happens to a write whose fence cannot be set.</summary>
internal enum WriteConsistency
{
    /// <summary>The write goes through; the eviction is retried until the store has it.</summary>
    BestEffort,

    /// <summary>503 with <c>Retry-After</c>; the API never sees the write.</summary>
    Strict,
}

/// <summary>How far concurrent misses of one variant share one upstream request.</summary>
internal enum CoalesceScope
{
    /// <summary>Within this process.</summary>
    Process,

    /// <summary>Across all replicas of the store: a replica waits, for a bounded time, for another's fill.</summary>
    Cluster,
}

/// <summary>What becomes of a miss that has waited in vain for a place at the API.</summary>
internal enum FillOverflow
{
    /// <summary>It goes to the API beyond the limit.</summary>
    Forward,

    /// <summary>503 with <c>Retry-After</c>.</summary>
    Refuse,
}
