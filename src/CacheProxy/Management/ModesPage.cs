using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;

namespace CacheProxy.Management;

/// <summary>The modes of policies and tenants, and switching them on this replica until a reload changes them.</summary>
internal sealed class ModesPage(ConfigurationReloader configuration)
{
    public const string OfPolicy = "/policies/{name}/mode";
    public const string OfTenant = "/tenants/{name}/mode";

    public static readonly ProblemKind TooManyTenants = new(StatusCodes.Status409Conflict, "too-many-tenants", "Too many tenants have a mode that was switched");

    private const string FromConfiguration = "configuration";
    private const string FromAdministration = "administration";

    public static Parameter[] Parameters => [new("name", "Of the policy or tenant.")];

    public static Shape Body => Shape.Of("", ("mode", Word("The mode from now on.")));

    public static Answer[] Answers => [Answer.Json(200, "The mode from now on.", Shape.Of("", [("name", Shape.Text("Of the policy or tenant.")), .. Members]))];

    /// <summary>What is said of a mode wherever one is shown.</summary>
    public static (string Name, Shape Shape)[] Members =>
    [
        ("mode", Word("The mode in force; of a tenant, the most that policies do for it.").Optional()),
        ("modeFrom", Shape.Word("Where it comes from.", FromConfiguration, FromAdministration)),
        ("configuredMode", Word("What is configured.").Optional()),
    ];

    public static ModesPage Of(IServiceProvider services) => services.GetRequiredService<ModesPage>();

    public static void Write(Utf8JsonWriter json, CacheMode? switched, CacheMode? configured)
    {
        Write(json, "mode", switched ?? configured);
        json.WriteString("modeFrom", switched is null ? FromConfiguration : FromAdministration);
        Write(json, "configuredMode", configured);
    }

    public Task ShowPolicyAsync(HttpContext context) =>
        TryFindPolicy(context, out var name) ? AnswerPolicyAsync(context, name) : PoliciesPage.RefuseAsync(context, configuration.Current);

    public async Task SwitchPolicyAsync(HttpContext context)
    {
        if (!TryFindPolicy(context, out var name))
        {
            ChangeRecord.Say(context, "mode of no policy");
            await PoliciesPage.RefuseAsync(context, configuration.Current);
        }
        else if (await ReadAsync(context) is { } mode)
        {
            ChangeRecord.Say(context, $"mode of policy {name}: {mode}");
            configuration.Switch(switched => switched with { Policies = switched.Policies.SetItem(name, mode) });
            await AnswerPolicyAsync(context, name);
        }
    }

    public Task RestorePolicyAsync(HttpContext context)
    {
        if (!TryFindPolicy(context, out var name))
        {
            ChangeRecord.Say(context, "mode of no policy");
            return PoliciesPage.RefuseAsync(context, configuration.Current);
        }

        ChangeRecord.Say(context, $"mode of policy {name}: as configured");
        configuration.Switch(switched => switched with { Policies = switched.Policies.Remove(name) });
        return AnswerPolicyAsync(context, name);
    }

    public Task ShowTenantAsync(HttpContext context) =>
        TryReadTenant(context, out var name) ? AnswerTenantAsync(context, name) : RefuseTenantAsync(context);

    public async Task SwitchTenantAsync(HttpContext context)
    {
        if (!TryReadTenant(context, out var name))
        {
            await RefuseTenantAsync(context);
        }
        else if (await ReadAsync(context) is { } mode)
        {
            ChangeRecord.Say(context, $"mode of tenant {name}: {mode}");
            var hasRoom = true;
            configuration.Switch(switched =>
            {
                hasRoom = switched.Tenants.Count < SwitchedModes.MostTenants || switched.Tenants.ContainsKey(name);
                return hasRoom ? switched with { Tenants = switched.Tenants.SetItem(name, mode) } : switched;
            });
            await (hasRoom
                ? AnswerTenantAsync(context, name)
                : Problem.WriteAsync(context, TooManyTenants, $"At most {SwitchedModes.MostTenants}; configure CacheProxy:Tenants in place of that."));
        }
    }

    public Task RestoreTenantAsync(HttpContext context)
    {
        if (!TryReadTenant(context, out var name))
        {
            return RefuseTenantAsync(context);
        }

        ChangeRecord.Say(context, $"mode of tenant {name}: as configured");
        configuration.Switch(switched => switched with { Tenants = switched.Tenants.Remove(name) });
        return AnswerTenantAsync(context, name);
    }

    private static Shape Word(string description) => Shape.Word(description, Enum.GetNames<CacheMode>());

    private static void Write(Utf8JsonWriter json, string name, CacheMode? mode)
    {
        if (mode is { } known)
        {
            json.WriteString(name, known.ToString());
        }
    }

    private bool TryFindPolicy(HttpContext context, out string name)
    {
        var found = configuration.Current.Policies.Find(context.Request.RouteValues["name"] as string ?? "");
        name = found?.Name ?? "";
        return found is not null;
    }

    private static bool TryReadTenant(HttpContext context, out string name)
    {
        var isOne = TenantName.TryParse(context.Request.RouteValues["name"] as string, out var tenant);
        name = isOne ? tenant.Value : "";
        return isOne;
    }

    private static Task RefuseTenantAsync(HttpContext context)
    {
        ChangeRecord.Say(context, "mode of no tenant");
        return Problem.WriteAsync(context, ProblemKind.InvalidRequest, "A tenant is a DNS label: letters, digits, inner hyphens, at most 63.");
    }

    private static async Task<CacheMode?> ReadAsync(HttpContext context)
    {
        using var content = await JsonContent.ReadAsync(context);
        if (content is null)
        {
            return null;
        }

        if (content.RootElement is { ValueKind: JsonValueKind.Object } body
            && body.EnumerateObject().Count() == 1
            && body.TryGetProperty("mode", out var word)
            && word.ValueKind == JsonValueKind.String
            && Array.Find(Enum.GetValues<CacheMode>(), mode => mode.ToString() == word.GetString()) is var found
            && found.ToString() == word.GetString())
        {
            return found;
        }

        ChangeRecord.Say(context, "a mode that cannot be understood");
        await Problem.WriteAsync(context, ProblemKind.InvalidRequest, $"Say one member, mode: {string.Join(", ", Enum.GetNames<CacheMode>())}.");
        return null;
    }

    private Task AnswerPolicyAsync(HttpContext context, string name) => AnswerAsync(
        context,
        name,
        configuration.Switched.Policies.TryGetValue(name, out var switched) ? switched : null,
        SwitchedModes.ModeOf(configuration.Configured, name));

    private Task AnswerTenantAsync(HttpContext context, string name) => AnswerAsync(
        context,
        name,
        configuration.Switched.Tenants.TryGetValue(name, out var switched) ? switched : null,
        (SwitchedModes.Find(configuration.Configured, name) ?? SwitchedModes.Find(configuration.Configured, TenantLimits.Everybody))?.Mode);

    private static Task AnswerAsync(HttpContext context, string name, CacheMode? switched, CacheMode? configured) =>
        JsonContent.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            Write(json, switched, configured);
            json.WriteEndObject();
        });
}
