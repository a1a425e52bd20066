using System.Text.Json.Nodes;
using CacheProxy.CommandLine;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.CommandLine;

/// <summary>The commands that ask a sidecar that runs, against a management API that answers as the test says, and against the real one.</summary>
public sealed class ClientCommandsTests
{
    [Fact]
    public async Task Explain_describes_the_request_and_prints_the_answer_for_people_or_programs()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync(
            context.Request.Headers.Accept.ToString().StartsWith("application/json", StringComparison.Ordinal) ? "{}" : "Answered from the cache.\n"));

        var text = await RunAsync(api, "explain", "/api/customers/1?a=b&c", "-X", "PUT", "-H", "X-Tenant-Subdomain: demo", "-H", "Accept: */*");
        var json = await RunAsync(api, "explain", "http://demo.test/", "-o", "json");

        Assert.Equal((0, "Answered from the cache.\n", ""), text);
        Assert.Equal((0, "{}\n", ""), json);
        Assert.Equal(
            [
                "GET /explain?method=PUT&url=%2Fapi%2Fcustomers%2F1%3Fa%3Db%26c&header=X-Tenant-Subdomain%3A%20demo&header=Accept%3A%20%2A%2F%2A",
                "GET /explain?method=GET&url=http%3A%2F%2Fdemo.test%2F",
            ],
            api.Requests);
    }

    [Fact]
    public async Task Headers_and_the_token_come_from_files()
    {
        var seen = "";
        await using var api = await StubApi.StartAsync(context =>
        {
            seen = context.Request.Headers.Authorization.ToString();
            return context.Response.WriteAsync("ok");
        });
        await InFileAsync("Authorization: Bearer a\nX-Tenant-Subdomain: demo\n\n", async headers => await InFileAsync("t0ken\n", async token =>
        {
            Assert.Equal(0, (await RunAsync(api, "explain", "/a", "-H", "@" + headers, "--token-file", token)).ExitCode);
        }));

        Assert.Equal("Bearer t0ken", seen);
        Assert.EndsWith("&header=Authorization%3A%20Bearer%20a&header=X-Tenant-Subdomain%3A%20demo", Assert.Single(api.Requests));
    }

    [Fact]
    public async Task A_purge_is_asked_for_and_followed_to_its_end()
    {
        var asked = "";
        var answers = new Queue<string>(["""{"id":"7","state":"running","resources":1}""", """{"id":"7","state":"done","resources":3}"""]);
        await using var api = await StubApi.StartAsync(async context =>
        {
            if (HttpMethods.IsPost(context.Request.Method))
            {
                asked = await new StreamReader(context.Request.Body).ReadToEndAsync();
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                context.Response.Headers.Location = "/purges/7";
                await context.Response.WriteAsync("""{"id":"7","state":"running","resources":0}""");
                return;
            }

            await context.Response.WriteAsync(answers.Dequeue());
        });

        var purged = await RunAsync(api, "purge", "/api/customers/1", "--tenant", "demo", "--soft");

        Assert.Equal((0, "id: 7\nstate: done\nresources: 3\n", ""), purged);
        Assert.Equal(["POST /purges", "GET /purges/7", "GET /purges/7"], api.Requests);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"url":"http://localhost/api/customers/1","tenant":"demo","mode":"Soft"}"""), JsonNode.Parse(asked)));
    }

    [Theory]
    [InlineData("purge --tag a", "POST /purges")]
    [InlineData("erase demo", "POST /erasures")]
    [InlineData("warm --policy customer", "POST /warm?policy=customer")]
    [InlineData("stats", "GET /statistics")]
    public async Task What_is_refused_is_said_on_standard_error_with_exit_code_1(string command, string request)
    {
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.ContentType = "application/problem+json";
            return context.Response.WriteAsync("""{"title":"A token is needed","status":401,"detail":"Give one."}""");
        });

        Assert.Equal((1, "", "A token is needed\n  Give one.\n"), await RunAsync(api, command.Split(' ')));
        Assert.Equal([request], api.Requests);
    }

    [Theory]
    [InlineData("done", 0)]
    [InlineData("incomplete", 1)]
    [InlineData("cancelled", 1)]
    public async Task A_purge_that_has_not_purged_all_is_no_success(string state, int exitCode)
    {
        await using var api = await StubApi.StartAsync(context => context.Response.WriteAsync($$"""{"state":"{{state}}"}"""));

        Assert.Equal((exitCode, $"state: {state}\n", ""), await RunAsync(api, "purge", "--tenant", "demo"));
    }

    [Fact]
    public async Task An_answer_of_something_else_is_shown_as_it_is()
    {
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("Nothing here.\n");
        });

        Assert.Equal((1, "", "The sidecar answered 404. Nothing here.\n"), await RunAsync(api, "warm"));
    }

    [Fact]
    public async Task Where_nobody_answers_the_exit_code_is_2()
    {
        Uri address;
        await using (var api = await StubApi.StartAsync())
        {
            address = new Uri(api.Address);
        }

        var (exitCode, output, errors) = await RunAsync(address, "stats", "--once");

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains($"at {address} does not answer", errors);
    }

    [Fact]
    public async Task Stats_of_a_real_sidecar_has_a_row_for_each_policy_and_one_for_all()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.GetAsync("/api/customers/1")).Dispose();

        var (exitCode, output, errors) = await RunAsync(proxy.Management, "stats", "--since-start");
        var json = await RunAsync(proxy.Management, "stats", "-o", "json");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("since the start; store: memory, there; evictions pending: 0", output);
        Assert.Matches(@"\n +customer +│? *On +│? *2 +│? *50\.0 % +│? *1 ", output);
        Assert.Matches(@"\n +all +│? +│? *2 ", output);
        Assert.Equal(2, (int?)JsonNode.Parse(json.Output)!["sinceStart"]!["total"]!["requests"]);
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(StubApi api, params string[] arguments) => RunAsync(new Uri(api.Address), arguments);

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(Uri management, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await Commands.InvokeAsync([.. arguments, "--management", management.ToString()], output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    private static async Task InFileAsync(string text, Func<string, Task> test)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text);
            await test(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
