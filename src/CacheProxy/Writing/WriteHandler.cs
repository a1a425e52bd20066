using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;

namespace CacheProxy.Writing;

/// <summary>Forwards an unsafe request: fence, forward, evict.</summary>
internal sealed class WriteHandler(
    ResourceCache cache,
    CacheEventLog events,
    WriteMetrics metrics,
    TimeProvider time,
    HeldBodies held,
    ClientWriter writer,
    UnresolvedEvictions unresolved)
{
    private const string RetryAfterSeconds = "1";

    private readonly WriteServices _services = new(cache, events, metrics, time);
    private readonly FutileFences _futile = new(time);

    /// <param name="context">The request.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="method">Its method; <c>null</c> when something may override it.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public Task HandleAsync(HttpContext context, RouteCaching route, string? method, RequestDelegate next)
    {
        var targets = EvictionTargets.Find(context, route, method, out var pointed);
        if (targets.Length == 0 && pointed is null)
        {
            return next(context);
        }

        return pointed is not null || Array.Exists(targets, static target => target.IsFenced)
            ? ReadAheadAsync(context, targets, pointed, route, next)
            : ForwardAsync(context, new WriteFence(_services, route.Rules.StoreTimeout, targets), pointed, route, next);
    }

    private async Task ReadAheadAsync(
        HttpContext context, EvictionTarget[] targets, PointedTargets? pointed, RouteCaching route, RequestDelegate next)
    {
        bool isWhole;
        try
        {
            isWhole = pointed is null ? await WriteBody.TryReadAheadAsync(context) : await PointedRequest.ReadAsync(context, pointed, held);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client left before its request was whole: there is nothing to forward.
            context.Response.StatusCode = exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status400BadRequest;
            return;
        }

        targets = pointed?.Known ?? targets;
        if (isWhole && _futile.AreTooMany(context, targets))
        {
            await ForwardUnfencedAsync(context, targets, pointed, route, next);
            return;
        }

        var body = isWhole ? null : WriteBody.Measure(context.Request, time);
        var write = new WriteFence(_services, route.Rules.StoreTimeout, targets, body);
        var result = await ForwardAsync(context, write, pointed, route, next);
        if ((result == WriteResult.Unknown && context.RequestAborted.IsCancellationRequested)
            || (result == WriteResult.Unchanged && SaysNoRights(context.Response.StatusCode)))
        {
            _futile.Count(context, targets, pointed is null ? 1 : targets.Length);
        }
    }

    /// <summary>
    /// The API's answer decides whether there is anything to fence and to evict, and both come before the answer. Since the request is whole,
    /// its client is not needed to hear what the API says to it, and does not end it by leaving.
    /// </summary>
    private async Task ForwardUnfencedAsync(
        HttpContext context, EvictionTarget[] targets, PointedTargets? pointed, RouteCaching route, RequestDelegate next)
    {
        Array.ForEach(targets, target => metrics.Unfenced(target.Policy.Name));
        var client = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        context.Features.Set<IHttpRequestLifetimeFeature>(new IgnoredDeparture(client)
        {
            RequestAborted = context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken ?? CancellationToken.None,
        });
        try
        {
            await ForwardAsync(context, new WriteFence(_services, route.Rules.StoreTimeout, targets, isSet: false), pointed, route, next);
        }
        finally
        {
            context.Features.Set(client);
        }
    }

    private async Task<WriteResult> ForwardAsync(
        HttpContext context, WriteFence fence, PointedTargets? pointed, RouteCaching route, RequestDelegate next)
    {
        await using var write = fence;
        if (pointed is { IsStrict: true } && !cache.IsStoreAvailable)
        {
            pointed.Refused(metrics);
            Refuse(context.Response);
            return WriteResult.Unchanged;
        }

        if (!await write.TryBeginAsync())
        {
            Refuse(context.Response);
            return WriteResult.Unchanged;
        }

        var sending = new UpstreamSending();
        context.Features.Set(sending);
        using var answer = pointed is null ? null : new HeldAnswer(pointed, held, writer);
        var gate = new WriteGate(context, write, new AffectedTargets(route), sending, answer);
        var threw = true;
        gate.Install();
        try
        {
            await next(context);
            threw = false;
        }
        finally
        {
            gate.Remove();
            await gate.FinishAsync(threw);
        }

        if (pointed is not null)
        {
            unresolved.Report(pointed, gate.Result);
        }

        return gate.Result;
    }

    private static bool SaysNoRights(int status) => status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden;

    // A strict policy would rather not write than let somebody read what the write replaced.
    private static void Refuse(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = RetryAfterSeconds;
        new CacheStatus(Forward: CacheStatusForward.None, Detail: CacheStatusDetails.StoreUnavailable).AppendTo(response.Headers);
    }

    /// <summary>The client's leaving does not end the request.</summary>
    private sealed class IgnoredDeparture(IHttpRequestLifetimeFeature client) : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public void Abort() => client.Abort();
    }
}

/// <summary>
/// Counts the fences of the current minute that served nobody, because the API said 401 or 403 or the client left: by policy, client
/// address and tenant. Its size is fixed; two that share a place share its count, which costs them a fence and never an eviction.
/// </summary>
internal sealed class FutileFences(TimeProvider time)
{
    private const int Places = 4096;

    // The minute in the upper half, the count in the lower.
    private readonly long[] _counts = new long[Places];

    /// <summary>Whether a write on these resources goes without a fence. Never where a policy is strict: it wants one, whoever asks.</summary>
    public bool AreTooMany(HttpContext context, EvictionTarget[] targets)
    {
        foreach (var target in targets)
        {
            if (target.Policy.Options.WriteConsistency == WriteConsistency.Strict)
            {
                return false;
            }
        }

        if (targets.Length == 0)
        {
            return false;
        }

        var count = Volatile.Read(ref _counts[Place(context, targets[0])]);
        return count >> 32 == Minute() && (int)count >= targets[0].Policy.Options.FutileFencesPerMinute;
    }

    /// <summary>Nothing came of a write on these resources, which set so many fences by the client's choice.</summary>
    public void Count(HttpContext context, EvictionTarget[] targets, int fences)
    {
        if (targets.Length == 0)
        {
            return;
        }

        ref var place = ref _counts[Place(context, targets[0])];
        while (true)
        {
            var seen = Volatile.Read(ref place);
            var minute = Minute();
            var next = seen >> 32 == minute ? seen + fences : (minute << 32) + fences;
            if (Interlocked.CompareExchange(ref place, next, seen) == seen)
            {
                return;
            }
        }
    }

    private static int Place(HttpContext context, in EvictionTarget target) =>
        (HashCode.Combine(context.Connection.RemoteIpAddress, target.Tenant, target.Policy.Name) & int.MaxValue) % Places;

    private long Minute() => time.GetTimestamp() / (time.TimestampFrequency * 60);
}

/// <summary>What every write needs.</summary>
internal sealed record WriteServices(ResourceCache Cache, CacheEventLog Events, WriteMetrics Metrics, TimeProvider Time);
