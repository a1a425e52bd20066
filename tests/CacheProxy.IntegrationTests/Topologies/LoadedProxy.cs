using System.Globalization;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>How the proxies under load are configured.</summary>
internal static class LoadedProxy
{
    public static readonly (string Key, string? Value)[] BestEffort =
    [
        ("Serilog:MinimumLevel:Default", "Information"),
        ("CacheProxy:Policies:customer:WriteDeadline", "00:00:05"),
    ];

    public static readonly (string Key, string? Value)[] Strict =
        [.. BestEffort, ("CacheProxy:Policies:customer:WriteConsistency", "Strict")];

    /// <summary>How long replicas may hold copies.</summary>
    /// <param name="memoryTtlMs">In milliseconds; 0 for no copies.</param>
    public static (string Key, string? Value) Holding(int memoryTtlMs) =>
        ("CacheProxy:Policies:customer:MemoryTtl", TimeSpan.FromMilliseconds(memoryTtlMs).ToString("c", CultureInfo.InvariantCulture));

    /// <summary>The key of a customer of the tenant <c>demo</c>.</summary>
    public static string KeyOf(string id) => "demo:customer:" + id;
}
