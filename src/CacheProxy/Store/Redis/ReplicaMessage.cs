using System.Globalization;
using CacheProxy.Identity;

namespace CacheProxy.Store.Redis;

/// <summary>
/// What stands in a message, between spaces, the key last: <c>i WRITER KEY</c> (holders.lua writes it, too), <c>a REPLICA NUMBER KEY</c>,
/// <c>p TIMESTAMP</c>.
/// </summary>
/// <param name="Kind">What it says.</param>
/// <param name="Replica">Who says it.</param>
/// <param name="Number">The number that is acknowledged, or a ping's timestamp.</param>
/// <param name="Key">The resource.</param>
internal readonly record struct ReplicaMessage(ReplicaMessageKind Kind, string Replica = "", long Number = 0, string Key = "")
{
    private const int ReplicaLength = 16;

    public static string Invalidation(string writer, ResourceKey key) => $"i {writer} {key.Value}";

    public static string Acknowledgement(string replica, long number, ResourceKey key) =>
        string.Create(CultureInfo.InvariantCulture, $"a {replica} {number} {key.Value}");

    public static string Ping(long timestamp) => string.Create(CultureInfo.InvariantCulture, $"p {timestamp}");

    /// <summary>Anybody may publish: what is not beyond doubt is <see cref="ReplicaMessageKind.Unknown"/>.</summary>
    public static ReplicaMessage Parse(string text)
    {
        var rest = text.AsSpan(Math.Min(2, text.Length));
        switch (text.Length > 2 && text[1] == ' ' ? text[0] : ' ')
        {
            case 'p' when TryReadNumber(rest, out var timestamp):
                return new ReplicaMessage(ReplicaMessageKind.Ping, Number: timestamp);
            case 'i' when TryCutReplica(ref rest, out var writer) && rest.Length > 0:
                return new ReplicaMessage(ReplicaMessageKind.Invalidation, writer, Key: rest.ToString());
            case 'a' when TryCutReplica(ref rest, out var holder) && rest.IndexOf(' ') is > 0 and var end && end + 1 < rest.Length
                && TryReadNumber(rest[..end], out var number):
                return new ReplicaMessage(ReplicaMessageKind.Acknowledgement, holder, number, rest[(end + 1)..].ToString());
            default:
                return default;
        }
    }

    private static bool TryReadNumber(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static bool TryCutReplica(ref ReadOnlySpan<char> rest, out string replica)
    {
        replica = "";
        if (rest.Length <= ReplicaLength || rest[ReplicaLength] != ' ' || rest[..ReplicaLength].ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }

        replica = rest[..ReplicaLength].ToString();
        rest = rest[(ReplicaLength + 1)..];
        return true;
    }
}

internal enum ReplicaMessageKind
{
    Unknown,
    Ping,
    Invalidation,
    Acknowledgement,
}
