using System.Collections.Concurrent;
using CacheProxy.Configuration.Policies;

namespace CacheProxy.Filling;

/// <summary>
/// A sample of the requests that were forwarded, and of those whose answers were not stored: for each policy the reasons of the last thousand,
/// counted, and for each reason the latest few requests, so that a rare one is there long after it has happened. No value of a query or a
/// header is kept.
/// </summary>
internal sealed class RefusalSamples(CacheMetrics metrics, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, PolicyRefusals> _policies = new(concurrencyLevel: 1, capacity: 7, StringComparer.OrdinalIgnoreCase);

    /// <summary>The sample that a forwarded request goes into once its status is known; <c>null</c> where the policy keeps none.</summary>
    public PolicyRefusals? Of(CachePolicy policy)
    {
        var kept = policy.Options.RefusalsKept;
        if (kept == 0)
        {
            return null;
        }

        if (!_policies.TryGetValue(policy.Name, out var refusals) || refusals.Kept != kept)
        {
            refusals = new PolicyRefusals(kept, time);
            _policies[policy.Name] = refusals;
        }

        return refusals;
    }

    /// <summary>Counts a fill whose answer is not stored, and may take it into the sample.</summary>
    /// <param name="request">The request.</param>
    /// <param name="result">Why, as a stable word.</param>
    /// <param name="status">Of the API's answer; <c>null</c> without one.</param>
    public void NotStored(CacheRequest request, string result, int? status)
    {
        metrics.Fill(request.Policy.Name, result);
        Of(request.Policy)?.Take(RefusalKind.NotStored, result, request.Context, request.Tenant, status ?? 0);
    }

    /// <summary>Drops what is kept of a tenant's requests. The counts, which name nobody, stay.</summary>
    public void Forget(string tenant)
    {
        foreach (var (_, refusals) in _policies)
        {
            refusals.Forget(tenant);
        }
    }

    /// <summary>What is known of a policy's; <c>null</c> for nothing.</summary>
    public PolicyRefusals? Find(string policy) => _policies.GetValueOrDefault(policy);
}

/// <summary>What became of a request in a sample.</summary>
internal enum RefusalKind
{
    Forwarded,
    NotStored,
}

/// <summary>The sample of one policy. Whoever comes while another writes is counted, and not kept.</summary>
internal sealed class PolicyRefusals(int kept, TimeProvider time)
{
    /// <summary>Of so many the reasons are counted.</summary>
    public const int Counted = 1000;

    private const int MostReasons = 255;
    private const int LongestPath = 256;
    private const int LongestMethod = 32;

    // The number of the reason of each of the last thousand; 0 for none yet.
    private readonly byte[] _last = new byte[Counted];
    private readonly ConcurrentDictionary<(RefusalKind, string), ReasonRefusals> _reasons = new(concurrencyLevel: 1, capacity: 31);
    private uint _next;

    /// <summary>How many requests are kept for each reason.</summary>
    public int Kept => kept;

    /// <param name="kind">What became of the request.</param>
    /// <param name="reason">Why, as a stable word.</param>
    /// <param name="context">The request.</param>
    /// <param name="tenant">Its tenant; <c>null</c> where it is not known.</param>
    /// <param name="status">Of the answer; 0 without one.</param>
    public void Take(RefusalKind kind, string reason, HttpContext context, string? tenant, int status)
    {
        if (!_reasons.TryGetValue((kind, reason), out var refusals))
        {
            refusals = Add(kind, reason);
        }

        _last[Interlocked.Increment(ref _next) % Counted] = refusals.Number;
        if (!refusals.TryEnter(time.GetTimestamp(), time.TimestampFrequency))
        {
            return;
        }

        try
        {
            var request = context.Request;
            var path = request.Path.Value ?? "";
            refusals.Add_NeedsLock(new Refusal(
                time.GetUtcNow(),
                request.Method.Length <= LongestMethod ? request.Method : request.Method[..LongestMethod],
                path.Length <= LongestPath ? path : path[..LongestPath],
                request.QueryString.HasValue,
                tenant ?? RouteCaching.TenantOf(context),
                status));
        }
        finally
        {
            refusals.Exit();
        }
    }

    /// <summary>The reasons with what is kept of each, the most frequent first.</summary>
    public List<ReasonSample> Read()
    {
        var counts = new int[MostReasons + 1];
        foreach (var number in _last)
        {
            counts[number]++;
        }

        return
        [
            .. _reasons.Values.Select(refusals => new ReasonSample(refusals.Kind, refusals.Reason, counts[refusals.Number], refusals.Latest()))
                .OrderByDescending(static sample => sample.Count).ThenBy(static sample => sample.Reason, StringComparer.Ordinal),
        ];
    }

    public void Forget(string tenant)
    {
        foreach (var (_, refusals) in _reasons)
        {
            refusals.Forget(tenant);
        }
    }

    // There are about a hundred words, all of them ours.
    private ReasonRefusals Add(RefusalKind kind, string reason)
    {
        lock (_last)
        {
            return _reasons.GetOrAdd((kind, reason), key => new ReasonRefusals(key.Item1, key.Item2, kept, (byte)Math.Min(_reasons.Count + 1, MostReasons)));
        }
    }
}

/// <summary>The latest requests of one reason, in a ring.</summary>
internal sealed class ReasonRefusals(RefusalKind kind, string reason, int kept, byte number)
{
    // A full ring takes ten a second, so that it spans some time whatever the load, and few requests pay for it.
    private const int PerSecond = 10;

    private readonly Refusal[] _ring = new Refusal[kept];
    private long _taken;
    private long _nextTimestamp;

    public RefusalKind Kind => kind;

    public string Reason => reason;

    public byte Number => number;

    /// <summary>Whether it takes a request now, and nobody else is about to write; then <see cref="Exit"/> ends it.</summary>
    public bool TryEnter(long now, long frequency)
    {
        if ((now < Volatile.Read(ref _nextTimestamp) && Volatile.Read(ref _taken) >= kept) || !Monitor.TryEnter(_ring))
        {
            return false;
        }

        _nextTimestamp = now + (frequency / PerSecond);
        return true;
    }

    public void Exit() => Monitor.Exit(_ring);

    public void Add_NeedsLock(in Refusal refusal) => _ring[_taken++ % kept] = refusal;

    public void Forget(string tenant)
    {
        lock (_ring)
        {
            var left = Array.FindAll(Latest(), one => !string.Equals(one.Tenant, tenant, StringComparison.OrdinalIgnoreCase));
            Array.Clear(_ring);
            for (_taken = 0; _taken < left.Length; _taken++)
            {
                _ring[_taken] = left[left.Length - 1 - _taken];
            }
        }
    }

    /// <summary>The latest first.</summary>
    public Refusal[] Latest()
    {
        lock (_ring)
        {
            var latest = new Refusal[Math.Min(_taken, kept)];
            for (var i = 0; i < latest.Length; i++)
            {
                latest[i] = _ring[(_taken - 1 - i) % kept];
            }

            return latest;
        }
    }
}

/// <summary>A request that was forwarded, or whose answer was not stored.</summary>
/// <param name="Time">When.</param>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, of which 256 characters at most.</param>
/// <param name="HasQuery">Whether a query followed.</param>
/// <param name="Tenant">Its tenant, where it is beyond doubt.</param>
/// <param name="Status">Of the answer; 0 without one.</param>
internal readonly record struct Refusal(DateTimeOffset Time, string Method, string Path, bool HasQuery, string? Tenant, int Status);

/// <summary>What is kept of one reason.</summary>
/// <param name="Kind">What became of the requests.</param>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many of the last thousand.</param>
/// <param name="Latest">Some of them, and of earlier ones.</param>
internal sealed record ReasonSample(RefusalKind Kind, string Reason, int Count, Refusal[] Latest);
