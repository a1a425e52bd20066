using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

/// <summary>One sample API for the tests of a class; each test uses customers of its own.</summary>
public sealed class SampleApiFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sample-api-tests-");

    internal SampleApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Api = await SampleApi.StartAsync(Path.Combine(_folder.FullName, "customers.db"));

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
