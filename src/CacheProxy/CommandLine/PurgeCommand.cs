using System.CommandLine;

namespace CacheProxy.CommandLine;

/// <summary><c>purge</c>: evicts what an operator names.</summary>
internal static class PurgeCommand
{
    public static Command Create()
    {
        var command = new Command("purge", "Evicts a resource, all that has a tag, all of a tenant, or all of a policy. It needs a token.");
        var request = new RequestDescription(ArgumentArity.ZeroOrOne);
        var policy = new Option<string>("--policy") { Description = "All of a policy; with --key, one resource of it.", HelpName = "NAME" };
        var key = new Option<string>("--key") { Description = "The key of a resource, as in Redis: demo:customer:123. Needs --policy.", HelpName = "KEY" };
        var tag = new Option<string>("--tag") { Description = "All that has the tag. With --tenant, only that tenant's.", HelpName = "TAG" };
        var tenant = new Option<string>("--tenant") { Description = "All of a tenant.", HelpName = "NAME" };
        var soft = new Option<bool>("--soft") { Description = "Mark it stale instead, so that the next read has it validated." };
        var work = new Work();
        request.AddTo(command);
        command.Add(key);
        command.Add(policy);
        command.Add(tag);
        command.Add(tenant);
        command.Add(soft);
        work.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(key) is not null && result.GetResult(policy) is null)
            {
                result.AddError("--key needs --policy: the policy whose key it is.");
            }

            var ways = new[] { result.GetResult(request.Url)?.Tokens.Count > 0, result.GetResult(tag) is not null, result.GetResult(policy) is not null }
                .Count(static way => way);
            var byTenant = result.GetResult(tenant) is not null;
            if (ways > 1 || (ways == 0 && !byTenant) || (byTenant && result.GetResult(tag) is null && ways > 0))
            {
                result.AddError("Say what to purge in one way: URL, --policy with --key, --tag, --tenant, or --policy.");
            }
        });
        command.SetAction((parsed, stop) => work.DoAsync(parsed, "/purges", OutputFormat.Write(json =>
        {
            json.WriteStartObject();
            foreach (var (name, value) in new[]
            {
                ("url", parsed.GetValue(request.Url)), ("key", parsed.GetValue(key)), ("policy", parsed.GetValue(policy)),
                ("tag", parsed.GetValue(tag)), ("tenant", parsed.GetValue(tenant)),
            })
            {
                if (value is not null)
                {
                    json.WriteString(name, value);
                }
            }

            if (parsed.GetValue(request.Url) is not null && request.Headers(parsed).ToArray() is { Length: > 0 } headers)
            {
                OutputFormat.WriteTexts(json, "headers", headers);
            }

            json.WriteBoolean("soft", parsed.GetValue(soft));
            json.WriteEndObject();
        }), stop));
        Examples.Show(command,
            ("one customer", "purge /api/customers/123 -H \"X-Tenant-Subdomain: demo\" --token-file token"),
            ("the same by its key in Redis", "purge --policy customer --key demo:customer:123 --token-file token"),
            ("all of a policy, marked stale", "purge --policy customer --soft --token-file token"));
        return command;
    }
}
