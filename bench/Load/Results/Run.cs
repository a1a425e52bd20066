using System.Text.Json;
using System.Text.Json.Serialization;

namespace CacheProxy.Bench.Load.Results;

/// <summary>A whole run as it is written to results.json: every figure of every round. Tables, goals and charts are made from it.</summary>
internal sealed class Run
{
    public required string Date { get; init; }

    public required string Commit { get; init; }

    public required string Scale { get; init; }

    public required SortedDictionary<string, string> Machine { get; init; }

    public List<Figure> Figures { get; init; } = [];

    public List<string> Failures { get; init; } = [];

    public static Run Load(string file) => JsonSerializer.Deserialize(File.ReadAllText(file), RunJson.Default.Run)!;

    public void Save(string file) => File.WriteAllText(file, JsonSerializer.Serialize(this, RunJson.Default.Run));
}

/// <summary>The values of one peer in one measure and round.</summary>
internal sealed record Figure(string Measure, string Peer, int Round, IReadOnlyDictionary<string, double> Values);

[JsonSourceGenerationOptions(WriteIndented = false, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Run))]
internal sealed partial class RunJson : JsonSerializerContext;
