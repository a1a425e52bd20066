namespace CacheProxy.Telemetry;

/// <summary>The one meter that all instruments belong to.</summary>
internal static class CacheProxyMeter
{
    public const string Name = "CacheProxy";
}
