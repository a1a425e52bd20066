using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;

namespace CacheProxy.Configuration.Checks;

/// <summary>Says which listener could not be opened, and why.</summary>
internal static class ListenFailure
{
    /// <summary><c>null</c> for what no configuration can mend.</summary>
    public static ConfigurationProblem? Explain(Exception exception, ListenerSettings listeners)
    {
        var inUse = exception is AddressInUseException || exception.InnerException is AddressInUseException;
        // Kestrel reports an endpoint that it cannot set up, such as HTTPS without a certificate, as an invalid operation.
        var ofKestrel = exception is InvalidOperationException { Source: { } source }
            && source.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal);
        if (!inUse && !ofKestrel && exception is not (IOException or SocketException or CryptographicException))
        {
            return null;
        }

        var endpoint = EndpointOf(exception.Message, listeners);
        var allowed = inUse ? "an address that no other program listens on" : $"an endpoint that can be opened; {exception.Message}";
        return endpoint switch
        {
            ListenerSettings.Proxy => new(ListenerSettings.UrlKey(endpoint), listeners.ProxyUrl, allowed),
            ListenerSettings.Management => new(ListenerSettings.UrlKey(endpoint), listeners.ManagementUrl, allowed),
            _ => new(KestrelSettings.SectionName, null, allowed),
        };
    }

    // Kestrel names the address it tried; only the port is sure to be written as it was configured.
    private static string? EndpointOf(string message, ListenerSettings listeners) =>
        Names(message, listeners.ProxyUrl) ? ListenerSettings.Proxy
        : Names(message, listeners.ManagementUrl) ? ListenerSettings.Management
        : null;

    private static bool Names(string message, string url)
    {
        var port = $":{BindingAddress.Parse(url).Port}";
        var at = message.IndexOf(port, StringComparison.Ordinal);
        return at >= 0 && (at + port.Length == message.Length || !char.IsAsciiDigit(message[at + port.Length]));
    }
}
