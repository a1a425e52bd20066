using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using CacheProxy.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Hosting;

/// <summary>Where the two listeners listen: as configured, but with the actual port where 0 asks for a free one.</summary>
internal sealed class BoundListeners(ListenerSettings settings)
{
    private ListenOptions? _proxy;
    private ListenOptions? _management;

    /// <summary>Meaningful once the host has started.</summary>
    public string Proxy => Address(settings.ProxyUrl, _proxy);

    /// <summary>Meaningful once the host has started.</summary>
    public string Management => Address(settings.ManagementUrl, _management);

    public void BindProxy(ListenOptions endpoint) => _proxy = endpoint;

    public void BindManagement(ListenOptions endpoint) => _management = endpoint;

    /// <summary>What to change when the listeners could not be opened; <c>null</c> when no configuration would help.</summary>
    public ConfigurationProblem? Explain(Exception exception) => ListenFailure.Explain(exception, settings);

    private static string Address(string url, ListenOptions? endpoint) =>
        BindingAddress.Parse(url) is { Port: 0, IsUnixPipe: false } wanted && endpoint?.IPEndPoint is { } bound
            ? $"{wanted.Scheme}://{new IPEndPoint(bound.Address, bound.Port)}"
            : url;
}

/// <summary>Says which listener could not be opened, and why.</summary>
internal static class ListenFailure
{
    /// <summary><c>null</c> when no configuration would help.</summary>
    public static ConfigurationProblem? Explain(Exception exception, ListenerSettings listeners)
    {
        var inUse = exception is AddressInUseException || exception.InnerException is AddressInUseException;
        // Kestrel reports an endpoint that it cannot set up, such as HTTPS without a certificate, as an invalid operation.
        var ofKestrel = exception is InvalidOperationException && ThrowerOf(exception).StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal);
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

    // The assembly that threw it. Exception.Source says so, too, but is null in a native binary.
    private static string ThrowerOf(Exception exception) =>
        new StackTrace(exception).GetFrame(0) is { } frame ? DiagnosticMethodInfo.Create(frame)?.DeclaringAssemblyName ?? "" : "";

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
