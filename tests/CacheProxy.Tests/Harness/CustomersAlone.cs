using System.Text.Json.Nodes;

namespace CacheProxy.Tests.Harness;

/// <summary>
/// The shipped configuration with nothing but what it has for single customers: their policy, its routes, and the one for everything else.
/// What most tests start from, so that each states all that it is about.
/// </summary>
internal static class CustomersAlone
{
    private const string Policy = "customer";
    private static readonly string[] Routes = [Policy, "customer-search", "customer-parts", "everything-else"];
    private static readonly Lazy<string> LazyDirectory = new(Write);

    /// <summary>Holds it as <c>appsettings.json</c>.</summary>
    public static string Directory => LazyDirectory.Value;

    public static JsonNode Json()
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "appsettings.json")))!;
        Keep(json["CacheProxy"]!["Policies"]!, [Policy]);
        Keep(json["ReverseProxy"]!["Routes"]!, Routes);
        foreach (var (_, route) in json["ReverseProxy"]!["Routes"]!.AsObject())
        {
            KeepPolicy(route!.AsObject());
        }

        return json;
    }

    private static void Keep(JsonNode section, string[] names)
    {
        foreach (var name in section.AsObject().Select(static child => child.Key).Except(names).ToArray())
        {
            section.AsObject().Remove(name);
        }
    }

    private static void KeepPolicy(JsonObject route)
    {
        var metadata = route["Metadata"]?.AsObject() ?? [];
        foreach (var (name, value) in metadata.ToArray())
        {
            metadata.Remove(name);
            if (((string)value!).Split(", ").Contains(Policy))
            {
                metadata[name] = Policy;
            }
        }
    }

    private static string Write()
    {
        // Another run of the same tests may write the same file.
        var directory = System.IO.Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "customers-alone")).FullName;
        var file = Path.Combine(directory, "appsettings.json");
        var own = $"{file}.{Environment.ProcessId}";
        File.WriteAllText(own, Json().ToJsonString());
        File.Move(own, file, overwrite: true);
        return directory;
    }
}
