using System.Text.RegularExpressions;
using CacheProxy.Tests.House;

namespace CacheProxy.Tests.Documentation;

/// <summary>What the tests read of a page: its tables of keys, its JSON examples, and where its links lead.</summary>
internal sealed partial class MarkdownPage
{
    private static readonly string[] Sections = ["Kestrel", "ReverseProxy", "CacheProxy", "Serilog"];

    private readonly string[] _lines;

    public MarkdownPage(string path)
    {
        Path = path;
        _lines = File.ReadAllLines(path);
    }

    public string Path { get; }

    /// <summary>Every page of the project: the README and all below docs.</summary>
    public static IEnumerable<MarkdownPage> All() => Repository.Files(System.IO.Path.Combine(Repository.Root, "docs"), "*.md")
        .Prepend(System.IO.Path.Combine(Repository.Root, "README.md"))
        .Select(static path => new MarkdownPage(path));

    public static MarkdownPage Named(string name) => new(System.IO.Path.Combine(Repository.Root, name));

    /// <summary>
    /// The rows of all tables whose first column is "key", with the column "default". A key that does not begin with a section of the
    /// configuration stands below the last heading that is one.
    /// </summary>
    public IEnumerable<KeyRow> KeyRows()
    {
        var section = "";
        string[]? columns = null;
        foreach (var line in Prose())
        {
            if (line.StartsWith('#'))
            {
                section = Code().Match(line) is { Success: true } heading ? heading.Groups["text"].Value : "";
            }

            if (!line.StartsWith('|'))
            {
                columns = null;
                continue;
            }

            var cells = Cells(line);
            columns ??= cells;
            var isKey = columns[0] == "key" && columns.Contains("default") && cells[0].StartsWith('`');
            if (isKey)
            {
                var key = Code().Match(cells[0]).Groups["text"].Value;
                yield return new KeyRow(
                    Sections.Contains(key.Split(':')[0]) ? key : $"{section}:{key}", cells[Array.IndexOf(columns, "default")].Replace("`", ""));
            }
        }
    }

    /// <summary>The fenced JSON blocks, each with the file that its fence says it is, such as <c>file=appsettings.json</c>.</summary>
    public IEnumerable<JsonExample> JsonExamples()
    {
        for (var i = 0; i < _lines.Length; i++)
        {
            if (!_lines[i].StartsWith("```json", StringComparison.Ordinal))
            {
                continue;
            }

            var start = i + 1;
            var end = Array.IndexOf(_lines, "```", start);
            yield return new JsonExample(
                $"{Repository.Relative(Path)}:{start}",
                _lines[i]["```json".Length..].Trim() is var words && words.StartsWith("file=", StringComparison.Ordinal) ? words[5..] : "",
                string.Join('\n', _lines[start..end]));
            i = end;
        }
    }

    /// <summary>The files and folders of this repository that the page links to, as written, without anchors.</summary>
    public IEnumerable<string> RelativeLinks() => Prose()
        .SelectMany(static line => Link().Matches(line))
        .Select(static match => match.Groups["target"].Value.Split('#')[0])
        .Where(static target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal));

    /// <summary>Rows without a header and its rule above them, or with fewer or more cells than the header.</summary>
    public IEnumerable<string> StrandedRows()
    {
        var lines = Prose().ToArray();
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith('|'))
            {
                continue;
            }

            var start = i;
            var columns = Cells(lines[start]).Length;
            var isTable = start + 1 < lines.Length && Rule().IsMatch(lines[start + 1]);
            for (; i < lines.Length && lines[i].StartsWith('|'); i++)
            {
                if (!isTable || Cells(lines[i]).Length != columns)
                {
                    yield return lines[i];
                }
            }
        }
    }

    private static string[] Cells(string row) =>
        [.. row.Replace(@"\|", "¦").Trim().Trim('|').Split('|').Select(static cell => cell.Replace('¦', '|').Trim())];

    private IEnumerable<string> Prose()
    {
        var fenced = false;
        foreach (var line in _lines)
        {
            var isFence = line.StartsWith("```", StringComparison.Ordinal);
            fenced ^= isFence;
            if (!fenced && !isFence)
            {
                yield return line;
            }
        }
    }

    [GeneratedRegex(@"^\|([ :]*-+[ :]*\|)+$")]
    private static partial Regex Rule();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
