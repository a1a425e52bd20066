using System.Globalization;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>How long a random run goes on and what it begins from; both can be set from outside, to run longer or to run one again.</summary>
internal sealed record LongRunSettings(int Seed, TimeSpan Duration)
{
    public LongRunLoad Load { get; init; } = new();

    public const string SecondsVariable = "CACHEPROXY_LONG_RUN_SECONDS";
    public const string SeedVariable = "CACHEPROXY_LONG_RUN_SEED";

    public static LongRunSettings FromEnvironment(int seconds) => new(
        Number(SeedVariable) ?? Random.Shared.Next(1, 1_000_000),
        TimeSpan.FromSeconds(Number(SecondsVariable) ?? seconds));

    /// <summary>Whether somebody takes the time for every combination.</summary>
    public static bool IsLong => Number(SecondsVariable) is not null;

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>What the API and those who write are like.</summary>
internal sealed record LongRunLoad
{
    /// <summary>The policy's, as the run configures it.</summary>
    public TimeSpan WriteDeadline { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The API's own request timeout: less than the <c>WriteDeadline</c>, as whoever sets that is told. A replica that has just been started
    /// on a busy machine may take longer than that from the fence to the API.
    /// </summary>
    public TimeSpan LongestWrite { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>The longest time before the API commits; 0: what it takes for a read.</summary>
    public int LongestCommitMs { get; init; }

    public int Customers { get; init; } = 5;

    /// <summary>The policy's: how long a lease on a copy stands; zero for no copies.</summary>
    public TimeSpan MemoryTtl { get; init; }

    /// <summary>How many of the customers get every other read, so that replicas hold them; 0: all alike.</summary>
    public int HotCustomers { get; init; }

    /// <summary>What the policy of customers needs to know of it.</summary>
    public (string Key, string? Value)[] Settings =>
    [
        ("CacheProxy:Policies:customer:WriteDeadline", WriteDeadline.ToString("c", CultureInfo.InvariantCulture)),
        ("CacheProxy:Policies:customer:MemoryTtl", MemoryTtl.ToString("c", CultureInfo.InvariantCulture)),
    ];

    /// <summary>Whether readers read customers that contain a pet, and writers write the pet.</summary>
    public bool OfPets { get; init; }

    public int WritersPerHost { get; init; } = 2;

    /// <summary>One of how many writers leaves before the answer.</summary>
    public int LeavesOneIn { get; init; } = 50;

    /// <summary>Whether every other read is of a customer whose writer has left lately.</summary>
    public bool ReadersFollowLeavers { get; init; }

    public int LongestPatienceMs { get; init; } = 15;

    /// <summary>What a read may rely on while Redis keeps what it is told.</summary>
    public LongRunPromise Promise => MemoryTtl == TimeSpan.Zero ? LongRunPromise.Committed : LongRunPromise.Acknowledged;

    /// <summary>The same of more customers, some of them hot, so that replicas hold copies; as it is without a time.</summary>
    public LongRunLoad Holding(int memoryTtlMs) => memoryTtlMs == 0
        ? this
        : this with { MemoryTtl = TimeSpan.FromMilliseconds(memoryTtlMs), Customers = Math.Max(Customers, 15), HotCustomers = 3 };

    /// <summary>What a run's line says of it.</summary>
    public override string ToString() => MemoryTtl == TimeSpan.Zero ? "" : string.Create(CultureInfo.InvariantCulture, $", copies for {MemoryTtl.TotalMilliseconds} ms");
}
