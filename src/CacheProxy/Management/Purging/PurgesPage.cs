using CacheProxy.Configuration;
using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Management.Purging;

/// <summary><c>POST /purges</c>, <c>POST /erasures</c>, and how far each is.</summary>
internal sealed class PurgesPage(
    ConfigurationReloader configuration, ResourceCache cache, Runs runs, RefusalSamples refusals, TenantTable tenants)
{
    public const string Purges = "/purges";
    public const string OnePurge = "/purges/{id}";
    public const string Erasures = "/erasures";
    public const string OneErasure = "/erasures/{id}";

    public static readonly ProblemKind TooManyRuns = new(StatusCodes.Status429TooManyRequests, "too-many-purges", "Too many purges are under way");
    public static readonly ProblemKind IdInUse = new(StatusCodes.Status409Conflict, "id-in-use", "The id names another purge");
    public static readonly ProblemKind NoSuchRun = new(StatusCodes.Status404NotFound, "no-such-purge", "There is no such purge or erasure");
    public static readonly ProblemKind StoreUnavailable = new(StatusCodes.Status503ServiceUnavailable, "store-unavailable", "The store has not taken all of it");

    // Nobody who waits for a page waits for it.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public static Parameter[] Parameters => [new("id", "Which.")];

    public static Answer[] Begun => [Answer.Json(200, "It has ended, and all is purged.", Run.Shape), Answer.Json(202, "It goes on; Location says where to look.", Run.Shape)];

    public static Answer[] One => [Answer.Json(200, "How far it is.", Run.Shape)];

    public static Answer[] Many => [Answer.Json(200, "The latest first, at most 100 that have ended.", Shape.Of("", ("purges", Shape.List("Of this replica.", Run.Shape))))];

    public static Shape ErasureShape => Shape.Of("", ("tenant", Shape.Text("Whose data.")), ("id", Shape.Text("As of a purge.").Optional()));

    public static PurgesPage Of(IServiceProvider services) => services.GetRequiredService<PurgesPage>();

    public async Task PurgeAsync(HttpContext context)
    {
        using var content = await JsonContent.ReadAsync(context);
        if (content is null)
        {
            return;
        }

        var (request, problem) = PurgeRequest.Read(content.RootElement);
        var (targets, unknown) = request is null ? (null, problem) : PurgeTargets.Find(request, configuration.Current);
        if (targets is null)
        {
            ChangeRecord.Say(context, "a purge that cannot be understood");
            await Problem.WriteAsync(context, ProblemKind.InvalidRequest, unknown);
            return;
        }

        await BeginAsync(context, request!.Id, targets.Subject, Purges, targets.Selection is { } selection
            ? (progress, stopping) => cache.PurgeAllAsync(selection, request.IsSoft, progress, stopping)
            : (_, stopping) => PurgeAsync(targets, request.IsSoft, stopping));
    }

    public async Task EraseAsync(HttpContext context)
    {
        using var content = await JsonContent.ReadAsync(context);
        if (content is null)
        {
            return;
        }

        var (request, problem) = PurgeRequest.Read(content.RootElement);
        if (request is not { Tenant: { } name, Policy: null, Url: null, Tag: null, IsSoft: false } || !TenantName.TryParse(name, out var tenant))
        {
            ChangeRecord.Say(context, "an erasure that cannot be understood");
            await Problem.WriteAsync(context, ProblemKind.InvalidRequest, problem.Length > 0 ? problem : "Say the tenant, a DNS label, and nothing else but an id.");
            return;
        }

        var subject = new RunSubject(RunSubject.Erasure, Mode: null, Policy: null, tenant.Value, Target: null);
        await BeginAsync(context, request.Id, subject, Erasures, async (progress, stopping) =>
        {
            var erased = await cache.EraseAsync(tenant, progress, stopping);
            // What this replica has noted of its requests.
            refusals.Forget(tenant.Value);
            tenants.Forget(tenant.Value);
            return new PurgeOutcome(erased.Resources, erased.IsComplete);
        });
    }

    public Task ShowAllAsync(HttpContext context) => JsonContent.WriteAsync(context, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("purges");
        foreach (var run in runs.All())
        {
            run.Write(json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    public Task ShowAsync(HttpContext context) => runs.Find(context.Request.RouteValues["id"] as string ?? "") is { } run
        ? JsonContent.WriteAsync(context, StatusCodes.Status200OK, run.Write)
        : Problem.WriteAsync(context, NoSuchRun, "Of those that have ended the last 100 are known, and only to the replica that made them.");

    private async Task BeginAsync(
        HttpContext context, string? id, RunSubject subject, string path, Func<IProgress<long>, CancellationToken, Task<PurgeOutcome>> act)
    {
        ChangeRecord.Say(context, subject.ToString());
        if (await runs.BeginAsync(id, subject, act) is not { } run)
        {
            context.Response.Headers.RetryAfter = "5";
            await Problem.WriteAsync(context, TooManyRuns, "Wait until one of them has ended.");
            return;
        }

        if (run.Subject != subject)
        {
            await Problem.WriteAsync(context, IdInUse, "What was asked for with this id is something else.");
            return;
        }

        if (run.State is RunState.Running)
        {
            context.Response.Headers.Location = $"{path}/{run.Id}";
            await JsonContent.WriteAsync(context, StatusCodes.Status202Accepted, run.Write);
            return;
        }

        if (run.State is RunState.Done)
        {
            await JsonContent.WriteAsync(context, StatusCodes.Status200OK, run.Write);
            return;
        }

        await Problem.WriteAsync(
            context,
            StoreUnavailable,
            "What it did not take is evicted as soon as it does, and this replica does not serve it until then; other replicas may. Ask again, with another id, to be sure of all.",
            json =>
            {
                json.WritePropertyName("purge");
                run.Write(json);
            });
    }

    private async Task<PurgeOutcome> PurgeAsync(PurgeTargets targets, bool isSoft, CancellationToken stopping)
    {
        var token = Guid.NewGuid().ToString("N");
        using var awaited = cache.Await();
        var outcomes = await Task.WhenAll(targets.Resources.Select(one => cache.PurgeAsync(one.Key, token, isSoft, one.HasDependents, Longest, awaited)));
        await AwaitedHolders.WaitOrThrowAsync(awaited, stopping);
        return new PurgeOutcome(outcomes.Count(static outcome => outcome == StoreOutcome.Done), Array.TrueForAll(outcomes, static outcome => outcome == StoreOutcome.Done));
    }
}
