using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CacheProxy.Management;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>docs/administration.md and the OpenAPI document say what is mapped: neither less nor more.</summary>
public sealed partial class AdministrationPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "administration.md"));

    [Fact]
    public void Every_endpoint_has_its_section_and_no_other() => Assert.Equal(
        ManagementEndpoints.Create().Select(static endpoint => $"{endpoint.Method} {endpoint.Path}").Order(StringComparer.Ordinal),
        Sections().Select(static section => section.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_section_has_a_command_that_calls_its_endpoint_and_a_change_gives_a_token()
    {
        Assert.All(Sections(), static section =>
        {
            var (method, path) = (section.Name.Split(' ')[0], section.Name.Split(' ')[1]);
            var commands = section.Text.Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(static line => line.StartsWith("curl ", StringComparison.Ordinal)).ToArray();
            Assert.NotEmpty(commands);
            Assert.All(commands, command => Assert.Matches($"localhost:9904{Regex.Replace(Regex.Escape(path), @"\\\{\w+}", "[^/?' ]+")}([?' ]|$)", command));
            Assert.All(commands, command => Assert.Equal(method != "GET", command.Contains("Bearer $TOKEN", StringComparison.Ordinal)));
            Assert.All(commands, command => Assert.True(method is "GET" || command.Contains($"-X {method}", StringComparison.Ordinal), command));
        });
    }

    [Fact]
    public void Every_kind_of_problem_is_on_the_page_with_its_status_and_no_other() => Assert.Equal(
        Kinds().Select(static kind => $"{kind.Name} {kind.Status}").Order(StringComparer.Ordinal),
        ProblemRow().Matches(Page).Select(static row => $"{row.Groups["word"].Value} {row.Groups["status"].Value}").Order(StringComparer.Ordinal));

    [Fact]
    public void The_document_has_every_endpoint_with_what_it_needs()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            OpenApiDocument.Write(json, ManagementEndpoints.Create());
        }

        using var document = JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        var root = document.RootElement;
        Assert.Equal("3.1.1", root.GetProperty("openapi").GetString());
        var ids = new HashSet<string>();
        Assert.All(ManagementEndpoints.Create(), endpoint =>
        {
            var operation = root.GetProperty("paths").GetProperty(endpoint.Path).GetProperty(endpoint.Method.ToLowerInvariant());
            Assert.True(ids.Add(operation.GetProperty("operationId").GetString()!), "Two operations have one id.");
            Assert.Equal(endpoint.Summary, operation.GetProperty("summary").GetString());
            Assert.Equal(endpoint.Access == Access.Change ? 1 : endpoint.Access == Access.Read ? 2 : 1, operation.GetProperty("security").GetArrayLength());
            Assert.All(endpoint.Answers, answer => Assert.True(operation.GetProperty("responses").TryGetProperty($"{answer.Status}", out _)));
            var inPath = Segment().Matches(endpoint.Path).Select(static match => match.Groups["name"].Value).Order();
            Assert.Equal(inPath, Parameters(operation).Where(static one => one.GetProperty("in").GetString() == "path").Select(static one => one.GetProperty("name").GetString()!).Order());
        });
        Assert.Equal(
            ManagementEndpoints.Create().Count,
            root.GetProperty("paths").EnumerateObject().Sum(static path => path.Value.EnumerateObject().Count()));
    }

    private static IEnumerable<JsonElement> Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [];

    private static IEnumerable<ProblemKind> Kinds() => typeof(ProblemKind).Assembly.GetTypes()
        .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Where(static field => field.FieldType == typeof(ProblemKind))
        .Select(static field => (ProblemKind)field.GetValue(null)!);

    private static (string Name, string Text)[] Sections() =>
        [.. SectionPart().Split(Page)[1..].Chunk(2).Select(static pair => (pair[0], Regex.Split(pair[1], "^## ", RegexOptions.Multiline)[0]))];

    [GeneratedRegex("^### `([A-Z]+ /[^`]*)`$", RegexOptions.Multiline)]
    private static partial Regex SectionPart();

    [GeneratedRegex(@"^\| `(?<word>[a-z-]+)` \| (?<status>\d{3}) \|", RegexOptions.Multiline)]
    private static partial Regex ProblemRow();

    [GeneratedRegex(@"\{(?<name>\w+)\}")]
    private static partial Regex Segment();
}
