using System.Globalization;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>How long a random run goes on and what it begins from; both can be set from outside, to run longer or to run one again.</summary>
internal sealed record LongRunSettings(int Seed, TimeSpan Duration)
{
    public const string SecondsVariable = "CACHEPROXY_LONG_RUN_SECONDS";
    public const string SeedVariable = "CACHEPROXY_LONG_RUN_SEED";

    public static LongRunSettings FromEnvironment(int seconds) => new(
        Number(SeedVariable) ?? Random.Shared.Next(1, 1_000_000),
        TimeSpan.FromSeconds(Number(SecondsVariable) ?? seconds));

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
