using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>
/// The steps of the protocol that are scripts. Each is the shared prelude followed by the step's own file, which says what the step does. What
/// is usual for four of them is said once more before the prelude, with the same result.
/// </summary>
/// <param name="clock">Replaces <c>clock.lua</c> in tests that control time; <c>null</c>: Redis's own clock.</param>
/// <param name="withShort">False in tests that compare the results.</param>
internal sealed class RedisScripts(string? clock = null, bool withShort = true)
{
    private readonly string _clock = (clock ?? Read("clock.lua")) + "\n";

    public RedisScript LookUpOrBeginFill => field ??= new RedisScript(_clock + Read("look-up-or-begin-fill.lua"));

    public RedisScript BeginFill => field ??= Compose("begin-fill", hasShort: true);

    public RedisScript CompleteFill => field ??= Compose("complete-fill", hasShort: true);

    public RedisScript AbandonFill => field ??= Compose("abandon-fill", hasShort: false);

    public RedisScript BeginWrite => field ??= Compose("begin-write", hasShort: true, tellsHolders: true);

    public RedisScript EndWrite => field ??= Compose("end-write", hasShort: true, tellsHolders: true);

    /// <summary>Only where replicas hold copies, as is <see cref="Release"/>: sent when it is first needed.</summary>
    public RedisScript Hold => field ??= new RedisScript(_clock + Read("hold.lua"));

    /// <summary>Likewise, once a node.</summary>
    public RedisScript Since => field ??= new RedisScript(_clock + Read("since.lua"));

    public RedisScript Release => field ??= new RedisScript(Read("release.lua"));

    /// <summary>Only for tenants with a quota: sent when it is first needed.</summary>
    public RedisScript TenantUse => field ??= new RedisScript(_clock + Read("tenant-use.lua"));

    /// <summary>Only for soft purges: sent when it is first needed.</summary>
    public RedisScript MarkStale => field ??= Compose("mark-stale", hasShort: false, tellsHolders: true);

    /// <summary>Only for who asks what is stored: sent each time.</summary>
    public RedisScript Inspect => field ??= new RedisScript(_clock + Read("inspect.lua"));

    public RedisScript Pace => field ??= new RedisScript(_clock + Read("pace.lua"));

    public RedisScript Register => field ??= ComposeOnIndex("register");

    public RedisScript BeginWriteOnIndex => field ??= ComposeOnIndex("begin-index");

    public RedisScript RenewWriteOnIndex => field ??= ComposeOnIndex("renew-index");

    public RedisScript EndWriteOnIndex => field ??= ComposeOnIndex("end-index");

    public RedisScript OpenTag => field ??= new RedisScript(_clock + Read("open-tag.lua"));

    public IEnumerable<RedisScript> All =>
    [
        LookUpOrBeginFill, BeginFill, CompleteFill, AbandonFill, BeginWrite, EndWrite,
        Register, BeginWriteOnIndex, RenewWriteOnIndex, EndWriteOnIndex, OpenTag, Pace,
    ];

    /// <summary>Gives a server all scripts before its first step, so that none of them has to be sent twice.</summary>
    public Task LoadAsync(IServer server) => Task.WhenAll(All.Select(script => server.ScriptLoadAsync(script.Text)));

    /// <summary>A script's reply. Throws what the connection throws.</summary>
    /// <remarks>
    /// Redis forgets all scripts at once (SCRIPT FLUSH, a restart), and learns one again when its text is run. A begin write that is sent again
    /// as text, and given up while it is under way, would take effect before an end write that Redis does not know yet, and leave its fence in
    /// place until the deadline. So before a begin write is run as text, end write is: for a write that nobody began.
    /// </remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<WireCall> RunAsync(RedisScript script, RedisWay way, string key, RedisValue[] arguments, TimeSpan timeout)
    {
        var started = way.Time.GetTimestamp();
        try
        {
            return await EvaluateAsync(script, asText: false, way, key, arguments, timeout);
        }
        catch (RedisServerException exception) when (RedisFailures.Classify(exception) == RedisFailure.ScriptMissing)
        {
            // Scripts were flushed, or loading them was not allowed.
            if (script == BeginWrite)
            {
                using var nothing = await EvaluateAsync(EndWrite, asText: true, way, key, [RedisFields.Write(""), "unchanged"], Left(timeout, started, way));
            }

            return await EvaluateAsync(script, asText: true, way, key, arguments, Left(timeout, started, way));
        }
    }

    private static TimeSpan Left(TimeSpan timeout, long started, RedisWay way) =>
        timeout - way.Time.GetElapsedTime(started) is { Ticks: > 0 } left ? left : throw new TimeoutException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<WireCall> EvaluateAsync(
        RedisScript script, bool asText, RedisWay way, string key, RedisValue[] arguments, TimeSpan timeout)
    {
        if (way.Wire is not null)
        {
            var reply = await way.Wire.SendAsync(new ScriptCommand(script, asText, key, arguments), timeout);
            if (reply.Error is not null)
            {
                using (reply)
                {
                    reply.ThrowIfError();
                }
            }

            return reply;
        }

        // The overload that takes the text also handles a missing script, but sends it again even after the caller has given up.
        var asked = asText
            ? way.Database.ScriptEvaluateAsync(script.Text, [key], arguments, CommandFlags.DemandMaster | CommandFlags.NoScriptCache)
            : way.Database.ScriptEvaluateAsync(script.Hash, [key], arguments, CommandFlags.DemandMaster);
        var result = await way.Deadlines.WaitAsync(asked, timeout);
        return result.Length >= 0 ? WireCall.Of((RedisValue[])result!, isList: true) : WireCall.Of([(RedisValue)result], isList: false);
    }

    public static string Read(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private RedisScript ComposeOnIndex(string name) => new(_clock + Read("index-prelude.lua") + "\n" + Read(name + ".lua"));

    private RedisScript Compose(string name, bool hasShort, bool tellsHolders = false) => new(string.Join('\n', (string[])
    [
        // Names that the short way has read and not changed are not read again.
        _clock + "local there = nil",
        .. hasShort && withShort ? [Read(name + "-short.lua")] : (string[])[],
        Read("prelude.lua"),
        .. tellsHolders ? [Read("holders.lua")] : (string[])[],
        Read(name + ".lua"),
    ]));
}

/// <summary>A Lua script, and the hash by which Redis knows it.</summary>
internal sealed class RedisScript(string text)
{
    public string Text { get; } = text;

    // Redis identifies scripts by SHA-1; nothing here depends on its strength.
    public byte[] Hash { get; } = SHA1.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The text as it is sent.</summary>
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(text);

    /// <summary>The hash as it is sent: 40 digits.</summary>
    public byte[] HashDigits { get; } = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text))));

    /// <summary>The Redis command in the line that an error names: <c>… @user_script:12.</c></summary>
    public string? CommandAt(string error)
    {
        var name = "@user_script:";
        var start = error.LastIndexOf(name, StringComparison.Ordinal) + name.Length;
        var digits = start < name.Length ? [] : error.AsSpan(start);
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        if (!int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var line))
        {
            return null;
        }

        var text = Text.Split('\n').ElementAtOrDefault(line - 1)?.Split("call('", 2).ElementAtOrDefault(1);
        return text?.Split('\'')[0].ToLowerInvariant();
    }
}

/// <summary>How a step reaches Redis: over the wire, or with the client library where there is none.</summary>
internal readonly record struct RedisWay(RedisWire? Wire, IDatabase Database, RedisDeadlines Deadlines, TimeProvider Time)
{
    public ValueTask<WireCall> LookUpAsync(string key, VariantKey variant, bool withBody, TimeSpan timeout) =>
        Wire is not null
            ? Wire.SendAsync(new LookUpCommand(key, variant.Digest, withBody), timeout)
            : LookUpAsync(Database.HashGetAsync(key, RedisFields.LookUp(variant, withBody), CommandFlags.DemandMaster), Deadlines, timeout);

    private static async ValueTask<WireCall> LookUpAsync(Task<RedisValue[]> asked, RedisDeadlines deadlines, TimeSpan timeout) =>
        WireCall.Of(await deadlines.WaitAsync(asked, timeout), isList: true);
}

/// <summary>The names of the fields of a resource's hash.</summary>
internal static class RedisFields
{
    /// <summary>Where each stands in the reply to a look-up; the body stands last (<see cref="WireCall.BodyItem"/>).</summary>
    public const int FenceItem = 0;
    public const int VaryItem = 1;
    public const int MetaItem = 2;
    public const int HeadItem = 3;

    private static readonly RedisValue Fence = "fence";
    private static readonly RedisValue Vary = "vary";
    private static readonly RedisValue[] PlainLookUp = [Fence, Vary, "meta", "head", "body"];
    private static readonly RedisValue[] PlainHeaders = [Fence, Vary, "meta", "head"];

    /// <summary>What a look-up asks for: fence, vary, meta, head, and body.</summary>
    public static RedisValue[] LookUp(VariantKey variant, bool withBody) => (variant.IsPlain, withBody) switch
    {
        (true, true) => PlainLookUp,
        (true, false) => PlainHeaders,
        (false, true) => [Fence, Vary, "meta:" + variant.Digest, "head:" + variant.Digest, "body:" + variant.Digest],
        (false, false) => [Fence, Vary, "meta:" + variant.Digest, "head:" + variant.Digest],
    };

    public static string Fill(FillLease lease) => FillPrefix(lease.Variant) + lease.Token;

    /// <summary>What the leases of one variant begin with; the token that follows contains no dot.</summary>
    public static string FillPrefix(VariantKey variant) => variant.IsPlain ? "fill:" : "fill:" + variant.Digest + ".";

    public static string Write(string token) => "write:" + token;

    public static string Held(string replica) => "held:" + replica;
}

/// <summary>What <see cref="RedisFields.LookUp"/> names, as a command.</summary>
internal readonly record struct LookUpCommand(string Key, string Variant, bool WithBody) : IRedisCommand
{
    private static ReadOnlySpan<byte> Common => "$5\r\nfence\r\n$4\r\nvary\r\n"u8;

    private static ReadOnlySpan<byte> Headers => "$4\r\nmeta\r\n$4\r\nhead\r\n"u8;

    private static ReadOnlySpan<byte> Body => "$4\r\nbody\r\n"u8;

    public void WriteTo(RespWriter writer)
    {
        writer.Begin(WithBody ? 7 : 6);
        writer.Raw("$5\r\nHMGET\r\n"u8);
        writer.Text(Key);
        writer.Raw(Common);
        if (Variant.Length == 0)
        {
            writer.Raw(Headers);
            writer.Raw(WithBody ? Body : default);
            return;
        }

        writer.Text("meta:"u8, Variant);
        writer.Text("head:"u8, Variant);
        if (WithBody)
        {
            writer.Text("body:"u8, Variant);
        }
    }
}

/// <summary>A script on one key, by its hash or with its text.</summary>
internal readonly record struct ScriptCommand(RedisScript Script, bool AsText, string Key, RedisValue[] Arguments) : IRedisCommand
{
    public void WriteTo(RespWriter writer)
    {
        writer.Begin(4 + Arguments.Length);
        writer.Raw(AsText ? "$4\r\nEVAL\r\n"u8 : "$7\r\nEVALSHA\r\n"u8);
        writer.Text(AsText ? Script.Utf8 : Script.HashDigits);
        writer.Raw("$1\r\n1\r\n"u8);
        writer.Text(Key);
        foreach (var argument in Arguments)
        {
            writer.Text(argument);
        }
    }
}

/// <summary>Any other command.</summary>
internal readonly record struct WordsCommand(string[] Words) : IRedisCommand
{
    public void WriteTo(RespWriter writer)
    {
        writer.Begin(Words.Length);
        foreach (var word in Words)
        {
            writer.Text(word);
        }
    }
}
