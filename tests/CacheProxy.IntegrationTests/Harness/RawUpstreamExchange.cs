namespace CacheProxy.IntegrationTests.Harness;

/// <summary>One request as it arrived at the upstream, and the way to answer it.</summary>
internal sealed class RawUpstreamExchange(RawHttpConnection connection, RawHttpMessage request, Action<RawHttpMessage> note)
{
    private bool _isNoted;

    /// <summary>The request; its body is there once it has been read.</summary>
    public RawHttpMessage Request { get; private set; } = request;

    public RawHttpConnection Connection => connection;

    /// <summary>Whether the connection is closed after the answer.</summary>
    public bool Closes { get; private set; } =
        request.Values("Connection").Any(value => value.Contains("close", StringComparison.OrdinalIgnoreCase))
        || (request.StartLine.EndsWith("HTTP/1.0", StringComparison.Ordinal) && request.Values("Connection").Count == 0);

    public bool BodyWasRead { get; private set; }

    public async Task<RawHttpMessage> ReadBodyAsync()
    {
        if (!BodyWasRead)
        {
            BodyWasRead = true;
            Request = Request with { FramedBody = await connection.ReadBodyAsync(Request, untilClose: false) };
        }

        return Request;
    }

    /// <summary>Counts the request as finished, once: before its client has the answer, or when the handler is through.</summary>
    public void Note()
    {
        if (!_isNoted)
        {
            _isNoted = true;
            note(Request);
        }
    }

    public Task WriteAsync(string latin1) => connection.WriteAsync(latin1);

    /// <summary>Ends the connection after this exchange, as a response without framing needs it.</summary>
    public void Close() => Closes = true;
}
