using System.Globalization;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>What goes wrong with some of a party's calls to the store. The caller is told <c>Unavailable</c> in every case.</summary>
/// <param name="Kind">What.</param>
/// <param name="First">The first call that it happens to, from 0.</param>
/// <param name="Calls">To how many.</param>
internal readonly record struct StepFault(FaultKind Kind, int First, int Calls)
{
    public FaultKind Of(int call) => call >= First && call < First + Calls ? Kind : FaultKind.None;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} at {First}{(Calls > 1 ? $" to {First + Calls - 1}" : "")}");
}

internal enum FaultKind
{
    None,

    /// <summary>The store never learns of it.</summary>
    NotCarriedOut,

    /// <summary>The store carries it out at once.</summary>
    ReplyLost,

    /// <summary>The store carries it out, at some later time.</summary>
    Late,
}
