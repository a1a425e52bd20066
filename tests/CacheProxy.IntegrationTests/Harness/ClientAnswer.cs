using System.Text;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>What a client got, read whole.</summary>
internal sealed class ClientAnswer
{
    private readonly HttpResponseMessage _message;

    private ClientAnswer(HttpResponseMessage message, byte[] bytes)
    {
        _message = message;
        Bytes = bytes;
    }

    public int Status => (int)_message.StatusCode;

    public byte[] Bytes { get; }

    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>The whole Cache-Status; empty when there is none.</summary>
    public string CacheStatus => this["Cache-Status"] ?? "";

    public bool IsHit => CacheStatus.StartsWith("cacheproxy; hit", StringComparison.Ordinal);

    /// <summary>A header's lines, joined; <c>null</c> when it is absent.</summary>
    public string? this[string name] =>
        _message.Headers.NonValidated.TryGetValues(name, out var values) || _message.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : null;

    public static async Task<ClientAnswer> ReadAsync(Task<HttpResponseMessage> sending)
    {
        using var message = await sending;
        return new ClientAnswer(message, await message.Content.ReadAsByteArrayAsync(Xunit.TestContext.Current.CancellationToken));
    }
}
