using System.Text.RegularExpressions;
using Xunit;

namespace CacheProxy.Tests.House;

/// <summary>The code is the same with both package sets, but for one file.</summary>
public sealed partial class PackageSetTests
{
    [Fact]
    public void One_file_knows_the_two_Redis_clients_apart() => Assert.Equal(
        ["src/CacheProxy/Stores/Redis/RedisClientDifferences.cs"],
        Repository.Files(Repository.Root, "*.cs")
            .Where(static file => Condition().IsMatch(File.ReadAllText(file)))
            .Select(Repository.Relative));

    [GeneratedRegex(@"^\s*#\s*(if|elif|define)\b", RegexOptions.Multiline)]
    private static partial Regex Condition();
}
