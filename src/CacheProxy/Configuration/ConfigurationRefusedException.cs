using System.Collections.Immutable;

namespace CacheProxy.Configuration;

/// <summary>The configuration cannot be used; carries everything that is wrong with it.</summary>
internal sealed class ConfigurationRefusedException(ImmutableArray<ConfigurationProblem> problems)
    : Exception(ConfigurationReport.Text(problems))
{
    public ImmutableArray<ConfigurationProblem> Problems { get; } = problems;
}
