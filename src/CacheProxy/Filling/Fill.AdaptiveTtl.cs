using CacheProxy.Configuration.Policies;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>The end of a fill whose lifetime comes from how often its resource is written.</summary>
internal sealed partial class Fill
{
    private Task StoreAsync(FillResult storable, AdaptiveTtl? adaptive) =>
        adaptive is not null && storable.HasPolicyTtl ? StoreAdaptedAsync(storable, adaptive) : StoreAsync(storable);

    /// <summary>
    /// Asks the store once more before it stores. As with the storing itself, nobody waits for it: the answer's end goes out, the lease stands,
    /// and a write revokes it.
    /// </summary>
    private async Task StoreAdaptedAsync(FillResult storable, AdaptiveTtl adaptive)
    {
        (_isOver, _isBeingStored) = (true, true);
        flight.Seal();
        var pace = await services.Cache.NotePaceAsync(request.Key, PaceStep.Filling, adaptive.Memory, request.StoreTimeout);
        _isOver = false;
        await StoreAsync(BodyFreshness.Adapt(request.Policy, storable, pace));
        if (_isStored && !pace.IsKnown)
        {
            _ = services.Cache.NotePaceAsync(request.Key, PaceStep.Filled, adaptive.Memory, request.StoreTimeout).AsTask();
        }
    }
}
