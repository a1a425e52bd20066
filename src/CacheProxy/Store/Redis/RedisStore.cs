using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>The protocol on a Redis that replicas share: one hash a resource, a step one round trip.</summary>
internal sealed class RedisStore : ICacheStore
{
    private readonly RedisConnection _connection;
    private readonly RedisScripts _scripts;
    private readonly RedisRefusals _refusals;
    private readonly StoreMetrics? _metrics;
    private readonly TimeProvider _time;

    public RedisStore(RedisOptions options, TimeProvider time, ILogger<RedisStore> logger, StoreMetrics? metrics = null)
        : this(options, time, logger, new RedisScripts(), metrics)
    {
    }

    /// <summary>For tests that bring their own clock.</summary>
    internal RedisStore(RedisOptions options, TimeProvider time, ILogger<RedisStore> logger, RedisScripts scripts, StoreMetrics? metrics = null)
    {
        _time = time;
        _metrics = metrics;
        _scripts = scripts;
        _refusals = new RedisRefusals(time, logger);
        _connection = new RedisConnection(options, time, logger);
    }

    public long NowMs => _connection.Clock.NowMs;

    public bool IsAvailable => _connection.Breaker.IsClosed;

    public Task FirstContact => _connection.FirstContact;

    /// <summary>The incarnation of the key's Redis, by which a later look-up tells whether it may trust the entry, and 16 random digits.</summary>
    public string NewFillToken(ResourceKey key)
    {
        var incarnation = _connection.TryGetPrimary(out var primary) ? primary.IncarnationOf(key.Value) : RedisPrimary.NoIncarnation;
        return string.Create(CultureInfo.InvariantCulture, $"{incarnation}{Random.Shared.NextInt64():x16}");
    }

    public async ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StorePatience patience)
    {
        if (patience.Remaining <= TimeSpan.Zero || !_connection.TryGetPrimary(out var primary))
        {
            return LookUpResult.Unavailable;
        }

        var started = _time.GetTimestamp();
        var answered = false;
        try
        {
            var reply = primary.Database.HashGetAsync(key.Value, RedisFields.LookUp(variant), CommandFlags.DemandMaster);
            var values = await RedisWait.AtMost(reply, patience.Remaining, _time);
            _connection.Breaker.Succeeded();
            answered = true;
            return Read(values, primary.IncarnationOf(key.Value));
        }
        catch (Exception exception)
        {
            // Whatever the client library throws, the request goes on without the store.
            Failed(exception);
            return LookUpResult.Unavailable;
        }
        finally
        {
            Spend(StoreStep.LookUp, _time.GetElapsedTime(started), patience, answered);
        }
    }

    public async ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StorePatience patience)
    {
        RedisValue[] arguments =
        [
            RedisFields.Fill(lease),
            RedisFields.FillPrefix(lease.Variant),
            lease.Variant.Digest,
            lease.Seen,
            Milliseconds(lease.Duration),
            lease.Exclusive ? 1 : 0,
        ];
        return await RunAsync(StoreStep.BeginFill, _scripts.BeginFill, key, arguments, patience) switch
        {
            "granted" => BeginFillOutcome.Granted,
            "fenced" => BeginFillOutcome.Fenced,
            "changed" => BeginFillOutcome.Changed,
            "under way" => BeginFillOutcome.UnderWay,
            _ => BeginFillOutcome.Unavailable,
        };
    }

    public async ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StorePatience patience)
    {
        RedisValue[] arguments =
        [
            RedisFields.Fill(lease),
            result.Variant.Digest,
            lease.Token,
            StoredResponseFormat.Payload(result.Response),
            result.Response.Body,
            result.Vary,
            Milliseconds(result.KeepFor),
            result.MaxVariants,
        ];
        return await RunAsync(StoreStep.CompleteFill, _scripts.CompleteFill, key, arguments, patience) switch
        {
            "stored" => CompleteFillOutcome.Stored,
            "revoked" => CompleteFillOutcome.Revoked,
            _ => CompleteFillOutcome.Unavailable,
        };
    }

    public async ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StorePatience patience) =>
        await RunAsync(StoreStep.AbandonFill, _scripts.AbandonFill, key, [RedisFields.Fill(lease)], patience);

    public async ValueTask<StoreOutcome> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StorePatience patience) =>
        WriteOutcome(await RunAsync(StoreStep.BeginWrite, _scripts.BeginWrite, key, [RedisFields.Write(token), Milliseconds(deadline)], patience));

    public async ValueTask<StoreOutcome> EndWriteAsync(ResourceKey key, string token, WriteResult result, StorePatience patience)
    {
        var word = result switch
        {
            WriteResult.Changed => "changed",
            WriteResult.Unchanged => "unchanged",
            WriteResult.Unknown => "unknown",
        };
        return WriteOutcome(await RunAsync(StoreStep.EndWrite, _scripts.EndWrite, key, [RedisFields.Write(token), word], patience));
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    // A key that is not a hash is somebody else's: nothing of ours is in it, so nothing is served from it and nothing is left to evict.
    private static StoreOutcome WriteOutcome(string reply) =>
        reply is "done" or ForeignKey ? StoreOutcome.Done : StoreOutcome.Unavailable;

    private const string ForeignKey = "foreign key";

    private LookUpResult Read(RedisValue[] values, string incarnation)
    {
        if ((byte[]?)values[0] is { } fence)
        {
            // A fence past its deadline is for the next fill to take away, and what lies behind it; Redis decides by its own clock.
            return StoredResponseFormat.ReadDeadline(fence) > NowMs ? LookUpResult.Fenced : LookUpResult.Miss("");
        }

        var vary = values[1].IsNull ? "" : (string)values[1]!;
        if ((byte[]?)values[2] is not { } meta)
        {
            return LookUpResult.Miss(vary);
        }

        // A miss, too, says what it saw: a replica whose clock runs ahead may then replace it.
        var stamp = StoredResponseFormat.ReadStamp(meta);
        return (byte[]?)values[3] is { } body
            && StoredResponseFormat.TryRead(meta, body, out var response)
            && StoredResponseFormat.ReadDeadline(meta) > NowMs
            && StoredResponseFormat.TokenStartsWith(meta, incarnation)
                ? new LookUpResult(LookUpOutcome.Found, vary, response, stamp)
                : new LookUpResult(LookUpOutcome.Miss, vary, null, stamp);
    }

    /// <summary>The script's reply, or a word that no script replies with.</summary>
    private async Task<string> RunAsync(StoreStep step, RedisScript script, ResourceKey key, RedisValue[] arguments, StorePatience patience)
    {
        if (patience.Remaining <= TimeSpan.Zero || !_connection.TryGetPrimary(out var primary))
        {
            return "";
        }

        var started = _time.GetTimestamp();
        var answered = false;
        try
        {
            RedisKey[] keys = [key.Value];
            var reply = await RedisWait.AtMost(EvaluateAsync(primary.Database, script, keys, arguments), patience.Remaining, _time);
            _connection.Breaker.Succeeded();
            answered = true;
            return (string?)reply ?? "";
        }
        catch (Exception exception)
        {
            // Whatever the client library throws, the request goes on without the store.
            return Failed(exception) == RedisFailure.ForeignKey ? ForeignKey : "";
        }
        finally
        {
            Spend(step, _time.GetElapsedTime(started), patience, answered);
        }
    }

    private void Spend(StoreStep step, TimeSpan waited, StorePatience patience, bool answered)
    {
        patience.Spend(waited);
        _metrics?.Took(step, waited, answered);
    }

    private static async Task<RedisResult> EvaluateAsync(IDatabase database, RedisScript script, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await database.ScriptEvaluateAsync(script.Hash, keys, arguments, CommandFlags.DemandMaster);
        }
        catch (RedisServerException exception) when (RedisFailures.Classify(exception) == RedisFailure.ScriptMissing)
        {
            // A Redis that was restarted or flushed its scripts; the text also brings the name back.
            return await database
                .ScriptEvaluateAsync(script.Text, keys, arguments, CommandFlags.DemandMaster | CommandFlags.NoScriptCache);
        }
    }

    private RedisFailure Failed(Exception exception)
    {
        var failure = RedisFailures.Classify(exception);
        _connection.Failed(failure);
        _refusals.Tell(failure);
        return failure;
    }
}
