namespace CacheProxy.Configuration;

/// <summary>Finds arguments that the framework's command line passes over without a word.</summary>
internal static class CommandLineArguments
{
    public static void Check(string[] arguments, List<ConfigurationProblem> problems)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            var isKey = argument.StartsWith("--", StringComparison.Ordinal);
            if (isKey && argument.Contains('='))
            {
                continue;
            }

            // A key without '=' takes the next argument as its value.
            if (!isKey || i + 1 == arguments.Length)
            {
                problems.Add(new ConfigurationProblem("(command line)", argument, "--KEY=VALUE, such as --CacheProxy:Redis:Timeout=250ms"));
                return;
            }

            i++;
        }
    }
}
