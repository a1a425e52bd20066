using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Store;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Encryption</c> and the files that it names. No report shows what is in them.</summary>
internal static class EncryptionSettings
{
    private const string Allowed = "the absolute path of a file that holds 32 bytes in base64, as from openssl rand -base64 32";
    private const int MostBytes = 4096;

    public static EncryptionOptions Read(SettingsReader reader, out KeyRing keys)
    {
        var ring = new List<EntryKey>();
        var options = new EncryptionOptions
        {
            KeyFiles = reader.List(nameof(EncryptionOptions.KeyFiles), [], Allowed, path => TryReadKey(path, ring) ? path : null),
        };
        reader.RefuseTheRest();
        keys = new KeyRing(ring);
        return options;
    }

    /// <summary>The files as they are named, good or not: for who watches them.</summary>
    public static string[] Named(IConfiguration values)
    {
        var section = values.GetSection($"{CacheProxySettings.SectionName}:Encryption:{nameof(EncryptionOptions.KeyFiles)}");
        var entries = string.IsNullOrWhiteSpace(section.Value) ? section.GetChildren().Select(static child => child.Value) : section.Value.Split(',');
        return [.. entries.Select(static entry => entry?.Trim() ?? "").Where(SettingsReader.IsAbsolutePath)];
    }

    public static void RefuseWithoutKeys(SettingsReader reader, ImmutableArray<CachePolicyOptions> policies, EncryptionOptions encryption)
    {
        if (!encryption.KeyFiles.IsEmpty)
        {
            return;
        }

        foreach (var policy in policies.Where(static policy => policy.Encrypt))
        {
            reader.Refuse($"{policy.Name}:{nameof(CachePolicyOptions.Encrypt)}", "true", "only together with CacheProxy:Encryption:KeyFiles");
        }
    }

    private static bool TryReadKey(string path, List<EntryKey> ring)
    {
        if (!SettingsReader.IsAbsolutePath(path))
        {
            return false;
        }

        try
        {
            if (new FileInfo(path).Length > MostBytes || !EntryKey.TryParse(File.ReadAllBytes(path), out var key))
            {
                return false;
            }

            ring.Add(key);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file that is not there, or not for us to read, is refused like one that holds something else.
            return false;
        }
    }
}

/// <summary>What encrypts entries in Redis (<c>CacheProxy:Encryption</c>), for the policies that say <c>Encrypt</c>.</summary>
internal sealed record EncryptionOptions
{
    /// <summary>
    /// Absolute paths of files that hold a key each: 32 bytes in base64. The first encrypts, all decrypt. They are read again when they
    /// change. Default: none.
    /// </summary>
    public ImmutableArray<string> KeyFiles { get; init; } = [];
}
