using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace CacheProxy.Proxy;

/// <summary>
/// Data protection, which YARP takes for the cookies of session affinity, made with the first cookie. Made at the start, it looks for a
/// folder for its keys even where no cluster has affinity, and in a container that cannot write, it warns that it has found none.
/// </summary>
internal sealed class LateDataProtection(Func<IDataProtectionProvider> create) : IDataProtectionProvider
{
    private readonly Lazy<IDataProtectionProvider> _provider = new(create);

    /// <summary>Puts it before what is registered.</summary>
    public static void AddTo(IServiceCollection services)
    {
        var registered = services.Last(static service => service.ServiceType == typeof(IDataProtectionProvider));
        services.AddSingleton<IDataProtectionProvider>(provider => new LateDataProtection(
            () => (IDataProtectionProvider)registered.ImplementationFactory!(provider)));
    }

    public IDataProtector CreateProtector(string purpose) => new Protector(new Lazy<IDataProtector>(() => _provider.Value.CreateProtector(purpose)));

    private sealed class Protector(Lazy<IDataProtector> protector) : IDataProtector
    {
        public IDataProtector CreateProtector(string purpose) =>
            new Protector(new Lazy<IDataProtector>(() => protector.Value.CreateProtector(purpose)));

        public byte[] Protect(byte[] plaintext) => protector.Value.Protect(plaintext);

        /// <exception cref="CryptographicException">It was not made by these keys.</exception>
        public byte[] Unprotect(byte[] protectedData) => protector.Value.Unprotect(protectedData);
    }
}
