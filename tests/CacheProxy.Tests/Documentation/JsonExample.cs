using System.Globalization;
using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace CacheProxy.Tests.Documentation;

/// <summary>A fenced JSON block of a page.</summary>
/// <param name="Place">Page and line, for messages.</param>
/// <param name="File">The file that it is, relative to the program's directory; empty when its fence does not say.</param>
/// <param name="Text">The JSON.</param>
internal sealed record JsonExample(string Place, string File, string Text)
{
    /// <summary>
    /// Compiles as a start would: the file beside the program is the example or the shipped one, and a file in <c>config</c> comes on top.
    /// </summary>
    public (ConfigurationSnapshot? Snapshot, List<ConfigurationProblem> Problems) Compile()
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-example-");
        try
        {
            directory.CreateSubdirectory("config");
            System.IO.File.Copy(
                Path.Combine(AppContext.BaseDirectory, "appsettings.json"), Path.Combine(directory.FullName, "appsettings.json"));
            System.IO.File.WriteAllText(Path.Combine(directory.FullName, File), Text);
            var problems = new List<ConfigurationProblem>();
            var sources = new ConfigurationSources(directory.FullName, [], new ConfigurationBuilder().Build());
            return (ConfigurationCompiler.Compile(sources, running: null, problems), problems);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Place} ({File})");
}
