using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>The steps of the protocol that are scripts: each is the shared prelude followed by the step's own file.</summary>
/// <param name="clock">Replaces <c>clock.lua</c> in tests that control time; <c>null</c>: Redis's own clock.</param>
internal sealed class RedisScripts(string? clock = null)
{
    private readonly string _clock = (clock ?? Read("clock.lua")) + "\n";

    private string Prelude => field ??= _clock + Read("prelude.lua") + "\n";

    public RedisScript LookUpOrBeginFill => field ??= new RedisScript(_clock + Read("look-up-or-begin-fill.lua"));

    public RedisScript BeginFill => field ??= Compose("begin-fill.lua");

    public RedisScript CompleteFill => field ??= Compose("complete-fill.lua");

    public RedisScript AbandonFill => field ??= Compose("abandon-fill.lua");

    public RedisScript BeginWrite => field ??= Compose("begin-write.lua");

    public RedisScript EndWrite => field ??= Compose("end-write.lua");

    /// <summary>Gives a server all scripts before its first step, so that none of them has to be sent twice.</summary>
    public Task LoadAsync(IServer server) => Task.WhenAll(
        new[] { LookUpOrBeginFill, BeginFill, CompleteFill, AbandonFill, BeginWrite, EndWrite }.Select(script => server.ScriptLoadAsync(script.Text)));

    private static string Read(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private RedisScript Compose(string name) => new(Prelude + Read(name));
}

/// <summary>A Lua script, and the hash by which Redis knows it.</summary>
internal sealed class RedisScript(string text)
{
    public string Text { get; } = text;

    // Redis identifies scripts by SHA-1; nothing here depends on its strength.
    public byte[] Hash { get; } = SHA1.HashData(Encoding.UTF8.GetBytes(text));

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

/// <summary>The names of the fields of a resource's hash.</summary>
internal static class RedisFields
{
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
}
