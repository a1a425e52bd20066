using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using CacheProxy.Identity;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>The protocol on a Redis that replicas share: one hash per resource, one round trip per step.</summary>
internal sealed partial class RedisStore : ICacheStore
{
    private readonly RedisConnection _connection;
    private readonly RedisScripts _scripts;
    private readonly RedisDeadlines _deadlines;
    private readonly RedisEntries _entries;
    private readonly RedisTenants _tenants;
    private readonly RefusalReports _refusals;
    private readonly StoreMetrics? _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OncePerMinute _unexpected;

    public RedisStore(
        RedisOptions options, TimeProvider time, ILogger<RedisStore> logger, StoreMetrics? metrics = null, EntrySeal? seal = null, LongestLease? longest = null)
        : this(options, time, logger, new RedisScripts(), metrics, seal, longest)
    {
    }

    /// <summary>For tests that control the clock of the scripts.</summary>
    internal RedisStore(
        RedisOptions options, TimeProvider time, ILogger<RedisStore> logger, RedisScripts scripts,
        StoreMetrics? metrics = null, EntrySeal? seal = null, LongestLease? longest = null)
    {
        _time = time;
        _logger = logger;
        _unexpected = new OncePerMinute(time);
        _metrics = metrics;
        _scripts = scripts;
        _tenants = new RedisTenants(options.KeyPrefix);
        var diagnosis = new RedisDiagnosis(options.ConnectionString);
        _refusals = new RefusalReports(diagnosis, time, logger);
        _deadlines = new RedisDeadlines(time);
        _connection = new RedisConnection(options, scripts, _deadlines, diagnosis, longest ?? new LongestLease(), time, logger);
        _channel = new RedisReplicaChannel(_connection, options.KeyPrefix, time, logger);
        _entries = new RedisEntries(_connection.Clock, seal ?? new EntrySeal(KeyRing.Empty), time, logger);
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

    // Its state is used again: 2,502 → 2,258 bytes a look-up.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
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
            var way = withBody ? Way(primary.BodyWire, primary.Bodies) : Way(primary.Wire, primary.Database);
            using var reply = await LookUpAsync(way, key.Value, variant, withBody, lease, budget.Remaining);
            reply.ThrowIfError();
            _connection.Breaker.Succeeded();
            answered = true;
            return reply.IsList
                ? _entries.Read(reply, key, variant, withBody, primary.ReplicationIdOf(key.Value))
                : Leased(lease, _time.GetElapsedTime(started));
        }
        catch (Exception exception)
        {
            // Whatever the connection throws: the step was not carried out in time.
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
        if (!_entries.TryWrite(key, lease, result, out var payload, out var body))
        {
            await AbandonFillAsync(key, lease, budget);
            return CompleteFillOutcome.Revoked;
        }

        RedisValue[] arguments =
        [
            RedisFields.Fill(lease), result.Variant.Digest, lease.Token,
            payload,
            body,
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

    public async ValueTask<TenantUse?> UseOfAsync(string tenant, CountedEntry? stored, StoreTimeoutBudget budget) =>
        RedisTenants.ReadUse(await RunAsync(
            StoreStep.CountUse, _scripts.TenantUse, _tenants.UseKey(tenant), stored is { } entry ? RedisTenants.Counted(entry) : [], budget));

    public async ValueTask<StoreOutcome> ForgetUseAsync(string tenant, StoreTimeoutBudget budget) =>
        await RunAsync(StoreStep.CountUse, _scripts.TenantUse, _tenants.UseKey(tenant), [RedisTenants.Forget], budget) is "" or ForeignKey
            ? StoreOutcome.Unavailable
            : StoreOutcome.Done;

    public IAsyncEnumerable<ResourceKey> KeysAsync(string pattern, CancellationToken cancellation) =>
        _connection.TryGetPrimary(out var primary) ? RedisTenants.KeysAsync(primary, pattern, cancellation) : throw new NoSinglePrimaryException(0);

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        _deadlines.Dispose();
    }

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    private const string ForeignKey = "foreign key";

    private string? ReplicationIdOf(ResourceKey key) => _connection.TryGetPrimary(out var primary) ? primary.ReplicationIdOf(key.Value) : null;

    private RedisWay Way(RedisWire? wire, IDatabase database) => new(wire, database, _deadlines, _time);

    private ValueTask<WireCall> LookUpAsync(RedisWay way, string key, VariantKey variant, bool withBody, FillLease? lease, TimeSpan timeout) =>
        lease is not null
            ? _scripts.RunAsync(
                _scripts.LookUpOrBeginFill, way, key,
                [RedisFields.Fill(lease), Milliseconds(lease.Duration), .. RedisFields.LookUp(variant, withBody)[RedisFields.MetaItem..]],
                timeout)
            : way.LookUpAsync(key, variant, withBody, timeout);

    private LookUpResult Leased(FillLease? lease, TimeSpan waited)
    {
        // It was both steps, and counts as each.
        _metrics?.Took(StoreStep.BeginFill, waited, answered: true);
        return LookUpResult.Miss("") with { Lease = lease };
    }

    /// <summary>The script's reply, or <c>""</c> or <see cref="ForeignKey"/>, which no script replies with.</summary>
    private ValueTask<string> RunAsync(StoreStep step, RedisScript script, ResourceKey key, RedisValue[] arguments, StoreTimeoutBudget budget) =>
        _connection.TryGetPrimary(out var primary) ? RunAsync(step, script, primary, key, arguments, budget) : new("");

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<string> RunAsync(
        StoreStep step, RedisScript script, RedisPrimary primary, ResourceKey key, RedisValue[] arguments, StoreTimeoutBudget budget)
    {
        if (budget.Remaining <= TimeSpan.Zero)
        {
            return "";
        }

        var started = _time.GetTimestamp();
        var answered = false;
        try
        {
            using var reply = await _scripts.RunAsync(script, Way(primary.Wire, primary.Database), key.Value, arguments, budget.Remaining);
            _connection.Breaker.Succeeded();
            answered = true;
            return StoredResponseReader.Text(reply[0]);
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
