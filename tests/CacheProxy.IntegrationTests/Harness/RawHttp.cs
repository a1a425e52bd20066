namespace CacheProxy.IntegrationTests.Harness;

/// <summary>Sends requests byte for byte, as no HTTP library would.</summary>
internal static class RawHttp
{
    /// <summary>The first final response to what was sent, on a connection of its own.</summary>
    public static async Task<RawHttpMessage> SendAsync(int port, string latin1)
    {
        await using var connection = await RawHttpConnection.OpenAsync(port);
        await connection.WriteAsync(latin1);
        var method = latin1[..latin1.IndexOf(' ')];
        var response = await connection.ReadResponseAsync(method);
        while (response.Status < 200 && response.Status != 101)
        {
            response = await connection.ReadResponseAsync(method);
        }

        return response;
    }

    /// <summary>All bytes that come back until the peer closes; for requests that must end the connection.</summary>
    public static async Task<string> SendUntilCloseAsync(int port, string latin1)
    {
        await using var connection = await RawHttpConnection.OpenAsync(port);
        await connection.WriteAsync(latin1);
        return await connection.ReadToEndAsync();
    }
}
