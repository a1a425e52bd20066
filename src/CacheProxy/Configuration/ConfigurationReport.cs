using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace CacheProxy.Configuration;

/// <summary>Problems as a text that an operator can act on.</summary>
internal static class ConfigurationReport
{
    private const int LongestValue = 200;

    /// <summary>Key and value on one line, what is allowed on the next.</summary>
    public static string Text(IReadOnlyCollection<ConfigurationProblem> problems)
    {
        var text = new StringBuilder();
        foreach (var problem in problems)
        {
            text.Append("  ").Append(problem.Key);
            if (problem.Value is { } value)
            {
                text.Append(" = ").Append(Quoted(value));
            }

            text.Append('\n').Append("      ").Append(problem.Allowed).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The report when the program cannot start.</summary>
    public static string OfStart(IReadOnlyCollection<ConfigurationProblem> problems) => string.Create(
        CultureInfo.InvariantCulture,
        $"CacheProxy cannot start: {problems.Count} {(problems.Count == 1 ? "problem" : "problems")}.\n\n{Text(problems)}");

    private static string Quoted(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value.AsSpan(0, Math.Min(value.Length, LongestValue)))
        {
            _ = char.IsControl(c)
                ? text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
                : text.Append(c);
        }

        return text.Append(value.Length > LongestValue ? "…\"" : "\"").ToString();
    }
}

/// <summary>One thing wrong with the configuration.</summary>
/// <param name="Key">The configuration key, with colons.</param>
/// <param name="Value">What is there; <c>null</c> when the key is missing. Never a secret.</param>
/// <param name="Allowed">What is allowed instead, as a phrase.</param>
internal sealed record ConfigurationProblem(string Key, string? Value, string Allowed);

/// <summary>The configuration cannot be used; carries everything that is wrong with it.</summary>
internal sealed class ConfigurationRefusedException(ImmutableArray<ConfigurationProblem> problems)
    : Exception(ConfigurationReport.Text(problems))
{
    public ImmutableArray<ConfigurationProblem> Problems { get; } = problems;
}
