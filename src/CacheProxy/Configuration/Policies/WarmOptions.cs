namespace CacheProxy.Configuration.Policies;

/// <summary>How a policy's hot resources are fetched before anybody asks for them (<c>CacheProxy:Policies:NAME:Warm</c>).</summary>
internal sealed record WarmOptions
{
    /// <summary>How many of the resources that are asked for most are learned and fetched; 0 to 10000, 0: none. Default: 0.</summary>
    public int Top { get; init; }

    /// <summary>Most requests a second that warming sends to the API; 1 to 1000. Default: 50.</summary>
    public int RatePerSecond { get; init; } = 50;
}

/// <summary>The credential of requests that warm (<c>CacheProxy:Warm</c>), for APIs that answer nobody without one.</summary>
internal sealed record WarmCredentialOptions
{
    /// <summary>The header that carries it. Default: Authorization.</summary>
    public string CredentialHeader { get; init; } = "Authorization";

    /// <summary>The header's value, such as <c>Bearer …</c>; never logged. Default: empty, no credential.</summary>
    public string Credential { get; init; } = "";

    /// <summary>A file with the header's value, read at each warming, so that it can be rotated. Default: empty, none.</summary>
    public string CredentialFile { get; init; } = "";

    internal bool IsPresent => Credential.Length > 0 || CredentialFile.Length > 0;
}
