using CacheProxy.CommandLine;

namespace CacheProxy.Tests.CommandLine;

/// <summary>A command as it is called, and what it has said.</summary>
internal sealed record Invocation(int ExitCode, string Output, string Errors)
{
    public static async Task<Invocation> OfAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await Commands.InvokeAsync(arguments, output, errors);
        return new Invocation(code, output.ToString(), errors.ToString());
    }

    /// <summary>A directory with the shipped file, and a mounted one where the test has it, for as long as the test runs.</summary>
    public static async Task InDirectoryAsync(Func<string, Task> test, string? mounted = null)
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-command-");
        try
        {
            await File.WriteAllTextAsync(
                Path.Combine(directory.FullName, "appsettings.json"),
                await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "appsettings.json")));
            if (mounted is not null)
            {
                await File.WriteAllTextAsync(Path.Combine(directory.CreateSubdirectory("config").FullName, "appsettings.json"), mounted);
            }

            await test(directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
