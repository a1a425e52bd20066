using System.Buffers;

namespace CacheProxy.Identity;

/// <summary>Character classes of RFC 3986 that keys are made of.</summary>
internal static class UriCharacters
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>unreserved, §2.3.</summary>
    public static readonly SearchValues<char> Unreserved = SearchValues.Create(Alphanumeric + "-._~");

    /// <summary>pchar (§3.3) and the slash, without <c>;</c> and percent-encodings: what a path may hold in a key.</summary>
    public static readonly SearchValues<char> Path = SearchValues.Create(Alphanumeric + "-._~!$&'()*+,=:@/");

    /// <summary>What an authority (§3.2) without user information may hold.</summary>
    public static readonly SearchValues<char> Host = SearchValues.Create(Alphanumeric + "-._~:[]");
}
