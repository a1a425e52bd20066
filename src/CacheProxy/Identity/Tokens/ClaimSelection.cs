using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using CacheProxy.Http;

namespace CacheProxy.Identity.Tokens;

/// <summary>
/// The claims by which callers share. Two tokens have one fingerprint exactly if each of these claims has the same value in both: the same
/// text, number or truth, or the same set of them. An array is a set, and so is <c>scope</c>, whose words stand in one text (RFC 6749, 3.3).
/// </summary>
internal sealed class ClaimSelection
{
    public const int FingerprintLength = 32;

    // RFC 8693 §4.2 and RFC 9068 §2.2.3 call it scope; Microsoft's issuer calls it scp.
    private static readonly ImmutableArray<string> SetsOfWords = ["scope", "scp"];

    private readonly ImmutableArray<string> _names;
    private readonly byte[] _secret;

    /// <param name="names">The claims.</param>
    /// <param name="secret">Key of the HMAC, as for credentials; empty for a plain digest.</param>
    public ClaimSelection(ImmutableArray<string> names, string secret)
    {
        // Sorted, so that the order in the configuration does not matter between replicas.
        _names = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        _secret = Encoding.UTF8.GetBytes(secret);
    }

    /// <returns>The fingerprint; <c>null</c> where a claim is absent, null, an object, or an array of anything but texts, numbers and truths.</returns>
    public byte[]? Fingerprint(JsonElement payload)
    {
        var digest = new FramedDigest(stackalloc byte[512], _secret);
        var fingerprint = new byte[FingerprintLength];
        var isWhole = true;
        foreach (var name in _names)
        {
            digest.Add(DigestPart.Claim, name);
            isWhole &= payload.TryGetProperty(name, out var value) && TryAdd(ref digest, name, value);
        }

        // Also where it is of no use: it gives back what was rented.
        digest.Finish(fingerprint);
        return isWhole ? fingerprint : null;
    }

    private static bool TryAdd(ref FramedDigest digest, string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String && SetsOfWords.Contains(name))
        {
            // Half of a pair of surrogates is no text.
            if (!JsonPointer.TryText(value, out var words))
            {
                return false;
            }

            AddSet(ref digest, words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static word => (DigestPart.ClaimText, word)));
            return true;
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            var members = new List<(DigestPart, string)>();
            foreach (var element in value.EnumerateArray())
            {
                if (!TryRead(element, out var member))
                {
                    return false;
                }

                members.Add(member);
            }

            AddSet(ref digest, members);
            return true;
        }

        if (!TryRead(value, out var single))
        {
            return false;
        }

        digest.Add(single.Kind, single.Text);
        return true;
    }

    private static void AddSet(ref FramedDigest digest, IEnumerable<(DigestPart Kind, string Text)> members)
    {
        var sorted = members.Distinct().OrderBy(static member => member.Kind).ThenBy(static member => member.Text, StringComparer.Ordinal).ToArray();
        digest.Add(DigestPart.ClaimSet, BitConverter.GetBytes(sorted.Length).AsSpan());
        foreach (var (kind, text) in sorted)
        {
            digest.Add(kind, text);
        }
    }

    private static bool TryRead(JsonElement value, out (DigestPart Kind, string Text) read)
    {
        read = value.ValueKind switch
        {
            JsonValueKind.String => JsonPointer.TryText(value, out var text) ? (DigestPart.ClaimText, text) : default,
            // As it is written: 1 and 1.0 are two values, which only costs a hit.
            JsonValueKind.Number => (DigestPart.ClaimNumber, value.GetRawText()),
            JsonValueKind.True or JsonValueKind.False => (DigestPart.ClaimTruth, value.GetRawText()),
            JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.Object or JsonValueKind.Array => default,
        };
        return read.Kind != default;
    }
}
