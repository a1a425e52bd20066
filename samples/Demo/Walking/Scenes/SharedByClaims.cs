using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Demo.Walking.Scenes;

/// <summary><c>Credentials: Claims</c>, on a policy of its own for the list of a tenant's staff. The scene is the issuer of the tokens.</summary>
internal sealed class SharedByClaims : Scene
{
    private const string Issuer = "https://login.demo.test";
    private const string List = "/api/staff";
    private const string NewRole = "\"role\":\"head of grooming\"";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _keys = Path.Combine(Path.GetTempPath(), $"cacheproxy-demo-{Environment.ProcessId}.jwks.json");

    public SharedByClaims()
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        var jwks = $$"""{"keys":[{"kty":"EC","crv":"P-256","kid":"demo","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}]}""";
        File.WriteAllText(_keys, jwks);
        Settings = new Dictionary<string, string>
        {
            ["CacheProxy:Tokens:Issuer"] = Issuer,
            ["CacheProxy:Tokens:Audience"] = "customer-api",
            ["CacheProxy:Tokens:Keys"] = _keys,
            ["CacheProxy:Policies:staff-list:Key"] = "{tenant}:staff-list",
            ["CacheProxy:Policies:staff-list:Ttl"] = "1h",
            ["CacheProxy:Policies:staff-list:Credentials"] = "Claims",
            ["CacheProxy:Policies:staff-list:Claims"] = "tenant, role",
            ["ReverseProxy:Routes:staff-list:ClusterId"] = "customer-api",
            ["ReverseProxy:Routes:staff-list:Match:Path"] = List,
            ["ReverseProxy:Routes:staff-list:Metadata:CachePolicy"] = "staff-list",
            ["ReverseProxy:Routes:staff:Metadata:Evicts"] = "staff-list",
        };
    }

    public override string Title => "Two members of staff with different tokens share a hit";

    public override string Sentence => "Their tokens are verified and say the same of tenant and role; who has another role, or a token that nobody signed, gets nothing of theirs.";

    public override IReadOnlyDictionary<string, string> Settings { get; }

    public override async Task PlayAsync(Stage stage)
    {
        try
        {
            await stage.SayAsync("anna, role assistant");
            await stage.AskAsync(As("anna", "assistant", Expected.Miss));
            await stage.SayAsync("bert, role assistant");
            await stage.AskAsync(As("bert", "assistant", Expected.Hit));
            await stage.SayAsync("the boss, role manager");
            await stage.AskAsync(As("boss", "manager", Expected.Miss));
            await stage.SayAsync("somebody whose token says manager and has anna's signature; and somebody without a token");
            await stage.AskAsync(Step.Get(List, Expected.Forwarded) with { Headers = Bearer(Forged()) });
            await stage.AskAsync(Step.Get(List, Expected.Forwarded));
            await stage.AskAsync(new Step("PATCH", "/api/staff/3", Expected.Forwarded, Body: $"{{{NewRole}}}", Shows: NewRole) { Headers = Bearer(Sign("boss", "manager")) });
            await stage.AskAsync(As("anna", "assistant", Expected.Miss, NewRole));
            await stage.AskAsync(As("bert", "assistant", Expected.Hit, NewRole));
        }
        finally
        {
            File.Delete(_keys);
        }
    }

    private Step As(string who, string role, Expected expected, string? shows = null) =>
        Step.Get(List, expected, shows) with { Headers = Bearer(Sign(who, role)) };

    private static Dictionary<string, string> Bearer(string token) => new() { ["Authorization"] = $"Bearer {token}" };

    private string Sign(string who, string role)
    {
        var signed = $"{Encode("""{"alg":"ES256","kid":"demo"}""")}.{Encode(Payload(who, role))}";
        return $"{signed}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    private string Forged()
    {
        var parts = Sign("anna", "assistant").Split('.');
        return $"{parts[0]}.{Encode(Payload("anna", "manager"))}.{parts[2]}";
    }

    private static string Payload(string who, string role) =>
        $$"""{"iss":"{{Issuer}}","aud":"customer-api","exp":{{DateTimeOffset.UtcNow.AddMinutes(15).ToUnixTimeSeconds()}},"sub":"{{who}}","tenant":"demo","role":"{{role}}"}""";

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
