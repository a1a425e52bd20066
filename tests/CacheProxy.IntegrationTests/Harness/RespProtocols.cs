namespace CacheProxy.IntegrationTests.Harness;

/// <summary>What a connection string ends with to choose the protocol. Tests that depend on the client library run with both.</summary>
internal static class RespProtocols
{
    public const string Resp2 = ",protocol=resp2";
    public const string Resp3 = ",protocol=resp3";
    public const string Newest = Resp3;
}
