using CacheProxy.Configuration;
using CacheProxy.Identity.Tokens;

namespace CacheProxy.Hosting;

/// <summary>Gives the tokens of each configuration their keys. A new configuration with the same keys goes on with those that are there.</summary>
internal sealed class TokenKeys(
    ConfigurationReloader configuration, TokenMetrics metrics, TimeProvider time, ILogger<IssuerKeys> logger) : IHostedService
{
    private IssuerKeys? _keys;
    private JwksFetch? _fetch;
    private TokenOptions? _options;
    private Task _ended = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        configuration.Changed += Follow;
        return Begin(configuration.Current);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        configuration.Changed -= Follow;
        End();
        await _ended;
    }

    // No request waits for the keys: until they are there, no token is verified.
    private void Follow(ConfigurationSnapshot snapshot) => _ = Begin(snapshot);

    /// <returns>Ends when keys that stand in a file have been read.</returns>
    private Task Begin(ConfigurationSnapshot snapshot)
    {
        var verifier = snapshot.Rules.Tokens;
        if (verifier is null || _options is null || !AreSameKeys(_options, verifier.Options))
        {
            End();
        }

        if (verifier is null)
        {
            return Task.CompletedTask;
        }

        var started = Task.CompletedTask;
        if (_keys is null)
        {
            _options = verifier.Options;
            _fetch = new JwksFetch(_options.Keys);
            _keys = new IssuerKeys(_options, _fetch.FetchAsync, _fetch.Place, metrics, time, logger);
            metrics.Begin(_keys);
            var first = _keys.StartAsync();
            started = _fetch.IsAtHand ? first : started;
        }

        verifier.Begin(_keys, metrics, time);
        return started;
    }

    private void End()
    {
        if (_keys is { } keys)
        {
            _ended = Task.WhenAll(_ended, EndAsync(keys, _fetch!));
            (_keys, _fetch, _options) = (null, null, null);
            metrics.Begin(null);
        }
    }

    private static async Task EndAsync(IssuerKeys keys, JwksFetch fetch)
    {
        await keys.DisposeAsync();
        fetch.Dispose();
    }

    private static bool AreSameKeys(TokenOptions left, TokenOptions right) =>
        (left.Keys, left.KeysRefresh, left.KeysMaxAge) == (right.Keys, right.KeysRefresh, right.KeysMaxAge);
}
