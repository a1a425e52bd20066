#if !PACKAGES_FULL
using System.Runtime.InteropServices;
#endif
using StackExchange.Redis;

namespace CacheProxy.Stores.Redis;

/// <summary>All that tells the two versions of the client library apart.</summary>
internal static class RedisClientDifferences
{
    /// <summary>Version 2 would queue commands while there is no connection; a request does not wait for one.</summary>
    public static void BeforeConnect(ConfigurationOptions options)
    {
#if PACKAGES_FULL
        options.BacklogPolicy = BacklogPolicy.FailFast;
#endif
    }

    /// <summary>The bytes as a value; version 1 only takes whole arrays.</summary>
    public static RedisValue Bytes(ReadOnlyMemory<byte> bytes)
    {
#if PACKAGES_FULL
        return bytes;
#else
        return MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : bytes.ToArray();
#endif
    }

    /// <summary>Version 1 completes one reply after the other by default: a continuation that blocks would stop all.</summary>
    public static void AfterConnect(ConnectionMultiplexer multiplexer)
    {
#if !PACKAGES_FULL
        multiplexer.PreserveAsyncOrder = false;
#endif
    }

    /// <summary>Only version 2 can do it without waiting.</summary>
    public static ValueTask DisposeAsync(ConnectionMultiplexer multiplexer)
    {
#if PACKAGES_FULL
        return multiplexer.DisposeAsync();
#else
        multiplexer.Dispose();
        return default;
#endif
    }
}
