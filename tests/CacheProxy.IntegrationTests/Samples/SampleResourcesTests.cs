using System.Text.Json;
using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

/// <summary>What the sample API has beside customers.</summary>
public sealed class SampleResourcesTests(SampleApiFixture fixture) : IClassFixture<SampleApiFixture>
{
    private readonly SampleApi _api = fixture.Api;

    [Theory]
    [InlineData("/api/pets", """{"customerId":120,"name":"Comet","species":"dog"}""", "name", "Halley")]
    [InlineData("/api/services", """{"name":"Photo","priceCents":900,"durationMinutes":10}""", "name", "Portrait")]
    [InlineData("/api/staff", """{"name":"Ann Lee","role":"carer"}""", "role", "trainer")]
    public async Task It_is_created_read_changed_and_deleted(string path, string body, string field, string value)
    {
        var created = await _api.SendAsync("POST", path, body: body);
        var location = created.Headers["Location"];
        Assert.Equal((201, $"{path}/{created.Json.GetProperty("id").GetInt32()}"), (created.Status, location));
        Assert.Equal(created.Text, (await _api.SendAsync("GET", location)).Text);
        Assert.Equal(404, (await _api.SendAsync("GET", location, "acme")).Status);

        var changed = await _api.SendAsync("PATCH", location, body: JsonSerializer.Serialize(new Dictionary<string, string> { [field] = value }));

        Assert.Equal((200, value), (changed.Status, changed[field]));
        Assert.Equal(changed.Text, (await _api.SendAsync("GET", location)).Text);
        Assert.Equal(204, (await _api.SendAsync("DELETE", location)).Status);
        Assert.Equal(404, (await _api.SendAsync("GET", location)).Status);
        Assert.Equal(400, (await _api.SendAsync("POST", path, body: "{}")).Status);
    }

    [Fact]
    public async Task A_pet_that_is_renamed_is_renamed_in_its_customer()
    {
        var customer = await _api.SendAsync("GET", "/api/customers/123");
        var pet = customer.Json.GetProperty("pets")[0].GetProperty("id").GetInt32();
        Assert.Equal(123, (await _api.SendAsync("GET", $"/api/pets/{pet}")).Json.GetProperty("customerId").GetInt32());

        await _api.SendAsync("PUT", $"/api/pets/{pet}", body: """{"name":"Comet"}""");

        Assert.Contains("Comet", (await _api.SendAsync("GET", "/api/customers/123")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reservation_is_of_a_customer_a_pet_and_a_service_that_there_are()
    {
        var reservation = await _api.SendAsync("GET", "/api/reservations/1");
        Assert.Equal(200, reservation.Status);

        var copy = await _api.SendAsync("POST", "/api/reservations", body: reservation.Text);
        var confirmed = await _api.SendAsync("PUT", copy.Headers["Location"], body: """{"status":"CONFIRMED"}""");
        var stray = await _api.SendAsync("PUT", copy.Headers["Location"], body: """{"petId":999999}""");
        var badly = await _api.SendAsync("PUT", copy.Headers["Location"], body: """{"startsAt":"tomorrow"}""");

        Assert.Equal((201, 200, "CONFIRMED"), (copy.Status, confirmed.Status, confirmed["status"]));
        Assert.Equal((409, 400), (stray.Status, badly.Status));
    }

    [Theory]
    [InlineData("/api/services", "Boarding")]
    [InlineData("/api/staff", "groomer")]
    public async Task Services_and_staff_are_listed_for_each_tenant(string path, string expected)
    {
        var demo = await _api.SendAsync("GET", path);
        var acme = await _api.SendAsync("GET", path, "acme");

        Assert.Contains(expected, demo.Text, StringComparison.Ordinal);
        Assert.NotEqual(demo.Text, acme.Text);
    }

    [Fact]
    public async Task A_tenant_reads_and_renames_itself_and_no_other()
    {
        var itself = await _api.SendAsync("GET", "/api/tenants/by-subdomain/barkside", "barkside");
        Assert.Equal("Barkside Boarding", itself["name"]);

        var renamed = await _api.SendAsync("PUT", "/api/tenants/by-subdomain/barkside", "barkside", """{"name":"Barkside"}""");

        Assert.Equal("Barkside", renamed["name"]);
        Assert.Equal(renamed.Text, (await _api.SendAsync("GET", "/api/tenants/by-subdomain/barkside", "barkside")).Text);
        Assert.Equal(404, (await _api.SendAsync("GET", "/api/tenants/by-subdomain/acme", "barkside")).Status);
        Assert.Equal(404, (await _api.SendAsync("PUT", "/api/tenants/by-subdomain/acme", "barkside", """{"name":"Mine"}""")).Status);
    }
}
