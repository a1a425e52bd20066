using System.Buffers;
using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Warming;

namespace CacheProxy.Management.Explaining;

/// <summary>
/// The answers to "why is this not cached": <c>/explain</c> of one request, <c>/entries</c> of what is stored of one resource, <c>/refusals</c> of
/// what happened lately.
/// </summary>
internal sealed class ExplainPages(IServiceProvider services)
{
    public const string ExplainPath = "/explain";
    public const string EntriesPath = "/entries";
    public const string RefusalsPath = "/refusals";

    private readonly ResourceCache _cache = services.GetRequiredService<ResourceCache>();
    private readonly RefusalSamples _refusals = services.GetRequiredService<RefusalSamples>();
    private readonly ConfigurationReloader _configuration = services.GetRequiredService<ConfigurationReloader>();
    private readonly Explainer _explainer = new(
        services.GetRequiredService<WarmPipeline>(), services.GetRequiredService<ResourceCache>(), services.GetRequiredService<HeldBodies>(),
        services.GetRequiredService<RefusalSamples>(), services);

    private readonly ExplanationWriter _explanations = new(
        services.GetRequiredService<ResourceCache>(), services.GetRequiredService<PendingEvictions>());

    /// <summary><c>GET /explain</c>: text unless JSON is asked for.</summary>
    public async Task ExplainAsync(HttpContext context)
    {
        if (DescribedRequest.Parse(context.Request.Query, out var problem) is not { } described)
        {
            await Problem.WriteAsync(context, ProblemKind.InvalidRequest, problem);
            return;
        }

        described.RequestAborted = context.RequestAborted;
        var explanation = await _explainer.ExplainAsync(described);
        await AnswerAsync(context, isJsonUsual: false, json => _explanations.Write(json, explanation));
    }

    /// <summary><c>GET /entries</c>: by <c>policy</c> and <c>key</c>, or as <c>/explain</c> by the request whose resource it is.</summary>
    public async Task EntriesAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (key, policy, problem) = query.ContainsKey("url") ? await KeyOfAsync(query) : KeyOf(query["policy"].ToString(), query["key"].ToString());
        if (key is not { } found)
        {
            await Problem.WriteAsync(context, ProblemKind.InvalidRequest, problem);
            return;
        }

        var seen = await _cache.InspectAsync(found, new StoreTimeoutBudget(_configuration.Current.Rules.StoreTimeout));
        await AnswerAsync(context, isJsonUsual: true, json =>
        {
            json.WriteStartObject();
            json.WriteString("policy", policy!.Name);
            json.WriteString("key", found.Value);
            json.WriteBoolean("evictionPendingHere", _cache.IsEvictionPending(found));
            json.WritePropertyName("stored");
            EntryWriter.Write(json, seen);
            json.WriteEndObject();
        });
    }

    /// <summary><c>GET /refusals</c>: of one policy.</summary>
    public async Task RefusalsAsync(HttpContext context)
    {
        if (_configuration.Current.Policies.Find(context.Request.Query["policy"].ToString()) is not { } policy)
        {
            await Problem.WriteAsync(context, ProblemKind.InvalidRequest, NoPolicy());
            return;
        }

        await AnswerAsync(context, isJsonUsual: true, json => Write(json, policy, _refusals.Find(policy.Name)?.Read() ?? []));
    }

    private static void Write(Utf8JsonWriter json, CachePolicy policy, List<ReasonSample> reasons)
    {
        json.WriteStartObject();
        json.WriteString("policy", policy.Name);
        json.WriteNumber("keptForEachReason", policy.Options.RefusalsKept);
        json.WriteNumber("counted", reasons.Sum(static reason => reason.Count));
        json.WriteStartArray("reasons");
        foreach (var reason in reasons)
        {
            var text = ReasonText.Of(reason.Kind, reason.Reason);
            json.WriteStartObject();
            json.WriteString(ExplanationWriter.Word(reason.Kind), reason.Reason);
            json.WriteString("because", text.Text);
            json.WriteString("see", text.See);
            json.WriteNumber("ofTheLastThousand", reason.Count);
            json.WriteStartArray("requests");
            foreach (var request in reason.Latest)
            {
                json.WriteStartObject();
                json.WriteString("time", request.Time.UtcDateTime);
                json.WriteString("method", request.Method);
                json.WriteString("path", request.HasQuery ? request.Path + "?…" : request.Path);
                json.WriteString("tenant", request.Tenant);
                json.WriteNumber("status", request.Status);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private async Task<(ResourceKey? Key, CachePolicy? Policy, string Problem)> KeyOfAsync(IQueryCollection query)
    {
        if (DescribedRequest.Parse(query, out var problem) is not { } described)
        {
            return (null, null, problem);
        }

        var explanation = await _explainer.ExplainAsync(described);
        return explanation.Read is { } read ? (read.Key, read.Policy, "")
            : explanation.Targets is [var (target, _), ..] ? (target.Key, target.Policy, "")
            : (null, explanation.Policy, $"url: the request has no key. {explanation.Summary}");
    }

    private (ResourceKey? Key, CachePolicy? Policy, string Problem) KeyOf(string name, string key) =>
        _configuration.Current.Policies.Find(name) is not { } policy ? (null, null, NoPolicy())
        : policy.Template.TryReadBack(key, out var found) ? (found, policy, "")
        : (null, policy, $"key: none that the policy's template makes: {policy.Template.Text}.");

    private string NoPolicy() =>
        $"policy: name one of {string.Join(", ", _configuration.Current.Policies.All.Select(static policy => policy.Name).Order(StringComparer.Ordinal))}.";

    private static Task AnswerAsync(HttpContext context, bool isJsonUsual, Action<Utf8JsonWriter> write)
    {
        if (WantsJson(context.Request, isJsonUsual))
        {
            return JsonContent.WriteAsync(context, StatusCodes.Status200OK, write);
        }

        return ManagementListener.WriteAsync(context, StatusCodes.Status200OK, ReadableText.Of(Written(write)));
    }

    private static ReadOnlySpan<byte> Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer);
        write(json);
        json.Flush();
        return buffer.WrittenSpan;
    }

    private static bool WantsJson(HttpRequest request, bool isUsual)
    {
        var format = request.Query["format"].ToString();
        var accept = request.Headers.Accept.ToString();
        return format.Length > 0 ? format.Equals("json", StringComparison.OrdinalIgnoreCase)
            : isUsual ? !accept.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase)
            : accept.Contains("application/json", StringComparison.OrdinalIgnoreCase);
    }
}
