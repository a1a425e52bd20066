using System.Text.Json;

namespace CacheProxy.Management;

/// <summary>What went wrong, as RFC 9457 says it.</summary>
internal static class Problem
{
    public const string ContentType = "application/problem+json";

    /// <param name="context">The request.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="detail">What is wrong with this request, and what to do.</param>
    /// <param name="more">Members of its own.</param>
    public static Task WriteAsync(HttpContext context, ProblemKind kind, string detail, Action<Utf8JsonWriter>? more = null) => JsonContent.WriteAsync(
        context,
        kind.Status,
        json =>
        {
            json.WriteStartObject();
            json.WriteString("type", kind.Type);
            json.WriteString("title", kind.Title);
            json.WriteNumber("status", kind.Status);
            json.WriteString("detail", detail);
            more?.Invoke(json);
            json.WriteEndObject();
        },
        ContentType);

    /// <summary>What every problem has.</summary>
    public static Shape Shape() => Management.Shape.Of(
        "What went wrong (RFC 9457).",
        ("type", Management.Shape.Text("What it is, for programs.")),
        ("title", Management.Shape.Text("What it is, for people.")),
        ("status", Management.Shape.Whole("The status of the answer.")),
        ("detail", Management.Shape.Text("What is wrong with this request, and what to do.")));
}

/// <summary>A kind of problem, with the paragraph that docs/administration.md has of it.</summary>
/// <param name="Status">The status of the answer.</param>
/// <param name="Name">The last part of its type.</param>
/// <param name="Title">The same for every problem of the kind.</param>
internal sealed record ProblemKind(int Status, string Name, string Title)
{
    public static readonly ProblemKind InvalidRequest = new(StatusCodes.Status400BadRequest, "invalid-request", "The request cannot be used");
    public static readonly ProblemKind TokenRequired = new(StatusCodes.Status401Unauthorized, "token-required", "A token is needed");
    public static readonly ProblemKind WrongToken = new(StatusCodes.Status401Unauthorized, "wrong-token", "The token is not one that is configured");
    public static readonly ProblemKind NoTokens = new(StatusCodes.Status403Forbidden, "no-tokens", "No token is configured");
    public static readonly ProblemKind OtherPage = new(StatusCodes.Status403Forbidden, "other-page", "The request comes from another page in a browser");
    public static readonly ProblemKind OtherHost = new(StatusCodes.Status403Forbidden, "other-host", "The request names another host");
    public static readonly ProblemKind NotFound = new(StatusCodes.Status404NotFound, "not-found", "There is no such endpoint");
    public static readonly ProblemKind WrongMethod = new(StatusCodes.Status405MethodNotAllowed, "wrong-method", "The endpoint has other methods");
    public static readonly ProblemKind TooLarge = new(StatusCodes.Status413PayloadTooLarge, "too-large", "The content is too large");
    public static readonly ProblemKind NotJson = new(StatusCodes.Status415UnsupportedMediaType, "not-json", "The content is not JSON");
    public static readonly ProblemKind TooManyWrongTokens = new(StatusCodes.Status429TooManyRequests, "too-many-wrong-tokens", "Too many wrong tokens");
    public static readonly ProblemKind Unexpected = new(StatusCodes.Status500InternalServerError, "unexpected", "Something went wrong here");

    public string Type => "urn:cacheproxy:problem:" + Name;
}
