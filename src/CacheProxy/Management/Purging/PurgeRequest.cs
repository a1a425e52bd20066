using System.Text.Json;

namespace CacheProxy.Management.Purging;

/// <summary>What a purge is asked to do, as it was sent. Read strictly: a misspelt member must not make it purge more than was meant.</summary>
internal sealed record PurgeRequest
{
    private const string Names = "policy, key, url, tag, tenant, host, mode and id";
    private const int LongestId = 64;

    public string? Policy { get; init; }

    public string? Key { get; init; }

    public string? Url { get; init; }

    public string? Tag { get; init; }

    public string? Tenant { get; init; }

    public string? Host { get; init; }

    public string? Id { get; init; }

    public bool IsSoft { get; init; }

    public static Shape Shape { get; } = Management.Shape.Of(
        "One of: policy and key; url; tag; policy; tenant; policy and tenant.",
        ("policy", Management.Shape.Text("All resources of this policy, or the one with key.").Optional()),
        ("key", Management.Shape.Text("The resource's key as it is in Redis.").Optional()),
        ("url", Management.Shape.Text("The resource as a client would ask for it.").Optional()),
        ("tag", Management.Shape.Text("All entries of this tag.").Optional()),
        ("tenant", Management.Shape.Text("All resources of this tenant, or whose tag or url it is.").Optional()),
        ("host", Management.Shape.Text("Whose tag it is, where keys name the host.").Optional()),
        ("mode", Management.Shape.Word("Soft keeps entries for validation; Hard unless said otherwise.", "Hard", "Soft").Optional()),
        ("id", Management.Shape.Text("Yours: asked for again with the same, the purge is not made again.").Optional()));

    /// <summary>What is asked, or what is wrong with it.</summary>
    public static (PurgeRequest? Request, string Problem) Read(JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Object)
        {
            return (null, "The content is an object.");
        }

        var request = new PurgeRequest();
        foreach (var member in content.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.String || member.Value.GetString() is not { Length: > 0 } text)
            {
                return (null, $"Every member is a text that is not empty; known are {Names}.");
            }

            switch (member.Name)
            {
                case "policy":
                    request = request with { Policy = text };
                    break;
                case "key":
                    request = request with { Key = text };
                    break;
                case "url":
                    request = request with { Url = text };
                    break;
                case "tag":
                    request = request with { Tag = text };
                    break;
                case "tenant":
                    request = request with { Tenant = text };
                    break;
                case "host":
                    request = request with { Host = text };
                    break;
                case "mode" when text is "Hard" or "Soft":
                    request = request with { IsSoft = text == "Soft" };
                    break;
                case "mode":
                    return (null, "mode is Hard or Soft.");
                case "id" when text.Length <= LongestId && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'):
                    request = request with { Id = text };
                    break;
                case "id":
                    return (null, $"id has at most {LongestId} letters, digits, - and _.");
                default:
                    return (null, $"There is a member that is not known; known are {Names}.");
            }
        }

        return request.WhyNot() is { } problem ? (null, problem) : (request, "");
    }

    private string? WhyNot() => (Policy, Key, Url, Tag, Tenant) switch
    {
        (not null, not null, null, null, null) => HostOnlyWithTag(),
        (null, null, not null, null, _) => HostOnlyWithTag(),
        (null, null, null, not null, _) => IsSoft ? "A tag cannot be purged softly: what it has evicted is not used, not even for validation." : null,
        (not null, null, null, null, _) => HostOnlyWithTag(),
        (null, null, null, null, not null) => HostOnlyWithTag(),
        _ => "Say one of: policy and key; url, with tenant where its host names none; tag, with tenant or host where it needs them; policy; tenant; policy and tenant.",
    };

    private string? HostOnlyWithTag() => Host is null ? null : "host is only for a tag: a url has one itself.";
}
