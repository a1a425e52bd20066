using System.Net;
using CacheProxy.Management;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Management;

public sealed class WrongTokensTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly WrongTokens _wrong;

    public WrongTokensTests() => _wrong = new WrongTokens(_time);

    [Fact]
    public void Five_are_taken_at_once_and_then_one_every_ten_seconds()
    {
        Assert.Equal([0, 0, 0, 0, 0, 10, 10], Seconds("10.0.0.1", 7));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal([6], Seconds("10.0.0.1", 1));
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal([0, 10], Seconds("10.0.0.1", 2));
    }

    [Fact]
    public void Another_address_is_counted_for_itself()
    {
        Seconds("10.0.0.1", 9);

        Assert.Equal([0], Seconds("10.0.0.2", 1));
    }

    [Fact]
    public void One_who_has_a_whole_network_of_IPv6_is_one_and_an_address_of_IPv4_is_one_however_it_is_written()
    {
        Seconds("2001:db8::1", 3);
        Seconds("2001:db8::2", 2);
        Seconds("10.0.0.1", 5);

        Assert.Equal([10], Seconds("2001:db8::3", 1));
        Assert.Equal([10], Seconds("::ffff:10.0.0.1", 1));
    }

    [Fact]
    public void However_many_there_are_they_take_bounded_memory_and_those_without_a_place_are_counted_as_one()
    {
        for (var i = 0; i < 1024; i++)
        {
            Seconds($"10.0.{i / 256}.{i % 256}", 1);
        }

        Assert.Equal([0, 0, 0, 0, 0, 10], Enumerable.Range(0, 6).SelectMany(i => Seconds($"10.1.0.{i}", 1)));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([0], Seconds("10.1.0.7", 1));
    }

    private int[] Seconds(string address, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => (int)_wrong.Count(IPAddress.Parse(address)).TotalSeconds)];
}
