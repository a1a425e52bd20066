using CacheProxy.Configuration;

namespace CacheProxy.CommandLine;

/// <summary>Hides what must not be seen in a terminal, a log or a ticket. In doubt it hides.</summary>
internal static class SecretValues
{
    public const string Hidden = "***";

    private static readonly string[] Words =
        ["password", "passwd", "pwd", "secret", "token", "credential", "apikey", "api-key", "authorization", "cookie", "signature"];

    // Options of StackExchange.Redis whose values tell where and how, and open nothing.
    private static readonly string[] HarmlessOptions =
    [
        "abortConnect", "allowAdmin", "asyncTimeout", "channelPrefix", "connectRetry", "connectTimeout", "defaultDatabase", "highIntegrity",
        "keepAlive", "name", "protocol", "proxy", "resolveDns", "serviceName", "setlib", "ssl", "sslHost", "sslProtocols", "syncTimeout", "user",
    ];

    /// <summary>The value as it may be shown.</summary>
    /// <param name="section">The value and its key.</param>
    /// <param name="known">What the schema says of it; <c>null</c> for a key that it does not name.</param>
    /// <param name="values">All values: what else is said beside it.</param>
    public static string Shown(IConfigurationSection section, SchemaNode? known, IConfiguration values)
    {
        var text = section.Value!;
        if (section.Path.Equals($"{CacheProxySettings.RedisSection}:ConnectionString", StringComparison.OrdinalIgnoreCase))
        {
            return OfConnection(text);
        }

        // A value where a section belongs may be anything.
        return known is { IsSection: true } || IsSecret(section, known, values) ? Hidden : OfAddress(text);
    }

    private static bool IsSecret(IConfigurationSection section, SchemaNode? known, IConfiguration values)
    {
        if (known is not null)
        {
            return known.IsSecret || (known.IsNamedByOperator && (SpeaksOfSecrets(section.Key) || IsAdded(section.Key))) || IsMatchedSecret(section.Path, values);
        }

        // A key that nobody knows may be a secret under a misspelt name.
        return section.Path.StartsWith(CacheProxySettings.SectionName + ":", StringComparison.OrdinalIgnoreCase)
            || section.Path.Split(':').Any(SpeaksOfSecrets);
    }

    // What a transform of YARP's adds to a request may be a key to the API.
    private static bool IsAdded(string name) => name.ToUpperInvariant() is "SET" or "APPEND";

    // A route may match by a header that carries a secret: Match:Headers:0:Values:0, whose name stands at Match:Headers:0:Name.
    private static bool IsMatchedSecret(string path, IConfiguration values)
    {
        var end = path.IndexOf(":Values", StringComparison.OrdinalIgnoreCase);
        return end > 0 && path.Contains(":Match:", StringComparison.OrdinalIgnoreCase) && SpeaksOfSecrets(values[$"{path[..end]}:Name"] ?? "");
    }

    private static bool SpeaksOfSecrets(string name) => Words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static string OfConnection(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal) || text.Contains('@', StringComparison.Ordinal))
        {
            return Hidden;
        }

        // What follows an option that is hidden may be the rest of a password with a comma in it.
        var parts = text.Split(',');
        var secret = Array.FindIndex(parts, static part => part.Contains('=', StringComparison.Ordinal) && !IsHarmless(part));
        return string.Join(',', parts.Select((part, i) =>
            IsHarmless(part) || (!part.Contains('=', StringComparison.Ordinal) && (secret < 0 || i < secret)) ? part
            : part.Contains('=', StringComparison.Ordinal) ? $"{part.Split('=')[0]}={Hidden}"
            : Hidden));
    }

    private static bool IsHarmless(string option) =>
        option.Split('=') is [var name, _] && HarmlessOptions.Contains(name.Trim(), StringComparer.OrdinalIgnoreCase);

    // User and password, and a query, in which services put signatures.
    private static string OfAddress(string text)
    {
        if (!text.Contains("://", StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            return text;
        }

        var shown = address.UserInfo.Length > 0 ? text.Replace($"{address.UserInfo}@", $"{Hidden}@", StringComparison.Ordinal) : text;
        var query = shown.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? shown : $"{shown[..query]}?{Hidden}";
    }
}
