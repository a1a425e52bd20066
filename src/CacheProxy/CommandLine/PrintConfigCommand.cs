using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CacheProxy.Configuration;

namespace CacheProxy.CommandLine;

/// <summary><c>print-config</c>: every value that counts, and where it comes from.</summary>
internal static class PrintConfigCommand
{
    public static Command Create()
    {
        var command = new Command(
            "print-config", "Prints every value that counts and where it comes from. Secrets are hidden. Exit code 1: a start would refuse it.");
        var input = new ConfigurationInput();
        var format = OutputFormat.Create();
        var changed = new Option<bool>("--changed") { Description = "Leave out defaults." };
        input.AddTo(command);
        command.Add(changed);
        command.Add(format);
        command.SetAction(async parsed =>
        {
            var sources = input.Sources(parsed);
            var problems = new List<ConfigurationProblem>();
            var snapshot = CheckConfigCommand.Check(sources, problems);
            // A file that cannot be read hides all values.
            if (sources.Read([]) is { } values)
            {
                var shown = new EffectiveConfiguration(values, sources.FilesRead, ConfigurationSchema.Read()).Read()
                    .Where(value => !parsed.GetValue(changed) || value.Source != ValueSource.Default)
                    .ToArray();
                await parsed.InvocationConfiguration.Output.WriteAsync(OutputFormat.IsJson(parsed, format) ? Json(shown) : Text(shown));
            }

            if (snapshot is null)
            {
                await parsed.InvocationConfiguration.Error.WriteAsync(ConfigurationReport.OfStart(problems));
            }

            return snapshot is null ? Commands.Refused : Commands.Done;
        });
        Examples.Show(command,
            ("what counts for one policy", "print-config | grep Policies:customer:"),
            ("what differs from the defaults, with a variable that the pod would have", "print-config --changed"),
            ("the same for a program", "print-config --changed -o json"));
        return command;
    }

    private static string Text(IReadOnlyCollection<EffectiveValue> values)
    {
        var text = new StringBuilder();
        foreach (var value in values)
        {
            text.Append(value.Key).Append(" = ").Append(Quoted(value.Value)).Append("  # ").Append(Origin(value)).Append('\n');
        }

        return text.ToString();
    }

    private static string Origin(EffectiveValue value) => value.Source switch
    {
        ValueSource.Default => value.From is { } emptied ? $"1 default: {emptied}" : "1 default",
        ValueSource.File => $"2 {value.From}",
        ValueSource.MountedFile => $"3 {value.From}",
        ValueSource.Variable => $"4 {value.From}",
        ValueSource.CommandLine => "5 command line",
    };

    // One line each, whatever is in a value.
    private static string Quoted(string value) => $"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static string Json(IReadOnlyCollection<EffectiveValue> values) => OutputFormat.Write(json =>
    {
        json.WriteStartArray();
        foreach (var value in values)
        {
            json.WriteStartObject();
            json.WriteString("key", value.Key);
            json.WriteString("value", value.Value);
            json.WriteNumber("source", (int)value.Source);
            json.WriteString("from", value.From);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }) + "\n";
}
