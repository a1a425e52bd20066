using System.Globalization;
using CacheProxy.Bench.Load.Machine;

namespace CacheProxy.Bench.Load.Peers;

/// <summary>The API. It counts its requests, so that a hit that was none is seen.</summary>
internal sealed class Origin(Server server) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };

    public int Port => server.Port;

    public long Reads()
    {
        using var response = _client.Send(new HttpRequestMessage(HttpMethod.Get, "/counts"));
        using var reader = new StreamReader(response.Content.ReadAsStream());
        return long.Parse(reader.ReadToEnd().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _client.Dispose();
        server.Dispose();
    }
}
