using System.Text.Json;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Management.Explaining;

/// <summary>What is stored of a resource, as JSON: how it may be used, and never what the API said.</summary>
internal static class EntryWriter
{
    private const int MostLeases = 20;
    private const int GenerationDigits = 8;
    private const string Plain = "plain";

    /// <param name="json">Where it goes, as the value of the property that was named last.</param>
    /// <param name="seen">What there is; <c>null</c> where the store does not say.</param>
    /// <param name="asked">The variant that is marked; <c>null</c> for none.</param>
    public static void Write(Utf8JsonWriter json, InspectedResource? seen, VariantKey? asked = null)
    {
        json.WriteStartObject();
        if (seen is not { Stored: { } stored })
        {
            json.WriteString("state", "unknown: the store does not answer");
        }
        else if (stored.IsForeign || stored.IsEmpty)
        {
            json.WriteString("state", stored.IsForeign ? "foreign: another program's key" : "empty");
        }
        else
        {
            json.WriteString("state", "there");
            WriteSeconds(json, "keyExpiresInSeconds", stored.Expiry);
            WriteNames(json, "variesOn", stored.Vary);
            WriteWrites(json, stored);
            json.WriteNumber("fillsUnderWay", stored.Fills.Count(static fill => fill.Left > TimeSpan.Zero));
            WriteFills(json, stored);
            json.WriteStartArray("variants");
            foreach (var variant in stored.Variants)
            {
                Write(json, seen, variant, asked);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public static string NameOf(VariantKey variant) => variant.IsPlain ? Plain : variant.Digest;

    /// <summary>The names of a canonical list.</summary>
    public static void WriteNames(Utf8JsonWriter json, string name, string names)
    {
        json.WriteStartArray(name);
        foreach (var one in VaryNames.Enumerate(names))
        {
            json.WriteStringValue(one);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, InspectedResource seen, StoredVariant variant, VariantKey? asked)
    {
        json.WriteStartObject();
        json.WriteString("variant", NameOf(variant.Variant));
        if (asked is { } one)
        {
            json.WriteBoolean("askedFor", variant.Variant == one);
        }

        json.WriteString("state", Word(variant.State));
        json.WriteBoolean("sealed", variant.Variant.IsSealed);
        WriteSeconds(json, "keptForSeconds", variant.Left);
        if (variant.Response is { } response)
        {
            WriteResponse(json, seen, response);
        }

        json.WriteEndObject();
    }

    private static void WriteResponse(Utf8JsonWriter json, InspectedResource seen, StoredResponse response)
    {
        var ageMs = response.AgeMs(seen.Stored.NowMs);
        var headers = new ResponseHeaders(response.Headers);
        json.WriteNumber("status", response.Status);
        json.WriteNumber("ageSeconds", ageMs / 1000);
        json.WriteNumber("ttlSeconds", response.Freshness.TtlSeconds(ageMs));
        WriteUnlessZero(json, "staleWhileRevalidateSeconds", response.StaleWhileRevalidateMs / 1000);
        WriteUnlessZero(json, "staleIfErrorSeconds", response.StaleIfErrorMs / 1000);
        if ((response.Flags & StoredFlags.NoCache) != 0)
        {
            json.WriteBoolean("noCache", true);
        }

        if ((response.Flags & StoredFlags.MustRevalidate) != 0)
        {
            json.WriteBoolean("mustRevalidate", true);
        }

        if ((response.Flags & StoredFlags.Purged) != 0)
        {
            json.WriteBoolean("purged", true);
        }

        json.WriteNumber("bytes", response.BodyLength);
        WriteHeader(json, "contentType", headers, "Content-Type");
        WriteHeader(json, "contentEncoding", headers, "Content-Encoding");
        WriteHeader(json, "etag", headers, "ETag");
        WriteHeader(json, "lastModified", headers, "Last-Modified");
        json.WriteString("answered", response.Target);
        WriteTags(json, seen, response.Dependencies);
        WriteContained(json, response.Dependencies);
    }

    private static void WriteTags(Utf8JsonWriter json, InspectedResource seen, Dependency[] dependencies)
    {
        json.WriteStartArray("tags");
        foreach (var (kind, key, version) in dependencies)
        {
            if (kind == DependencyKind.Tag)
            {
                json.WriteStartObject();
                json.WriteString("tag", key);
                json.WriteString("generation", version[..Math.Min(version.Length, GenerationDigits)]);
                json.WriteString("state", seen.StateOf(key) switch
                {
                    { Outcome: TagOutcome.InForce } now when now.Generation == version => "in force",
                    { Outcome: TagOutcome.InForce or TagOutcome.Absent } => "evicted since",
                    { Outcome: TagOutcome.Fenced } => "being evicted",
                    _ => "unknown",
                });
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static void WriteContained(Utf8JsonWriter json, Dependency[] dependencies)
    {
        json.WriteStartArray("contains");
        foreach (var (kind, key, _) in dependencies)
        {
            if (kind == DependencyKind.Resource)
            {
                json.WriteStringValue(key);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteWrites(Utf8JsonWriter json, StoredResource stored)
    {
        json.WriteNumber("writesUnderWay", stored.Writes.Count(static left => left > TimeSpan.Zero));
        WriteUnlessZero(json, "writesOfUnknownOutcome", stored.Writes.Count(static left => left <= TimeSpan.Zero));
        if (stored.Fence is { } fence)
        {
            WriteSeconds(json, "fenceLeftSeconds", fence);
        }
    }

    private static void WriteFills(Utf8JsonWriter json, StoredResource stored)
    {
        json.WriteStartArray("leases");
        foreach (var (variant, left) in stored.Fills.Take(MostLeases))
        {
            json.WriteStartObject();
            json.WriteString("variant", NameOf(variant));
            WriteSeconds(json, "leftSeconds", left);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteHeader(Utf8JsonWriter json, string name, ResponseHeaders headers, string header)
    {
        if (headers[header] is { Count: > 0 } values)
        {
            json.WriteString(name, values.ToString());
        }
    }

    private static void WriteUnlessZero(Utf8JsonWriter json, string name, long value)
    {
        if (value != 0)
        {
            json.WriteNumber(name, value);
        }
    }

    private static void WriteSeconds(Utf8JsonWriter json, string name, TimeSpan? span)
    {
        if (span is { } known)
        {
            json.WriteNumber(name, Math.Round(known.TotalSeconds, 1));
        }
    }

    private static string Word(StoredVariantState state) => state switch
    {
        StoredVariantState.Usable => "usable",
        StoredVariantState.Expired => "expired",
        StoredVariantState.OfAnotherRedis => "not trusted: stored in a Redis that has been replaced or restarted since",
        StoredVariantState.OfUnknownKey => "encrypted under a key that this replica does not have",
        StoredVariantState.Unreadable => "unreadable",
    };
}
