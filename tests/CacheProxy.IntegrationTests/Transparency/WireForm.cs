using CacheProxy.IntegrationTests.Harness;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>A message taken apart far enough to state a known difference, and no further. Text is Latin-1: one character per byte.</summary>
internal sealed record WireForm(string StartLine, IReadOnlyList<(string Name, string Value)> Fields, string Content)
{
    public static WireForm Of(RawHttpMessage message) => new(
        message.StartLine,
        [.. message.HeaderLines.Select(line => (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..]))],
        message.Content);

    public bool Has(string name) => Fields.Any(field => IsNamed(field, name));

    public WireForm Without(params string[] names) =>
        this with { Fields = [.. Fields.Where(field => !names.Any(name => IsNamed(field, name)))] };

    public WireForm With(string name, string value) => this with { Fields = [.. Fields, (name, value)] };

    /// <summary>One line each, for a comparison that shows what differs.</summary>
    public string Text => string.Join('\n', [StartLine, .. Fields.Select(line => $"{line.Name}:{line.Value}"), "", Content]);

    private static bool IsNamed((string Name, string Value) field, string name) => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
