using CacheProxy.Http;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>Entries as they stand in Redis, which anybody may have written: what is not beyond doubt is a miss.</summary>
internal sealed partial class RedisEntries(RedisClock clock, EntrySeal seal, TimeProvider time, ILogger logger)
{
    private const long MostAheadMs = 10_000;

    private readonly OncePerMinute _unreadable = new(time);
    private readonly OncePerMinute _unknownKey = new(time);

    /// <summary>The fields that a fill stores; false where the variant is sealed and there is no key to encrypt it with.</summary>
    public bool TryWrite(ResourceKey key, FillLease lease, FillResult result, out RedisValue payload, out RedisValue body)
    {
        if (!result.Variant.IsSealed)
        {
            payload = StoredResponseFormat.Payload(result.Response);
            body = result.Response.Body;
            return true;
        }

        (payload, body) = (default, default);
        if (seal.CanSeal)
        {
            var made = seal.Seal(key, result.Variant, lease.Token, result.Response);
            (payload, body) = (made.Payload, made.Body);
        }

        return !payload.IsNull;
    }

    /// <summary>What a reply to a look-up says; where it is held, there is no fence, and a word stands in its place.</summary>
    public LookUpResult Read(WireCall reply, ResourceKey key, VariantKey variant, bool withBody, string? replicationId, bool isHeld = false)
    {
        if (!isHeld && reply.Has(RedisFields.FenceItem))
        {
            // An expired fence is left to the next begin fill, which removes it together with the entry behind it.
            var deadline = StoredResponseFormat.ReadFence(reply[RedisFields.FenceItem]);
            return deadline > clock.NowMs ? LookUpResult.Fenced : deadline is null ? Unreadable("", "") : LookUpResult.Miss("");
        }

        var vary = StoredResponseReader.Text(reply[RedisFields.VaryItem]);
        if (!VaryNames.AreReadable(vary))
        {
            return Unreadable("", "");
        }

        if (!reply.Has(RedisFields.MetaItem))
        {
            return LookUpResult.Miss(vary);
        }

        var meta = reply[RedisFields.MetaItem];
        // A miss has a stamp, too: a replica whose clock is ahead can then replace the entry.
        if (!StoredResponseFormat.TryReadStamp(meta, out var stamp))
        {
            return Unreadable(vary, "");
        }

        if (withBody && reply.Body is null)
        {
            return Unreadable(vary, stamp.ToString());
        }

        var now = clock.NowMs;
        if (replicationId is null || !stamp.TokenStartsWith(replicationId) || stamp.DeadlineMs <= now)
        {
            return new LookUpResult(LookUpOutcome.Miss, vary, null, stamp.ToString());
        }

        if (ReadPayload(reply, stamp, key, variant, withBody, out var isOfUnknownKey) is not { } response)
        {
            return isOfUnknownKey ? OfUnknownKey(vary, stamp.ToString()) : Unreadable(vary, stamp.ToString());
        }

        // Redis's clock has been set back since it was stored, so its age is not known; nobody else's clock is so far ahead.
        return response.ResponseTimeMs > now + MostAheadMs
            ? new LookUpResult(LookUpOutcome.Miss, vary, null, stamp.ToString())
            : new LookUpResult(LookUpOutcome.Found, vary, response, null);
    }

    private StoredResponse? ReadPayload(
        WireCall reply, in StoredStamp stamp, ResourceKey key, VariantKey variant, bool withBody, out bool isOfUnknownKey)
    {
        isOfUnknownKey = false;
        var payload = StoredResponseFormat.PayloadOf(reply[RedisFields.MetaItem], reply[RedisFields.HeadItem]);
        var body = withBody ? reply.Body : null;
        StoredResponse? response;
        if (variant.IsSealed)
        {
            isOfUnknownKey = seal.Open(new BoundPlace(key, variant, stamp), stamp, payload, body, out response) == SealOutcome.UnknownKey;
        }
        else
        {
            StoredResponseFormat.TryRead(stamp, payload, body is null ? default(ReadOnlyMemory<byte>?) : body, out response);
        }

        return response;
    }

    private LookUpResult OfUnknownKey(string vary, string stamp)
    {
        if (_unknownKey.IsDue())
        {
            logger.RedisEntryOfUnknownKey();
        }

        return new LookUpResult(LookUpOutcome.Miss, vary, null, stamp);
    }

    private LookUpResult Unreadable(string vary, string stamp)
    {
        if (_unreadable.IsDue())
        {
            logger.RedisEntryUnreadable();
        }

        return new LookUpResult(LookUpOutcome.Miss, vary, null, stamp);
    }
}
