using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CacheProxy.IntegrationTests.Harness;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// Clients that write to the API itself, and tell a replica of each write, until it is taken. A write is answered to them when both is done,
/// so that from then on every replica must know of it.
/// </summary>
internal sealed class OutsideHost : ILongRunHost, IDisposable
{
    private readonly Intake _intake;

    public OutsideHost(string api, ProxyUnderTest replica)
    {
        _intake = new Intake(replica.Management) { InnerHandler = new SocketsHttpHandler { UseProxy = false } };
        Client = new HttpClient(_intake) { BaseAddress = new Uri(api) };
    }

    public HttpClient Client { get; }

    /// <summary>Writes that were taken, and how often one had to be told again.</summary>
    public (int Taken, int Again) Told => _intake.Told;

    public int PendingEvictions => 0;

    public bool MayBeGone => false;

    public bool Caches => false;

    public bool HasPendingEviction(string customer) => false;

    public void Dispose() => Client.Dispose();

    private sealed class Intake(Uri management) : DelegatingHandler
    {
        private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = management };
        private int _taken;
        private int _again;

        public (int, int) Told => (Volatile.Read(ref _taken), Volatile.Read(ref _again));

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // A job does not leave: what it has begun, it tells of.
            var response = await base.SendAsync(request, CancellationToken.None);
            if (request.Method != HttpMethod.Get)
            {
                // Whatever the answer says: it may have changed something.
                while (!await TellAsync(request.RequestUri!.AbsolutePath))
                {
                    Interlocked.Increment(ref _again);
                    await Pause.ForAsync(20);
                }

                Interlocked.Increment(ref _taken);
            }

            return response;
        }

        private async Task<bool> TellAsync(string path)
        {
            using var telling = new HttpRequestMessage(HttpMethod.Post, "/evictions");
            telling.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ProxyUnderTest.Token);
            telling.Content = new StringContent($$"""{"url":"{{path}}","tenant":"demo"}""", Encoding.UTF8, "application/json");
            using var told = await _client.SendAsync(telling);
            return told.StatusCode switch
            {
                HttpStatusCode.OK => true,
                HttpStatusCode.ServiceUnavailable => false,
                _ => throw new InvalidOperationException($"{told.StatusCode}: {await told.Content.ReadAsStringAsync()}"),
            };
        }
    }
}
