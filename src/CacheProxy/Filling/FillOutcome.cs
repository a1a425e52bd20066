namespace CacheProxy.Filling;

internal enum FillOutcome
{
    /// <summary>The client has its answer.</summary>
    Answered,

    /// <summary>Something else is stored by now: look up again.</summary>
    LookUpAgain,

    /// <summary>What is stored is of no use for a validation: fill without it.</summary>
    FillWithoutIt,
}
