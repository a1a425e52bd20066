using System.CommandLine;
using System.Net;
using System.Text;
using System.Text.Json;

namespace CacheProxy.CommandLine;

/// <summary>Has the sidecar do something, waits until it is done, and shows what has become of it.</summary>
internal sealed class Work
{
    private const string State = "state";
    private const string Running = "running";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly ManagementOptions _management = new();
    private readonly Option<string> _format = OutputFormat.Create();
    private readonly Option<bool> _noWait = new("--no-wait") { Description = "Do not wait until it is done." };

    public void AddTo(Command command)
    {
        command.Add(_noWait);
        _management.AddTo(command);
        command.Add(_format);
    }

    public async Task<int> DoAsync(ParseResult parsed, string target, string? content, CancellationToken stop)
    {
        using var client = _management.Client(parsed);
        var answer = await client.AskAsync(HttpMethod.Post, target, "application/json", content, stop);
        if (answer is { Status: HttpStatusCode.Accepted, Location: { } location } && !parsed.GetValue(_noWait))
        {
            do
            {
                await Task.Delay(Pause, TimeProvider.System, stop);
                answer = await client.AskAsync(HttpMethod.Get, location.OriginalString, "application/json", null, stop);
            }
            while (answer.ExitCode == Commands.Done && StateIn(answer.Text) == Running);
        }

        if (answer.ExitCode == Commands.Done)
        {
            var isJson = OutputFormat.IsJson(parsed, _format);
            await parsed.InvocationConfiguration.Output.WriteLineAsync((isJson ? answer.Text : Lines(answer.Text)).TrimEnd());
        }

        return answer.ExitCode == Commands.Done && StateIn(answer.Text) is "incomplete" or "cancelled" ? Commands.Refused : answer.ExitCode;
    }

    /// <summary>Each member of a JSON object as a line.</summary>
    public static string Lines(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var text = new StringBuilder();
            Append(text, document.RootElement, "");
            return text.ToString();
        }
        catch (JsonException)
        {
            // Not ours to judge: shown as it came.
            return json;
        }
    }

    private static void Append(StringBuilder text, JsonElement value, string indent)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            text.Append(indent).Append(TextOf(value)).Append('\n');
            return;
        }

        foreach (var member in value.EnumerateObject().Where(static member => member.Value.ValueKind != JsonValueKind.Null))
        {
            text.Append(indent).Append(member.Name).Append(':');
            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                text.Append('\n');
                Append(text, member.Value, indent + "  ");
            }
            else
            {
                text.Append(' ').Append(TextOf(member.Value)).Append('\n');
            }
        }
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array when value.EnumerateArray().All(static item => item.ValueKind != JsonValueKind.Object) =>
            string.Join(", ", value.EnumerateArray().Select(TextOf)),
        _ => value.GetRawText(),
    };

    private static string? StateIn(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(State, out var state)
                && state.ValueKind == JsonValueKind.String ? state.GetString() : null;
        }
        catch (JsonException)
        {
            // Then it says nothing of a state.
            return null;
        }
    }
}
