using System.Collections.Concurrent;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>
/// Whether a tenant may store more (<c>CacheProxy:Tenants:NAME:MaxEntries</c> and <c>MaxBytes</c>). Each fill that is stored is counted by the
/// store, which tells what the tenant has by then; nobody waits for that. So a tenant may exceed its quota by what is being filled at the same
/// time, in all replicas. Where the store does not say, there is no limit.
/// </summary>
internal sealed class TenantQuotas(ICacheStore store, TimeProvider time)
{
    private const int MostKnown = 10_000;
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, KnownUse> _known = new(StringComparer.Ordinal);

    /// <summary>Whether the answer to a request may be stored. What takes the place of an entry always may.</summary>
    public bool MayStore(CacheRequest request, in LookUpResult prior) =>
        request.Policy.Quota is not { } quota || request.Tenant is not { } tenant || HasRoom(tenant, quota) || prior.Stamp.Length > 0;

    public void Stored(CacheRequest request, FillResult result)
    {
        if (request.Policy.Quota is not null && request.Tenant is { } tenant)
        {
            var bytes = result.Response.Body.Length + StoredHeaders.Bytes(result.Response.Headers);
            _ = LearnAsync(tenant, new CountedEntry(request.Key, result.Variant, result.Retention, bytes));
        }
    }

    private bool HasRoom(string tenant, TenantQuota quota)
    {
        if (!_known.TryGetValue(tenant, out var known) || (known.Use.Entries < quota.MaxEntries && known.Use.Bytes < quota.MaxBytes))
        {
            return true;
        }

        if (known.IsDue(time, BetweenQuestions))
        {
            _ = LearnAsync(tenant, stored: null);
        }

        return false;
    }

    private async Task LearnAsync(string tenant, CountedEntry? stored)
    {
        if (await store.UseOfAsync(tenant, stored, new StoreTimeoutBudget(Timeout)) is { } use)
        {
            if (_known.Count >= MostKnown)
            {
                // Whoever is over its quota stores one entry more, and is known again.
                _known.Clear();
            }

            _known.GetOrAdd(tenant, static _ => new KnownUse()).Use = use;
        }
    }

    private sealed class KnownUse
    {
        private readonly Lock _lock = new();
        private TenantUse _use;
        private long _asked;

        public TenantUse Use
        {
            get
            {
                lock (_lock)
                {
                    return _use;
                }
            }

            set
            {
                lock (_lock)
                {
                    _use = value;
                }
            }
        }

        public bool IsDue(TimeProvider time, TimeSpan pause)
        {
            lock (_lock)
            {
                var now = time.GetTimestamp();
                var isDue = _asked == 0 || time.GetElapsedTime(_asked, now) >= pause;
                _asked = isDue ? now : _asked;
                return isDue;
            }
        }
    }
}
