namespace CacheProxy.Configuration.Policies;

/// <summary>How many hits are audited (<c>CacheProxy:Audit</c>); which ones, each policy says.</summary>
internal sealed record AuditOptions
{
    /// <summary>Most hits a second that this replica audits, of all policies together; 1 to 1000. Each asks the API once. Default: 5.</summary>
    public int RatePerSecond { get; init; } = 5;
}

/// <summary>What the report on mode Shadow looks at besides (<c>CacheProxy:Shadow</c>).</summary>
internal sealed record ShadowOptions
{
    /// <summary>Whether requests on routes without a policy are counted, to propose which of them are worth one. Default: false.</summary>
    public bool Propose { get; init; }
}
