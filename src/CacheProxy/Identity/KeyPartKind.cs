namespace CacheProxy.Identity;

internal enum KeyPartKind
{
    Literal,
    Tenant,
    Host,
    Path,
    RouteValue,
}
