namespace CacheProxy.Configuration;

/// <summary>The configuration in force; a reload replaces it as a whole.</summary>
internal sealed class CurrentConfiguration(ConfigurationSnapshot first)
{
    private volatile ConfigurationSnapshot _value = first;

    public ConfigurationSnapshot Value => _value;

    public void Replace(ConfigurationSnapshot next) => _value = next;
}
