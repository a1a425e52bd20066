using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

public sealed class TableTests
{
    [Fact]
    public void Every_row_stands_in_a_table_and_fills_its_columns()
    {
        var stranded = MarkdownPage.All()
            .SelectMany(static page => page.StrandedRows().Select(row => $"{Repository.Relative(page.Path)}: {row}"));

        Assert.Empty(stranded);
    }
}
