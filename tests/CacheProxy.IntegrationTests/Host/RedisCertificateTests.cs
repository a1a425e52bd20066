using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>A Redis whose certificate comes from a CA that no machine knows by itself.</summary>
public sealed class RedisCertificateTests
{
    [Theory]
    [InlineData("SSL_CERT_FILE")]
    [InlineData("SSL_CERT_DIR")]
    public async Task A_private_CA_is_trusted(string variable)
    {
        await using var redis = await TlsRedis.StartAsync();
        using var program = ProgramRun.Start(new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0",
            ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
            ["CacheProxy__Redis__ConnectionString"] = $"127.0.0.1:{redis.TlsPort},ssl=true",
            [variable] = variable == "SSL_CERT_FILE" ? redis.CaFile : redis.CaFolder,
        });

        var line = JsonNode.Parse(await program.ReadLineAsync())!;
        Assert.Equal("Redis is available", (string?)line["@m"]);
        await program.KillAsync();
    }
}
