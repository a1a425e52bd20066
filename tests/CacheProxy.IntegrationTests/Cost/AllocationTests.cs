using System.Diagnostics;
using System.Reflection;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Identity;
using CacheProxy.IntegrationTests.Transparency;
using CacheProxy.Tests.Identity.Tokens;
using Xunit;

namespace CacheProxy.IntegrationTests.Cost;

/// <summary>
/// How many bytes one request allocates in the whole program, its server and its client libraries included. A count, not a time: it is
/// the same on every machine. Who makes a request cheaper lowers its ceiling; who must raise one says why.
/// </summary>
[Collection(nameof(MemoryCollection))]
public sealed class AllocationTests(ProxyOnStores stores, ITestOutputHelper output) : IClassFixture<ProxyOnStores>
{
    private const int WarmUps = 3000;
    private const int BatchSize = 500;
    private const int Batches = 12;
    private const int MostWaits = 100;

    // Each in turn, so that the server never finds the target of the request before.
    private const int HotResources = 50;

    private const string Get = "GET /api/customers/#######";
    private const string Validate = "If-None-Match: \"v1\"\r\n";
    private const string Tenant = "X-Tenant-Subdomain: demo\r\nAccept: */*\r\n";
    private const string Copies = "5s";
    private const string FromCopy = "; detail=copy\r\n";

    /// <summary>What is asked, where it is stored, for how long a copy is served, and how many bytes one request may allocate.</summary>
    public static TheoryData<string, StoreKind, string, int> Ceilings => new()
    {
        { "hit", StoreKind.Memory, "0", 400 },
        { "hit", StoreKind.Redis, "0", 2900 },
        { "hit", StoreKind.Redis, Copies, 430 },
        // Of a policy whose hits are audited, one that is not drawn costs no more than any.
        { "undrawn", StoreKind.Memory, "0", 400 },
        { "304", StoreKind.Memory, "0", 400 },
        { "304", StoreKind.Redis, "0", 1400 },
        // What its variant's name takes, as with any credential. That the token is verified takes nothing.
        { "claims", StoreKind.Memory, "0", 480 },
        { "claims", StoreKind.Redis, "0", 2990 },
        { "HEAD", StoreKind.Memory, "0", 400 },
        { "HEAD", StoreKind.Redis, "0", 1400 },
        { "miss", StoreKind.Memory, "0", 9000 },
        { "miss", StoreKind.Redis, "0", 11500 },
        { "pass", StoreKind.Memory, "0", 4100 },
        { "list off", StoreKind.Memory, "0", 4100 },
        { "pet off", StoreKind.Memory, "0", 4100 },
    };

    [Theory]
    [MemberData(nameof(Ceilings))]
    public async Task A_request_allocates_no_more_than_its_ceiling(string kind, StoreKind store, string memoryTtl, int ceiling)
    {
        using var api = new CountedApi($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"v1\"\r\nContent-Length: 1500\r\n\r\n{new string('x', 1500)}");
        using var keys = new KeyFile();
        await using var proxy = await stores.StartShippedAsync(
            store,
            api.Address,
            [
                ("Serilog:MinimumLevel:Default", "Information"), ("CacheProxy:Policies:customer:MemoryTtl", memoryTtl),
                ("CacheProxy:Policies:customer:Audit", kind == "undrawn" ? "1e-9" : null),
                .. kind == "claims" ? ClaimsScene.Settings(keys.Path) : [],
            ]);
        var lines = kind == "claims" ? $"{Tenant}Authorization: Bearer {keys.Token}\r\n" : Tenant;
        var measured = await OnThreadOfItsOwn(() => Measure(proxy.Address.Port, kind, lines, holds: memoryTtl != "0"));
        output.WriteLine($"{kind}, {store}, copies for {memoryTtl}: {measured.Bytes} bytes a request, at most {ceiling}");

        Assert.Contains(StatusOf(kind), measured.Answer, StringComparison.Ordinal);
        Assert.SkipWhen(IsDebugBuild, "Without optimisation each async step is an object: the ceilings are those of a Release build.");
        Assert.InRange(measured.Bytes, 1, ceiling);
    }

    private static (long Bytes, string Answer) Measure(int port, string kind, string lines, bool holds)
    {
        using var client = new CountingClient(port, $"{RequestOf(kind)}{lines}\r\n", kind is not ("304" or "HEAD"));
        using var filler = new CountingClient(port, $"{RequestOf("hit")}{lines}\r\n", hasBody: true);
        for (var i = 0; i < HotResources && kind != "miss"; i++)
        {
            filler.Ask(i);
        }

        var resource = 0;
        Ask(client, WarmUps, kind, ref resource);
        for (var i = 0; holds && i < MostWaits && !client.LastAnswer.Contains(FromCopy, StringComparison.Ordinal); i++)
        {
            // Nothing is held before the replica hears its own messages through Redis.
            Ask(client, BatchSize, kind, ref resource);
        }

        var least = long.MaxValue;
        for (var i = 0; i < Batches; i++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            Ask(client, BatchSize, kind, ref resource);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return (least / BatchSize, client.LastAnswer);
    }

    private static void Ask(CountingClient client, int count, string kind, ref int resource)
    {
        for (var i = 0; i < count; i++)
        {
            client.Ask(kind == "miss" ? resource : resource % HotResources);
            resource++;
        }
    }

    private static string RequestOf(string kind) => kind switch
    {
        "304" => $"{Get} HTTP/1.1\r\nHost: api.test\r\n{Validate}",
        "HEAD" => $"HEAD{Get[3..]} HTTP/1.1\r\nHost: api.test\r\n",
        "pass" => $"{Get}/orders HTTP/1.1\r\nHost: api.test\r\n",
        "list off" => "GET /api/customers?page=####### HTTP/1.1\r\nHost: api.test\r\n",
        "pet off" => "GET /api/pets/####### HTTP/1.1\r\nHost: api.test\r\n",
        _ => $"{Get} HTTP/1.1\r\nHost: api.test\r\n",
    };

    /// <summary>An issuer's keys, and a token that they verify.</summary>
    private sealed class KeyFile : IDisposable
    {
        private static readonly TokenIssuer Issuer = TokenIssuer.Rsa();

        public KeyFile() => File.WriteAllBytes(Path, TokenIssuer.Jwks(Issuer));

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public string Token { get; } = Issuer.Sign(TokenIssuer.Payload(DateTimeOffset.UtcNow, ("scope", "customers.read")));

        public void Dispose() => File.Delete(Path);
    }

    // What shows that the request went the way that is measured.
    private static string StatusOf(string kind) => kind switch
    {
        "304" => "HTTP/1.1 304 ",
        "miss" => "; stored",
        "pass" or "list off" => "HTTP/1.1 200 OK\r\n",
        "pet off" => "; detail=policy-off\r\n",
        _ => "Cache-Status: cacheproxy; hit; ttl=",
    };

    private static bool IsDebugBuild => typeof(Program).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true };

    private static async Task<T> OnThreadOfItsOwn<T>(Func<T> run)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                result.SetResult(run());
            }
            catch (Exception exception)
            {
                // The test's own thread throws it.
                result.SetException(exception);
            }
        });
        thread.IsBackground = true;
        thread.Start();
        return await result.Task;
    }
}
