using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>The tenant as the one label before a base domain: <c>demo.example.com</c> under <c>example.com</c> is <c>demo</c>.</summary>
internal sealed class HostTenantSource(ImmutableArray<string> baseDomains) : ITenantSource
{
    // Of nested domains the longest is the one that was meant.
    private readonly ImmutableArray<string> _baseDomains = [.. baseDomains.OrderByDescending(static domain => domain.Length)];

    public void Read(HttpRequest request, ref TenantVotes votes)
    {
        if (_baseDomains.IsEmpty || request.Host.Value is not { Length: > 0 } host)
        {
            return;
        }

        var name = WithoutPort(host);
        var rooted = name.EndsWith('.');
        if (rooted)
        {
            name = name[..^1];
        }

        var doubtful = rooted;
        foreach (var domain in _baseDomains)
        {
            // A base domain below another one names a tenant only to an API that does not know it for a base domain.
            doubtful |= name.Equals(domain, StringComparison.OrdinalIgnoreCase);
            if (name.Length > domain.Length + 1
                && name[^(domain.Length + 1)] == '.'
                && name.EndsWith(domain, StringComparison.OrdinalIgnoreCase))
            {
                Vote(name[..^(domain.Length + 1)], doubtful, ref votes);
                return;
            }
        }
    }

    private static void Vote(ReadOnlySpan<char> prefix, bool doubtful, ref TenantVotes votes)
    {
        var dot = prefix.IndexOf('.');
        if (dot < 0 && !doubtful)
        {
            votes.Add(prefix.ToString());
            return;
        }

        // Several labels, a rooted name or a base domain: an API may read a tenant from either end of it, so no read is cached.
        votes.AddMalformed(dot < 0 ? prefix.ToString() : prefix[..dot].ToString());
        if (dot >= 0)
        {
            votes.AddMalformed(prefix[(prefix.LastIndexOf('.') + 1)..].ToString());
        }
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon < 0 || host.LastIndexOf(']') > colon ? host : host[..colon];
    }
}
