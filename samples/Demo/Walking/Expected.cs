namespace Demo.Walking;

internal enum Expected
{
    /// <summary>From the cache; the API is not asked.</summary>
    Hit,

    /// <summary>Looked up in vain; the API asks its database once.</summary>
    Miss,

    /// <summary>Not the cache's business, or a write: the API is asked whatever the cache holds.</summary>
    Forwarded,
}
