namespace CacheProxy.Management.Figures;

/// <summary><c>GET /statistics</c>: what is counted since the start and over the last minutes, as JSON.</summary>
internal static class StatisticsPage
{
    public const string Path = "/statistics";

    private static readonly Shape Count = Shape.Number("How many.");

    private static readonly Shape Latency = Shape.Of(
        "How long it took, estimated from the histogram.",
        ("count", Count),
        ("p50Ms", Shape.Number("Half took less, in milliseconds; null where there were none.")),
        ("p99Ms", Shape.Number("99 of 100 took less; 10,000 where it was more.")));

    private static readonly Shape Traffic = Shape.Of(
        "Of one policy, or of all.",
        ("requests", Shape.Number("Safe requests of clients.")),
        ("outcomes", Shape.Map("The same by outcome: hit, stale, collapsed, fill, forward.", Count)),
        ("hitRatio", Shape.Number("The share of hit, stale and collapsed; null without requests.")),
        ("apiRequestsSaved", Shape.Number("Requests answered without the API, less those that the cache made itself.")),
        ("refreshes", Shape.Number("Fills in the background.")),
        ("fromCopies", Shape.Number("Hits that the replica answered from a copy in its own memory.")),
        ("fills", Shape.Of("Fills that have ended.", ("stored", Count), ("notStored", Count), ("reasons", Shape.Map("Why not, the ten most frequent.", Count)))),
        ("forwards", Shape.Map("Why requests were forwarded (detail), the ten most frequent.", Count)),
        ("writes", Shape.Map("By result: changed, unchanged, unknown, refused.", Count)),
        ("evictions", Count),
        ("shadowHits", Shape.Map("In mode Shadow: equal and different.", Count)),
        ("latency", Shape.Map("By outcome.", Latency)));

    private static readonly Shape Span = Shape.Of(
        "What was counted in a span of time.",
        ("seconds", Shape.Number("How long it is.")),
        ("total", Traffic),
        ("policies", Shape.Map("By policy; tag counts the evictions of tags.", Traffic)),
        ("store", Shape.Of("Steps that waited for Redis.", ("all", Latency), ("failed", Count), ("steps", Shape.Map("By step.", Latency)))),
        ("upstreamFailures", Shape.Map("Requests that the API did not answer, by error.", Count)),
        ("copies", Shape.Of(
            "Leases on copies, and what waited for their holders.",
            ("holds", Shape.Map("Leases that were asked for, by result.", Count)),
            ("releases", Shape.Map("Leases that were given back, by reason.", Count)),
            ("waits", Shape.Map("Answers that waited for holders, by what ended it.", Count)),
            ("wait", Latency))),
        ("tenants", Shape.Map("The 20 with the most requests, where tenants are counted (CacheProxy:Telemetry:Tenants); * is all that have no place.", Shape.Of(
            "One.", ("requests", Count), ("outcomes", Shape.Map("By outcome.", Count)), ("hitRatio", Shape.Number("As above.")))).Optional()));

    public static readonly Answer[] Answers =
    [
        Answer.Json(200, "The figures of this process.", Shape.Of(
            "Statistics.",
            ("at", Shape.Time("When it was read.")),
            ("version", Shape.Text("Of CacheProxy.")),
            ("started", Shape.Time("When the process began to count.")),
            ("store", Shape.Of(
                "Where entries are.",
                ("kind", Shape.Word("Redis, or this process.", "redis", "memory")),
                ("available", Shape.Switch("Whether it answers.")),
                ("breaker", Shape.Word("Open: nothing waits for Redis.", "closed", "open")))),
            ("evictionsPending", Count),
            ("waiting", Shape.Of("Requests that wait.", ("forAnotherFill", Count), ("forAPlaceAtTheApi", Count))),
            ("memory", Shape.Of("Of the process.", ("residentBytes", Count), ("managedBytes", Count), ("heldBytes", Count), ("copyBytes", Count))),
            ("copiesHeld", Count),
            ("channelClosed", Shape.Switch("Whether copies are wanted, and none is held because messages of replicas do not arrive.")),
            ("policies", Shape.List("Those in force.", Shape.Of("One.", ("name", Shape.Text("Its name.")), ("mode", Shape.Word("Its mode.", "On", "Off", "Shadow"))))),
            ("sinceStart", Span),
            ("recent", Span),
            ("course", Shape.List("The same in pieces, oldest first.", Shape.Of("One.", ("seconds", Count), ("outcomes", Shape.Map("By outcome.", Count))))),
            ("events", Shape.List("What was logged last, newest first.", Shape.Of(
                "One event.",
                ("at", Shape.Time("When, the last time.")),
                ("level", Shape.Word("How grave.", "Information", "Warning", "Error", "Fatal")),
                ("id", Shape.Whole("As in docs/operations.md.")),
                ("text", Shape.Text("As logged.")),
                ("times", Shape.Whole("In a row.")))))))
    ];

    public static RequestDelegate Create(IServiceProvider services)
    {
        var document = services.GetRequiredService<StatisticsDocument>();
        return async context => await JsonContent.WriteAsync(context, StatusCodes.Status200OK, await document.AskAsync());
    }

    /// <summary>
    /// <c>/metrics</c> itself. Who scrapes is interested in figures: who asks for statistics later gets what the minutes before were.
    /// </summary>
    public static RequestDelegate NoticingMetrics(IServiceProvider services)
    {
        var (metrics, statistics) = (MetricsPage.Create(services), services.GetRequiredService<Statistics>());
        return context =>
        {
            statistics.Notice();
            return metrics(context);
        };
    }
}
