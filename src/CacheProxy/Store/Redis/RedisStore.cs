using System.Diagnostics;
using System.Globalization;
using CacheProxy.Http;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>The protocol on a Redis that replicas share: one hash per resource, one round trip per step.</summary>
internal sealed class RedisStore : ICacheStore
{
    private const long MostAheadMs = 10_000;

    private readonly RedisConnection _connection;
    private readonly RedisScripts _scripts;
    private readonly RefusalReports _refusals;
    private readonly StoreMetrics? _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OncePerMinute _unreadable;
    private readonly OncePerMinute _unexpected;

    public RedisStore(RedisOptions options, TimeProvider time, ILogger<RedisStore> logger, StoreMetrics? metrics = null)
        : this(options, time, logger, new RedisScripts(), metrics)
    {
    }

    /// <summary>For tests that control the clock of the scripts.</summary>
    internal RedisStore(RedisOptions options, TimeProvider time, ILogger<RedisStore> logger, RedisScripts scripts, StoreMetrics? metrics = null)
    {
        _time = time;
        _logger = logger;
        _unreadable = new OncePerMinute(time);
        _unexpected = new OncePerMinute(time);
        _metrics = metrics;
        _scripts = scripts;
        var diagnosis = new RedisDiagnosis(options.ConnectionString);
        _refusals = new RefusalReports(diagnosis, time, logger);
        _connection = new RedisConnection(options, scripts, diagnosis, time, logger);
    }

    public long NowMs => _connection.Clock.NowMs;

    public bool IsAvailable => _connection.Breaker.IsClosed;

    public Task FirstContact => _connection.FirstContact;

    /// <summary>16 digits of the replication id, by which a later look-up decides whether to trust the entry, and 16 random digits.</summary>
    public string NewFillToken(ResourceKey key)
    {
        // Without a replication id it begins with digits that are nobody's: what it stores is never trusted.
        var replicationId = ReplicationIdOf(key) ?? Random.Shared.NextInt64(1, long.MaxValue).ToString("x16", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{replicationId}{Random.Shared.NextInt64():x16}");
    }

    public int NodeOf(ResourceKey key) => _connection.TryGetPrimary(out var primary) ? primary.NodeOf(key.Value) : 0;

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) =>
        LookUpAsync(key, variant, withBody: true, null, budget);

    public ValueTask<LookUpResult> LookUpHeadersAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) =>
        LookUpAsync(key, variant, withBody: false, null, budget);

    public ValueTask<LookUpResult> LookUpOrBeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        LookUpAsync(key, lease.Variant, withBody: true, lease, budget);

    private async ValueTask<LookUpResult> LookUpAsync(
        ResourceKey key, VariantKey variant, bool withBody, FillLease? lease, StoreTimeoutBudget budget)
    {
        if (budget.Remaining <= TimeSpan.Zero || !_connection.TryGetPrimary(out var primary))
        {
            return LookUpResult.Unavailable;
        }

        var started = _time.GetTimestamp();
        var answered = false;
        try
        {
            var database = withBody ? primary.Bodies : primary.Database;
            var fields = RedisFields.LookUp(variant, withBody);
            var values = lease is null
                ? await database.HashGetAsync(key.Value, fields, CommandFlags.DemandMaster).WaitAsync(budget.Remaining, _time)
                : (RedisValue[]?)await EvaluateAsync(
                    database, _scripts.LookUpOrBeginFill, [key.Value], [RedisFields.Fill(lease), Milliseconds(lease.Duration), .. fields[2..]], budget.Remaining);
            _connection.Breaker.Succeeded();
            answered = true;
            return values is [_, _, ..]
                ? Read(values, withBody, primary.ReplicationIdOf(key.Value))
                : Leased(lease, _time.GetElapsedTime(started));
        }
        catch (Exception exception)
        {
            // Whatever the client library throws: the step was not carried out in time.
            Failed(exception, key, lease is null ? null : _scripts.LookUpOrBeginFill);
            return LookUpResult.Unavailable;
        }
        finally
        {
            Spend(StoreStep.LookUp, _time.GetElapsedTime(started), budget, answered);
        }
    }

    public async ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget)
    {
        RedisValue[] arguments =
        [
            RedisFields.Fill(lease), RedisFields.FillPrefix(lease.Variant), lease.Variant.Digest, lease.Seen, Milliseconds(lease.Duration),
            lease.Exclusive ? 1 : 0,
        ];
        return await RunAsync(StoreStep.BeginFill, _scripts.BeginFill, key, arguments, budget) switch
        {
            "granted" => BeginFillOutcome.Granted,
            "fenced" => BeginFillOutcome.Fenced,
            "changed" => BeginFillOutcome.Changed,
            "under way" => BeginFillOutcome.UnderWay,
            _ => BeginFillOutcome.Unavailable,
        };
    }

    public async ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget)
    {
        Debug.Assert(result.Response.AbsentBodyLength is null, "A response without its body is never stored.");
        RedisValue[] arguments =
        [
            RedisFields.Fill(lease), result.Variant.Digest, lease.Token,
            StoredResponseFormat.Payload(result.Response),
            result.Response.Body,
            result.Vary,
            Milliseconds(result.Retention),
            result.MaxVariants,
        ];
        return await RunAsync(StoreStep.CompleteFill, _scripts.CompleteFill, key, arguments, budget) switch
        {
            // The lease may have come from a Redis that has been replaced since, and that knew of writes which this one has lost.
            "stored" when ReplicationIdOf(key) is { } known && lease.Token.StartsWith(known, StringComparison.Ordinal) =>
                CompleteFillOutcome.Stored,
            "stored" => CompleteFillOutcome.Revoked,
            "revoked" => CompleteFillOutcome.Revoked,
            _ => CompleteFillOutcome.Unavailable,
        };
    }

    public async ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        await RunAsync(StoreStep.AbandonFill, _scripts.AbandonFill, key, [RedisFields.Fill(lease)], budget);

    public async ValueTask<StoreOutcome> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        WriteOutcome(await RunAsync(StoreStep.BeginWrite, _scripts.BeginWrite, key, [RedisFields.Write(token), Milliseconds(deadline)], budget));

    public async ValueTask<StoreOutcome> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget)
    {
        var word = result switch
        {
            WriteResult.Changed => "changed",
            WriteResult.Unchanged => "unchanged",
            WriteResult.Unknown => "unknown",
        };
        return WriteOutcome(await RunAsync(StoreStep.EndWrite, _scripts.EndWrite, key, [RedisFields.Write(token), word], budget));
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    // A key that is not a hash belongs to another program. Nothing is served from it, so there is nothing to evict either.
    private static StoreOutcome WriteOutcome(string reply) =>
        reply is "done" or ForeignKey ? StoreOutcome.Done : StoreOutcome.Unavailable;

    private const string ForeignKey = "foreign key";

    private string? ReplicationIdOf(ResourceKey key) => _connection.TryGetPrimary(out var primary) ? primary.ReplicationIdOf(key.Value) : null;

    private LookUpResult Leased(FillLease? lease, TimeSpan waited)
    {
        // It was both steps, and counts as each.
        _metrics?.Took(StoreStep.BeginFill, waited, answered: true);
        return LookUpResult.Miss("") with { Lease = lease };
    }

    private LookUpResult Read(RedisValue[] values, bool withBody, string? replicationId)
    {
        if ((byte[]?)values[0] is { } fence)
        {
            // An expired fence is left to the next begin fill, which removes it together with the entry behind it.
            var deadline = StoredResponseFormat.ReadFence(fence);
            return deadline > NowMs ? LookUpResult.Fenced : deadline is null ? Unreadable("", "") : LookUpResult.Miss("");
        }

        var vary = values[1].IsNull ? "" : (string)values[1]!;
        if (!VaryNames.AreReadable(vary))
        {
            return Unreadable("", "");
        }

        if ((byte[]?)values[2] is not { } meta)
        {
            return LookUpResult.Miss(vary);
        }

        // A miss has a stamp, too: a replica whose clock is ahead can then replace the entry.
        var stamp = StoredResponseFormat.ReadStamp(meta);
        var body = withBody ? (byte[]?)values[4] : null;
        if (stamp.Length == 0 || (withBody && body is null))
        {
            return Unreadable(vary, stamp);
        }

        if (replicationId is null || !StoredResponseFormat.TokenStartsWith(meta, replicationId) || StoredResponseFormat.ReadDeadline(meta) <= NowMs)
        {
            return new LookUpResult(LookUpOutcome.Miss, vary, null, stamp);
        }

        if (!StoredResponseFormat.TryRead(meta, (byte[]?)values[3], body is null ? default(ReadOnlyMemory<byte>?) : body, out var response))
        {
            return Unreadable(vary, stamp);
        }

        // Redis's clock has been set back since it was stored, so its age is not known; nobody else's clock is so far ahead.
        return response.ResponseTimeMs > NowMs + MostAheadMs
            ? new LookUpResult(LookUpOutcome.Miss, vary, null, stamp)
            : new LookUpResult(LookUpOutcome.Found, vary, response, stamp);
    }

    private LookUpResult Unreadable(string vary, string stamp)
    {
        if (_unreadable.IsDue())
        {
            _logger.RedisEntryUnreadable();
        }

        return new LookUpResult(LookUpOutcome.Miss, vary, null, stamp);
    }

    /// <summary>The script's reply, or <c>""</c> or <see cref="ForeignKey"/>, which no script replies with.</summary>
    private async Task<string> RunAsync(StoreStep step, RedisScript script, ResourceKey key, RedisValue[] arguments, StoreTimeoutBudget budget)
    {
        if (budget.Remaining <= TimeSpan.Zero || !_connection.TryGetPrimary(out var primary))
        {
            return "";
        }

        var started = _time.GetTimestamp();
        var answered = false;
        try
        {
            var reply = await EvaluateAsync(primary.Database, script, [key.Value], arguments, budget.Remaining);
            _connection.Breaker.Succeeded();
            answered = true;
            return (string?)reply ?? "";
        }
        catch (Exception exception)
        {
            // Whatever the client library throws: the step was not carried out in time.
            return Failed(exception, key, script) == RedisFailure.ForeignKey ? ForeignKey : "";
        }
        finally
        {
            Spend(step, _time.GetElapsedTime(started), budget, answered);
        }
    }

    private void Spend(StoreStep step, TimeSpan waited, StoreTimeoutBudget budget, bool answered)
    {
        budget.Spend(waited);
        _metrics?.Took(step, waited, answered);
    }

    // The overload that takes the text also handles a missing script, but sends it again even after the caller has given up. A begin write
    // could then arrive after its own end write, and leave its fence in place until the deadline.
    private async Task<RedisResult> EvaluateAsync(
        IDatabase database, RedisScript script, RedisKey[] keys, RedisValue[] arguments, TimeSpan timeout)
    {
        var started = _time.GetTimestamp();
        try
        {
            return await database.ScriptEvaluateAsync(script.Hash, keys, arguments, CommandFlags.DemandMaster).WaitAsync(timeout, _time);
        }
        catch (RedisServerException exception) when (RedisFailures.Classify(exception) == RedisFailure.ScriptMissing)
        {
            // Scripts were flushed, or loading them was not allowed. Running the text also loads it.
            var left = timeout - _time.GetElapsedTime(started);
            return await database
                .ScriptEvaluateAsync(script.Text, keys, arguments, CommandFlags.DemandMaster | CommandFlags.NoScriptCache)
                .WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
        }
    }

    private RedisFailure Failed(Exception exception, ResourceKey key, RedisScript? script = null)
    {
        var failure = RedisFailures.Classify(exception);
        _connection.Failed(failure, key.Value);
        _refusals.Report(failure, exception, script);
        if (failure == RedisFailure.Unexpected && _unexpected.IsDue())
        {
            _logger.RedisStepFailed(exception);
        }

        return failure;
    }
}
