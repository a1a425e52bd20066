using System.Reflection;
using System.Runtime.InteropServices;

namespace Demo.Starting;

/// <summary>Where the programs to start were built, as the build recorded it in this assembly.</summary>
internal static class ChildPrograms
{
    public const string CustomerApi = "CustomerApi";
    public const string CacheProxy = "CacheProxy";

    /// <summary>The .NET that runs the demo runs the children too, wherever it is installed and whatever PATH says.</summary>
    public static string DotnetHost()
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var host = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        return File.Exists(host) ? host : "dotnet";
    }

    public static string PathOf(string program)
    {
        var relative = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
            .First(attribute => attribute.Key == program).Value!;
        var path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, relative.Replace('\\', '/')));
        return File.Exists(path)
            ? path
            : throw new StartException($"{program} is not built: {path} is missing. Run: dotnet build CacheProxy.sln");
    }
}
