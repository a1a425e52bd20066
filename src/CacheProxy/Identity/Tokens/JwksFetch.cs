using System.Net;

namespace CacheProxy.Identity.Tokens;

/// <summary>Fetches a JWKS, from a file or through a client of its own.</summary>
internal sealed class JwksFetch : IDisposable
{
    private const int MostBytes = 256 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly string _file;
    private readonly Uri? _url;
    private readonly HttpClient _client;

    /// <param name="keys">The file, beside the program if its path is relative, or the URL.</param>
    public JwksFetch(string keys)
    {
        (_file, _url) = (keys, UrlOf(keys));
        // A redirect, a cookie or a proxy could make another's keys the issuer's.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null };
        _client = new HttpClient(handler) { Timeout = Timeout, MaxResponseContentBufferSize = MostBytes };
    }

    /// <summary>Whether it takes no time to speak of.</summary>
    public bool IsAtHand => _url is null;

    /// <summary>Where it fetches from, for the log: without a query, which may be a secret.</summary>
    public string Place => _url?.GetLeftPart(UriPartial.Path) ?? _file;

    /// <summary>The address of keys that do not stand in a file.</summary>
    public static Uri? UrlOf(string keys) =>
        Uri.TryCreate(keys, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    public Task<byte[]> FetchAsync(CancellationToken stop) => _url is null ? ReadAsync(stop) : GetAsync(_url, stop);

    public void Dispose() => _client.Dispose();

    private async Task<byte[]> ReadAsync(CancellationToken stop)
    {
        await using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, _file));
        if (file.Length > MostBytes)
        {
            throw new IOException($"It is longer than {MostBytes} bytes.");
        }

        var content = new byte[file.Length];
        await file.ReadExactlyAsync(content, stop);
        return content;
    }

    private async Task<byte[]> GetAsync(Uri url, CancellationToken stop)
    {
        using var answer = await _client.GetAsync(url, stop);
        return answer.StatusCode == HttpStatusCode.OK
            ? await answer.Content.ReadAsByteArrayAsync(stop)
            : throw new HttpRequestException($"Status {(int)answer.StatusCode}.");
    }
}
