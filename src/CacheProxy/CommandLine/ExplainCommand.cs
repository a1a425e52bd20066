using System.CommandLine;
using System.Text;

namespace CacheProxy.CommandLine;

/// <summary><c>explain</c>: what the sidecar would do with a request, and why.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var command = new Command("explain", "Says what becomes of a request, and why: route, policy, key, what is stored, and the decision. Nothing is sent to the API.");
        var request = new RequestDescription();
        var method = new Option<string>("--request", "-X") { Description = "The method.", HelpName = "METHOD", DefaultValueFactory = static _ => "GET" };
        var management = new ManagementOptions();
        var format = OutputFormat.Create();
        request.AddTo(command);
        command.Add(method);
        management.AddTo(command);
        command.Add(format);
        command.SetAction(async (parsed, stop) =>
        {
            var target = new StringBuilder("/explain?method=").Append(Uri.EscapeDataString(parsed.GetValue(method)!))
                .Append("&url=").Append(Uri.EscapeDataString(parsed.GetValue(request.Url)!));
            foreach (var header in request.Headers(parsed))
            {
                target.Append("&header=").Append(Uri.EscapeDataString(header));
            }

            using var client = management.Client(parsed);
            var accept = OutputFormat.IsJson(parsed, format) ? "application/json" : "text/plain";
            var answer = await client.AskAsync(HttpMethod.Get, target.ToString(), accept, null, stop);
            if (answer.ExitCode == Commands.Done)
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(answer.Text.TrimEnd());
            }

            return answer.ExitCode;
        });
        Examples.Show(command,
            ("a request by its path", "explain /api/customers/123 -H \"X-Tenant-Subdomain: demo\""),
            ("as a client sent it, with a credential from a file", "explain http://demo.example.com/api/customers/123 -H @headers.txt"),
            ("a write: what would be evicted", "explain -X PUT /api/customers/123 -H \"X-Tenant-Subdomain: demo\" -o json"));
        return command;
    }
}
