using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>A redis-server with a TLS port, whose certificate for 127.0.0.1 and localhost comes from a CA of the test's own.</summary>
internal sealed class TlsRedis : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly RedisServer _server;

    private TlsRedis(RedisServer server, int tlsPort, DirectoryInfo folder)
    {
        _server = server;
        TlsPort = tlsPort;
        _folder = folder;
    }

    public int TlsPort { get; }

    /// <summary>The CA's certificate, PEM.</summary>
    public string CaFile => Path.Combine(CaFolder, "ca.crt");

    /// <summary>A folder with nothing but <see cref="CaFile"/>.</summary>
    public string CaFolder => Path.Combine(_folder.FullName, "ca");

    public static async Task<TlsRedis> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cacheproxy-tls-");
        WriteCertificates(folder.FullName);
        var port = RedisServer.FreePort();
        var server = await RedisServer.StartAsync(
            "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--tls-auth-clients", "no", "--tls-ca-cert-file", Path.Combine(folder.FullName, "ca", "ca.crt"),
            "--tls-cert-file", Path.Combine(folder.FullName, "redis.crt"), "--tls-key-file", Path.Combine(folder.FullName, "redis.key"));
        return new TlsRedis(server, port, folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static void WriteCertificates(string folder)
    {
        var (from, to) = (DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=CacheProxy test CA", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var issuer = authority.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(issuer, from, to, RandomNumberGenerator.GetBytes(8));

        Directory.CreateDirectory(Path.Combine(folder, "ca"));
        File.WriteAllText(Path.Combine(folder, "ca", "ca.crt"), issuer.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "redis.crt"), issued.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "redis.key"), key.ExportPkcs8PrivateKeyPem());
    }
}
