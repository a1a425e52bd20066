using System.Text.Json;

namespace CacheProxy.IntegrationTests.Samples;

internal sealed record SampleAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text, JsonElement Json)
{
    public string? this[string property] => Json.GetProperty(property).GetString();
}
