namespace CacheProxy.Configuration.Policies;

/// <summary>A lifetime from how often the resource itself is written (<c>CacheProxy:Policies:NAME:AdaptiveTtl</c>).</summary>
/// <param name="Min">The shortest; more than 0, at most Max, and more than <c>TtlJitter</c>.</param>
/// <param name="Max">The longest; at most 24 h.</param>
internal sealed record AdaptiveTtl(TimeSpan Min, TimeSpan Max)
{
    // A resource that nobody writes has the longest lifetime after ten times that time; twice as long it is remembered without a fill.
    private const int LifetimesRemembered = 20;

    /// <summary>How long a resource's writes are remembered after its last fill or write.</summary>
    public TimeSpan Memory => Max * LifetimesRemembered;
}
