using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class KestrelSettingsTests
{
    private const string ProxyUrl = "Kestrel:Endpoints:Proxy:Url";
    private const string ManagementUrl = "Kestrel:Endpoints:Management:Url";

    [Theory]
    [InlineData(ProxyUrl, "http://127.0.0.1:0")]
    [InlineData(ProxyUrl, "http://[::1]:4004")]
    [InlineData(ProxyUrl, "https://*:4443")]
    [InlineData(ProxyUrl, "http://unix:/run/proxy.sock")]
    [InlineData("Kestrel:Endpoints:Proxy:Protocols", "Http2")]
    [InlineData("Kestrel:Endpoints:Proxy:Certificate:Path", "/certs/tls.pem")]
    [InlineData("Kestrel:Endpoints:Proxy:Sni:example.com:Certificate:KeyPath", "/certs/tls.key")]
    [InlineData("Kestrel:EndpointDefaults:SslProtocols:0", "Tls13")]
    [InlineData("Kestrel:Certificates:Default:Password", "s3cret")]
    public void Accepts(string key, string value) => CandidateConfiguration.Accepted((key, value));

    [Theory]
    [InlineData(ProxyUrl, "4004")]
    [InlineData(ProxyUrl, "ftp://*:4004")]
    [InlineData(ProxyUrl, "http://*:70000")]
    [InlineData(ProxyUrl, "http://*:4004/api")]
    [InlineData(ProxyUrl, "http://localhost:0")]
    [InlineData(ManagementUrl, "http://localhost:4004")]
    [InlineData("Kestrel:Endpoints:Proxy:Protocols", "Http3")]
    [InlineData("Kestrel:Endpoints:Proxy:ClientCertificateMode", "Maybe")]
    [InlineData("Kestrel:EndpointDefaults:SslProtocols:0", "Ssl2")]
    [InlineData("Kestrel:Certificates:Default:AllowInvalid", "perhaps")]
    public void Refuses_with_key_and_value(string key, string value)
    {
        var problem = CandidateConfiguration.Refused((key, value));

        Assert.Equal(key, problem.Key);
        Assert.Equal(value, problem.Value);
    }

    [Theory]
    [InlineData("Kestrel:Endpoints:Public:Url")]
    [InlineData("Kestrel:Limits:MaxRequestBodySize")]
    [InlineData("Kestrel:Endpoints:Proxy:Certificate:File")]
    public void Refuses_what_Kestrel_would_pass_over_or_nobody_would_guard(string key) =>
        Assert.Contains("unknown key", CandidateConfiguration.Refused((key, "http://*:1")).Allowed);

    [Fact]
    public void An_address_taken_away_is_missing() => Assert.Contains("missing", CandidateConfiguration.Refused((ProxyUrl, "")).Allowed);
}
