using System.Reflection;

namespace CacheProxy.Tests.Reading;

/// <summary>Stands in for a feature of an encrypted connection; that it is there is all that counts.</summary>
public class EncryptedConnection : DispatchProxy
{
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => null;
}
