namespace Demo;

internal enum ExitCode
{
    Ok = 0,

    /// <summary>A step did not come out as it should, or a program could not be started.</summary>
    Failed = 1,
    Usage = 2,

    /// <summary>Stopped by a signal before the walk had ended.</summary>
    Interrupted = 130,
}
