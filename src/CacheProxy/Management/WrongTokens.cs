using System.Net;
using System.Net.Sockets;

namespace CacheProxy.Management;

/// <summary>
/// Counts refused requests by address, so that who sends wrong tokens is slowed down and cannot fill the log. A right token is asked for nothing:
/// somebody else's wrong ones, behind the same address, never lock it out.
/// </summary>
internal sealed class WrongTokens(TimeProvider time)
{
    private const int MostAddresses = 1024;
    private const int AtOnce = 5;
    private static readonly TimeSpan ForEach = TimeSpan.FromSeconds(10);

    // Stands for all that find no place of their own.
    private static readonly IPAddress Others = IPAddress.None;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, long> _freeAt = [];
    private readonly long _start = time.GetTimestamp();

    /// <summary>Counts one. How long the address is to wait; zero while it has not had too many.</summary>
    public TimeSpan Count(IPAddress? address)
    {
        var now = (long)time.GetElapsedTime(_start).TotalMilliseconds;
        var each = (long)ForEach.TotalMilliseconds;
        lock (_lock)
        {
            var place = PlaceOf(address, now);
            var freeAt = Math.Max(_freeAt.GetValueOrDefault(place), now) + each;
            if (freeAt - now > AtOnce * each)
            {
                // Not counted, or who goes on trying would never come to the end.
                return TimeSpan.FromMilliseconds(freeAt - now - (AtOnce * each));
            }

            _freeAt[place] = freeAt;
            return TimeSpan.Zero;
        }
    }

    private IPAddress PlaceOf(IPAddress? address, long now)
    {
        var place = Network(address);
        if (_freeAt.ContainsKey(place) || _freeAt.Count < MostAddresses)
        {
            return place;
        }

        foreach (var (old, freeAt) in _freeAt)
        {
            if (freeAt <= now)
            {
                // Removing is the one change that an enumeration goes on after.
                _freeAt.Remove(old);
            }
        }

        return _freeAt.Count < MostAddresses ? place : Others;
    }

    // Who has one address of IPv6 has 2^64.
    private static IPAddress Network(IPAddress? address)
    {
        if (address is null || address.IsIPv4MappedToIPv6 || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address ?? Others;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
