namespace CacheProxy.Http;

/// <summary>What a stored response can be validated with (RFC 9110 §8.8), and its Date. A field that came twice is no validator.</summary>
internal readonly record struct Validators(string? ETag, string? LastModified, string? Date)
{
    public bool Exist => ETag is not null || LastModified is not null;

    public static Validators Of(ResponseHeaders headers) =>
        new(Single(headers, "ETag"), Single(headers, "Last-Modified"), Single(headers, "Date"));

    private static string? Single(ResponseHeaders headers, string name)
    {
        var lines = headers[name];
        return lines.Count == 1 && !string.IsNullOrWhiteSpace(lines[0]) ? lines[0] : null;
    }
}
