using CacheProxy.Configuration;
using CacheProxy.Tests.Harness;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

/// <summary>What is shipped for single customers, or all that is shipped, with some values changed, compiled as at a start.</summary>
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
        params (string Key, string? Value)[] changes) => Compile(CustomersAlone.Directory, changes);

    /// <summary>The same for text that nobody would write, of which the schema need not say the same.</summary>
    public static (ConfigurationSnapshot? Snapshot, List<ConfigurationProblem> Problems) CompileAnything(
        params (string Key, string? Value)[] changes) => Compile(CustomersAlone.Directory, changes, asTheSchema: false);

    /// <summary>The whole file that is shipped.</summary>
    public static ConfigurationSnapshot Shipped(params (string Key, string? Value)[] changes)
    {
        var (snapshot, problems) = Compile(AppContext.BaseDirectory, changes);
        Assert.True(problems.Count == 0, ConfigurationReport.Text(problems));
        return snapshot!;
    }

    // Every configuration of every test is one on which schema and program have to agree.
    private static (ConfigurationSnapshot? Snapshot, List<ConfigurationProblem> Problems) Compile(
        string directory, (string Key, string? Value)[] changes, bool asTheSchema = true)
    {
        var last = new ConfigurationBuilder()
            .AddInMemoryCollection(changes.Select(static change => KeyValuePair.Create(change.Key, change.Value)))
            .Build();
        var problems = new List<ConfigurationProblem>();
        var sources = new ConfigurationSources(directory, [], last);
        var snapshot = ConfigurationCompiler.Compile(sources, running: null, problems);
        if (asTheSchema)
        {
            SchemaVerdict.AssertSame(sources.Read([])!, problems);
        }

        return (snapshot, problems);
    }
}
