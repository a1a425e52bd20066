namespace CacheProxy.Configuration;

/// <summary>Where the two listeners listen, as configured.</summary>
/// <param name="ProxyUrl"><c>Kestrel:Endpoints:Proxy:Url</c>.</param>
/// <param name="ManagementUrl"><c>Kestrel:Endpoints:Management:Url</c>.</param>
internal sealed record ListenerSettings(string ProxyUrl, string ManagementUrl)
{
    public const string Proxy = "Proxy";
    public const string Management = "Management";
    public const string DefaultProxyUrl = "http://*:4004";
    public const string DefaultManagementUrl = "http://localhost:9904";

    public static string UrlKey(string endpoint) => $"{KestrelSettings.SectionName}:Endpoints:{endpoint}:Url";
}
