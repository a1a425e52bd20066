using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;

namespace CacheProxy.Management;

/// <summary><c>GET /policies</c>: what is in force, and where its mode comes from.</summary>
internal sealed class PoliciesPage(ConfigurationReloader configuration)
{
    public const string All = "/policies";
    public const string One = "/policies/{name}";

    public static readonly ProblemKind NoSuchPolicy = new(StatusCodes.Status404NotFound, "no-such-policy", "There is no such policy");

    private static readonly Shape Policy = Shape.Of(
        "",
        [
            ("name", Shape.Text("Its name.")),
            .. ModesPage.Members,
            ("routes", Shape.List("The routes that name it in CachePolicy.", Shape.Text("A route's id."))),
            ("options", Shape.Map("Every option of CacheProxy:Policies:NAME that is set or has a default, as it could be configured.", Shape.Text(""))),
        ]);

    public static Parameter[] Parameters => [new("name", "Of the policy.")];

    public static Answer[] Answers => [Answer.Json(200, "All policies.", Shape.Of("", ("policies", Shape.List("By name.", Policy))))];

    public static Answer[] OneAnswer => [Answer.Json(200, "The policy.", Policy)];

    public static PoliciesPage Of(IServiceProvider services) => services.GetRequiredService<PoliciesPage>();

    public static Task RefuseAsync(HttpContext context, ConfigurationSnapshot snapshot) => Problem.WriteAsync(
        context, NoSuchPolicy, $"There are: {string.Join(", ", snapshot.Policies.All.Select(static policy => policy.Name).Order(StringComparer.Ordinal))}.");

    public Task ShowAllAsync(HttpContext context)
    {
        var snapshot = configuration.Current;
        return JsonContent.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("policies");
            foreach (var policy in snapshot.Options.Policies.OrderBy(static policy => policy.Name, StringComparer.Ordinal))
            {
                Write(json, policy, snapshot);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    public Task ShowAsync(HttpContext context)
    {
        var snapshot = configuration.Current;
        return snapshot.Policies.Find(context.Request.RouteValues["name"] as string ?? "") is { } policy
            ? JsonContent.WriteAsync(context, StatusCodes.Status200OK, json => Write(json, policy.Options, snapshot))
            : RefuseAsync(context, snapshot);
    }

    private void Write(Utf8JsonWriter json, CachePolicyOptions policy, ConfigurationSnapshot snapshot)
    {
        json.WriteStartObject();
        json.WriteString("name", policy.Name);
        ModesPage.Write(
            json,
            configuration.Switched.Policies.TryGetValue(policy.Name, out var switched) ? switched : null,
            SwitchedModes.ModeOf(configuration.Configured, policy.Name));
        json.WriteStartArray("routes");
        foreach (var route in snapshot.Proxy.Routes.Where(route => IsOf(policy, route.Metadata)))
        {
            json.WriteStringValue(route.RouteId);
        }

        json.WriteEndArray();
        json.WriteStartObject("options");
        PolicyOptionsText.Write(policy, (name, value) => json.WriteString(name, value));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static bool IsOf(CachePolicyOptions policy, IReadOnlyDictionary<string, string>? metadata) =>
        policy.Name.Equals(metadata?.GetValueOrDefault(RouteMetadata.CachePolicy), StringComparison.OrdinalIgnoreCase);
}

/// <summary>A policy's options as they could be configured. By hand: a native binary has no names of properties to go through.</summary>
internal static class PolicyOptionsText
{
    /// <param name="policy">The policy.</param>
    /// <param name="write">Takes a name and a value; those without any are left out.</param>
    public static void Write(CachePolicyOptions policy, Action<string, string> write)
    {
        Set(nameof(policy.Key), policy.Key);
        Set(nameof(policy.Ttl), policy.Ttl);
        Set(nameof(policy.TtlRules), policy.TtlRules.IsEmpty ? null : $"{policy.TtlRules.Length} rules");
        Set(nameof(policy.AdaptiveTtl), policy.AdaptiveTtl is { } adaptive ? $"{DurationText.Format(adaptive.Min)} to {DurationText.Format(adaptive.Max)}" : null);
        Set(nameof(policy.Mode), policy.Mode.ToString());
        Set(nameof(policy.ReadMethods), List(policy.ReadMethods));
        Set(nameof(policy.MaxRequestBodyBytes), policy.MaxRequestBodyBytes);
        Set(nameof(policy.EvictOn), List(policy.EvictOn));
        Set(nameof(policy.Evicts), List([.. policy.Evicts.Select(static rule => rule.Policy)]));
        Set(nameof(policy.Tags), List(policy.Tags));
        Set(nameof(policy.TagHeaders), List(policy.TagHeaders));
        Set(nameof(policy.HideTagHeaders), policy.HideTagHeaders);
        Set(nameof(policy.Credentials), policy.Credentials.ToString());
        Set(nameof(policy.Claims), List(policy.Claims));
        Set(nameof(policy.SharePersonalised), policy.SharePersonalised);
        Set(nameof(policy.VaryBy), List(policy.VaryBy));
        Set(nameof(policy.ExceptIds), List(policy.ExceptIds));
        Set(nameof(policy.WriteConsistency), policy.WriteConsistency.ToString());
        Set(nameof(policy.WriteDeadline), policy.WriteDeadline);
        Set(nameof(policy.WriteLimit), policy.WriteLimit);
        Set(nameof(policy.MinWriteRate), policy.MinWriteRate);
        Set(nameof(policy.FutileFencesPerMinute), policy.FutileFencesPerMinute);
        Set(nameof(policy.MemoryTtl), policy.MemoryTtl);
        Set(nameof(policy.StaleIfError), policy.StaleIfError);
        Set(nameof(policy.StaleWhileRevalidate), policy.StaleWhileRevalidate);
        Set(nameof(policy.TtlJitter), policy.TtlJitter);
        Set(nameof(policy.MaxBodyBytes), policy.MaxBodyBytes);
        Set(nameof(policy.MaxHeaderBytes), policy.MaxHeaderBytes);
        Set(nameof(policy.MaxVariants), policy.MaxVariants);
        Set(nameof(policy.StatusCodes), List(policy.StatusCodes));
        Set(nameof(policy.NegativeTtl), policy.NegativeTtl);
        Set(nameof(policy.HeuristicFreshness), policy.HeuristicFreshness);
        Set(nameof(policy.Encrypt), policy.Encrypt);
        Set(nameof(policy.DependsOn), List([.. policy.DependsOn.Select(static one => one.Name)]));
        Set(nameof(policy.MaxDependencies), policy.MaxDependencies);
        Set(nameof(policy.MaxDependents), policy.MaxDependents);
        Set(nameof(policy.Coalesce), policy.Coalesce.ToString());
        Set(nameof(policy.MaxConcurrentFills), policy.MaxConcurrentFills);
        Set(nameof(policy.MaxConcurrentFillsPerTenant), policy.MaxConcurrentFillsPerTenant);
        Set(nameof(policy.FillWait), policy.FillWait);
        Set(nameof(policy.FillOverflow), policy.FillOverflow.ToString());
        Set(nameof(policy.RefusalsKept), policy.RefusalsKept);
        Set(nameof(policy.Audit), policy.Audit);
        Set(nameof(policy.AuditIgnore), List(policy.AuditIgnore));
        Set("Warm:Top", policy.Warm.Top);
        Set("Warm:RatePerSecond", policy.Warm.RatePerSecond);

        void Set(string name, object? value)
        {
            if (Text(value) is { } text)
            {
                write(name, text);
            }
        }
    }

    private static string? Text(object? value) => value switch
    {
        null => null,
        string text => text,
        TimeSpan duration => DurationText.Format(duration),
        bool flag => flag ? "true" : "false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        double share => share.ToString(CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException("No such option."),
    };

    private static string? List(ImmutableArray<string> list) => list.IsEmpty ? null : string.Join(", ", list);
}
