using static CacheProxy.Management.Shape;

namespace CacheProxy.Management.Explaining;

/// <summary>What <see cref="ExplainPages"/> take and answer, for the OpenAPI document.</summary>
internal static class ExplainShapes
{
    private const string Format = "json or text, in place of Accept.";
    private const string AsText = "As text/plain where Accept or format says so.";

    public static Parameter[] OfRequest =>
    [
        new("url", "The request's URL, or its path and query where a header names the host.") { IsRequired = true },
        new("method", "The request's method; GET without it."),
        new("header", "A header of the request, \"Name: value\"; any number."),
        new("client", "The IP address that it would come from, where the variant depends on that."),
        new("format", Format),
    ];

    public static Parameter[] OfEntry =>
    [
        new("policy", "The policy, with key."),
        new("key", "The resource's key, with the key prefix or without."),
        .. OfRequest.Select(static parameter => parameter with { IsRequired = false }),
    ];

    public static Parameter[] OfPolicy => [new("policy", "The policy.") { IsRequired = true }, new("format", Format)];

    public static Answer[] Explained =>
        [Answer.Json(200, "As text/plain, for people, unless Accept or format says JSON.", Explanation())];

    public static Answer[] Found => [Answer.Json(200, AsText, Entry())];

    public static Answer[] Sampled => [Answer.Json(200, AsText, Refusals())];

    private static Shape Explanation() => Of(
        "What becomes of the request.",
        ("summary", Text("In a sentence.")),
        ("decision", Of(
            "",
            ("outcome", Word("What becomes of it.", "unrouted", "pass", "hit", "stale", "fill", "forward", "refuse", "write", "unknown")),
            ("detail", Text("The word of detail.").Optional()),
            ("see", Text("Where the documentation has it.").Optional()),
            ("ttlSeconds", Whole("Freshness left; negative once stale.").Optional()))),
        ("request", Of(
            "",
            ("method", Text("")), ("host", Text("")), ("target", Text("")), ("route", Text("").Optional()),
            ("policy", Text("").Optional()), ("mode", Word("", "On", "Off", "Shadow").Optional()), ("credentials", Text("").Optional()))),
        ("tenant", Of(
            "",
            ("neededByKey", Switch("")), ("name", Text("")),
            ("sources", List("In their order.", Of("", ("source", Text("")), ("says", Text("")))))).Optional()),
        ("token", Of("", ("verdict", Text("A word of cacheproxy_tokens_total."))).Optional()),
        ("resource", Of(
            "",
            ("key", Text("")), ("variant", Text("")),
            ("variantParts", List(
                "Why it is not the plain one.", Of("", ("part", Text("")), ("value", Text("").Optional()), ("fingerprint", Text("In place of a secret.").Optional())))),
            ("alwaysVariesOn", List("", Text(""))),
            ("stored", Stored())).Optional()),
        ("evicts", List(
            "What a write evicts.",
            Of(
                "",
                ("policy", Text("")), ("key", Text("")), ("fenced", Switch("")), ("consistency", Text("")), ("evictionPendingHere", Switch("")),
                ("stored", Stored()))).Optional()),
        ("replica", Of(
            "Of this replica alone.",
            ("store", Text("")), ("evictionPending", Switch("").Optional()), ("ownCopy", Switch("").Optional()),
            ("ownCopyLeftSeconds", Number("How long it may still be served before Redis is asked again.").Optional()), ("evictionsPending", Whole("")))),
        ("lately", List("The last reasons of the policy's requests, first those of this path.", Reason(
            ("thisPath", Switch("")), ("time", Time("")), ("status", Whole("")))).Optional()));

    private static Shape Entry() => Of(
        "", ("policy", Text("")), ("key", Text("")), ("evictionPendingHere", Switch("")), ("stored", Stored()));

    private static Shape Refusals() => Of(
        "",
        ("policy", Text("")), ("keptForEachReason", Whole("")), ("counted", Whole("Of so many, at most the last thousand, the reasons are counted.")),
        ("reasons", List("The most frequent first.", Reason(
            ("requests", List(
                "The latest first.",
                Of("", ("time", Time("")), ("method", Text("")), ("path", Text("Without its query.")), ("tenant", Text("").Optional()), ("status", Whole("")))))))));

    private static Shape Reason(params (string, Shape)[] more) => Of(
        "",
        [
            ("forwarded", Text("The word, of a request that was forwarded.").Optional()), ("notStored", Text("The word, of an answer that was not stored.").Optional()),
            ("because", Text("")), ("see", Text("")), ("ofTheLastThousand", Whole("")), .. more,
        ]);

    private static Shape Stored() => Of(
        "What the store has, without bodies.",
        ("state", Text("")), ("keyExpiresInSeconds", Number("").Optional()), ("variesOn", List("", Text("")).Optional()),
        ("writesUnderWay", Whole("").Optional()), ("writesOfUnknownOutcome", Whole("").Optional()), ("fenceLeftSeconds", Number("").Optional()),
        ("fillsUnderWay", Whole("").Optional()), ("leases", List("", Of("", ("variant", Text("")), ("leftSeconds", Number("")))).Optional()),
        ("variants", List("", Variant()).Optional()));

    private static Shape Variant() => Of(
        "",
        ("variant", Text("")), ("askedFor", Switch("").Optional()), ("state", Text("")), ("sealed", Switch("")), ("keptForSeconds", Number("")),
        ("status", Whole("").Optional()), ("ageSeconds", Whole("").Optional()), ("ttlSeconds", Whole("").Optional()),
        ("staleWhileRevalidateSeconds", Whole("").Optional()), ("staleIfErrorSeconds", Whole("").Optional()), ("noCache", Switch("").Optional()),
        ("mustRevalidate", Switch("").Optional()), ("purged", Switch("Softly: the API is asked before it is used.").Optional()), ("bytes", Whole("").Optional()), ("contentType", Text("").Optional()),
        ("contentEncoding", Text("").Optional()), ("etag", Text("").Optional()), ("lastModified", Text("").Optional()), ("answered", Text("").Optional()),
        ("tags", List("", Of("", ("tag", Text("")), ("generation", Text("")), ("state", Text("")))).Optional()),
        ("contains", List("", Text("")).Optional()));
}
