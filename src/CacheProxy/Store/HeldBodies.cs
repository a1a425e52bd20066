using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The bodies that requests under way keep in memory. Equal ones of a resource are one, however many requests hold them, and all together
/// have a bound: who has no room goes without, and its request is forwarded and streamed.
/// </summary>
internal sealed class HeldBodies(MemoryOptions options)
{
    /// <summary>A body up to this size needs no room: the server buffers as much of every connection anyway.</summary>
    public const int UncountedBytes = 32 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<(ResourceKey Key, int Length), HeldBody> _latest = [];
    private long _bytes;

    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Whether there is room for so much just now.</summary>
    public bool HasRoomFor(long bytes) => bytes <= UncountedBytes || Bytes + bytes <= options.MaxHeldBytes;

    /// <summary>Takes room for a body that grows; false when there is none.</summary>
    public bool TryTake(long bytes)
    {
        lock (_lock)
        {
            var fits = _bytes + bytes <= options.MaxHeldBytes;
            _bytes += fits ? bytes : 0;
            return fits;
        }
    }

    public void GiveBack(long bytes)
    {
        lock (_lock)
        {
            _bytes -= bytes;
        }
    }

    /// <summary>Holds a response's body until <paramref name="hold"/> is disposed of; false when there is no room.</summary>
    /// <param name="key">Its resource.</param>
    /// <param name="response">Replaced by one that shares its bytes with those that hold the same already.</param>
    /// <param name="hold"><c>null</c> for a body that needs no room.</param>
    public bool TryHold(ResourceKey key, ref StoredResponse response, out HeldBody? hold)
    {
        hold = null;
        var body = response.Body;
        if (body.Length <= UncountedBytes)
        {
            return true;
        }

        // By their bytes, not by what stands for them: whatever was stored in between, two that are equal are one.
        if (Join(key, body.Length) is { } same)
        {
            if (same.Bytes.Span.SequenceEqual(body.Span))
            {
                response = same.Bytes.Equals(body) ? response : response with { Body = same.Bytes };
                hold = same;
                return true;
            }

            same.Dispose();
        }

        if (!TryTake(body.Length))
        {
            return false;
        }

        hold = new HeldBody(this, key, body);
        lock (_lock)
        {
            _latest[(key, body.Length)] = hold;
        }

        return true;
    }

    /// <summary>What was found stays in memory until the request ends, whatever becomes of it; where there is no room, not even until then.</summary>
    public bool TryHold(ResourceKey key, ref LookUpResult found, out HeldBody? hold)
    {
        hold = null;
        if (found.Response is not { } stored)
        {
            return true;
        }

        if (!TryHold(key, ref stored, out hold))
        {
            found = default;
            return false;
        }

        if (!ReferenceEquals(stored, found.Response))
        {
            found = found with { Response = stored };
        }

        return true;
    }

    internal void Leave(HeldBody body)
    {
        lock (_lock)
        {
            if (--body.Holders > 0)
            {
                return;
            }

            _bytes -= body.Bytes.Length;
            var place = (body.Key, body.Bytes.Length);
            if (_latest.TryGetValue(place, out var latest) && ReferenceEquals(latest, body))
            {
                _latest.Remove(place);
            }
        }
    }

    private HeldBody? Join(ResourceKey key, int length)
    {
        lock (_lock)
        {
            if (_latest.TryGetValue((key, length), out var latest))
            {
                latest.Holders++;
            }

            return latest;
        }
    }
}

/// <summary>A body in memory and how many requests hold it. Each disposes of it once.</summary>
internal sealed class HeldBody(HeldBodies owner, ResourceKey key, ReadOnlyMemory<byte> bytes) : IDisposable
{
    public ResourceKey Key => key;

    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>Guarded by the owner's lock.</summary>
    public int Holders { get; set; } = 1;

    public void Dispose() => owner.Leave(this);
}

/// <summary>What requests under way, and copies of entries, may keep in memory (<c>CacheProxy:Memory</c>).</summary>
internal sealed record MemoryOptions
{
    /// <summary>
    /// Most bytes of bodies that requests under way keep in memory, for clients that are slow to read or while an answer is copied for the
    /// store; 1 MiB to 1 GiB, and no less than any policy's <c>MaxBodyBytes</c>. Beyond it, requests are forwarded and nothing is copied.
    /// Default: 64 MiB.
    /// </summary>
    public int MaxHeldBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// How long a client may leave a body unread that is kept in memory for it; then its connection is closed. 1 s to 1 h.
    /// Default: 60 s.
    /// </summary>
    public TimeSpan UnreadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Most bytes of the copies that this process holds of entries in Redis (<c>MemoryTtl</c>), headers and structures counted; 1 MiB to 1 GiB.
    /// The embedded store needs none. Default: 64 MiB.
    /// </summary>
    public int SizeLimit { get; init; } = 64 * 1024 * 1024;
}
