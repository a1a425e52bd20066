using System.Net;
using CacheProxy.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Hosting;

/// <summary>Where the two listeners came to listen: as configured, but with the port that was found where 0 asks for a free one.</summary>
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

    private static string Address(string url, ListenOptions? endpoint) =>
        BindingAddress.Parse(url) is { Port: 0, IsUnixPipe: false } wanted && endpoint?.IPEndPoint is { } bound
            ? $"{wanted.Scheme}://{new IPEndPoint(bound.Address, bound.Port)}"
            : url;
}
