namespace CacheProxy.Observability;

/// <summary>Names that the outside knows the program's telemetry by.</summary>
internal static class Telemetry
{
    public const string MeterName = "CacheProxy";
}
