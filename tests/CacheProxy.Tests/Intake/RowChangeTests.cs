using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Tests.Configuration;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Intake;

/// <summary>Debezium's envelope, and what its rows stand for.</summary>
public sealed class RowChangeTests
{
    private const string Pets = "CacheProxy:Intake:Tables:public.pets";
    private const string Source = """ "source":{"db":"shop","schema":"public","table":"pets"} """;

    private static readonly (string Key, string? Value)[] Settings =
    [
        ($"{Pets}:0:Policy", "pet"), ($"{Pets}:0:Tenant", "{tenant}"), ($"{Pets}:0:Values:id", "{id}"),
        ($"{Pets}:1:Policy", "customer"), ($"{Pets}:1:Tenant", "{tenant}"), ($"{Pets}:1:Values:id", "{owner_id}"),
        ("CacheProxy:Intake:Tables:customers:0:Url", "/api/customers/{id}"), ("CacheProxy:Intake:Tables:customers:0:Tenant", "{source.db}"),
        ("CacheProxy:Intake:Tables:plans:0:Tag", "plan:{id}"), ("CacheProxy:Intake:Tables:plans:0:Tenant", "demo"),
        ("CacheProxy:Intake:Tables:shop.public.plans:0:Tag", "exact:{id}"), ("CacheProxy:Intake:Tables:shop.public.plans:0:Tenant", "demo"),
    ];

    private static readonly ConfigurationSnapshot Configuration = CandidateConfiguration.Shipped(Settings);

    [Theory]
    [InlineData($$$$"""{"op":"c","before":null,"after":{"id":7,"tenant":"demo","owner_id":1},{{{{Source}}}}}""", "demo:customer-list demo:customer:1 demo:pet:7")]
    [InlineData($$$$"""{"op":"r","after":{"id":7,"tenant":"demo","owner_id":1},{{{{Source}}}}}""", "demo:customer-list demo:customer:1 demo:pet:7")]
    [InlineData($$$$"""{"op":"u","before":{"id":7,"tenant":"demo","owner_id":1},"after":{"id":7,"tenant":"demo","owner_id":2},{{{{Source}}}}}""", "demo:customer-list demo:customer:1 demo:customer:2 demo:pet:7")]
    [InlineData($$$$"""{"op":"u","before":null,"after":{"id":7,"tenant":"demo","owner_id":null},{{{{Source}}}}}""", "demo:customer-list demo:pet:7")]
    [InlineData($$$$"""{"op":"d","before":{"id":7,"tenant":"demo","owner_id":1},"after":null,{{{{Source}}}}}""", "demo:customer-list demo:customer:1 demo:pet:7")]
    [InlineData($$$$"""{"schema":{"type":"struct"},"payload":{"op":"c","after":{"id":"7","tenant":"demo","owner_id":"1"},{{{{Source}}}}}}""", "demo:customer-list demo:customer:1 demo:pet:7")]
    [InlineData("""{"op":"c","after":{"id":"1 2"},"source":{"db":"demo","table":"customers"}}""", "demo:customer-list demo:customer:1")]
    [InlineData("""{"op":"c","after":{"id":"1/notes"},"source":{"db":"demo","table":"customers"}}""", "demo:customer-list demo:customer:1")]
    [InlineData("""{"op":"c","after":{"id":"gold"},"source":{"db":"x","schema":"y","table":"Plans"}}""", "tag|demo|plan:gold")]
    [InlineData("""{"op":"c","after":{"id":"gold"},"source":{"db":"shop","schema":"public","table":"plans"}}""", "tag|demo|exact:gold")]
    [InlineData("""{"schema":null,"payload":null}""", "")]
    [InlineData("""{"specversion":"1.0","id":"a","source":"/debezium/postgresql/s","type":"io.debezium.connector.postgresql.DataChangeEvent","iodebeziumop":"d","iodebeziumdb":"shop","iodebeziumschema":"public","iodebeziumtable":"pets","data":{"before":{"id":7,"tenant":"demo","owner_id":1},"after":null}}""", "demo:customer-list demo:customer:1 demo:pet:7")]
    [InlineData("""{"specversion":"1.0","id":"a","source":"/debezium","type":"t","iodebeziumop":"c","iodebeziumdb":"demo","iodebeziumtable":"customers","data":{"schema":{},"payload":{"before":null,"after":{"id":3}}}}""", "demo:customer-list demo:customer:3")]
    public void A_changed_row_evicts_what_it_stood_for_and_what_it_stands_for_now(string json, string keys) =>
        Assert.Equal(keys, ReadItems.Evicted(Configuration, json));

    [Theory]
    [InlineData("""{"op":"c","after":{"id":7},"source":{"db":"shop","schema":"public","table":"visits"}}""", "source/table")]
    [InlineData("""{"op":"c","after":{"id":7},"source":{"db":"shop","schema":"private","table":"pets"}}""", "source/table")]
    [InlineData("""{"op":"c","after":{"id":7},"source":{}}""", "source/table")]
    [InlineData($$$$"""{"op":"t","after":null,{{{{Source}}}}}""", "op")]
    [InlineData($$$$"""{"op":7,{{{{Source}}}}}""", "op")]
    [InlineData($$$$"""{"op":"d","before":null,{{{{Source}}}}}""", "before")]
    [InlineData($$$$"""{"op":"u","before":{"id":7},"after":null,{{{{Source}}}}}""", "before/tenant")]
    [InlineData($$$$"""{"op":"c","after":null,{{{{Source}}}}}""", "after")]
    [InlineData($$$$"""{"op":"c","after":"{}",{{{{Source}}}}}""", "after")]
    [InlineData($$$$"""{"op":"c","after":{"id":7,"tenant":"demo"},{{{{Source}}}}}""", "after/owner_id")]
    [InlineData($$$$"""{"op":"c","after":{"id":null,"tenant":"demo"},{{{{Source}}}}}""", "after/owner_id")]
    [InlineData($$$$"""{"op":"c","after":{"id":[7],"tenant":"demo","owner_id":1},{{{{Source}}}}}""", "after/id")]
    [InlineData($$$$"""{"payload":{"op":"c","after":{"id":7,"tenant":"demo"},{{{{Source}}}}}}""", "payload/after/owner_id")]
    [InlineData("""{"payload":"x"}""", "payload")]
    [InlineData("""{"op":"c","after":{"id":3},"source":{"table":"customers"}}""", "after/source.db")]
    public void What_a_row_stands_for_is_never_guessed(string json, string member) =>
        Assert.Equal("refused: " + member, ReadItems.Evicted(Configuration, json));

    [Theory]
    [InlineData("{}")]
    [InlineData("a{b")]
    [InlineData("a}b")]
    [InlineData("{a{b}}")]
    [InlineData("{source.column}")]
    public void A_template_that_is_none_is_refused(string text)
    {
        var problem = CandidateConfiguration.Refused(("CacheProxy:Intake:Tables:t:0:Tag", text));

        Assert.Equal(("CacheProxy:Intake:Tables:t:0:Tag", text), (problem.Key, problem.Value));
    }

    [Theory]
    [InlineData("Policy", "custumer", "CacheProxy:Intake:Tables:t:0:Policy")]
    [InlineData("Polcy", "customer", "CacheProxy:Intake:Tables:t:0:Polcy")]
    [InlineData("Values:id", "{id}", "CacheProxy:Intake:Tables:t:0")]
    public void A_row_that_stands_for_nothing_is_refused(string name, string value, string key) => Assert.Contains(
        CandidateConfiguration.Compile(($"CacheProxy:Intake:Tables:t:0:{name}", value)).Problems, problem => problem.Key == key);

    [Fact]
    public void A_policy_needs_the_values_of_its_key()
    {
        var problems = CandidateConfiguration.Compile(("CacheProxy:Intake:Tables:t:0:Policy", "customer")).Problems;

        Assert.Equal(
            ["CacheProxy:Intake:Tables:t:0:Tenant", "CacheProxy:Intake:Tables:t:0:Values:id"],
            problems.Select(static problem => problem.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("CacheProxy:Intake:MaxItems", "0")]
    [InlineData("CacheProxy:Intake:MaxBodyBytes", "1")]
    [InlineData("CacheProxy:Intake:Stream:Keys", "writes")]
    [InlineData("CacheProxy:Intake:Stream:Interval", "1h")]
    [InlineData("CacheProxy:Intake:Stream:MaxTries", "0")]
    public void What_cannot_be_is_refused(string key, string value) => Assert.Equal(key, CandidateConfiguration.Refused((key, value)).Key);

    [Fact]
    public void A_stream_of_what_was_set_aside_cannot_be_read_itself() => Assert.Contains(
        CandidateConfiguration.Compile(("CacheProxy:Redis:ConnectionString", "redis:6379"), ("CacheProxy:Intake:Stream:Keys", "w, w:dead")).Problems,
        static problem => problem.Key == "CacheProxy:Intake:Stream:Keys");

    /// <summary>Whatever is sent, it is understood or refused; nothing throws.</summary>
    [Fact]
    public void Any_JSON_is_understood_or_refused()
    {
        string[] names = ["policy", "url", "tag", "tenant", "values", "body", "op", "source", "table", "before", "after", "payload", "specversion", "data", "data_base64", "id", "\ud800"];
        var scalar = Gen.Elements<string>("null", "1", "1e400", "true", "\"customer\"", "\"pets\"", "\"c\"", "\"d\"", "\"1.0\"", "\"/api/customers/1\"", "\"\\ud800\"", "\"demo\"");
        Gen<string> Json(int depth) => depth == 0
            ? scalar
            : Gen.OneOf(scalar, Members(depth), Gen.Select(Gen.ListOf(Json(depth - 1), 2), static items => $"[{string.Join(',', items)}]"));
        Gen<string> Members(int depth) => Gen.Select(
            Gen.ListOf(Gen.Zip(Gen.Elements(names), Json(depth - 1)), 4),
            static members => "{" + string.Join(',', members.DistinctBy(static member => member.Item1).Select(static member => $"{Name(member.Item1)}:{member.Item2}")) + "}");

        Prop.ForAll(Members(3).ToArbitrary(), json => ReadItems.Evicted(Configuration, json).Length >= 0).QuickCheckThrowOnFailure();
    }

    private static string Name(string name) => name == "\ud800" ? "\"\\ud800\"" : JsonSerializer.Serialize(name);
}
