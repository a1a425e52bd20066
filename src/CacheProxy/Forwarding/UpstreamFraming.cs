namespace CacheProxy.Forwarding;

/// <summary>
/// Whether the API's answer says where it ends (RFC 9112 §6.3). One that ends with its connection may have been cut short without
/// anybody noticing. Set on a request by who wants to know, filled in by the forwarder.
/// </summary>
internal sealed class UpstreamFraming
{
    public bool IsDelimited { get; set; }
}
