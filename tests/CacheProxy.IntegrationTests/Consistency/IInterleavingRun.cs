namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Plays interleavings of one system.</summary>
internal interface IInterleavingRun
{
    /// <summary>Interleavings in which something happened of which nothing is promised.</summary>
    int Unpromised { get; }

    /// <exception cref="InterleavingException">A promise was broken.</exception>
    ValueTask PlayAsync(ReadOnlyMemory<byte> order);
}
