using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>RFC 9111 §3.2: the headers of a 304, or of a 200 to HEAD, replace those of the stored response.</summary>
internal static class StoredHeaderUpdate
{
    /// <summary>
    /// Whether a 304 is about this stored response (§4.3.4): its validators, if it has any, must be the stored ones.
    /// If not, the stored response must not answer this request.
    /// </summary>
    public static bool Concerns(HeaderField[] stored, IHeaderDictionary notModified)
    {
        var ours = Validators.Of(new ResponseHeaders(stored));
        var theirs = Validators.Of(new ResponseHeaders(notModified));
        if (theirs.ETag is not null)
        {
            return ours.ETag is not null && EntityTag.IsSameWeakly(ours.ETag, theirs.ETag);
        }

        return theirs.LastModified is null || ours.LastModified is null || ours.LastModified == theirs.LastModified;
    }

    /// <summary>
    /// Every field of the update replaces all its stored lines, in the place of the first; new fields go to the end. A Set-Cookie
    /// of the update is for the client whose request brought it and is left out.
    /// </summary>
    /// <param name="stored">Of the stored response.</param>
    /// <param name="update">Of the 304, or of the 200 to HEAD.</param>
    /// <param name="connection">The update's Connection field, which a forwarder may have taken out.</param>
    public static HeaderField[] Merge(HeaderField[] stored, IHeaderDictionary update, StringValues connection)
    {
        var merged = new List<HeaderField>(stored.Length + 4);
        foreach (var field in stored)
        {
            if (!Updates(field.Name, update, connection))
            {
                merged.Add(field);
            }
            else if (!Has(merged, field.Name))
            {
                Append(merged, field.Name, update);
            }
        }

        foreach (var (name, _) in update)
        {
            if (Updates(name, update, connection) && !Has(merged, name))
            {
                Append(merged, name, update);
            }
        }

        return WithoutWithheld([.. merged]);
    }

    private static bool Updates(string name, IHeaderDictionary update, StringValues connection) =>
        update.ContainsKey(name)
        && StoredHeaders.IsStored(name)
        && !DescribesBody(name)
        && !HopByHopHeaders.IsNamedBy(connection, name);

    /// <summary>Only the merged headers tell which fields no-cache="…" and private="…" withhold.</summary>
    private static HeaderField[] WithoutWithheld(HeaderField[] merged)
    {
        var directives = ResponseDirectives.Of(new ResponseHeaders(merged));
        return directives is { NoCacheFields: null, PrivateFields: null }
            ? merged
            : Array.FindAll(merged, field => !StoredHeaders.IsWithheld(field.Name, in directives));
    }

    /// <summary>
    /// §3.2: neither Content-Length nor fields that describe the stored body are replaced. An update only applies with the same ETag,
    /// but it may have turned from strong to weak or back, and the body has not.
    /// </summary>
    private static bool DescribesBody(string name) => name.ToUpperInvariant() is
        "CONTENT-LENGTH" or "CONTENT-ENCODING" or "CONTENT-RANGE" or "CONTENT-MD5" or "CONTENT-DIGEST" or "REPR-DIGEST"
        or "DIGEST" or "ETAG";

    private static bool Has(List<HeaderField> fields, string name)
    {
        foreach (var field in fields)
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static void Append(List<HeaderField> fields, string name, IHeaderDictionary update)
    {
        var values = update[name];
        for (var i = 0; i < values.Count; i++)
        {
            fields.Add(new HeaderField(name, values[i] ?? ""));
        }
    }
}

/// <summary>RFC 9111 §4.3.5: what a 200 to HEAD says about the stored GET response of the same resource.</summary>
internal static class HeadUpdate
{
    /// <summary>What the headers say; a length that is the same proves nothing, for another body may have it.</summary>
    public static HeadEvidence Judge(HeaderField[] stored, long storedBodyLength, IHeaderDictionary head)
    {
        var (had, has) = (new ResponseHeaders(stored), new ResponseHeaders(head));
        var (ours, theirs) = (Validators.Of(had), Validators.Of(has));
        if ((theirs.ETag is not null && theirs.ETag != ours.ETag)
            || (theirs.LastModified is not null && theirs.LastModified != ours.LastModified)
            || (head.ContentLength is { } length && length != storedBodyLength))
        {
            return HeadEvidence.OutOfDate;
        }

        // A date has whole seconds: beside a tag that only one of the two has, it may be the date of another body.
        return theirs.ETag is not null || (theirs.LastModified is not null && !had.Contains("ETag") && !has.Contains("ETag"))
            ? HeadEvidence.Current
            : HeadEvidence.None;
    }
}

/// <summary>What an answer to HEAD proves about a stored body.</summary>
internal enum HeadEvidence
{
    /// <summary>Nothing: the stored response lives as long as before.</summary>
    None,

    /// <summary>It is still current, and takes over the headers (<see cref="StoredHeaderUpdate.Merge"/>).</summary>
    Current,

    /// <summary>The API has another one by now.</summary>
    OutOfDate,
}
