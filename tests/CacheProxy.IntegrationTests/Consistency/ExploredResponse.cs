using System.Buffers.Binary;
using CacheProxy.Http;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>What the explorers store: a response whose body begins with the version that the API had.</summary>
internal static class ExploredResponse
{
    public static StoredResponse Of(int version)
    {
        var body = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(body, version);
        return new StoredResponse
        {
            Status = 200,
            Headers = [new HeaderField("Content-Type", "application/octet-stream")],
            Body = body,
            ResponseTimeMs = 0,
            InitialAgeMs = 0,
            LifetimeMs = 600_000,
            Target = "localhost /api/customers/123",
        };
    }

    public static int VersionOf(StoredResponse response) => BinaryPrimitives.ReadInt32LittleEndian(response.Body.Span);
}
