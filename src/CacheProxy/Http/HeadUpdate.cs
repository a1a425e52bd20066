namespace CacheProxy.Http;

/// <summary>RFC 9111 §4.3.5: what a 200 to HEAD says of the stored GET response of the same resource.</summary>
internal static class HeadUpdate
{
    /// <summary>
    /// True: the stored response is still the current one and may take over the headers (<see cref="StoredHeaderUpdate.Merge"/>).
    /// False: it is out of date.
    /// </summary>
    public static bool Matches(HeaderField[] stored, long storedBodyLength, IHeaderDictionary head)
    {
        var ours = Validators.Of(new ResponseHeaders(stored));
        var theirs = Validators.Of(new ResponseHeaders(head));
        if (theirs.ETag is not null && theirs.ETag != ours.ETag)
        {
            return false;
        }

        if (theirs.LastModified is not null && theirs.LastModified != ours.LastModified)
        {
            return false;
        }

        return head.ContentLength is not { } length || length == storedBodyLength;
    }
}
