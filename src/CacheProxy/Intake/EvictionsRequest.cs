using System.Text.Json;
using CacheProxy.Configuration.Policies;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Intake;

/// <summary>The items of one request, or why there are none.</summary>
/// <param name="Items">The items.</param>
/// <param name="Wrong">What is wrong with the request as a whole; <c>null</c> for nothing.</param>
/// <param name="Problem">The same, for people.</param>
internal readonly record struct EvictionsRequest(IReadOnlyList<IntakeItem> Items, WrongRequest? Wrong = null, string Problem = "")
{
    private const string Json = "application/json";
    private const string OneEvent = "application/cloudevents+json";
    private const string Events = "application/cloudevents-batch+json";

    /// <summary>What a body may be.</summary>
    public const string Types = $"{Json} (an item or a list of items, or the data of a CloudEvent in binary mode), {OneEvent} or {Events}, in UTF-8";

    /// <param name="headers">Of the request.</param>
    /// <param name="body">As it was sent.</param>
    /// <param name="options">What rows stand for, and how much there may be.</param>
    public static EvictionsRequest Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body, IntakeOptions options)
    {
        if (TypeOf(headers) is not { } type)
        {
            return new([], WrongRequest.Type, $"The body must be {Types}, and not be encoded.");
        }

        return IntakeItem.TryParse(body, out var parsed)
            ? Read(headers, type, parsed, options)
            : new([], WrongRequest.Content, "The content is not JSON, or an object in it has two members of one name.");
    }

    private static EvictionsRequest Read(IHeaderDictionary headers, string type, JsonElement body, IntakeOptions options)
    {
        if (type == Json && CloudEvent.IsOne(headers))
        {
            return new([CloudEvent.Read(headers, body, options)]);
        }

        if (type == Events && body.ValueKind != JsonValueKind.Array)
        {
            return new([], WrongRequest.Content, $"{Events} is a list of events.");
        }

        if (body.ValueKind != JsonValueKind.Array || type == OneEvent)
        {
            return new([ReadOne(type, body, options)]);
        }

        if (body.GetArrayLength() > options.MaxItems)
        {
            return new([], WrongRequest.TooLarge, FormattableString.Invariant($"A list has at most {options.MaxItems} items (CacheProxy:Intake:MaxItems)."));
        }

        var items = new List<IntakeItem>(body.GetArrayLength());
        foreach (var item in body.EnumerateArray())
        {
            items.Add(ReadOne(type, item, options));
        }

        return new(items);
    }

    private static IntakeItem ReadOne(string type, JsonElement item, IntakeOptions options) =>
        type != Json && !CloudEvent.IsOne(item) ? IntakeItem.Refuse("specversion", "1.0") : IntakeItem.Read(item, options);

    private static string? TypeOf(IHeaderDictionary headers)
    {
        if (headers.ContentEncoding.Count > 0
            || !MediaTypeHeaderValue.TryParse(headers.ContentType.ToString(), out var type)
            || (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        string[] known = [Json, OneEvent, Events];
        return Array.Find(known, one => type.MediaType.Equals(one, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary>What is wrong with a request that nothing of is taken.</summary>
internal enum WrongRequest
{
    /// <summary>Its content is of another type, or encoded.</summary>
    Type,

    /// <summary>It is not what its type says.</summary>
    Content,

    /// <summary>There is more than is taken at a time.</summary>
    TooLarge,
}
