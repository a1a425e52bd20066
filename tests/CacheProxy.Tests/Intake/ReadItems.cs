using System.Text;
using CacheProxy.Configuration;
using CacheProxy.Intake;
using CacheProxy.Writing;

namespace CacheProxy.Tests.Intake;

/// <summary>What an item of JSON evicts by a configuration: the keys in order, or what of it is refused.</summary>
internal static class ReadItems
{
    public static string Evicted(ConfigurationSnapshot configuration, string json) => Evicted(configuration, Read(configuration, json));

    public static string Evicted(ConfigurationSnapshot configuration, IntakeItem item)
    {
        if (item.Refusal is { } unreadable)
        {
            return "refused: " + unreadable.Member;
        }

        var keys = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var write in item.Writes)
        {
            if (!OutsideTargets.TryFind(configuration.Rules, configuration.Policies, write, out var found, out var refusal))
            {
                return "refused: " + refusal.Member;
            }

            keys.UnionWith(found.From(0).Select(static target => target.Key.Value));
        }

        return string.Join(' ', keys);
    }

    public static IntakeItem Read(ConfigurationSnapshot configuration, string json) => IntakeItem.TryParse(Encoding.UTF8.GetBytes(json), out var item)
        ? IntakeItem.Read(item, configuration.Options.Intake)
        : IntakeItem.Refuse("no JSON", "");
}
