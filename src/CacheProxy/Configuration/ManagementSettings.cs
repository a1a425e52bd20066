using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Management</c>. No report shows a token, and none is kept: a digest is enough to recognise it.</summary>
internal static class ManagementSettings
{
    private const string TokenForm = "16 to 512 letters, digits and -._~+/=, as from openssl rand -hex 32";
    private const string ReadsFromForm =
        $"{ManagementOptions.Loopback}, {ManagementOptions.Anywhere}, or networks such as 10.0.0.0/8";
    private const int MostFileBytes = 64 * 1024;
    private const int LeastLength = 16;
    private const int MostLength = 512;

    public static ManagementOptions Read(SettingsReader reader, out ManagementAccess access)
    {
        var tokens = new List<ManagementToken>();
        var networks = new List<IPNetwork>();
        var defaults = new ManagementOptions();
        var readsFrom = reader.List(nameof(ManagementOptions.ReadsFrom), defaults.ReadsFrom, ReadsFromForm, text => Place(text, networks));
        reader.List(nameof(ManagementOptions.Tokens), [], TokenForm, text => TryAdd(text, tokens) ? "" : null, secret: true);
        var file = reader.Text(nameof(ManagementOptions.TokensFile)) ?? defaults.TokensFile;
        if (file.Length > 0 && WhyRefused(file, tokens) is { } allowed)
        {
            reader.Refuse(nameof(ManagementOptions.TokensFile), file, allowed);
        }

        reader.RefuseTheRest();
        access = new ManagementAccess([.. tokens], [.. networks], readsFrom.Contains(ManagementOptions.Anywhere));
        return new ManagementOptions
        {
            ReadsFrom = readsFrom,
            Tokens = [.. tokens.Select(static token => token.Fingerprint)],
            TokensFile = file,
        };
    }

    /// <summary>The file as it is named, good or not: for who watches it.</summary>
    public static string[] Named(IConfiguration values)
    {
        var file = values[$"{CacheProxySettings.SectionName}:Management:{nameof(ManagementOptions.TokensFile)}"]?.Trim() ?? "";
        return SettingsReader.IsAbsolutePath(file) ? [file] : [];
    }

    private static string? Place(string text, List<IPNetwork> networks)
    {
        foreach (var word in (string[])[ManagementOptions.Loopback, ManagementOptions.Anywhere])
        {
            if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }

        if (!text.Contains('/') || !IPNetwork.TryParse(text, out var network))
        {
            return null;
        }

        networks.Add(network);
        return text;
    }

    private static string? WhyRefused(string path, List<ManagementToken> tokens)
    {
        if (!SettingsReader.IsAbsolutePath(path))
        {
            return "an absolute path";
        }

        try
        {
            if (new FileInfo(path).Length > MostFileBytes)
            {
                return "a file of at most 64 KiB";
            }

            var before = tokens.Count;
            var number = 0;
            foreach (var line in File.ReadAllLines(path))
            {
                number++;
                if (line.Trim() is { Length: > 0 } text && text[0] != '#' && !TryAdd(text, tokens))
                {
                    return $"a file with one token a line; what stands on line {number} is not {TokenForm}";
                }
            }

            return tokens.Count == before ? "a file with at least one token" : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not there, or not for us to read: either is a problem of the configuration.
            return "a file that exists and can be read";
        }
    }

    private static bool TryAdd(string text, List<ManagementToken> tokens)
    {
        if (text.Length is < LeastLength or > MostLength || !text.All(static c => char.IsAsciiLetterOrDigit(c) || "-._~+/=".Contains(c)))
        {
            return false;
        }

        tokens.Add(ManagementToken.Of(text));
        return true;
    }
}

/// <summary>Who may read and change on the management listener (<c>CacheProxy:Management</c>).</summary>
internal sealed record ManagementOptions
{
    public const string Loopback = "Loopback";
    public const string Anywhere = "Anywhere";

    /// <summary>
    /// From where is read without a token: <c>Loopback</c>, networks such as <c>10.0.0.0/8</c>, or <c>Anywhere</c>. The machine or pod itself
    /// always may. Default: <c>Loopback</c>.
    /// </summary>
    public ImmutableArray<string> ReadsFrom { get; init; } = [Loopback];

    /// <summary>The fingerprints of the bearer tokens that changes need; each token has 16 to 512 characters. Default: none, which refuses changes.</summary>
    public ImmutableArray<string> Tokens { get; init; } = [];

    /// <summary>The absolute path of a file with one token a line. It is read again when it changes. Default: empty, for none.</summary>
    public string TokensFile { get; init; } = "";
}

/// <summary>What the management listener asks about each request.</summary>
internal sealed class ManagementAccess(ImmutableArray<ManagementToken> tokens, ImmutableArray<IPNetwork> networks, bool isOpen)
{
    /// <summary>Whether any change is possible.</summary>
    public bool HasTokens => !tokens.IsEmpty;

    /// <summary>Whether reads from there, which is not this machine, need no token.</summary>
    public bool MayRead(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return isOpen || networks.Any(network => network.Contains(plain));
    }

    /// <summary>The token's fingerprint; <c>null</c> when there is no such token.</summary>
    public string? Find(string text)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        string? found = null;
        // All of them, and each to its end: how long it takes tells nothing.
        foreach (var token in tokens)
        {
            found = token.Is(digest) ? token.Fingerprint : found;
        }

        return found;
    }
}

/// <summary>A token as it is kept.</summary>
internal sealed class ManagementToken
{
    private readonly byte[] _digest;

    private ManagementToken(byte[] digest) => _digest = digest;

    /// <summary>What logs call it: the first eight hexadecimal digits of its SHA-256.</summary>
    public string Fingerprint => Convert.ToHexStringLower(_digest.AsSpan(0, 4));

    public static ManagementToken Of(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    public bool Is(ReadOnlySpan<byte> digest) => CryptographicOperations.FixedTimeEquals(_digest, digest);
}
