namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>Clients that talk to the API itself: what they write, no replica learns of.</summary>
internal sealed class DirectHost(string api) : ILongRunHost, IDisposable
{
    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(api) };

    public int PendingEvictions => 0;

    public bool MayBeGone => false;

    public bool HasPendingEviction(string customer) => false;

    public void Dispose() => Client.Dispose();
}
