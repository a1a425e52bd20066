using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Store.Redis;

/// <summary>A Lua script, and the name that Redis knows it by.</summary>
internal sealed class RedisScript(string text)
{
    public string Text { get; } = text;

    // Redis names scripts by their SHA-1; nothing here relies on its strength.
    public byte[] Hash { get; } = SHA1.HashData(Encoding.UTF8.GetBytes(text));
}
