using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

/// <summary>The configuration that is shipped, with some values changed, compiled as at a start.</summary>
internal static class CandidateConfiguration
{
    public static ConfigurationSnapshot Accepted(params (string Key, string? Value)[] changes)
    {
        var (snapshot, problems) = Compile(changes);
        Assert.True(problems.Count == 0, ConfigurationReport.Text(problems));
        Assert.NotNull(snapshot);
        return snapshot;
    }

    /// <summary>The one problem that the changes cause.</summary>
    public static ConfigurationProblem Refused(params (string Key, string? Value)[] changes)
    {
        var (snapshot, problems) = Compile(changes);
        Assert.Null(snapshot);
        Assert.True(problems.Count == 1, ConfigurationReport.Text(problems));
        return problems[0];
    }

    public static (ConfigurationSnapshot? Snapshot, List<ConfigurationProblem> Problems) Compile(
        params (string Key, string? Value)[] changes)
    {
        var last = new ConfigurationBuilder()
            .AddInMemoryCollection(changes.Select(static change => KeyValuePair.Create(change.Key, change.Value)))
            .Build();
        var problems = new List<ConfigurationProblem>();
        var sources = new ConfigurationSources(AppContext.BaseDirectory, [], last);
        return (ConfigurationCompiler.Compile(sources, running: null, problems), problems);
    }
}
