using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using WireMock;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace CacheProxy.IntegrationTests.MainJob;

/// <summary>A customer API that WireMock plays. What has reached it stands in its request log.</summary>
internal sealed class MockedApi : IDisposable
{
    private readonly WireMockServer _server = WireMockServer.Start();
    private int _version;

    public string Address => _server.Url + "/";

    /// <summary>Method and target of each request, in the order of arrival.</summary>
    public IEnumerable<string> Reached => Log.Select(static request => $"{request.Method} {new Uri(request.Url).PathAndQuery}");

    public IEnumerable<IRequestMessage> Log => _server.LogEntries
        .Select(static entry => entry.RequestMessage)
        .OfType<IRequestMessage>()
        .OrderBy(static request => request.DateTime);

    /// <summary>What this method and path get from now on.</summary>
    public void Answer(string method, string path, IResponseBuilder response) => _server
        .Given(Request.Create().UsingMethod(MatchBehaviour.AcceptOnMatch, MatchOperator.Or, method).WithPath(path))
        .RespondWith(response);

    /// <summary>Each answer is a new version of the customer: <c>{"version":1}</c>, <c>{"version":2}</c>, and so on.</summary>
    public void AnswerWithVersions(string method, string path) => Answer(method, path, Response.Create()
        .WithHeader("Content-Type", "application/json")
        .WithBody(_ => string.Create(CultureInfo.InvariantCulture, $$"""{"version":{{Interlocked.Increment(ref _version)}}}""")));

    /// <summary>This method and path get the body once the gate is open.</summary>
    public void AnswerAtGate(string method, string path, Gate gate, string body) => Answer(method, path, Response.Create()
        .WithBody(async _ =>
        {
            await gate.PassAsync();
            return body;
        }));

    /// <summary>From now on nobody listens at the address.</summary>
    public void GoAway() => _server.Stop();

    public void Dispose() => _server.Dispose();
}
