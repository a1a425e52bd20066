using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace CacheProxy.Proxy;

/// <summary>
/// Lets one cleartext port speak HTTP/1.1 and HTTP/2 with prior knowledge (RFC 9113, 3.3), as an API behind the sidecar may.
/// Kestrel chooses between the two by what TLS negotiated and without TLS never chooses HTTP/2; so a connection that
/// opens with HTTP/2's preface is marked as one on which "h2" was negotiated.
/// </summary>
internal static class CleartextHttp2
{
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>For endpoints that serve both protocols, which is Kestrel's default; where TLS is on, it changes nothing.</summary>
    public static void Use(ListenOptions listen)
    {
        var timeout = listen.KestrelServerOptions.Limits.KeepAliveTimeout;
        listen.Use(next => connection => DetectAsync(connection, next, timeout));
    }

    private static async Task DetectAsync(ConnectionContext connection, ConnectionDelegate next, TimeSpan timeout)
    {
        if (connection.Features.Get<ITlsConnectionFeature>() is null && await OpensWithPrefaceAsync(connection, timeout))
        {
            var mark = new PriorKnowledgeFeature();
            connection.Features.Set<ITlsConnectionFeature>(mark);
            connection.Features.Set<ITlsApplicationProtocolFeature>(mark);
        }

        await next(connection);
    }

    /// <summary>Looks at the first bytes and leaves them unread. In doubt the answer is no, and Kestrel applies its own timeouts.</summary>
    private static async Task<bool> OpensWithPrefaceAsync(ConnectionContext connection, TimeSpan timeout)
    {
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(closing, connection.ConnectionClosed);
        giveUp.CancelAfter(timeout);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(giveUp.Token);
                var matches = MatchesSoFar(read.Buffer);
                var isWhole = read.Buffer.Length >= Preface.Length;
                var isUndecided = matches && !isWhole && !read.IsCompleted;
                input.AdvanceTo(read.Buffer.Start, isUndecided ? read.Buffer.End : read.Buffer.Start);
                if (!isUndecided)
                {
                    return matches && isWhole;
                }
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            // A client that is silent or gone, or a server that stops: Kestrel's own first read meets the same and ends the connection.
            return false;
        }
    }

    private static bool MatchesSoFar(in ReadOnlySequence<byte> received)
    {
        var expected = Preface.AsSpan();
        foreach (var segment in received)
        {
            var length = Math.Min(segment.Length, expected.Length);
            if (!segment.Span[..length].SequenceEqual(expected[..length]))
            {
                return false;
            }

            expected = expected[length..];
        }

        return true;
    }
}

/// <summary>
/// Tells Kestrel that "h2" was chosen on a connection without TLS. There is no certificate, and the request's scheme is the one
/// that the client states in <c>:scheme</c>, so nothing else takes the connection for an encrypted one.
/// </summary>
internal sealed class PriorKnowledgeFeature : ITlsConnectionFeature, ITlsApplicationProtocolFeature
{
    private static readonly byte[] Http2 = "h2"u8.ToArray();

    public ReadOnlyMemory<byte> ApplicationProtocol => Http2;

    public X509Certificate2? ClientCertificate { get; set; }

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
}
