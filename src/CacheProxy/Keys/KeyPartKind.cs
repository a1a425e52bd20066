namespace CacheProxy.Keys;

internal enum KeyPartKind
{
    Literal,
    Tenant,
    Host,
    Path,
    RouteValue,
}
