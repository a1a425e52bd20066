using System.Buffers;
using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>The tenants that the sources of one request name, and what follows from them.</summary>
internal struct TenantCandidates
{
    // No honest request names more tenants than this.
    private const int MaxCandidates = 8;

    private static readonly SearchValues<char> LabelCharacters =
        SearchValues.Create("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private TenantName _first;
    private ImmutableArray<TenantName>.Builder? _candidates;
    private TenantResolutionKind _kind;

    /// <summary>A source names <paramref name="text"/>.</summary>
    public void Add(string text)
    {
        if (!TenantName.TryParse(text, out var tenant))
        {
            AddMalformed(text);
            return;
        }

        if (_first.Value is null)
        {
            _first = tenant;
            _kind = _kind == TenantResolutionKind.Absent ? TenantResolutionKind.Found : _kind;
        }
        else if (_first != tenant)
        {
            _kind = _kind == TenantResolutionKind.Malformed ? _kind : TenantResolutionKind.Contradictory;
            AddCandidate(tenant);
        }
    }

    /// <summary>Nobody has vouched for <paramref name="text"/>: no tenant by itself, and a doubt where it differs from one.</summary>
    public void AddUnverified(string text)
    {
        if (TenantName.TryParse(text, out var tenant))
        {
            AddCandidate(tenant);
        }
        else
        {
            AddMalformed(text);
        }
    }

    /// <summary>A source holds something else than one label; an API might take any label in <paramref name="text"/> for the tenant.</summary>
    public void AddMalformed(string text)
    {
        _kind = TenantResolutionKind.Malformed;
        var rest = text.AsSpan();
        for (var start = rest.IndexOfAny(LabelCharacters); start >= 0; start = rest.IndexOfAny(LabelCharacters))
        {
            rest = rest[start..];
            var end = rest.IndexOfAnyExcept(LabelCharacters);
            var label = end < 0 ? rest : rest[..end];
            rest = rest[label.Length..];
            if (TenantName.TryParse(label.Trim('-').ToString(), out var tenant))
            {
                AddCandidate(tenant);
            }
        }
    }

    public TenantResolution Resolve()
    {
        if (_kind == TenantResolutionKind.Found)
        {
            if (_candidates is null || (_candidates.Count == 1 && _candidates[0] == _first))
            {
                return TenantResolution.Found(_first);
            }

            _kind = TenantResolutionKind.Contradictory;
        }

        var candidates = _candidates ?? ImmutableArray.CreateBuilder<TenantName>();
        if (_first.Value is not null && !candidates.Contains(_first))
        {
            candidates.Insert(0, _first);
        }

        return new TenantResolution(_kind, default, candidates.ToImmutable());
    }

    private void AddCandidate(TenantName tenant)
    {
        _candidates ??= ImmutableArray.CreateBuilder<TenantName>();
        if (_candidates.Count < MaxCandidates && !_candidates.Contains(tenant))
        {
            _candidates.Add(tenant);
        }
    }
}

/// <summary>Whose request it is.</summary>
/// <param name="Kind">Only a request with <see cref="TenantResolutionKind.Found"/> may be cached.</param>
/// <param name="Tenant">The tenant, when found.</param>
/// <param name="Candidates">
/// When not found: every tenant that the API might take the request for. A write evicts for each of them, because the API may know
/// better than the sidecar whose request it was; a read is never cached for any.
/// </param>
internal readonly record struct TenantResolution(TenantResolutionKind Kind, TenantName Tenant, ImmutableArray<TenantName> Candidates)
{
    public static TenantResolution Found(TenantName tenant) => new(TenantResolutionKind.Found, tenant, []);
}

/// <summary>What the sources say together.</summary>
internal enum TenantResolutionKind
{
    /// <summary>No source names a tenant.</summary>
    Absent,

    /// <summary>Every source that names a tenant names the same one.</summary>
    Found,

    /// <summary>A source holds something that is not a DNS label.</summary>
    Malformed,

    /// <summary>Two sources, or two values of one, name different tenants.</summary>
    Contradictory,
}
