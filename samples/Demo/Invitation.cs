using Demo.Starting;

namespace Demo;

/// <summary>What to try by hand while the programs stay up.</summary>
internal static class Invitation
{
    public static void Write(TextWriter output, DemoOptions options, Ports ports, string keyPrefix)
    {
        var proxy = $"http://localhost:{ports.Proxy}";
        output.WriteLine($$"""

            Both stay up. Look for Cache-Status in what these print:

              curl -i -H 'X-Tenant-Subdomain: demo' {{proxy}}/api/customers/124
              curl -i -H 'X-Tenant-Subdomain: demo' {{proxy}}/api/customers/124
              curl -i -H 'X-Tenant-Subdomain: demo' -X PUT -d '{"firstName":"Updated"}' {{proxy}}/api/customers/124
              curl -i -H 'X-Tenant-Subdomain: demo' {{proxy}}/api/customers/124
              curl -i -H 'X-Tenant-Subdomain: acme' '{{proxy}}/api/customers/search?q=garcia'

            The API's own view, whether CacheProxy is ready, and what it does (in a browser):

              curl http://localhost:{{ports.Api}}/diagnostics/queries
              curl -i http://localhost:{{ports.Management}}/readyz
              http://localhost:{{ports.Management}}/
            """);
        if (RedisAddress.TryParse(options.Redis, out var host, out var port))
        {
            output.WriteLine($"""

                What Redis holds (for 5 minutes; the prefix is this run's own):

                  redis-cli -h {host} -p {port} HGET {keyPrefix}demo:customer:124 body
                  redis-cli -h {host} -p {port} TTL {keyPrefix}demo:customer:124
                """);
        }

        output.WriteLine();
        output.WriteLine("Ctrl-C stops everything.");
    }
}
