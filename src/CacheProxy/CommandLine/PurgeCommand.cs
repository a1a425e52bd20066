using System.CommandLine;

namespace CacheProxy.CommandLine;

/// <summary><c>purge</c>: evicts what an operator names.</summary>
internal static class PurgeCommand
{
    public static Command Create()
    {
        var command = new Command("purge", "Evicts a resource, all that has a tag, all of a tenant, or all of a policy. It needs a token.");
        var url = new Argument<string>("url")
        {
            Description = "The resource as a client asks for it, or its path: /api/customers/123. With --tenant where the host names none.",
            HelpName = "URL",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var key = Text("--key", "KEY", "The resource of this key, as in Redis: demo:customer:123. Needs --policy, whose key it is.");
        var policy = Text("--policy", "NAME", "All of a policy; with --tenant, only that tenant's.");
        var tag = Text("--tag", "TAG", "All that has the tag; with --tenant or --host, where keys name them.");
        var tenant = Text("--tenant", "NAME", "All of a tenant; or whose URL, tag or policy it is.");
        var host = Text("--host", "HOST", "Whose tag it is, where keys name the host.");
        var soft = new Option<bool>("--soft") { Description = "Mark it stale instead, so that the next read has it validated." };
        var work = new Work();
        command.Add(url);
        Array.ForEach([key, policy, tag, tenant, host], command.Add);
        command.Add(soft);
        work.AddTo(command);
        command.Validators.Add(result =>
        {
            bool Has(Option<string> option) => result.GetResult(option) is { Tokens.Count: > 0 };
            var hasUrl = result.GetResult(url) is { Tokens.Count: > 0 };
            var ways = new[] { hasUrl, Has(tag), Has(key), Has(policy) && !Has(key) }.Count(static way => way);
            if (Has(key) && !Has(policy))
            {
                result.AddError("--key needs --policy: the policy whose key it is.");
            }
            else if (ways > 1 || (ways == 0 && !Has(tenant)) || (Has(key) && Has(tenant)) || (Has(host) && !Has(tag)))
            {
                result.AddError("Say what to purge in one way: URL, --key with --policy, --tag, --policy, or --tenant.");
            }
        });
        command.SetAction((parsed, stop) => work.DoAsync(parsed, "/purges", OutputFormat.Write(json =>
        {
            json.WriteStartObject();
            Write("url", parsed.GetValue(url) is ['/', ..] path ? $"http://localhost{path}" : parsed.GetValue(url));
            Write("key", parsed.GetValue(key));
            Write("policy", parsed.GetValue(policy));
            Write("tag", parsed.GetValue(tag));
            Write("tenant", parsed.GetValue(tenant));
            Write("host", parsed.GetValue(host));
            Write("mode", parsed.GetValue(soft) ? "Soft" : null);
            json.WriteEndObject();

            void Write(string name, string? value)
            {
                if (value is not null)
                {
                    json.WriteString(name, value);
                }
            }
        }), stop));
        Examples.Show(command,
            ("one customer", "purge /api/customers/123 --tenant demo --token-file token"),
            ("the same by its key in Redis", "purge --policy customer --key demo:customer:123 --token-file token"),
            ("all that a tenant has of a policy, marked stale", "purge --policy customer --tenant demo --soft --token-file token"),
            ("everything with a tag", "purge --tag plan:gold --tenant demo --token-file token"));
        return command;
    }

    private static Option<string> Text(string name, string helpName, string description) => new(name) { Description = description, HelpName = helpName };
}
