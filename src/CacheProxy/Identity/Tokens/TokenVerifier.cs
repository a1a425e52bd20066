using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CacheProxy.Identity.Tokens;

/// <summary>
/// Verifies the bearer tokens of one configuration's requests. What is known of a token is kept by its fingerprint until it expires or its
/// key is withdrawn. What cannot be verified at once is not waited for: the request is forwarded.
/// </summary>
internal sealed class TokenVerifier
{
    // 65,536 tokens of one policy take 20 MB.
    private const int MostVerified = 64 * 1024;
    private const int MostRefused = 8 * 1024;

    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false };

    private readonly string[] _audience;
    private readonly ImmutableArray<ClaimSelection> _selections;
    private readonly ImmutableArray<string> _tenantClaims;
    private readonly long _skewMs;
    private readonly RecentTokens<VerifiedToken> _verified = new(MostVerified);
    private readonly RecentTokens<KeySet> _refused = new(MostRefused);
    private TokenVerifier? _counted;
    private Supply? _supply;

    /// <param name="options">Checked options.</param>
    /// <param name="selections">The claims of each policy that is shared by them.</param>
    /// <param name="tenantClaims">The claims that name tenants.</param>
    public TokenVerifier(TokenOptions options, ImmutableArray<ClaimSelection> selections, ImmutableArray<string> tenantClaims)
    {
        Options = options;
        _audience = [.. options.Audience];
        _selections = selections;
        _tenantClaims = tenantClaims;
        _skewMs = (long)options.ClockSkew.TotalMilliseconds;
    }

    public TokenOptions Options { get; }

    /// <summary>The same; <c>null</c> where nobody asks for a token, so that no key is fetched either.</summary>
    public static TokenVerifier? Of(TokenOptions options, ImmutableArray<ClaimSelection> selections, ImmutableArray<string> tenantClaims) =>
        selections.IsEmpty && tenantClaims.IsEmpty ? null : new TokenVerifier(options, selections, tenantClaims);

    /// <summary>Gives it keys, clock and metrics. Before that, no token is verified.</summary>
    public void Begin(IssuerKeys keys, TokenMetrics metrics, TimeProvider time) =>
        Volatile.Write(ref _supply, new Supply(keys, metrics, time, new SignatureBudget(time)));

    /// <summary>The same for requests that nobody has made: what it judges is not counted.</summary>
    public TokenVerifier Uncounted()
    {
        var uncounted = (TokenVerifier)MemberwiseClone();
        uncounted._counted = this;
        return uncounted;
    }

    /// <summary>What is known of the request's token; the token itself where it is <see cref="TokenVerdict.Verified"/>.</summary>
    public TokenVerdict Judge(IHeaderDictionary headers, out VerifiedToken? token)
    {
        token = null;
        var authorization = headers.Authorization;
        if (authorization.Count == 0)
        {
            return TokenVerdict.Absent;
        }

        if (Volatile.Read(ref (_counted ?? this)._supply) is not { } supply)
        {
            return TokenVerdict.KeysUnavailable;
        }

        if (!TokenText.TryFind(authorization, out var text))
        {
            return Judged(supply, TokenVerdict.Malformed);
        }

        var nowMs = supply.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (supply.Keys.Current(nowMs) is not { } keys)
        {
            return Judged(supply, TokenVerdict.KeysUnavailable);
        }

        var fingerprint = TokenFingerprint.Of(text);
        if (_verified.TryGet(fingerprint, out var known) && keys.Has(known!.Key))
        {
            var lifetime = JudgeLifetime(known.NotBeforeMs, known.ExpiresMs, nowMs);
            token = lifetime == TokenVerdict.Verified ? known : null;
            return lifetime == TokenVerdict.Verified ? lifetime : Judged(supply, lifetime);
        }

        return Judged(supply, Verify(text, fingerprint, keys, supply, nowMs, out token));
    }

    /// <summary>What an unverified token would name: nobody has vouched for it, and an API that is laxer may believe it.</summary>
    public static ImmutableArray<string> Unverified(ReadOnlySpan<char> token, string claim) =>
        TokenText.TryRead(token, out var text) ? TenantsOf(text.Payload, claim) : [];

    private TokenVerdict Judged(Supply supply, TokenVerdict verdict) => _counted is null ? supply.Metrics.Judged(verdict) : verdict;

    private TokenVerdict Verify(
        ReadOnlySpan<char> token, in TokenFingerprint fingerprint, KeySet keys, Supply supply, long nowMs, out VerifiedToken? verified)
    {
        verified = null;
        if (!TokenText.TryRead(token, out var text))
        {
            return TokenVerdict.Malformed;
        }

        if (JudgeWords(text, nowMs) is not TokenVerdict.Verified and var verdict)
        {
            return verdict;
        }

        var algorithm = TokenText.TextOf(text.Header, "alg")!;
        var candidates = keys.For(algorithm, TokenText.TextOf(text.Header, "kid"));
        if (candidates.Length == 0)
        {
            supply.Keys.AskForMore();
            return TokenVerdict.KeyUnknown;
        }

        if (_refused.TryGet(fingerprint, out var refusedBy) && ReferenceEquals(refusedBy, keys))
        {
            return TokenVerdict.Signature;
        }

        foreach (var key in candidates)
        {
            if (!supply.Budget.TryTake())
            {
                return TokenVerdict.Unchecked;
            }

            if (IsSigned(token.ToString(), algorithm, key, nowMs))
            {
                return Remember(fingerprint, text, key, out verified);
            }
        }

        _refused.Add(fingerprint, keys);
        return TokenVerdict.Signature;
    }

    /// <summary>What costs no signature to see. It refuses only: the library sees it all again.</summary>
    private TokenVerdict JudgeWords(TokenText text, long nowMs)
    {
        if (SignatureAlgorithms.KindOf(TokenText.TextOf(text.Header, "alg")) is null)
        {
            return TokenVerdict.Algorithm;
        }

        if (text.Header.TryGetProperty("crit", out _) || text.Payload.TryGetProperty("cnf", out _))
        {
            return TokenVerdict.Extension;
        }

        if (TokenText.TextOf(text.Payload, "iss") != Options.Issuer)
        {
            return TokenVerdict.Issuer;
        }

        if (!text.IsFor(_audience))
        {
            return TokenVerdict.Audience;
        }

        return text.TimeOf("exp") is { } expires && (text.TimeOf("nbf") is not null || !text.Payload.TryGetProperty("nbf", out _))
            ? JudgeLifetime(text.TimeOf("nbf") ?? 0, expires, nowMs)
            : TokenVerdict.Lifetime;
    }

    private TokenVerdict JudgeLifetime(long notBeforeMs, long expiresMs, long nowMs) =>
        nowMs >= expiresMs + _skewMs ? TokenVerdict.Expired
        : nowMs < notBeforeMs - _skewMs ? TokenVerdict.Lifetime
        : TokenVerdict.Verified;

    private bool IsSigned(string token, string algorithm, VerificationKey key, long nowMs)
    {
        var parameters = new TokenValidationParameters
        {
            ValidAlgorithms = [algorithm],
            ValidIssuer = Options.Issuer,
            ValidAudiences = _audience,
            IssuerSigningKey = key.Key,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            // By our clock, in place of the machine's.
            LifetimeValidator = (notBefore, expires, _, _) => expires is not null
                && JudgeLifetime(Milliseconds(notBefore ?? DateTime.UnixEpoch), Milliseconds(expires.Value), nowMs) == TokenVerdict.Verified,
        };
        // Nothing in it waits: the key is at hand.
        var validation = Handler.ValidateTokenAsync(token, parameters);
        return validation.IsCompletedSuccessfully && validation.Result.IsValid;
    }

    private TokenVerdict Remember(in TokenFingerprint fingerprint, TokenText text, VerificationKey key, out VerifiedToken? verified)
    {
        try
        {
            verified = new VerifiedToken(
                key,
                text.TimeOf("nbf") ?? 0,
                text.TimeOf("exp")!.Value,
                [.. _selections.Select(selection => (selection, selection.Fingerprint(text.Payload)))],
                [.. _tenantClaims.Select(claim => (claim, TenantsOf(text.Payload, claim)))]);
        }
        catch (InvalidOperationException)
        {
            // A text with half of a pair of surrogates: what it says is not certain.
            verified = null;
            return TokenVerdict.Malformed;
        }

        _verified.Add(fingerprint, verified);
        return TokenVerdict.Verified;
    }

    private static ImmutableArray<string> TenantsOf(JsonElement payload, string claim) =>
        !payload.TryGetProperty(claim, out var value) || value.ValueKind == JsonValueKind.Null ? []
        : TokenText.TextOf(payload, claim) is { } tenant ? [tenant]
        // No label: whose request it is, is in doubt.
        : [value.GetRawText(), ""];

    private static long Milliseconds(DateTime time) => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)).ToUnixTimeMilliseconds();

    private sealed record Supply(IssuerKeys Keys, TokenMetrics Metrics, TimeProvider Time, SignatureBudget Budget);
}

/// <summary>What is kept of a token: who vouched for it, for how long, and what it says about sharing and tenants.</summary>
internal sealed class VerifiedToken(
    VerificationKey key,
    long notBeforeMs,
    long expiresMs,
    ImmutableArray<(ClaimSelection Selection, byte[]? Fingerprint)> fingerprints,
    ImmutableArray<(string Claim, ImmutableArray<string> Tenants)> tenants)
{
    public VerificationKey Key => key;

    public long NotBeforeMs => notBeforeMs;

    public long ExpiresMs => expiresMs;

    /// <summary>Of its claims; <c>null</c> where it lacks one of them.</summary>
    public byte[]? FingerprintOf(ClaimSelection selection)
    {
        foreach (var one in fingerprints)
        {
            if (ReferenceEquals(one.Selection, selection))
            {
                return one.Fingerprint;
            }
        }

        return null;
    }

    /// <summary>What the claim names: none, one, or something that is no label.</summary>
    public ImmutableArray<string> TenantsOf(string claim)
    {
        foreach (var one in tenants)
        {
            if (one.Claim == claim)
            {
                return one.Tenants;
            }
        }

        return [];
    }
}

/// <summary>How many signatures are checked: a thousand a second (a tenth of a core), so that nobody buys processor time with made-up tokens.</summary>
internal sealed class SignatureBudget(TimeProvider time)
{
    private const int PerSecond = 1000;
    private const int Most = 4 * PerSecond;

    private readonly Lock _lock = new();
    private double _left = Most;
    private long _filled = time.GetTimestamp();

    public bool TryTake()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(Most, _left + (time.GetElapsedTime(_filled, now).TotalSeconds * PerSecond));
            _filled = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
