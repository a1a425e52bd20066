namespace CacheProxy.Store;

/// <summary>A step of the protocol, for those who count.</summary>
internal enum StoreStep
{
    LookUp,
    BeginFill,
    CompleteFill,
    AbandonFill,
    BeginWrite,
    EndWrite,
}
