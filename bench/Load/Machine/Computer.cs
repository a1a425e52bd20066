using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace CacheProxy.Bench.Load.Machine;

/// <summary>What the figures were taken on and with.</summary>
internal static partial class Computer
{
    public static SortedDictionary<string, string> Describe() => new(StringComparer.Ordinal)
    {
        ["processor"] = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} × {Model()}"),
        ["Linux"] = Environment.OSVersion.Version.ToString(),
        [".NET"] = RuntimeInformation.FrameworkDescription.Replace(".NET ", "", StringComparison.Ordinal),
        ["nginx"] = Version("nginx", "-v"),
        ["Varnish"] = Version("varnishd", "-V"),
        ["Redis"] = Version("redis-server", "--version"),
    };

    private static string Model() => Array.Find(
        File.ReadAllLines("/proc/cpuinfo"), static line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1] ?? "unknown";

    // Some say it on the one output, some on the other.
    private static string Version(string program, string argument)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{program} {argument} 2>&1 | head -n 1"])
        {
            RedirectStandardOutput = true,
        })!;
        return Number().Match(process.StandardOutput.ReadToEnd()).Value;
    }

    [GeneratedRegex(@"\d+(\.\d+)+")]
    private static partial Regex Number();
}
