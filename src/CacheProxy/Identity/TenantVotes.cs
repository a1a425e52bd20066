using System.Buffers;
using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>What the sources said of one request, and the verdict.</summary>
internal struct TenantVotes
{
    // A request that names more tenants than this is nobody's honest request.
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

    /// <summary>A source speaks unclearly; an API might take any label in <paramref name="text"/> for the tenant.</summary>
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

    public readonly TenantResolution Verdict()
    {
        if (_kind == TenantResolutionKind.Found)
        {
            return TenantResolution.Found(_first);
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
