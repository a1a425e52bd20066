using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store.Redis;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>What is usual has a short way through four scripts. Whatever a hash holds, it ends as the long way does.</summary>
public sealed class ShortScriptTests : IAsyncLifetime
{
    private const string Clock = "local function clock() return 4102444800000 end";
    private const string Variant = "0123456789abcdef0123456789abcdef";
    private const string Token = "00000000000000000000000000000001";
    private const string OtherToken = "00000000000000000000000000000002";
    private const string Own = "00000000000000aa";
    private const string OtherReplica = "00000000000000bb";
    private const int Runs = 500;

    // Passed, passing, to come; and what cannot be read.
    private static readonly Gen<string> Deadlines = Gen.Frequency(
        (6, Gen.Elements("4102444860000", "4102444800001", "4102448400000")),
        (2, Gen.Elements("4102444799999", "4102444800000")),
        (1, Gen.Elements("", "soon", "41024448600000", "410244486000x")));

    private static readonly Gen<string> Metas = Deadlines.Zip(
        Gen.Elements(Token + "\u0003rest", OtherToken + "H", "ABCDEF" + Token[6..] + "H", Token, "not a token", ""), static (deadline, rest) => deadline + rest);

    private static readonly Gen<(string Field, string Value)> Leases = Gen.Elements("held:" + Own, "held:" + OtherReplica, "held:nobody")
        .Zip(Deadlines.Zip(Gen.Elements(" 2000 5 " + Own, " 2000 6 " + OtherReplica, " 2000 5", "")), static (name, value) => (name, value.Item1 + value.Item2));

    private static readonly Gen<(string Field, string Value)> Fields = Gen.OneOf(
        Gen.Elements("fill:" + Token, "fill:" + OtherToken, "fill:" + Variant + "." + Token, "write:" + Token, "write:" + OtherToken, "fence")
            .Zip(Deadlines),
        Gen.Elements("meta", "meta:" + Variant, "metadata").Zip(Metas),
        Gen.Elements("body", "body:" + Variant, "head", "head:" + Variant, "x", "vary:").Zip(Gen.Constant("bytes")),
        Gen.Constant("vary").Zip(Gen.Elements("accept", "accept,origin", "", "Not canonical")),
        Leases);

    // What the short ways are for, with and without one thing more.
    private static readonly Gen<(string Field, string Value)[]> Usual = Gen.Elements<(string, string)[]>(
        [],
        [("fill:" + Token, "4102444860000")],
        [("fill:" + Variant + "." + Token, "4102444860000")],
        [("write:" + Token, "4102444860000"), ("fence", "4102444860000")],
        [("meta", "4102448400000" + Token + "\u0003"), ("body", "{}")],
        [("meta:" + Variant, "4102448400000" + Token + "H"), ("body:" + Variant, "{}"), ("head:" + Variant, Token), ("vary", "accept")],
        [("meta", "4102448400000" + Token + "\u0003"), ("body", "{}"), ("write:" + Token, "4102444860000"), ("fence", "4102444860000")]);

    private static readonly Gen<(string Field, string Value)[]> Hashes = Gen.OneOf(
        Usual,
        Usual.Zip(Fields, static (usual, more) => (ValueTuple<string, string>[])[.. usual, more]),
        Fields.ArrayOf());

    private readonly RedisScripts _short = new(Clock);
    private readonly RedisScripts _long = new(Clock, withShort: false);
    private RedisServer _server = null!;
    private RespConnection _redis = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
        _redis = await RespConnection.OpenAsync(_server.Port, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _redis.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_fill_begins_as_it_does_the_long_way(bool isFull) => SameAsync(
        _short.BeginFill,
        _long.BeginFill,
        isFull,
        from field in Gen.Elements(("fill:", ""), ("fill:" + Variant + ".", Variant))
        from seen in Gen.Elements("", "", "4102448400000" + Token)
        from duration in Gen.Elements("60000", "1", "0", "-1")
        from exclusive in Gen.Elements("0", "1")
        select new[] { field.Item1 + Token, field.Item1, field.Item2, seen, duration, exclusive });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_fill_ends_as_it_does_the_long_way(bool isFull) => SameAsync(
        _short.CompleteFill,
        _long.CompleteFill,
        isFull,
        from lease in Gen.Elements("fill:", "fill:" + Variant + ".")
        from variant in Gen.Elements("", Variant)
        from payload in Gen.Elements("\u0003short", new string('l', 600), new string('e', 512), new string('o', 513))
        from vary in Gen.Elements("", "accept", "accept,origin")
        from retention in Gen.Elements("300000", "1", "0", "-1")
        from most in Gen.Elements("64", "1")
        select new[] { lease + Token, variant, Token, payload, "body", vary, retention, most });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_write_begins_as_it_does_the_long_way(bool isFull) => SameAsync(
        _short.BeginWrite,
        _long.BeginWrite,
        isFull,
        from token in Gen.Elements(Token, OtherToken)
        from duration in Gen.Elements("30000", "7200000", "1", "0", "-1")
        from number in Gen.Elements("5", "6")
        select new[] { "write:" + token, duration, number, $"{Own} {Own} cacheproxy:replica:" });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_write_ends_as_it_does_the_long_way(bool isFull) => SameAsync(
        _short.EndWrite,
        _long.EndWrite,
        isFull,
        from token in Gen.Elements(Token, OtherToken)
        from result in Gen.Elements("changed", "unchanged", "unknown")
        from number in Gen.Elements("5", "6")
        select new[] { "write:" + token, result, number, $"{Own} {Own} cacheproxy:replica:" });

    private async Task SameAsync(RedisScript brief, RedisScript full, bool isFull, Gen<string[]> arguments)
    {
        foreach (var (hash, given) in Hashes.Zip(arguments).Sample(Runs))
        {
            Assert.Equal(await RunAsync(full, hash, given, isFull), await RunAsync(brief, hash, given, isFull));
        }
    }

    /// <summary>The reply, what the hash then holds, and when it expires.</summary>
    private async Task<string> RunAsync(RedisScript script, (string Field, string Value)[] hash, string[] arguments, bool isFull)
    {
        const string Key = "demo:customer:123";
        await SendAsync("FLUSHALL");
        if (hash.Length > 0)
        {
            await SendAsync(["HSET", Key, .. hash.SelectMany(static field => new[] { field.Field, field.Value })]);
            await SendAsync("PEXPIREAT", Key, "4102455600000");
        }

        await SendAsync("CONFIG", "SET", "maxmemory", isFull ? "1" : "0");
        string reply;
        try
        {
            reply = (string)(await SendAsync(["EVAL", script.Text, "1", Key, .. arguments]))!;
        }
        catch (RespException error)
        {
            // Scripts name themselves and a line in it.
            reply = error.Message.Split(' ')[0];
        }

        await SendAsync("CONFIG", "SET", "maxmemory", "0");
        var fields = ((object?[])(await SendAsync("HGETALL", Key))!).Cast<string>().Chunk(2).Select(static field => field[0] + "=" + field[1]);
        return string.Join('\n', [reply, (string)(await SendAsync("PEXPIRETIME", Key))!, .. fields.Order(StringComparer.Ordinal)]);
    }

    private Task<object?> SendAsync(params string[] command) => _redis.SendAsync(TestContext.Current.CancellationToken, command);
}
