using System.CommandLine;

namespace CacheProxy.CommandLine;

/// <summary>A request to the API as an operator describes it: its URL, and headers as for curl.</summary>
internal sealed class RequestDescription
{
    private readonly Option<string[]> _headers = new("--header", "-H")
    {
        Description = "A header of the request, \"Name: value\"; again for more. @FILE reads them from a file, one a line: others see arguments.",
        HelpName = "HEADER",
    };

    public Argument<string> Url { get; } = new("url")
    {
        Description = "The URL as a client sends it, or the path alone: /api/customers/123.",
        HelpName = "URL",
    };

    public void AddTo(Command command)
    {
        command.Add(Url);
        command.Add(_headers);
        command.Validators.Add(result =>
        {
            foreach (var header in result.GetValue(_headers) ?? [])
            {
                if (header.StartsWith('@') ? !File.Exists(header[1..]) : header.IndexOf(':', StringComparison.Ordinal) < 1)
                {
                    result.AddError(header.StartsWith('@') ? $"File does not exist: '{header[1..]}'." : $"-H \"{header}\": a header is \"Name: value\".");
                }
            }
        });
    }

    /// <summary>Each as <c>Name: value</c>.</summary>
    public IEnumerable<string> Headers(ParseResult parsed) => (parsed.GetValue(_headers) ?? [])
        .SelectMany(static header => header.StartsWith('@') ? File.ReadLines(header[1..]).Where(static line => line.Contains(':', StringComparison.Ordinal)) : [header]);
}
