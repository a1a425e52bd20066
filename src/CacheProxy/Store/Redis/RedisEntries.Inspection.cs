using System.Collections.Immutable;
using System.Globalization;
using CacheProxy.Http;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>Reads what <c>inspect.lua</c> replies, by the rules that look-ups read by.</summary>
internal sealed partial class RedisEntries
{
    private const string Foreign = "foreign";
    private const string Meta = "meta";
    private const string Head = "head";
    private const string FillPrefix = "fill:";
    private const string WritePrefix = "write:";

    public StoredResource? Inspect(RedisValue[] reply, ResourceKey key, string? replicationId)
    {
        if (reply is [var only] && only == Foreign)
        {
            return new StoredResource { NowMs = clock.NowMs, IsForeign = true };
        }

        if (reply.Length < 2 || !long.TryParse(reply[0].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var nowMs))
        {
            return null;
        }

        var fields = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var i = 2; i + 1 < reply.Length; i += 2)
        {
            if ((byte[]?)reply[i + 1] is { } value)
            {
                fields[reply[i].ToString()] = value;
            }
        }

        var vary = fields.TryGetValue("vary", out var names) ? StoredResponseReader.Text(names) : "";
        return new StoredResource
        {
            NowMs = nowMs,
            Expiry = long.TryParse(reply[1].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var left) ? TimeSpan.FromMilliseconds(left) : null,
            Vary = VaryNames.AreReadable(vary) ? vary : "",
            Variants = [.. Variants(fields, key, replicationId, nowMs)],
            Fills = [.. from field in fields where field.Key.StartsWith(FillPrefix, StringComparison.Ordinal) select Lease(field.Key, field.Value, nowMs)],
            Writes = [.. from field in fields where field.Key.StartsWith(WritePrefix, StringComparison.Ordinal) select Left(StoredResponseFormat.ReadFence(field.Value), nowMs)],
            Fence = fields.TryGetValue("fence", out var fence) ? Left(StoredResponseFormat.ReadFence(fence), nowMs) : null,
        };
    }

    private IEnumerable<StoredVariant> Variants(Dictionary<string, byte[]> fields, ResourceKey key, string? replicationId, long nowMs)
    {
        foreach (var (name, meta) in fields)
        {
            if (name == Meta || name.StartsWith(Meta + ":", StringComparison.Ordinal))
            {
                var variant = new VariantKey(name == Meta ? "" : name[(Meta.Length + 1)..]);
                yield return Variant(variant, meta, fields.GetValueOrDefault(Head + name[Meta.Length..]), key, replicationId, nowMs);
            }
        }
    }

    private StoredVariant Variant(VariantKey variant, byte[] meta, byte[]? head, ResourceKey key, string? replicationId, long nowMs)
    {
        if (!StoredResponseFormat.TryReadStamp(meta, out var stamp))
        {
            return new StoredVariant(variant, StoredVariantState.Unreadable, TimeSpan.Zero, null);
        }

        var left = Left(stamp.DeadlineMs, nowMs);
        using var reply = WireCall.Of([RedisValue.Null, RedisValue.Null, meta, head ?? RedisValue.Null], isList: true);
        var response = ReadPayload(reply, stamp, key, variant, withBody: false, out var isOfUnknownKey);
        return new StoredVariant(
            variant,
            isOfUnknownKey ? StoredVariantState.OfUnknownKey
            : response is null ? StoredVariantState.Unreadable
            : left <= TimeSpan.Zero ? StoredVariantState.Expired
            : replicationId is null || !stamp.TokenStartsWith(replicationId) || response.ResponseTimeMs > nowMs + MostAheadMs ? StoredVariantState.OfAnotherRedis
            : StoredVariantState.Usable,
            left,
            response);
    }

    // fill:T is the plain variant's, fill:V.T another's; a token has no dot.
    private static StoredLease Lease(string name, byte[] value, long nowMs)
    {
        var dot = name.LastIndexOf('.');
        return new StoredLease(new VariantKey(dot < 0 ? "" : name[FillPrefix.Length..dot]), Left(StoredResponseFormat.ReadFence(value), nowMs));
    }

    // What cannot be read as a deadline has passed.
    private static TimeSpan Left(long? deadlineMs, long nowMs) => deadlineMs is { } deadline ? TimeSpan.FromMilliseconds(deadline - nowMs) : TimeSpan.Zero;
}
