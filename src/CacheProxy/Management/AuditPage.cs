using System.Globalization;
using System.Text;
using System.Text.Json;
using CacheProxy.Auditing;
using CacheProxy.Configuration;

namespace CacheProxy.Management;

/// <summary><c>GET /audit</c>: how many of the hits that were audited were wrong, of what kind, and where they differ. It shows no value.</summary>
internal static class AuditPage
{
    public const string Path = "/audit";

    public static Answer[] Answers => ReportAnswer.Answers(
        ("ratePerSecond", Shape.Whole("Most hits a second that are audited.")),
        ("policies", Shape.List(
            "Of which a hit was audited.",
            Shape.Of(
                "",
                [
                    ("policy", Shape.Text("Its name.")),
                    ("audit", Shape.Number("The share of hits that is audited.")),
                    ("judged", Shape.Whole("Audits that have shown whether a hit was right.")),
                    ("wrong", Shape.Whole("How many of them were wrong.")),
                    ("wrongPerMillion", Shape.Number("The same as a share.")),
                    ("atMostPerMillion", Shape.Number("What the true share is below, with 95 % confidence.")),
                    ("results", Shape.Map("How often each result came out.", Shape.Whole(""))),
                    .. ReportAnswer.DifferencesShape,
                ]))));

    public static RequestDelegate Create(IServiceProvider services) => context =>
    {
        var configured = services.GetRequiredService<ConfigurationReloader>().Current.Options;
        return ReportAnswer.WriteAsync(context, (configured, services.GetRequiredService<AuditReport>().ToArray()), WriteJson, AppendText);
    };

    private static void WriteJson(Utf8JsonWriter json, (CacheProxyOptions Options, AuditFigures[] Policies) report)
    {
        json.WriteStartObject();
        json.WriteNumber("ratePerSecond", report.Options.Audit.RatePerSecond);
        json.WriteStartArray("policies");
        foreach (var figures in report.Policies)
        {
            json.WriteStartObject();
            json.WriteString("policy", figures.Policy);
            json.WriteNumber("audit", ShareOf(report.Options, figures.Policy));
            json.WriteNumber("judged", figures.Judged);
            json.WriteNumber("wrong", figures.Wrong);
            json.WriteNumber("wrongPerMillion", Math.Round(figures.WrongPerMillion, 1));
            json.WriteNumber("atMostPerMillion", Math.Round(figures.AtMostPerMillion, 1));
            json.WriteStartObject("results");
            foreach (var result in Enum.GetValues<AuditResult>())
            {
                json.WriteNumber(AuditResults.ToToken(result), figures[result]);
            }

            json.WriteEndObject();
            ReportAnswer.WriteDifferences(json, figures.Places, figures.OtherPlaces, figures.Writes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void AppendText(StringBuilder text, (CacheProxyOptions Options, AuditFigures[] Policies) report)
    {
        if (report.Policies.Length == 0)
        {
            text.Append(report.Options.Policies.Any(static policy => policy.Audit > 0)
                ? "No hit has been audited yet.\n"
                : "No policy has Audit: no hit is audited.\n");
        }

        foreach (var figures in report.Policies)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{figures.Policy}: {figures.Wrong} of {figures.Judged} audited hits wrong; with 95 % confidence at most {Math.Ceiling(figures.AtMostPerMillion)} per million\n");
            foreach (var result in Enum.GetValues<AuditResult>())
            {
                text.Append(CultureInfo.InvariantCulture, $"  {AuditResults.ToToken(result)}: {figures[result]}\n");
            }

            ReportAnswer.AppendDifferences(text, figures.Places, figures.OtherPlaces, figures.Writes);
        }
    }

    private static double ShareOf(CacheProxyOptions options, string policy) =>
        options.Policies.FirstOrDefault(one => one.Name.Equals(policy, StringComparison.OrdinalIgnoreCase))?.Audit ?? 0;
}
