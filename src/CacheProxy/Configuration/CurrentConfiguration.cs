namespace CacheProxy.Configuration;

/// <summary>The configuration in force. A request reads <see cref="Value"/> once.</summary>
internal sealed class CurrentConfiguration(ConfigurationSnapshot first)
{
    private volatile ConfigurationSnapshot _value = first;

    public ConfigurationSnapshot Value => _value;

    /// <summary>Only the reloader publishes.</summary>
    public void Publish(ConfigurationSnapshot snapshot) => _value = snapshot;
}
