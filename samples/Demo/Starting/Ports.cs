using System.Net;
using System.Net.Sockets;

namespace Demo.Starting;

/// <summary>The ports to use, each free a moment ago.</summary>
internal sealed record Ports(int Proxy, int Api, int Management)
{
    public static Ports Choose(DemoOptions options)
    {
        var taken = new HashSet<int> { options.ProxyPort, options.ApiPort, options.ManagementPort };
        return new Ports(
            Choose(options.ProxyPort, "CacheProxy, for clients", "--proxy-port", taken),
            Choose(options.ApiPort, "the sample API", "--api-port", taken),
            Choose(options.ManagementPort, "CacheProxy, for management", "--management-port", taken));
    }

    /// <summary>Free ones for another CacheProxy before the same API.</summary>
    public Ports Beside()
    {
        var taken = new HashSet<int> { Proxy, Api, Management };
        return new Ports(AnyFree(taken), Api, AnyFree(taken));
    }

    private static int Choose(int wanted, string user, string option, HashSet<int> taken)
    {
        if (wanted == 0)
        {
            return AnyFree(taken);
        }

        var problem = Try(IPAddress.Loopback, wanted) ?? Try(IPAddress.IPv6Loopback, wanted);
        return problem switch
        {
            null => wanted,
            SocketError.AddressAlreadyInUse => throw new StartException(
                $"Port {wanted} ({user}) is in use by another program. Choose another with {option} PORT; 0 takes any free one."),
            _ => throw new StartException(
                $"Port {wanted} ({user}) cannot be opened: {problem}. Choose another with {option} PORT; 0 takes any free one."),
        };
    }

    private static int AnyFree(HashSet<int> taken)
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (Try(IPAddress.IPv6Loopback, port) is null && taken.Add(port))
            {
                return port;
            }
        }
    }

    private static SocketError? Try(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return null;
        }
        catch (SocketException noIPv6) when (noIPv6.SocketErrorCode is
            SocketError.AddressFamilyNotSupported or SocketError.ProtocolFamilyNotSupported or SocketError.AddressNotAvailable)
        {
            // The programs listen on "localhost", which is then IPv4 alone.
            return null;
        }
        catch (SocketException problem)
        {
            return problem.SocketErrorCode;
        }
    }
}
