namespace CacheProxy.Configuration.Policies;

/// <summary>The names by which a YARP route's metadata speaks to CacheProxy.</summary>
internal static class RouteMetadata
{
    /// <summary>The policy by which the route's responses are cached.</summary>
    public const string CachePolicy = "CachePolicy";

    /// <summary>Comma-separated policies whose keys an unsafe request on the route also evicts.</summary>
    public const string Evicts = "Evicts";

    public static string[] SplitEvicts(string value) =>
        value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
