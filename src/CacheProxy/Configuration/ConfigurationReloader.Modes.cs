namespace CacheProxy.Configuration;

/// <summary>Switching modes at run time: the configuration stays what it is, and what is compiled from it is swapped as at a reload.</summary>
internal sealed partial class ConfigurationReloader
{
    private readonly Lock _changing = new();
    private ConfigurationSnapshot _configured = first;
    private volatile SwitchedModes _switched = SwitchedModes.None;

    /// <summary>What was switched, and has neither been switched back nor been changed by a reload since.</summary>
    public SwitchedModes Switched => _switched;

    /// <summary>The options as they are configured, whatever was switched.</summary>
    public CacheProxyOptions Configured => _configured.Options;

    /// <summary>Switches; requests that are routed from now on are judged by it.</summary>
    /// <param name="change">Makes what is switched of what was.</param>
    public void Switch(Func<SwitchedModes, SwitchedModes> change)
    {
        lock (_changing)
        {
            var switched = change(_switched);
            if (switched != _switched)
            {
                var next = switched.Over(_configured);
                _switched = switched;
                TakeOver(next);
            }
        }
    }

    private void Adopt(ConfigurationSnapshot configured)
    {
        lock (_changing)
        {
            var switched = _switched.After(_configured.Options, configured.Options);
            if (switched.Count != _switched.Count)
            {
                GivenUp(logger, _switched.Count - switched.Count);
            }

            var next = switched.Over(configured);
            (_configured, _switched) = (configured, switched);
            TakeOver(next);
        }
    }

    [LoggerMessage(6005, LogLevel.Information, "The configuration has changed {Count} modes that were switched at run time: it holds again for them")]
    private static partial void GivenUp(ILogger logger, int count);
}
