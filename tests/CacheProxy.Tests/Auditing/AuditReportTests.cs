using CacheProxy.Auditing;
using Xunit;

namespace CacheProxy.Tests.Auditing;

public sealed class AuditReportTests
{
    private readonly AuditReport _report = new();

    [Fact]
    public void Without_a_wrong_one_so_many_audits_prove_so_much()
    {
        Add(AuditResult.Right, 1000);
        Add(AuditResult.Superseded, 50);

        var figures = Assert.Single(_report.ToArray());

        Assert.Equal((1000, 0, 0), (figures.Judged, figures.Wrong, figures.WrongPerMillion));
        // The rule of three: 3 / 1000.
        Assert.InRange(figures.AtMostPerMillion, 2900, 3050);
    }

    [Fact]
    public void Wrong_ones_of_both_kinds_count_and_the_bound_is_above_their_share()
    {
        Add(AuditResult.Right, 9996);
        Add(AuditResult.WrongWriteSeen, 1);
        Add(AuditResult.WrongNoWriteSeen, 3, "/name");

        var figures = Assert.Single(_report.ToArray());

        Assert.Equal((10_000, 4, 400), (figures.Judged, figures.Wrong, figures.WrongPerMillion));
        // The exact bound of a Poisson mean with 4 seen is 9.15.
        Assert.InRange(figures.AtMostPerMillion, 900, 930);
        Assert.Equal(("/name", 3), (figures.Places[0].Thing, figures.Places[0].Count));
    }

    [Fact]
    public void Without_any_nothing_is_proven()
    {
        Add(AuditResult.Failed, 1);

        Assert.Equal(1_000_000, _report.ToArray()[0].AtMostPerMillion);
    }

    [Fact]
    public void The_places_that_are_kept_are_few()
    {
        for (var i = 0; i < 100; i++)
        {
            Add(AuditResult.Unsteady, 1, $"/a{i}");
        }

        var figures = _report.ToArray()[0];

        Assert.Equal((32, 68), (figures.Places.Length, figures.OtherPlaces));
    }

    private void Add(AuditResult result, int count, string? place = null)
    {
        for (var i = 0; i < count; i++)
        {
            _report.Add("customer", new Audited(result, place));
        }
    }
}
