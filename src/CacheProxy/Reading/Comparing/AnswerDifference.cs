using System.Collections.Immutable;
using System.Text.Json;
using CacheProxy.Http;
using CacheProxy.Store;

namespace CacheProxy.Reading.Comparing;

/// <summary>Where the API's answer first differs from what is stored: in its status or its body. Headers are not compared.</summary>
internal static class AnswerDifference
{
    public const string Status = "status";

    /// <summary>The bodies differ as a whole, or are no JSON that could be compared.</summary>
    public const string Body = "body";

    private const int MostJsonBytes = 4 * 1024 * 1024;
    private const string ContentType = "Content-Type";
    private const string ContentEncoding = "Content-Encoding";

    /// <param name="stored">What is, or would have been, served.</param>
    /// <param name="status">The status of the API's answer.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="body">Its body.</param>
    /// <param name="ignored">What does not count.</param>
    /// <returns>A JSON pointer, <see cref="Status"/> or <see cref="Body"/>; <c>null</c> where both say the same.</returns>
    public static string? Find(
        StoredResponse stored, int status, IHeaderDictionary headers, ReadOnlyMemory<byte> body, ImmutableArray<JsonPointer> ignored)
    {
        if (status != stored.Status)
        {
            return Status;
        }

        return body.Span.SequenceEqual(stored.Body.Span) ? null : FindInJson(stored, headers, body, ignored);
    }

    private static string? FindInJson(
        StoredResponse stored, IHeaderDictionary headers, ReadOnlyMemory<byte> body, ImmutableArray<JsonPointer> ignored)
    {
        var fields = new ResponseHeaders(stored.Headers);
        if (!JsonBody.TryParse(stored.Body, fields.First(ContentType), fields.First(ContentEncoding), MostJsonBytes, out var old))
        {
            return Body;
        }

        using (old)
        {
            if (!JsonBody.TryParse(body, headers.ContentType, headers.ContentEncoding, MostJsonBytes, out var now))
            {
                return Body;
            }

            using (now)
            {
                return FindInJson(old.RootElement, now.RootElement, ignored);
            }
        }
    }

    private static string? FindInJson(JsonElement old, JsonElement now, ImmutableArray<JsonPointer> ignored)
    {
        try
        {
            return JsonDifference.Find(old, now, ignored) is { } pointer ? pointer.Length == 0 ? Body : pointer : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair somewhere: it is no text, and cannot be compared as one.
            return Body;
        }
    }
}
