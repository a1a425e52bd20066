using System.Text.Json;
using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

public sealed class SampleApiTests(SampleApiFixture fixture) : IClassFixture<SampleApiFixture>
{
    private readonly SampleApi _api = fixture.Api;

    [Fact]
    public async Task Customer_123_of_tenant_demo_is_there_with_its_pets()
    {
        var customer = await _api.SendAsync("GET", "/api/customers/123");

        Assert.Equal(200, customer.Status);
        Assert.Equal("application/json; charset=utf-8", customer.Headers["Content-Type"]);
        Assert.Equal(123, customer.Json.GetProperty("id").GetInt32());
        Assert.NotEmpty(customer["firstName"]!);
        Assert.NotEmpty(customer.Json.GetProperty("pets").EnumerateArray());
    }

    [Fact]
    public async Task The_same_number_is_another_customer_at_another_tenant()
    {
        var demo = await _api.SendAsync("GET", "/api/customers/120");
        var acme = await _api.SendAsync("GET", "/api/customers/120", tenant: "acme");

        Assert.NotEqual(demo["email"], acme["email"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nobody")]
    [InlineData(" ")]
    public async Task Without_a_tenant_that_exists_the_answer_is_a_problem_with_status_400(string? tenant)
    {
        var answer = await _api.SendAsync("GET", "/api/customers/123", tenant);

        Assert.Equal(400, answer.Status);
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.Equal(400, answer.Json.GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData("/api/customers/99999")]
    [InlineData("/api/customers/0123")]
    [InlineData("/api/customers/+123")]
    [InlineData("/api/customers/123.0")]
    [InlineData("/api/customers/abc")]
    public async Task What_is_not_a_customers_number_in_its_one_spelling_is_unknown(string path)
    {
        foreach (var method in (string[])["GET", "DELETE"])
        {
            var answer = await _api.SendAsync(method, path);

            Assert.Equal(404, answer.Status);
            Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        }

        Assert.Equal(404, (await _api.SendAsync("PUT", path, body: "{}")).Status);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    public async Task An_update_changes_only_what_it_names_whatever_its_content_type(string contentType)
    {
        var before = await _api.SendAsync("GET", "/api/customers/130");
        var name = $"Updated as {contentType}";

        var update = await _api.SendAsync("PUT", "/api/customers/130", body: $$"""{"firstName":"{{name}}"}""", contentType: contentType);
        var after = await _api.SendAsync("GET", "/api/customers/130");

        Assert.Equal(200, update.Status);
        Assert.Equal(name, after["firstName"]);
        Assert.Equal(update.Text, after.Text);
        foreach (var untouched in (string[])["lastName", "email", "phone", "street", "city", "createdAt"])
        {
            Assert.Equal(before[untouched], after[untouched]);
        }

        Assert.Equal(Pets(before), Pets(after));
    }

    [Fact]
    public async Task A_client_may_send_back_what_it_got_and_null_empties_an_optional_field()
    {
        var before = await _api.SendAsync("GET", "/api/customers/131");

        Assert.Equal(200, (await _api.SendAsync("PUT", "/api/customers/131", body: before.Text)).Status);
        var patched = await _api.SendAsync("PATCH", "/api/customers/131", body: """{"phone":null}""");

        Assert.Null(patched["phone"]);
        Assert.Equal(before["email"], patched["email"]);
        Assert.Equal(Pets(before), Pets(patched));
    }

    [Theory]
    [InlineData("")]
    [InlineData("firstName=Updated")]
    [InlineData("[1]")]
    [InlineData("""{"firstName":null}""")]
    [InlineData("""{"firstName":" "}""")]
    [InlineData("""{"firstName":7}""")]
    [InlineData("""{"firstName":"\ud800"}""")]
    public async Task A_body_that_cannot_be_used_is_a_problem_and_changes_nothing(string body)
    {
        var before = await _api.SendAsync("GET", "/api/customers/132");

        var answer = await _api.SendAsync("PUT", "/api/customers/132", body: body);

        Assert.Equal(400, answer.Status);
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.Equal(before.Text, (await _api.SendAsync("GET", "/api/customers/132")).Text);
    }

    [Fact]
    public async Task A_customer_is_created_given_a_pet_and_deleted_and_its_number_is_not_used_again()
    {
        var created = await _api.SendAsync("POST", "/api/customers", "acme", """{"firstName":"Ann","lastName":"Lee"}""");
        Assert.Equal(201, created.Status);
        var location = created.Headers["Location"];
        Assert.Equal($"/api/customers/{created.Json.GetProperty("id").GetInt32()}", location);

        var pet = await _api.SendAsync("POST", $"{location}/pets", "acme", """{"name":"Rex","species":"dog","birthDate":"2024-02-29"}""");
        Assert.Equal(201, pet.Status);
        var read = await _api.SendAsync("GET", location, "acme");
        Assert.Equal("Rex", Assert.Single(read.Json.GetProperty("pets").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(404, (await _api.SendAsync("POST", "/api/customers/99999/pets", "acme", """{"name":"Rex","species":"dog"}""")).Status);

        Assert.Equal(204, (await _api.SendAsync("DELETE", location, "acme")).Status);
        Assert.Equal(404, (await _api.SendAsync("GET", location, "acme")).Status);
        Assert.Equal(404, (await _api.SendAsync("DELETE", location, "acme")).Status);
        var next = await _api.SendAsync("POST", "/api/customers", "acme", """{"firstName":"Bo","lastName":"Lee"}""");
        Assert.NotEqual(location, next.Headers["Location"]);
    }

    [Fact]
    public async Task The_pages_of_the_list_hold_every_customer_of_the_tenant_once()
    {
        var ids = new List<int>();
        for (var page = 1; page <= 6; page++)
        {
            var answer = await _api.SendAsync("GET", $"/api/customers?page={page}&pageSize=50", "whiskers");
            Assert.Equal(300, answer.Json.GetProperty("total").GetInt64());
            ids.AddRange(answer.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetInt32()));
        }

        Assert.Equal(Enumerable.Range(1, 300), ids);
        Assert.Empty((await _api.SendAsync("GET", "/api/customers?page=7&pageSize=50", "whiskers")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal(400, (await _api.SendAsync("GET", "/api/customers?page=0")).Status);
        Assert.Equal(400, (await _api.SendAsync("GET", "/api/customers?pageSize=101")).Status);
        Assert.Equal(400, (await _api.SendAsync("GET", "/api/customers?page=x")).Status);
    }

    [Fact]
    public async Task A_search_finds_names_and_addresses_of_its_tenant_and_takes_wildcards_literally()
    {
        var customer = await _api.SendAsync("GET", "/api/customers/140", "northpaw");
        var byName = await _api.SendAsync(
            "GET", $"/api/customers/search?q={Uri.EscapeDataString($"{customer["firstName"]} {customer["lastName"]}")}", "northpaw");
        var byEmail = await _api.SendAsync("GET", $"/api/customers/search?q={Uri.EscapeDataString(customer["email"]!)}", "northpaw");
        var elsewhere = await _api.SendAsync("GET", $"/api/customers/search?q={Uri.EscapeDataString(customer["email"]!)}", "barkside");

        Assert.Contains(140, Ids(byName));
        Assert.Equal([140], Ids(byEmail));
        Assert.Empty(Ids(elsewhere));
        Assert.Empty(Ids(await _api.SendAsync("GET", "/api/customers/search?q=%25", "northpaw")));
        Assert.Equal(400, (await _api.SendAsync("GET", "/api/customers/search", "northpaw")).Status);
    }

    [Fact]
    public async Task It_says_nothing_of_caching()
    {
        foreach (var path in (string[])["/api/customers/150", "/api/customers", "/api/customers/search?q=a", "/api/customers/99999"])
        {
            var answer = await _api.SendAsync("GET", path);
            foreach (var header in (string[])["Cache-Control", "ETag", "Expires", "Last-Modified", "Age", "Vary", "Pragma"])
            {
                Assert.DoesNotContain(header, answer.Headers);
            }
        }
    }

    private static List<int> Ids(SampleAnswer answer) =>
        answer.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetInt32()).ToList();

    private static string Pets(SampleAnswer answer) => JsonSerializer.Serialize(answer.Json.GetProperty("pets"));
}
