using System.Collections.Immutable;

namespace CacheProxy.Tenancy;

/// <summary>The tenant as the one label before a base domain: <c>demo.example.com</c> under <c>example.com</c> is <c>demo</c>.</summary>
internal sealed class HostTenantSource(ImmutableArray<string> baseDomains) : ITenantSource
{
    public void Read(HttpRequest request, ref TenantVotes votes)
    {
        if (baseDomains.IsEmpty || request.Host.Value is not { Length: > 0 } host)
        {
            return;
        }

        var name = WithoutPort(host);
        var rooted = name.EndsWith('.');
        if (rooted)
        {
            name = name[..^1];
        }

        foreach (var domain in baseDomains)
        {
            if (name.Length > domain.Length + 1
                && name[^(domain.Length + 1)] == '.'
                && name.EndsWith(domain, StringComparison.OrdinalIgnoreCase))
            {
                Vote(name[..^(domain.Length + 1)], rooted, ref votes);
                return;
            }
        }
    }

    private static void Vote(ReadOnlySpan<char> prefix, bool rooted, ref TenantVotes votes)
    {
        var dot = prefix.IndexOf('.');
        if (dot < 0 && !rooted)
        {
            votes.Add(prefix.ToString());
            return;
        }

        // Several labels, or a rooted name: an API may read a tenant from either end of it, so no read is cached.
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
