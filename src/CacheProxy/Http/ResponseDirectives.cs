using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>
/// What a response's Cache-Control, or the CDN-Cache-Control that replaces it (RFC 9213), allows a shared cache. Of a repeated
/// directive the first counts (RFC 9111 §4.2.1); an unreadable lifetime is zero, because §4.2.1 treats such a response as
/// stale; a restriction counts whatever its argument is.
/// </summary>
internal record struct ResponseDirectives
{
    public bool NoStore { get; private set; }

    /// <summary>no-cache without field names: every use needs validation.</summary>
    public bool NoCache { get; private set; }

    /// <summary>The argument of no-cache="…" (RFC 9111 §5.2.2.4): these fields are not stored, the rest is.</summary>
    public string? NoCacheFields { get; private set; }

    /// <summary>private without field names: not for a shared cache at all.</summary>
    public bool Private { get; private set; }

    /// <summary>The argument of private="…" (RFC 9111 §5.2.2.7): these fields are not stored, the rest is.</summary>
    public string? PrivateFields { get; private set; }

    public bool Public { get; private set; }

    public bool MustRevalidate { get; private set; }

    public bool ProxyRevalidate { get; private set; }

    public bool MustUnderstand { get; private set; }

    /// <summary>Seconds.</summary>
    public long? MaxAge { get; private set; }

    /// <summary>Seconds.</summary>
    public long? SMaxAge { get; private set; }

    /// <summary>Seconds (RFC 5861 §3).</summary>
    public long? StaleWhileRevalidate { get; private set; }

    /// <summary>Seconds (RFC 5861 §4).</summary>
    public long? StaleIfError { get; private set; }

    /// <summary>From CDN-Cache-Control: Cache-Control and Expires are then ignored (RFC 9213 §2.2).</summary>
    public bool Targeted { get; private set; }

    public static ResponseDirectives Of(ResponseHeaders headers)
    {
        var targeted = headers["CDN-Cache-Control"];
        return targeted.Count > 0 && TryParseTargeted(targeted, out var directives)
            ? directives
            : Parse(headers["Cache-Control"]);
    }

    public static ResponseDirectives Parse(StringValues cacheControl)
    {
        var directives = default(ResponseDirectives);
        for (var i = 0; i < cacheControl.Count; i++)
        {
            var reader = new DirectiveReader(cacheControl[i]);
            while (reader.MoveNext())
            {
                directives.Take(in reader);
            }
        }

        return directives;
    }

    /// <summary>RFC 9213 §2.1: a field that is empty or not a valid dictionary of structured fields is ignored.</summary>
    public static bool TryParseTargeted(StringValues field, out ResponseDirectives directives)
    {
        directives = default;
        var members = 0;
        for (var i = 0; i < field.Count; i++)
        {
            var reader = new StructuredDictionaryReader(field[i]);
            for (; reader.MoveNext(); members++)
            {
                if (!directives.TakeTargeted(in reader))
                {
                    return false;
                }
            }

            if (reader.Failed)
            {
                return false;
            }
        }

        directives.Targeted = true;
        return members > 0;
    }

    private void Take(in DirectiveReader directive)
    {
        if (directive.Is("no-store"))
        {
            NoStore = true;
        }
        else if (directive.Is("no-cache"))
        {
            TakeNoCache(FieldNames(in directive));
        }
        else if (directive.Is("private"))
        {
            TakePrivate(FieldNames(in directive));
        }
        else if (directive.Is("public"))
        {
            Public = true;
        }
        else if (directive.Is("must-revalidate"))
        {
            MustRevalidate = true;
        }
        else if (directive.Is("proxy-revalidate"))
        {
            ProxyRevalidate = true;
        }
        else if (directive.Is("must-understand"))
        {
            MustUnderstand = true;
        }
        else if (directive.Is("max-age"))
        {
            MaxAge ??= Seconds(in directive);
        }
        else if (directive.Is("s-maxage"))
        {
            SMaxAge ??= Seconds(in directive);
        }
        else if (directive.Is("stale-while-revalidate"))
        {
            StaleWhileRevalidate ??= Seconds(in directive);
        }
        else if (directive.Is("stale-if-error"))
        {
            StaleIfError ??= Seconds(in directive);
        }
    }

    private bool TakeTargeted(in StructuredDictionaryReader member)
    {
        switch (member.Key)
        {
            // The last value of a repeated key counts (RFC 8941 §3.2), unlike in Cache-Control.
            case "max-age": return member.TryGetSeconds(out var maxAge) && Set(MaxAge = maxAge);
            case "s-maxage": return member.TryGetSeconds(out var sMaxAge) && Set(SMaxAge = sMaxAge);
            case "stale-while-revalidate": return member.TryGetSeconds(out var swr) && Set(StaleWhileRevalidate = swr);
            case "stale-if-error": return member.TryGetSeconds(out var sie) && Set(StaleIfError = sie);
            case "no-store": NoStore = !member.IsFalse; return true;
            case "public": Public = member.IsTrue; return true;
            case "must-revalidate": MustRevalidate = !member.IsFalse; return true;
            case "proxy-revalidate": ProxyRevalidate = !member.IsFalse; return true;
            case "must-understand": MustUnderstand = !member.IsFalse; return true;
            case "no-cache": if (!member.IsFalse) { TakeNoCache(member.Text); } return true;
            case "private": if (!member.IsFalse) { TakePrivate(member.Text); } return true;
            default: return true;
        }
    }

    private static bool Set(long? _) => true;

    private void TakeNoCache(string? fields)
    {
        if (string.IsNullOrWhiteSpace(fields))
        {
            NoCache = true;
        }
        else
        {
            NoCacheFields = NoCacheFields is null ? fields : $"{NoCacheFields},{fields}";
        }
    }

    private void TakePrivate(string? fields)
    {
        if (string.IsNullOrWhiteSpace(fields))
        {
            Private = true;
        }
        else
        {
            PrivateFields = PrivateFields is null ? fields : $"{PrivateFields},{fields}";
        }
    }

    private static string? FieldNames(in DirectiveReader directive) =>
        directive is { HasValue: true, Malformed: false } ? directive.Value.ToString() : null;

    private static long Seconds(in DirectiveReader directive) =>
        !directive.Malformed && DeltaSeconds.TryParse(directive.Value, out var seconds) ? seconds : 0;
}
