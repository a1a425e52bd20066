using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace CacheProxy.Proxy;

/// <summary>
/// Says "h2 was chosen" to Kestrel on a connection without TLS. There is no certificate, and the request's scheme is the one the
/// client states in <c>:scheme</c>, so that nothing else takes the connection for an encrypted one.
/// </summary>
internal sealed class PriorKnowledgeFeature : ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    private static readonly byte[] Http2 = "h2"u8.ToArray();

    public ReadOnlyMemory<byte> ApplicationProtocol => Http2;

    public X509Certificate2? ClientCertificate { get; set; }

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
}
