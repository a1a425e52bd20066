using System.Collections.Immutable;
using System.Globalization;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using StackExchange.Redis;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks the section <c>CacheProxy</c>.</summary>
internal static class CacheProxySettings
{
    public const string SectionName = "CacheProxy";
    public const string RedisSection = "CacheProxy:Redis";
    public const string MemorySection = "CacheProxy:Memory";
    public const string InlineSocketsKey = "CacheProxy:InlineSockets";

    private const int LongestPrefix = 128;
    private const int LeastHeldBytes = 1024 * 1024;
    private const int MostHeldBytes = 1024 * 1024 * 1024;

    public static CacheProxyOptions Read(SettingsReader reader)
    {
        var tenant = ReadTenant(reader.Section("Tenant"));
        var tenants = TenantSettings.Read(reader.Section("Tenants"));
        var credentials = ReadCredentials(reader.Section("Credentials"));
        var redis = ReadRedis(reader.Section("Redis"));
        var policies = PolicySettings.Read(reader.Section("Policies"));
        var tokens = TokenSettings.Read(reader.Section("Tokens"), tenant, policies);
        var memory = ReadMemory(reader.Section("Memory"), policies);
        var encryption = EncryptionSettings.Read(reader.Section("Encryption"), out var keys);
        EncryptionSettings.RefuseWithoutKeys(reader.Section("Policies"), policies, encryption);
        var warm = WarmSettings.ReadCredential(reader.Section("Warm"));
        WarmSettings.Check(reader, policies, warm);
        var audit = AuditSettings.Read(reader.Section("Audit"));
        var shadow = AuditSettings.ReadShadow(reader.Section("Shadow"));
        var intake = IntakeSettings.Read(
            reader.Section("Intake"), policies, [.. reader.Section("Policies").Raw.GetChildren().Select(static policy => policy.Key)], redis.ConnectionString.Length > 0);
        var telemetry = TelemetrySettings.Read(reader.Section("Telemetry"));
        var management = ManagementSettings.Read(reader.Section("Management"), out var access);
        var inlineSockets = reader.Switch(nameof(CacheProxyOptions.InlineSockets), defaultValue: false);
        reader.RefuseTheRest();
        return new CacheProxyOptions
        {
            Tenant = tenant,
            Tenants = tenants,
            Credentials = credentials,
            Tokens = tokens,
            Redis = redis,
            Memory = memory,
            Encryption = encryption,
            Keys = keys,
            Telemetry = telemetry,
            InlineSockets = inlineSockets,
            Warm = warm,
            Audit = audit,
            Shadow = shadow,
            Intake = intake,
            Management = management,
            Access = access,
            Policies = policies,
        };
    }

    private static TenantOptions ReadTenant(SettingsReader reader)
    {
        var defaults = new TenantOptions();
        var options = new TenantOptions
        {
            Sources = reader.List(
                "Sources",
                defaults.Sources,
                "Host, Header:NAME with the name of a request header, or Claim:NAME with the name of a token's claim",
                static text => TenantResolver.IsSource(text) ? text : null),
            BaseDomains = reader.List(
                "BaseDomains",
                defaults.BaseDomains,
                "a domain name such as example.com, without scheme, port and wildcard",
                static text => IsDomain(text) ? text.ToLowerInvariant() : null),
        };
        reader.RefuseTheRest();
        return options;
    }

    private static CredentialOptions ReadCredentials(SettingsReader reader)
    {
        var defaults = new CredentialOptions();
        var options = new CredentialOptions
        {
            Headers = reader.List(
                "Headers",
                defaults.Headers,
                "the name of a request header",
                static text => TenantResolver.IsSource($"Header:{text}") ? text : null),
            FingerprintSecret = reader.Text("FingerprintSecret") ?? defaults.FingerprintSecret,
        };
        reader.RefuseTheRest();
        return options;
    }

    private static RedisOptions ReadRedis(SettingsReader reader)
    {
        var defaults = new RedisOptions();
        var options = new RedisOptions
        {
            ConnectionString = ReadConnectionString(reader),
            KeyPrefix = ReadKeyPrefix(reader),
            Timeout = reader.Duration("Timeout", defaults.Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
        };
        reader.RefuseTheRest();
        return options;
    }

    private static MemoryOptions ReadMemory(SettingsReader reader, ImmutableArray<CachePolicyOptions> policies)
    {
        var defaults = new MemoryOptions();
        var options = new MemoryOptions
        {
            MaxHeldBytes = reader.Integer(nameof(MemoryOptions.MaxHeldBytes), defaults.MaxHeldBytes, LeastHeldBytes, MostHeldBytes),
            UnreadTimeout = reader.Duration(
                nameof(MemoryOptions.UnreadTimeout), defaults.UnreadTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            SizeLimit = reader.Integer(nameof(MemoryOptions.SizeLimit), defaults.SizeLimit, LeastHeldBytes, MostHeldBytes),
        };
        if (policies.FirstOrDefault(policy => policy.MaxBodyBytes > options.MaxHeldBytes) is { } policy)
        {
            reader.Refuse(
                nameof(MemoryOptions.MaxHeldBytes),
                options.MaxHeldBytes.ToString(CultureInfo.InvariantCulture),
                $"no less than CacheProxy:Policies:{policy.Name}:MaxBodyBytes");
        }

        reader.RefuseTheRest();
        return options;
    }

    private static string ReadConnectionString(SettingsReader reader)
    {
        const string Name = "ConnectionString";
        const string Form = "a StackExchange.Redis configuration such as redis-0:6379,redis-1:6379,password=…,ssl=true";
        if (reader.Text(Name) is not { } text)
        {
            return "";
        }

        try
        {
            if (text.Contains("://", StringComparison.Ordinal))
            {
                reader.Refuse(Name, text, $"{Form}; not a URL", secret: true);
            }
            else if (ConfigurationOptions.Parse(text).EndPoints.Count == 0)
            {
                reader.Refuse(Name, text, $"{Form}; it names no server", secret: true);
            }
        }
        catch (ArgumentException)
        {
            // The client's own message may quote the value.
            reader.Refuse(Name, text, $"{Form}; {string.Join(", ", text.Split(',').Where(IsUnreadable).Select(NameOf).DefaultIfEmpty("it"))} cannot be read", secret: true);
        }

        return text;
    }

    private static bool IsUnreadable(string option)
    {
        try
        {
            ConfigurationOptions.Parse(option);
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    private static string NameOf(string option) => option.Split('=')[0].Trim();

    private static string ReadKeyPrefix(SettingsReader reader)
    {
        if (reader.Text("KeyPrefix") is not { } text)
        {
            return "";
        }

        // Redis Cluster takes text in braces for a hash tag, and would put every key into one slot.
        if (text.Length > LongestPrefix || !text.All(static c => c is > ' ' and <= '~' and not '{' and not '}'))
        {
            reader.Refuse("KeyPrefix", text, "at most 128 visible ASCII characters without braces");
        }

        return text;
    }

    private static bool IsDomain(string text) =>
        text.Length <= 253 && text.Split('.').All(static label => TenantName.TryParse(label, out _));
}

/// <summary>The section <c>CacheProxy</c>, read and checked.</summary>
internal sealed record CacheProxyOptions
{
    public TenantOptions Tenant { get; init; } = new();

    public ImmutableArray<TenantLimits> Tenants { get; init; } = [];

    public CredentialOptions Credentials { get; init; } = new();

    public TokenOptions Tokens { get; init; } = new();

    public RedisOptions Redis { get; init; } = new();

    public MemoryOptions Memory { get; init; } = new();

    public EncryptionOptions Encryption { get; init; } = new();

    /// <summary>What the key files hold.</summary>
    public KeyRing Keys { get; init; } = KeyRing.Empty;

    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>
    /// Whether the thread that learns that a socket is ready also does the work, in place of handing it to the thread pool. Half the CPU
    /// at a moderate load; at saturation one slow request keeps the others on its thread waiting. Takes effect at the start.
    /// </summary>
    public bool InlineSockets { get; init; }

    public WarmCredentialOptions Warm { get; init; } = new();

    public AuditOptions Audit { get; init; } = new();

    public ShadowOptions Shadow { get; init; } = new();

    public IntakeOptions Intake { get; init; } = new();

    public ManagementOptions Management { get; init; } = new();

    /// <summary>Who may use the management listener.</summary>
    public ManagementAccess Access { get; init; } = new([], [], isOpen: false);

    public ImmutableArray<CachePolicyOptions> Policies { get; init; } = [];
}
