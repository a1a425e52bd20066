using System.Globalization;

namespace Demo;

internal static class RedisAddress
{
    /// <summary>Reads HOST:PORT; an IPv6 address stands in brackets. Nothing else: a comma would begin further client settings.</summary>
    public static bool TryParse(string? text, out string host, out int port)
    {
        var colon = text?.LastIndexOf(':') ?? -1;
        host = colon > 0 ? text![..colon] : "";
        port = 0;
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':'))
        {
            return false;
        }

        return Uri.CheckHostName(host) is not UriHostNameType.Unknown
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port is > 0 and <= 65535;
    }
}
