using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>
/// Everything that may differ between a message sent directly and one sent through the sidecar. A forwarded message must equal the direct one
/// after these changes, byte for byte; whatever else differs fails the comparison.
/// </summary>
internal static class KnownDifferences
{
    private static readonly string[] HopByHop =
    [
        "Connection", "Keep-Alive", "TE", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Proxy-Authenticate", "Proxy-Authentication-Info",
        "Proxy-Authorization", "Proxy-Connection", "Proxy-Features", "Proxy-Instruction",
    ];

    private static readonly KnownDifference HopByHopFields = new("hop-by-hop fields", form => form.Without(HopByHop));
    private static readonly KnownDifference OrderOfFields = new("order of fields", InOrderOfNames);
    private static readonly KnownDifference CaseOfNames = new("case of field names", form => form with
    {
        Fields = [.. form.Fields.Select(field => (field.Name.ToLowerInvariant(), field.Value))],
    });
    private static readonly KnownDifference SpaceAroundValues = new("space around values", form => form with
    {
        Fields = [.. form.Fields.Select(field => (field.Name, field.Value.Trim(' ', '\t')))],
    });

    /// <summary>Applied to a request as the upstream got it directly.</summary>
    public static readonly IReadOnlyList<KnownDifference> OfRequests =
    [
        new("`Content-Length` beside `Transfer-Encoding`", WithRenamedLength),
        new("HTTP/1.0", form => form with { StartLine = form.StartLine.Replace("HTTP/1.0", "HTTP/1.1", StringComparison.Ordinal) }),
        new("absolute-form target", WithOriginForm),
        new("case of standard methods", WithUpperCaseMethod),
        HopByHopFields,
        new("fields without meaning", form => form.Without("ALPN", "Close", "Security-Scheme", "Alt-Svc")),
        CaseOfNames,
        SpaceAroundValues,
        new("repeated request fields", WithJoinedFields),
        new("X-Forwarded-*", WithForwardedFields),
        new("an empty `Host`", WithSomeHost),
        new("Content-Length: 0", WithZeroLength),
        OrderOfFields,
    ];

    /// <summary>Applied to a response as the client got it directly.</summary>
    public static readonly IReadOnlyList<KnownDifference> OfResponses =
    [
        HopByHopFields,
        new("fields without meaning", form => form.Without("ALPN", "Close", "Security-Scheme", "Upgrade-Insecure-Requests")),
        CaseOfNames,
        SpaceAroundValues,
        new("Alt-Svc", form => form.Without("Alt-Svc")),
        new("Date", form => form.Has("Date") ? form : form.With("date", Comparison.Anything)),
        new("Content-Length of 204", form => form.StartLine.Contains(" 204 ", StringComparison.Ordinal) ? form.Without("Content-Length") : form),
        new("version of the response", form => form with { StartLine = form.StartLine.Replace("HTTP/1.0", "HTTP/1.1", StringComparison.Ordinal) }),
        OrderOfFields,
    ];

    /// <summary>Applied, before those of every request, to one that a route with a cache policy forwards.</summary>
    public static readonly IReadOnlyList<KnownDifference> OfRequestsOnCachedRoutes =
    [
        new("conditions", form => IsRead(form) ? form.Without("If-None-Match", "If-Modified-Since") : form),
    ];

    /// <summary>Applied, after those of every response, to one that a route with a cache policy forwards.</summary>
    public static readonly IReadOnlyList<KnownDifference> OfReadsOnCachedRoutes =
    [
        new("Cache-Status", form => form.With("cache-status", "cacheproxy; " + Comparison.Anything)),
        OrderOfFields,
    ];

    /// <summary>Applied to a response as the client got it directly, where what comes is the stored one.</summary>
    public static readonly IReadOnlyList<KnownDifference> OfHits =
    [
        new("reason phrase", WithStandardReason),
        new("fields that Connection names", WithoutNamedFields),
        new("Age", form => form.Without("Age").With("age", Comparison.Anything)),
        new("trailers", form => form.Without("Trailer")),
        new("length", form => form.Has("Transfer-Encoding") ? form.With("Content-Length", Length(form)) : form),
    ];

    public static IEnumerable<KnownDifference> All => [.. OfRequests, .. OfResponses, .. OfRequestsOnCachedRoutes, .. OfReadsOnCachedRoutes, .. OfHits];

    /// <summary>What is not compared on the forwarded side: framing, order and case, which stand in the lists above.</summary>
    public static WireForm Neutral(WireForm form) =>
        OrderOfFields.Apply(SpaceAroundValues.Apply(CaseOfNames.Apply(form.Without("Connection", "Transfer-Encoding"))));

    // A range is asked for as the client asks for it: it is of no use to others.
    private static bool IsRead(WireForm form) => form.StartLine.StartsWith("GET ", StringComparison.Ordinal) && !form.Has("Range");

    private static WireForm WithSomeHost(WireForm form) =>
        form.Fields.Any(field => field is { Name: "host", Value.Length: > 0 }) ? form : form.Without("host").With("host", Comparison.Anything);

    private static WireForm WithRenamedLength(WireForm form) => form.Has("Content-Length") && form.Has("Transfer-Encoding")
        ? form with { Fields = [.. form.Fields.Select(field => field.Name == "Content-Length" ? ("X-Content-Length", field.Value) : field)] }
        : form;

    private static WireForm WithStandardReason(WireForm form)
    {
        var parts = form.StartLine.Split(' ');
        return form with { StartLine = $"{parts[0]} {parts[1]} {ReasonPhrases.GetReasonPhrase(int.Parse(parts[1], CultureInfo.InvariantCulture))}" };
    }

    private static string Length(WireForm form) => form.Content.Length.ToString(CultureInfo.InvariantCulture);

    private static WireForm WithoutNamedFields(WireForm form) => form.Without(
        [.. form.Fields
            .Where(field => field.Name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            .SelectMany(field => field.Value.Split(',', StringSplitOptions.TrimEntries))]);

    private static WireForm InOrderOfNames(WireForm form) => form with { Fields = [.. form.Fields.OrderBy(field => field.Name, StringComparer.Ordinal)] };

    private static WireForm WithOriginForm(WireForm form)
    {
        var parts = form.StartLine.Split(' ');
        if (!Uri.TryCreate(parts[1], UriKind.Absolute, out var target) || parts[1].StartsWith('/'))
        {
            return form;
        }

        var afterScheme = parts[1][(parts[1].IndexOf("//", StringComparison.Ordinal) + 2)..];
        var path = afterScheme.IndexOfAny(['/', '?']) is var start and >= 0 ? afterScheme[start..] : "";
        var originForm = path.StartsWith('/') ? path : "/" + path;
        return (form with { StartLine = $"{parts[0]} {originForm} {parts[2]}" }).Without("Host").With("Host", target.Authority);
    }

    private static WireForm WithUpperCaseMethod(WireForm form)
    {
        var method = form.StartLine.Split(' ')[0];
        string[] standard = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"];
        return standard.Contains(method.ToUpperInvariant())
            ? form with { StartLine = method.ToUpperInvariant() + form.StartLine[method.Length..] }
            : form;
    }

    private static WireForm WithJoinedFields(WireForm form) => form with
    {
        Fields = [.. form.Fields
            .GroupBy(field => field.Name)
            .Select(lines => (lines.Key, string.Join(Separator(lines.Key), lines.Select(line => line.Value))))],
    };

    private static string Separator(string name) => name switch
    {
        "cookie" => "; ",
        "user-agent" => " ",
        _ => ", ",
    };

    private static WireForm WithForwardedFields(WireForm form)
    {
        var host = form.Fields.FirstOrDefault(field => field.Name == "host").Value;
        form = Appended(form, "x-forwarded-for", "127.0.0.1");
        form = Appended(form, "x-forwarded-proto", "http");
        return string.IsNullOrEmpty(host) ? form : Appended(form, "x-forwarded-host", host);
    }

    private static WireForm Appended(WireForm form, string name, string value)
    {
        var present = form.Fields.FirstOrDefault(field => field.Name == name).Value;
        return form.Without(name).With(name, present is null ? value : $"{present}, {value}");
    }

    // The client library states the absence of content but for methods that usually have none, and there too if a content field stands alone.
    private static WireForm WithZeroLength(WireForm form)
    {
        var method = form.StartLine.Split(' ')[0];
        var mayHaveContent = method is not ("GET" or "HEAD" or "DELETE" or "OPTIONS") || form.Has("content-type") || form.Has("expires");
        return mayHaveContent && form.Content.Length == 0 && !form.Has("content-length") ? form.With("content-length", "0") : form;
    }
}
