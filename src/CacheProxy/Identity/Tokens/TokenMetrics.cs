using System.Diagnostics.Metrics;
using CacheProxy.Telemetry;

namespace CacheProxy.Identity.Tokens;

/// <summary>What becomes of bearer tokens, and of the keys that they are verified with.</summary>
internal sealed class TokenMetrics
{
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _fetches;
    private IssuerKeys? _keys;

    public TokenMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(CacheProxyMeter.Name);
        _tokens = meter.CreateCounter<long>(
            "cacheproxy.tokens", "{token}", "Bearer tokens that were judged, by verdict (verified, or why not); one that is known to be good is not judged again");
        _fetches = meter.CreateCounter<long>(
            "cacheproxy.tokens.keys.fetches", "{fetch}", "Fetches of the keys that tokens are verified with, by result (fetched, failed)");
        meter.CreateObservableGauge(
            "cacheproxy.tokens.keys.age",
            Age,
            "s",
            "Time since the keys that tokens are verified with were fetched; infinite while there are none, 0 where no tokens are verified");
    }

    /// <summary>Makes its series exist, so that their first step is seen by those who compute rates.</summary>
    /// <param name="keys">Whose age is told from now on; <c>null</c> for none.</param>
    public void Begin(IssuerKeys? keys)
    {
        Volatile.Write(ref _keys, keys);
        if (keys is not null)
        {
            Judged(TokenVerdict.Verified, count: 0);
            Fetched(succeeded: true, count: 0);
            Fetched(succeeded: false, count: 0);
        }
    }

    /// <returns>The verdict.</returns>
    public TokenVerdict Judged(TokenVerdict verdict, int count = 1)
    {
        if (_tokens.Enabled)
        {
            _tokens.Add(count, new KeyValuePair<string, object?>("verdict", TokenVerdicts.ToToken(verdict)));
        }

        return verdict;
    }

    public void Fetched(bool succeeded, int count = 1)
    {
        if (_fetches.Enabled)
        {
            _fetches.Add(count, new KeyValuePair<string, object?>("result", succeeded ? "fetched" : "failed"));
        }
    }

    private double Age() => Volatile.Read(ref _keys) is not { } keys ? 0 : keys.Age?.TotalSeconds ?? double.PositiveInfinity;
}
