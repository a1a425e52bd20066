using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Telemetry;
using Serilog.Events;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class ShippedConfigurationTests
{
    [Fact]
    public void It_is_accepted_and_caches_customers_for_five_minutes()
    {
        var snapshot = CandidateConfiguration.Accepted();

        var customer = Assert.Single(snapshot.Rules.Routes.Values.Select(static route => route.Policy).OfType<CachePolicy>());
        Assert.Equal("{tenant}:customer:{id}", customer.Template.Text);
        Assert.Equal(TimeSpan.FromMinutes(5), customer.Options.Ttl);
        Assert.Same(customer, snapshot.Rules.Routes["customer"].Policy);
        Assert.Null(snapshot.Rules.Routes["customer-search"].Policy);
        Assert.Null(snapshot.Rules.Routes["everything-else"].Policy);
        Assert.Same(customer, Assert.Single(snapshot.Rules.Routes["customer-parts"].Evicts));
    }

    [Fact]
    public void It_states_the_defaults_that_hold_without_it()
    {
        var snapshot = CandidateConfiguration.Accepted();

        Assert.Equal(new ListenerSettings("http://*:4004", "http://localhost:9904"), snapshot.Listeners);
        Assert.Equal(new RedisOptions(), snapshot.Options.Redis);
        Assert.Equal(new MemoryOptions(), snapshot.Options.Memory);
        Assert.Equal(new TenantOptions().Sources, snapshot.Options.Tenant.Sources);
        Assert.Empty(snapshot.Options.Tenant.BaseDomains);
        Assert.Equal(LogEventLevel.Information, snapshot.Logging.Levels.Default);
        Assert.Equal(
            LogLevels.Absent.Overrides.OrderBy(static pair => pair.Key),
            snapshot.Logging.Levels.Overrides.OrderBy(static pair => pair.Key));
        Assert.Equal(
            new CachePolicyOptions { Name = "customer", Key = "{tenant}:customer:{id}", Ttl = TimeSpan.FromMinutes(5) } with
            {
                ReadMethods = snapshot.Options.Policies[0].ReadMethods,
                EvictOn = snapshot.Options.Policies[0].EvictOn,
                StatusCodes = snapshot.Options.Policies[0].StatusCodes,
                VaryBy = snapshot.Options.Policies[0].VaryBy,
                ExceptIds = snapshot.Options.Policies[0].ExceptIds,
            },
            snapshot.Options.Policies[0]);
        Assert.Equal(["GET"], snapshot.Options.Policies[0].ReadMethods);
        Assert.Equal(["PUT", "PATCH", "DELETE"], snapshot.Options.Policies[0].EvictOn);
        Assert.Equal(["Accept", "Accept-Language", "Api-Version", "X-Api-Version"], snapshot.Options.Policies[0].VaryBy);
        Assert.Equal(["me", "self", "current"], snapshot.Options.Policies[0].ExceptIds);
    }
}
