using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>A proxy listener with HTTPS, whose certificate the configuration of Kestrel names.</summary>
public sealed class ListenerCertificateTests
{
    private const string Password = "secret";

    [Theory]
    [InlineData("Certificate:Path=server.crt", "Certificate:KeyPath=server.key")]
    [InlineData("Certificate:Path=server.pfx", $"Certificate:Password={Password}")]
    [InlineData("Sni:localhost:Certificate:Path=server.crt", "Sni:localhost:Certificate:KeyPath=server.key")]
    public async Task Clients_see_the_configured_certificate_and_are_answered(string first, string second)
    {
        var folder = Directory.CreateTempSubdirectory("cacheproxy-https-");
        try
        {
            var thumbprint = WriteCertificate(folder.FullName);
            await using var api = await NamedApi.StartAsync("api");
            using var program = ProgramRun.Start(
                new Dictionary<string, string>
                {
                    ["Kestrel__Endpoints__Proxy__Url"] = "https://127.0.0.1:0",
                    ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
                    ["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = api.Address,
                },
                Argument(first),
                Argument(second));
            var started = JsonNode.Parse(await program.ReadLineAsync())!;
            var port = new Uri((string)started["Proxy"]!).Port;

            var seen = "";
            using var client = new HttpClient(new SocketsHttpHandler
            {
                UseProxy = false,
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => (seen = certificate!.GetCertHashString()).Length > 0,
                },
            });

            Assert.Equal(
                "api answers",
                await client.GetStringAsync(new Uri($"https://localhost:{port}/api/orders"), TestContext.Current.CancellationToken));
            Assert.Equal(thumbprint, seen);
            await program.TerminateAsync();
            Assert.Equal(0, (await program.WaitAsync()).ExitCode);

            string Argument(string setting)
            {
                var (key, value) = (setting.Split('=')[0], setting.Split('=')[1]);
                return $"--Kestrel:Endpoints:Proxy:{key}={(value == Password ? value : Path.Combine(folder.FullName, value))}";
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <returns>Its thumbprint.</returns>
    private static string WriteCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        File.WriteAllText(Path.Combine(folder, "server.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllBytes(Path.Combine(folder, "server.pfx"), certificate.Export(X509ContentType.Pfx, Password));
        return certificate.Thumbprint;
    }
}
