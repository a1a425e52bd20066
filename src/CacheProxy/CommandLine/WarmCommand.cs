using System.CommandLine;

namespace CacheProxy.CommandLine;

/// <summary><c>warm</c>: fetches the hottest resources that are missing.</summary>
internal static class WarmCommand
{
    public static Command Create()
    {
        var command = new Command("warm", "Has the hottest resources fetched that are missing, of the policies with Warm:Top. It needs a token.");
        var policy = new Option<string>("--policy") { Description = "Only this policy.", HelpName = "NAME" };
        var work = new Work();
        command.Add(policy);
        work.AddTo(command);
        command.SetAction((parsed, stop) => work.DoAsync(
            parsed, parsed.GetValue(policy) is { } name ? $"/warm?policy={Uri.EscapeDataString(name)}" : "/warm", null, stop));
        Examples.Show(command, ("after Redis was emptied", "warm --token-file token"));
        return command;
    }
}

/// <summary><c>erase</c>: deletes everything of a tenant.</summary>
internal static class EraseCommand
{
    public static Command Create()
    {
        var command = new Command("erase", "Deletes everything that is stored of a tenant: entries, tags, counts, and its hottest resources. It needs a token.");
        var tenant = new Argument<string>("tenant") { Description = "The tenant, as it stands in keys.", HelpName = "TENANT" };
        var work = new Work();
        command.Add(tenant);
        work.AddTo(command);
        command.SetAction((parsed, stop) => work.DoAsync(parsed, "/erasures", OutputFormat.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("tenant", parsed.GetValue(tenant));
            json.WriteEndObject();
        }), stop));
        Examples.Show(command, ("a tenant that has left", "erase acme --token-file token"));
        return command;
    }
}
