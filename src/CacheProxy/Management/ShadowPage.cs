using System.Globalization;
using System.Text;
using System.Text.Json;
using CacheProxy.Reading.Comparing;

namespace CacheProxy.Management;

/// <summary>
/// <c>GET /shadow</c>: what mode Shadow has shown of each policy, whether it may be switched on, and which routes without a policy are worth
/// one. It shows no value of any answer.
/// </summary>
internal static class ShadowPage
{
    public const string Path = "/shadow";

    /// <summary>So many reads, and such a share of hits among them, make a proposal.</summary>
    public const int LeastReads = 100;
    public const double LeastShare = 0.2;

    public static Answer[] Answers => ReportAnswer.Answers(
        ("policies", Shape.List("That were asked in mode Shadow.", PolicyShape())),
        ("withoutPolicy", Shape.List(
            "Reads without a policy, where they are counted; most frequent first.",
            Shape.Of(
                "",
                ("route", Shape.Text("The YARP route.")),
                ("path", Shape.Text("The shape of their paths.")),
                ("requests", Shape.Whole("How many.")),
                ("notStorable", Shape.Whole("How many got an answer that may not be stored.")),
                ("hitRatio", Shape.Number("The share that would have been hits.")),
                ("proposed", Shape.Switch("Whether they are worth a policy."))))));

    private static Shape PolicyShape() => Shape.Of(
        "",
        [
            ("policy", Shape.Text("Its name.")),
            ("since", Shape.Time("The start, or the last reload.")),
            ("verdict", Shape.Word("Whether to switch it on.", [.. Enum.GetValues<ShadowVerdictWord>().Select(ToToken)])),
            ("reasons", Shape.List("Why, as sentences.", Shape.Text(""))),
            ("requests", Shape.Whole("Reads of the policy.")),
            ("hits", Shape.Whole("How many of them would have been hits.")),
            ("hitRatio", Shape.Number("The hit ratio to expect.")),
            ("wrong", Shape.Whole("Would-be hits that would have been wrong.")),
            ("overtaken", Shape.Whole("Would-be hits that a write overtook.")),
            ("notCompared", Shape.Whole("Would-be hits that could not be compared.")),
            ("writes", Shape.Whole("Writes to the policy's resources.")),
            .. ReportAnswer.DifferencesShape,
        ]);

    public static RequestDelegate Create(IServiceProvider services) => context => ReportAnswer.WriteAsync(
        context,
        (services.GetRequiredService<ShadowReport>().ToArray(), services.GetRequiredService<RepeatedReads>().ToArray()),
        WriteJson,
        AppendText);

    private static void WriteJson(Utf8JsonWriter json, (ShadowFigures[] Policies, RepeatedRead[] Reads) report)
    {
        json.WriteStartObject();
        json.WriteStartArray("policies");
        foreach (var figures in report.Policies)
        {
            WritePolicy(json, figures);
        }

        json.WriteEndArray();
        json.WriteStartArray("withoutPolicy");
        foreach (var read in report.Reads)
        {
            json.WriteStartObject();
            json.WriteString("route", read.Route);
            json.WriteString("path", read.Path);
            json.WriteNumber("requests", read.Requests);
            json.WriteNumber("notStorable", read.NotStorable);
            json.WriteNumber("hitRatio", Math.Round(Ratio(read), 4));
            json.WriteBoolean("proposed", IsProposed(read));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePolicy(Utf8JsonWriter json, ShadowFigures figures)
    {
        var verdict = ShadowVerdict.Of(figures);
        json.WriteStartObject();
        json.WriteString("policy", figures.Policy);
        json.WriteString("since", figures.Since);
        json.WriteString("verdict", ToToken(verdict.Word));
        json.WriteStartArray("reasons");
        foreach (var reason in verdict.Reasons)
        {
            json.WriteStringValue(reason);
        }

        json.WriteEndArray();
        json.WriteNumber("requests", figures.Requests);
        json.WriteNumber("hits", figures.Hits);
        json.WriteNumber("hitRatio", Math.Round(figures.Ratio, 4));
        json.WriteNumber("wrong", figures.Wrong);
        json.WriteNumber("overtaken", figures.Overtaken);
        json.WriteNumber("notCompared", figures.Unseen);
        json.WriteNumber("writes", figures.Writes);
        ReportAnswer.WriteDifferences(json, figures.Places, figures.OtherPlaces, figures.AfterWrites);
        json.WriteEndObject();
    }

    private static void AppendText(StringBuilder text, (ShadowFigures[] Policies, RepeatedRead[] Reads) report)
    {
        text.Append(report.Policies.Length == 0 ? "No policy in mode Shadow has been asked yet.\n" : "");
        foreach (var figures in report.Policies)
        {
            var verdict = ShadowVerdict.Of(figures);
            text.Append(CultureInfo.InvariantCulture, $"{figures.Policy}: {ToToken(verdict.Word)} (since {figures.Since:u})\n");
            foreach (var reason in verdict.Reasons)
            {
                text.Append("  ").Append(reason).Append('\n');
            }

            text.Append(
                CultureInfo.InvariantCulture,
                $"  hit ratio to expect: {figures.Ratio:P1} ({figures.Hits} of {figures.Requests} requests); writes: {figures.Writes}\n");
            ReportAnswer.AppendDifferences(text, figures.Places, figures.OtherPlaces, figures.AfterWrites);
        }

        AppendReads(text, report.Reads);
    }

    private static void AppendReads(StringBuilder text, RepeatedRead[] reads)
    {
        text.Append(reads.Length == 0 ? "" : "\nWithout a policy:\n");
        foreach (var read in reads)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {read.Path} (route {read.Route}): {Ratio(read):P1} of {read.Requests} would be hits{(IsProposed(read) ? "; worth a policy" : "")}\n");
        }
    }

    private static double Ratio(in RepeatedRead read) => read.Requests == 0 ? 0 : (double)read.Hits / read.Requests;

    private static bool IsProposed(in RepeatedRead read) => read.Requests >= LeastReads && Ratio(read) >= LeastShare;

    private static string ToToken(ShadowVerdictWord word) => word switch
    {
        ShadowVerdictWord.Ready => "ready",
        ShadowVerdictWord.Wait => "wait",
        ShadowVerdictWord.NotReady => "not-ready",
    };
}
