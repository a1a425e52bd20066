using System.Text.Json;
using System.Text.Json.Nodes;
using CacheProxy.Identity.Tokens;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Identity.Tokens;

public sealed class ClaimSelectionTests
{
    private static readonly string[] Names = ["role", "scope", "tenant"];
    private static readonly string[] Texts = ["", "a", "b", "a b", "b a", "true", "1", "[\"a\"]", "\0", "\u00e4"];

    private static readonly Gen<JsonNode?> Scalars = Gen.OneOf(
        Gen.Elements(Texts).Select(static text => (JsonNode?)JsonValue.Create(text)),
        Gen.Elements(0, 1, 12).Select(static number => (JsonNode?)JsonValue.Create(number)),
        Gen.Elements(true, false).Select(static truth => (JsonNode?)JsonValue.Create(truth)));

    private static readonly Gen<JsonNode?> Values = Gen.OneOf(
        Scalars,
        Scalars.ArrayOf().Select(static members => (JsonNode?)new JsonArray([.. members.Take(3).Select(static member => member?.DeepClone())])));

    private static readonly Gen<JsonObject> Payloads = Values.ArrayOf(Names.Length).Select(static values =>
        new JsonObject(Names.Zip(values, static (name, value) => KeyValuePair.Create(name, value?.DeepClone()))));

    [Fact]
    public void Two_tokens_share_exactly_if_their_claims_mean_the_same() => Prop.ForAll(
        Payloads.Two().ToArbitrary(),
        static pair => (Meaning(pair.Item1) == Meaning(pair.Item2)) == (Fingerprint(pair.Item1, Names) == Fingerprint(pair.Item2, Names)))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void One_claim_never_passes_for_another() => Prop.ForAll(
        Values.Two().ToArbitrary(),
        static pair => Meaning(Of("role", pair.Item1, "tenant", pair.Item2)) == Meaning(Of("role", pair.Item2, "tenant", pair.Item1))
            == (Fingerprint(Of("role", pair.Item1, "tenant", pair.Item2), ["role", "tenant"])
                == Fingerprint(Of("role", pair.Item2, "tenant", pair.Item1), ["role", "tenant"])))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Theory]
    [InlineData("""{"role":["a","b"]}""", """{"role":["b","a","b"]}""", true)]
    [InlineData("""{"role":"a"}""", """{"role":["a"]}""", false)]
    [InlineData("""{"role":"a b"}""", """{"role":"b a"}""", false)]
    [InlineData("""{"role":1}""", """{"role":"1"}""", false)]
    [InlineData("""{"role":true}""", """{"role":"true"}""", false)]
    [InlineData("""{"role":[]}""", """{"role":[""]}""", false)]
    [InlineData("""{"role":"\u0061"}""", """{"role":"a"}""", true)]
    [InlineData("""{"role":"A"}""", """{"role":"a"}""", false)]
    [InlineData("""{"role":"a","sub":"anna"}""", """{"role":"a","sub":"bert"}""", true)]
    public void Sets_have_no_order_and_everything_else_counts(string one, string other, bool same) =>
        Assert.Equal(same, Fingerprint(one, ["role"]) == Fingerprint(other, ["role"]));

    [Theory]
    [InlineData("""{"scope":"read write"}""", """{"scope":" write  read read"}""", true)]
    [InlineData("""{"scope":"read write"}""", """{"scope":["write","read"]}""", true)]
    [InlineData("""{"scope":"read"}""", """{"scope":"read write"}""", false)]
    [InlineData("""{"scope":"read write"}""", """{"scope":["read write"]}""", false)]
    public void Scope_is_a_set_of_words(string one, string other, bool same) =>
        Assert.Equal(same, Fingerprint(one, ["scope"]) == Fingerprint(other, ["scope"]));

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"role":"\ud800"}""")]
    [InlineData("""{"role":["\udfff"]}""")]
    [InlineData("""{"role":null}""")]
    [InlineData("""{"role":{}}""")]
    [InlineData("""{"role":[{}]}""")]
    [InlineData("""{"role":[["a"]]}""")]
    [InlineData("""{"role":["a",null]}""")]
    [InlineData("""{"Role":"a"}""")]
    public void What_is_not_there_or_is_more_than_a_value_has_none(string payload) => Assert.Null(Fingerprint(payload, ["role"]));

    [Fact]
    public void The_order_of_the_names_does_not_matter_and_the_secret_does()
    {
        const string Payload = """{"role":"a","tenant":"b"}""";

        Assert.Equal(Fingerprint(Payload, ["role", "tenant"]), Fingerprint(Payload, ["tenant", "role", "role"]));
        Assert.NotEqual(Fingerprint(Payload, ["role", "tenant"]), Fingerprint(Payload, ["role", "tenant"], "secret"));
    }

    // The meaning in words of its own: what the digest must tell apart, and nothing else.
    private static string Meaning(JsonObject payload) => string.Join('\n', payload.OrderBy(static claim => claim.Key, StringComparer.Ordinal).Select(static claim =>
        claim.Key + " " + claim.Value switch
        {
            JsonArray members => Set(members.Select(static member => member!.ToJsonString())),
            JsonValue value when claim.Key == "scope" && value.TryGetValue<string>(out var words) =>
                Set(words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static word => JsonValue.Create(word).ToJsonString())),
            var value => value!.ToJsonString(),
        }));

    private static string Set(IEnumerable<string> members) => $"[{string.Join(',', members.Distinct().Order(StringComparer.Ordinal))}]";

    private static JsonObject Of(string one, JsonNode? value, string other, JsonNode? otherValue) =>
        new() { [one] = value?.DeepClone(), [other] = otherValue?.DeepClone() };

    private static string? Fingerprint(JsonObject payload, string[] names) => Fingerprint(payload.ToJsonString(), names);

    private static string? Fingerprint(string payload, string[] names, string secret = "")
    {
        using var document = JsonDocument.Parse(payload);
        return new ClaimSelection([.. names], secret).Fingerprint(document.RootElement) is { } fingerprint ? Convert.ToHexString(fingerprint) : null;
    }
}
