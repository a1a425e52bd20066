using System.Collections.Immutable;
using CacheProxy.Http;
using CacheProxy.Identity.Tokens;

namespace CacheProxy.Identity;

/// <summary>One place of a request that may name its tenant.</summary>
internal interface ITenantSource
{
    void Read(HttpRequest request, FoldedHeaders folded, ref TenantCandidates candidates);
}

/// <summary>The tenant as the value of a request header.</summary>
internal sealed class HeaderTenantSource(string header) : ITenantSource
{
    // The usual spelling of a name with a mark: some APIs take it for the name.
    private readonly string? _usualSpelling = FoldedHeaders.HasMark(header) ? FoldedHeaders.Fold(header) : null;

    public void Read(HttpRequest request, FoldedHeaders folded, ref TenantCandidates candidates)
    {
        if (!folded.IsEmpty || _usualSpelling is not null)
        {
            ReadFolded(request, folded, ref candidates);
        }

        if (!request.Headers.TryGetValue(header, out var values))
        {
            return;
        }

        if (values.Count == 0)
        {
            candidates.AddMalformed("");
        }

        foreach (var value in values)
        {
            if (value is not null && !value.Contains(','))
            {
                candidates.Add(value);
                continue;
            }

            // An intermediary may have joined two lines into one, and it is unknown which of them the API takes.
            foreach (var part in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            {
                candidates.AddMalformed(part);
            }
        }
    }

    private void ReadFolded(HttpRequest request, FoldedHeaders folded, ref TenantCandidates candidates)
    {
        foreach (var value in folded.ValuesFor(header))
        {
            candidates.AddMalformed(value ?? "");
        }

        if (_usualSpelling is not null)
        {
            foreach (var value in request.Headers[_usualSpelling])
            {
                candidates.AddMalformed(value ?? "");
            }
        }
    }
}

/// <summary>The tenant as the one label before a base domain: <c>demo.example.com</c> under <c>example.com</c> is <c>demo</c>.</summary>
internal sealed class HostTenantSource(ImmutableArray<string> baseDomains) : ITenantSource
{
    // Of nested domains the longest one applies.
    private readonly ImmutableArray<string> _baseDomains = [.. baseDomains.OrderByDescending(static domain => domain.Length)];

    public void Read(HttpRequest request, FoldedHeaders folded, ref TenantCandidates candidates)
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
            // A base domain below another one: to an API that only knows the upper one, it names a tenant.
            doubtful |= name.Equals(domain, StringComparison.OrdinalIgnoreCase);
            if (name.Length > domain.Length + 1
                && name[^(domain.Length + 1)] == '.'
                && name.EndsWith(domain, StringComparison.OrdinalIgnoreCase))
            {
                AddPrefix(name[..^(domain.Length + 1)], doubtful, ref candidates);
                return;
            }
        }
    }

    private static void AddPrefix(ReadOnlySpan<char> prefix, bool doubtful, ref TenantCandidates candidates)
    {
        var dot = prefix.IndexOf('.');
        if (dot < 0 && !doubtful)
        {
            candidates.Add(prefix.ToString());
            return;
        }

        // Several labels, a rooted name or a base domain: an API may read a tenant from either end of it, so no read is cached.
        candidates.AddMalformed(dot < 0 ? prefix.ToString() : prefix[..dot].ToString());
        if (dot >= 0)
        {
            candidates.AddMalformed(prefix[(prefix.LastIndexOf('.') + 1)..].ToString());
        }
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon < 0 || host.LastIndexOf(']') > colon ? host : host[..colon];
    }
}

/// <summary>
/// The tenant as a claim of the bearer token. One that cannot be verified names none: a read is never cached by its word. A write evicts
/// what it may be for, because the API may take it all the same.
/// </summary>
internal sealed class ClaimTenantSource(string claim, TokenVerifier? tokens) : ITenantSource
{
    public void Read(HttpRequest request, FoldedHeaders folded, ref TenantCandidates candidates)
    {
        if (tokens?.Judge(request.Headers, out var token) == TokenVerdict.Verified)
        {
            AddVerified(token!.TenantsOf(claim), ref candidates);
            return;
        }

        foreach (var line in request.Headers.Authorization)
        {
            if (TokenText.TryFind(line, out var text))
            {
                foreach (var tenant in TokenVerifier.Unverified(text, claim))
                {
                    candidates.AddUnverified(tenant);
                }
            }
        }
    }

    private static void AddVerified(ImmutableArray<string> tenants, ref TenantCandidates candidates)
    {
        foreach (var tenant in tenants)
        {
            if (tenants.Length == 1)
            {
                candidates.Add(tenant);
            }
            else
            {
                candidates.AddMalformed(tenant);
            }
        }
    }
}
