using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>
/// Gives a response that is complete the lifetime that the policy's <c>TtlRules</c> have for what it says, or else its <c>AdaptiveTtl</c>.
/// They stand in for the policy's <c>Ttl</c> and for nothing else: what the API itself says of freshness has been heard before.
/// </summary>
internal static class BodyFreshness
{
    /// <param name="policy">Of the route.</param>
    /// <param name="result">What is about to be stored, with its body.</param>
    public static FillResult Apply(CachePolicy policy, FillResult result) =>
        policy.Options.TtlRules.IsEmpty || !result.HasPolicyTtl ? result : Apply(policy.Options, result);

    /// <param name="policy">Of the route; has an <c>AdaptiveTtl</c>.</param>
    /// <param name="result">What is about to be stored.</param>
    /// <param name="pace">How often its resource is written.</param>
    public static FillResult Adapt(CachePolicy policy, FillResult result, in WritePace pace)
    {
        var (least, most) = policy.Options.AdaptiveTtl!;
        return Storability.WithTtl(result, pace.Lifetime(least, most), policy.Options.TtlJitter);
    }

    private static FillResult Apply(CachePolicyOptions policy, FillResult result)
    {
        using var said = new SaidByResponse(result.Response, policy.MaxBodyBytes);
        foreach (var rule in policy.TtlRules)
        {
            if (said.Matches(rule))
            {
                return Storability.WithTtl(result, rule.Ttl, policy.TtlJitter);
            }
        }

        return result;
    }
}

/// <summary>What a response says in its headers and, where a rule asks for it, in its JSON body.</summary>
internal sealed class SaidByResponse(StoredResponse response, int maxBytes) : IDisposable
{
    // A pointer with an asterisk may name any number; beyond this many it decides nothing.
    private const int MostValues = 1000;

    private readonly ResponseHeaders _headers = new(response.Headers);
    private JsonDocument? _body;
    private bool _isParsed;

    public bool Matches(TtlRule rule)
    {
        var values = rule.Pointer is { } pointer ? InBody(pointer) : InHeaders(rule.Header!);
        if (values is null or [])
        {
            return false;
        }

        // Of several values one decides that it is such a response, but all decide that nothing in it is new.
        return rule.OlderThan is { } age ? values.TrueForAll(value => IsOlder(value.Text, age)) : values.Exists(value => IsOneOf(value, rule));
    }

    public void Dispose() => _body?.Dispose();

    private List<Value>? InBody(JsonPointer pointer)
    {
        if (!_isParsed)
        {
            _isParsed = true;
            // Of several codings it is none that is known.
            _ = JsonBody.TryParse(
                response.Body, _headers.First("Content-Type"), _headers["Content-Encoding"].ToString(), maxBytes, out _body);
        }

        var found = new List<JsonElement>();
        if (_body is null || !pointer.TryFind(_body.RootElement, MostValues, found))
        {
            return null;
        }

        // What is no scalar equals no text and is no date.
        return found.ConvertAll(static element => new Value(
            JsonPointer.TryText(element, out var text) ? text : null, element.ValueKind is JsonValueKind.True or JsonValueKind.False));
    }

    private List<Value> InHeaders(string name)
    {
        var values = new List<Value>();
        foreach (var line in _headers[name])
        {
            values.Add(new Value(line, IsBoolean: false));
        }

        return values;
    }

    // Configuration files write a JSON true as True.
    private static bool IsOneOf(Value value, TtlRule rule) =>
        value.Text is { } text && rule.Values.Contains(text, value.IsBoolean ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    private bool IsOlder(string? text, TimeSpan age) =>
        text is not null
        && DateText.TryParse(text, response.ResponseTimeMs, out var dateMs)
        && response.ResponseTimeMs - dateMs > age.TotalMilliseconds;

    private readonly record struct Value(string? Text, bool IsBoolean);
}
