namespace CacheProxy.Store.Redis;

/// <summary>The steps of the protocol that are scripts: the shared beginning, then the step's own file.</summary>
/// <param name="clock">Stands in for <c>clock.lua</c>, for tests that make time pass; <c>null</c>: Redis's own clock.</param>
internal sealed class RedisScripts(string? clock = null)
{
    private readonly string _beginning = (clock ?? Read("clock.lua")) + "\n" + Read("prelude.lua") + "\n";

    public RedisScript BeginFill => field ??= Load("begin-fill.lua");

    public RedisScript CompleteFill => field ??= Load("complete-fill.lua");

    public RedisScript AbandonFill => field ??= Load("abandon-fill.lua");

    public RedisScript BeginWrite => field ??= Load("begin-write.lua");

    public RedisScript EndWrite => field ??= Load("end-write.lua");

    private static string Read(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private RedisScript Load(string name) => new(_beginning + Read(name));
}
