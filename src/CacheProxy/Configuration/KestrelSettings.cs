namespace CacheProxy.Configuration;

/// <summary>Checks the section <c>Kestrel</c>: exactly two endpoints, and only keys that Kestrel reads.</summary>
internal static class KestrelSettings
{
    public const string SectionName = "Kestrel";

    public static ListenerSettings Read(SettingsReader reader)
    {
        var endpoints = reader.Section("Endpoints");
        var proxy = ReadEndpoint(endpoints.Section(ListenerSettings.Proxy));
        var management = ReadEndpoint(endpoints.Section(ListenerSettings.Management));
        endpoints.RefuseTheRest();
        RefuseSamePort(endpoints, proxy, management);
        ReadDefaults(reader.Section("EndpointDefaults"));
        foreach (var certificate in reader.Section("Certificates").Sections())
        {
            ReadCertificate(certificate);
        }

        reader.RefuseTheRest();
        return new ListenerSettings(proxy ?? ListenerSettings.DefaultProxyUrl, management ?? ListenerSettings.DefaultManagementUrl);
    }

    private static string? ReadEndpoint(SettingsReader reader)
    {
        var url = reader.Text("Url");
        if (url is null)
        {
            reader.Missing("Url", $"an address such as {ListenerSettings.DefaultProxyUrl}");
        }
        else if (ProblemOf(url) is { } problem)
        {
            reader.Refuse("Url", url, problem);
            url = null;
        }

        ReadTls(reader);
        ReadCertificate(reader.Section("Certificate"));
        foreach (var name in reader.Section("Sni").Sections())
        {
            ReadTls(name);
            ReadCertificate(name.Section("Certificate"));
            name.RefuseTheRest();
        }

        reader.RefuseTheRest();
        return url;
    }

    private static void ReadDefaults(SettingsReader reader)
    {
        ReadTls(reader);
        reader.RefuseTheRest();
    }

    private static void ReadTls(SettingsReader reader)
    {
        // HTTP/3 opens a multiplexed listener, on which requests for management and for the API could not be distinguished.
        if (reader.Text("Protocols") is { } protocols
            && protocols.ToUpperInvariant() is not ("HTTP1" or "HTTP2" or "HTTP1ANDHTTP2"))
        {
            reader.Refuse("Protocols", protocols, "one of Http1, Http2, Http1AndHttp2");
        }

        reader.List("SslProtocols", [], "Tls12 or Tls13", static text => text.ToUpperInvariant() is "TLS12" or "TLS13" ? text : null);
        if (reader.Text("ClientCertificateMode") is { } mode
            && mode.ToUpperInvariant() is not ("NOCERTIFICATE" or "ALLOWCERTIFICATE" or "REQUIRECERTIFICATE" or "DELAYCERTIFICATE"))
        {
            reader.Refuse(
                "ClientCertificateMode", mode, "one of NoCertificate, AllowCertificate, RequireCertificate, DelayCertificate");
        }
    }

    private static void ReadCertificate(SettingsReader reader)
    {
        reader.Know("Path", "KeyPath", "Password", "Subject", "Store", "Location");
        reader.Switch("AllowInvalid", false);
        reader.RefuseTheRest();
    }

    private static string? ProblemOf(string url)
    {
        const string Form = "an address such as http://*:4004, http://127.0.0.1:4004 or https://*:4443";
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme.ToUpperInvariant() is not ("HTTP" or "HTTPS") ? $"{Form}; the scheme is http or https"
                : address.PathBase.Length > 0 ? $"{Form}; without a path"
                : address.Port is < 0 or > 65535 ? $"{Form}; the port is 0 to 65535"
                : address.Port == 0 && address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                    ? $"{Form}; a free port (0) needs an address such as 127.0.0.1, because localhost is two addresses"
                : null;
        }
        catch (FormatException)
        {
            return Form;
        }
    }

    private static void RefuseSamePort(SettingsReader endpoints, string? proxy, string? management)
    {
        if (proxy is null || management is null)
        {
            return;
        }

        var port = BindingAddress.Parse(proxy).Port;
        if (port != 0 && BindingAddress.Parse(management) is { } other && other.Port == port && !other.IsUnixPipe)
        {
            endpoints.Refuse(
                $"{ListenerSettings.Management}:Url", management, $"another port than the proxy's, which listens on {proxy}");
        }
    }
}

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
