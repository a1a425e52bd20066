using System.Reflection;
using CacheProxy.Filling;
using CacheProxy.Http;

namespace CacheProxy.Tests.Http;

/// <summary>What the compiled program can say in Cache-Status.</summary>
internal static class Words
{
    public static HashSet<string> OfDetail() =>
    [
        .. Enum.GetValues<ForwardReason>().Select(ForwardReasons.ToToken),
        .. Enum.GetValues<StorageDecision>().Where(static decision => decision != StorageDecision.Storable).Select(StorageRules.ToToken),
        .. typeof(CacheStatusDetails).GetFields(BindingFlags.Static | BindingFlags.Public).Select(static field => (string)field.GetRawConstantValue()!),
    ];
}
