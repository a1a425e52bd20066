using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>
/// What a request's Cache-Control asks of a cache (RFC 9111 §5.2.1). The default value asks for nothing. Of a repeated directive
/// the first counts; an unreadable or unknown one counts as absent. Pragma has no effect: RFC 9111 §5.4 retired it.
/// </summary>
internal record struct RequestDirectives
{
    /// <summary>The value of <see cref="MaxStale"/> when the directive came without a number: any staleness is accepted.</summary>
    public const long AnyStaleness = long.MaxValue;

    // Complements, so that 0 says that the directive is absent: half the size of three nullable numbers, in every request that is read.
    private long _maxAge;
    private long _maxStale;
    private long _minFresh;

    public bool NoStore { get; private set; }

    public bool NoCache { get; private set; }

    public bool OnlyIfCached { get; private set; }

    /// <summary>Seconds.</summary>
    public long? MaxAge { readonly get => Value(_maxAge); private set => _maxAge = Kept(value); }

    /// <summary>Seconds, or <see cref="AnyStaleness"/>.</summary>
    public long? MaxStale { readonly get => Value(_maxStale); private set => _maxStale = Kept(value); }

    /// <summary>Seconds.</summary>
    public long? MinFresh { readonly get => Value(_minFresh); private set => _minFresh = Kept(value); }

    public static RequestDirectives Parse(StringValues cacheControl)
    {
        var directives = default(RequestDirectives);
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

    private void Take(in DirectiveReader directive)
    {
        if (directive.Is("no-store"))
        {
            NoStore = true;
        }
        else if (directive.Is("no-cache"))
        {
            NoCache = true;
        }
        else if (directive.Is("only-if-cached"))
        {
            OnlyIfCached = true;
        }
        else if (directive.Is("max-age"))
        {
            MaxAge ??= Seconds(in directive);
        }
        else if (directive.Is("min-fresh"))
        {
            MinFresh ??= Seconds(in directive);
        }
        else if (directive.Is("max-stale"))
        {
            MaxStale ??= directive.HasValue ? Seconds(in directive) : AnyStaleness;
        }
    }

    private static long? Value(long kept) => kept == 0 ? null : ~kept;

    private static long Kept(long? value) => value is { } seconds ? ~seconds : 0;

    private static long? Seconds(in DirectiveReader directive) =>
        !directive.Malformed && DeltaSeconds.TryParse(directive.Value, out var seconds) ? seconds : null;
}
