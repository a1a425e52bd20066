namespace CacheProxy.Identity;

/// <summary>Tags of the parts of a variant's digest; their numbers are part of the stored data's format.</summary>
internal enum DigestPart : byte
{
    Query = 1,
    Credentials = 2,
    CredentialHeader = 3,
    VaryHeader = 4,
    ForwardedHeader = 5,
    Path = 6,
    Client = 7,
    Scheme = 8,
}
