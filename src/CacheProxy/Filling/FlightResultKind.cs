namespace CacheProxy.Filling;

internal enum FlightResultKind
{
    /// <summary>The leader failed, was cancelled or got what may not be stored: each waiter goes to the API at once.</summary>
    Forward,

    /// <summary>Something is stored by now, or the waiter came too late to share.</summary>
    LookUpAgain,

    /// <summary>The response was stored and may be served to waiters of the same variant.</summary>
    Shared,
}
