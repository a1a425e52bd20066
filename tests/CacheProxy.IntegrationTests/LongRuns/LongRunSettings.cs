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

    /// <summary>Whether readers read customers that contain a pet, and writers write the pet.</summary>
    public bool OfPets { get; init; }

    public int WritersPerHost { get; init; } = 2;

    /// <summary>One of how many writers leaves before the answer.</summary>
    public int LeavesOneIn { get; init; } = 50;

    /// <summary>Whether every other read is of a customer whose writer has left lately.</summary>
    public bool ReadersFollowLeavers { get; init; }

    public int LongestPatienceMs { get; init; } = 15;
}
