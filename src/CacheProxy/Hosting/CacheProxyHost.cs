using System.Diagnostics.Metrics;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Intake;
using CacheProxy.Management;
using CacheProxy.Management.Figures;
using CacheProxy.Proxy;
using CacheProxy.Reading;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Store.Redis;
using CacheProxy.Telemetry;
using CacheProxy.Warming;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CacheProxy.Hosting;

/// <summary>Puts the product together: configuration, listeners, services, pipeline. Several hosts in one process share nothing.</summary>
internal static class CacheProxyHost
{
    /// <summary>The whole program, ready to start.</summary>
    /// <exception cref="ConfigurationRefusedException">The configuration cannot be used.</exception>
    public static WebApplication Build(string[] args, CacheProxyHostOptions? options = null)
    {
        options ??= new CacheProxyHostOptions();
        // Empty, so that variables such as ASPNETCORE_URLS configure nothing, and nothing reads a configuration that changes by itself.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "CacheProxy",
            ContentRootPath = options.Directory,
            EnvironmentName = EnvironmentName(),
        });
        options.Customise?.Invoke(builder);

        var sources = new ConfigurationSources(options.Directory, args, builder.Configuration);
        var watch = new ConfigurationFileWatch(sources.Files);
        var problems = new List<ConfigurationProblem>();
        var exports = ExportVariables.Read(problems);
        var snapshot = ConfigurationCompiler.Compile(sources, running: null, problems)
            ?? throw new ConfigurationRefusedException([.. problems]);
        watch.Follow(sources.KeyFiles);

        builder.Services.AddSingleton(options);
        AddLogging(builder, snapshot, options);
        AddConfiguration(builder.Services, sources, watch, snapshot);
        AddListeners(builder, snapshot);
        AddServices(builder.Services, snapshot.Options);
        builder.Configuration.AddInMemoryCollection(TelemetrySettings.MetricsVariables());
        MetricsSetup.AddTo(builder.Services, exports);
        TracesSetup.AddTo(builder.Services, exports);
        builder.Services.AddHostedService<MetricSeries>();

        var app = builder.Build();
        Map(app);
        MetricsSetup.ExportLastWhenStopped(app);
        TracesSetup.ExportLastWhenStopped(app);
        return app;
    }

    /// <summary>Starts listening.</summary>
    /// <exception cref="ConfigurationRefusedException">A listener's address cannot be listened on.</exception>
    public static async Task StartAsync(WebApplication app)
    {
        var listeners = app.Services.GetRequiredService<BoundListeners>();
        try
        {
            await app.StartAsync();
        }
        catch (Exception exception) when (listeners.Explain(exception) is { } problem)
        {
            throw new ConfigurationRefusedException([problem]);
        }
    }

    private static void AddLogging(WebApplicationBuilder builder, ConfigurationSnapshot snapshot, CacheProxyHostOptions options)
    {
        var logging = new LoggingSetup(snapshot.Logging);
        var recent = new RecentEvents();
        logging.AddTo(builder.Logging, builder.Environment.IsDevelopment(), options.LogSink, recent);
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton(recent);
    }

    private static void AddConfiguration(
        IServiceCollection services, ConfigurationSources sources, ConfigurationFileWatch watch, ConfigurationSnapshot snapshot)
    {
        var generation = new RouteGeneration();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(sources);
        services.AddSingleton(generation);
        services.AddSingleton(watch);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ConfigurationReloader>(provider, snapshot));
        services.AddHostedService(static provider => provider.GetRequiredService<ConfigurationReloader>());
        var proxy = services.AddReverseProxy().LoadFromMemory(generation.Begin(snapshot.Proxy.Routes, snapshot.Rules), snapshot.Proxy.Clusters);
        TransparentForwarding.AddTo(proxy)
            .AddTransforms(static context => context.ResponseTransforms.Add(new UpstreamFramingTransform()))
            .AddTransforms(static context => context.ResponseTransforms.Add(new HiddenTagHeadersTransform()))
            .AddTransforms(static context => context.ResponseTransforms.Add(context.Services.GetRequiredService<GroupInvalidation>()))
            .AddTransforms(RequestSpans.AddTransforms);
        DropDataProtection(services);
        DropAuthorization(services);
    }

    // YARP adds it for session affinity. Its start writes keys to the user's home directory even where no cluster has affinity;
    // without that start the first affinity cookie makes them.
    private static void DropDataProtection(IServiceCollection services)
    {
        var starters = services.Where(static service => service.ServiceType == typeof(IHostedService)
            && service.ImplementationType?.Namespace?.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal) == true);
        foreach (var starter in starters.ToArray())
        {
            services.Remove(starter);
        }

        LateDataProtection.AddTo(services);
    }

    // YARP adds it for routes that name an AuthorizationPolicy, which is refused here. While it is there, the framework puts a middleware in
    // front of every request (1.1 % of a hit's processor time).
    private static void DropAuthorization(IServiceCollection services) =>
        services.RemoveAll<IAuthorizationHandlerProvider>().RemoveAll<IAuthorizationService>().RemoveAll<IPolicyEvaluator>();

    private static void AddListeners(WebApplicationBuilder builder, ConfigurationSnapshot snapshot)
    {
        var listeners = new BoundListeners(snapshot.Listeners);
        builder.Services.AddSingleton(listeners);
        if (snapshot.Options.InlineSockets)
        {
            // The runtime reads it when the process makes its first asynchronous socket, which is not before the store connects.
            Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        }

        // What a socket brings is worked on by the thread of the pool that the runtime gave it to, and not by another one: CPU of a hit from
        // Redis × 0.78 saturated, of one from memory × 0.84 at 2,000/s. "Unsafe" would be code that blocks its thread.
        builder.WebHost.UseSockets(static sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            KestrelTransparency.Apply(kestrel);
            kestrel.Configure(snapshot.Values.GetSection(KestrelSettings.SectionName), reloadOnChange: false)
                .Endpoint(ListenerSettings.Proxy, endpoint => OpenProxy(endpoint.ListenOptions, listeners))
                .Endpoint(ListenerSettings.Management, endpoint =>
                {
                    listeners.BindManagement(endpoint.ListenOptions);
                    ManagementListener.Mark(endpoint.ListenOptions);
                });
        });
    }

    private static void OpenProxy(ListenOptions endpoint, BoundListeners listeners)
    {
        listeners.BindProxy(endpoint);
        if (endpoint.Protocols == HttpProtocols.Http1AndHttp2)
        {
            CleartextHttp2.Use(endpoint);
        }
    }

    private static void AddServices(IServiceCollection services, CacheProxyOptions options)
    {
        services.AddRouting();
        services.AddSingleton<MatcherPolicy, FirstRouteAlone>();
        services.AddRequestTimeouts();
        services.AddSingleton<CacheEventLog>();
        services.AddSingleton(new EntrySeal(options.Keys));
        services.AddSingleton<TenantKeys>();
        services.AddSingleton<TenantQuotas>();
        services.AddSingleton(provider => CreateStore(provider, options.Redis));
        services.AddHostedService<StoreSettings>();
        services.AddSingleton<IWritePaces>(static provider => provider.GetRequiredService<ICacheStore>() is IWritePaces remote
            ? new StorePaces(remote)
            : new MemoryPaces(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PendingEvictions>();
        services.AddSingleton<EvictionWaits>();
        services.AddSingleton<Acknowledgements>();
        services.AddHostedService<EvictionRetries>();
        services.AddSingleton<LongestLease>();
        services.AddSingleton<CopyMetrics>();
        services.AddSingleton<LocalCopies>();
        services.AddSingleton<CopyLeases>();
        services.AddSingleton<VaryHints>();
        services.AddSingleton<AbsentKeys>();
        services.AddSingleton<ResourceCache>();
        services.AddSingleton<WriteMetrics>();
        services.AddSingleton<UnresolvedEvictions>();
        services.AddSingleton<WriteHandler>();
        services.AddSingleton<GroupInvalidation>();
        services.AddSingleton(options.Memory);
        services.AddSingleton<HeldBodies>();
        services.AddSingleton<ClientWriter>();
        services.AddSingleton<HitResponder>();
        services.AddSingleton<Flights>();
        services.AddSingleton<EntryDependencies>();
        services.AddSingleton<FillLimits>();
        services.AddSingleton<HotResources>();
        services.AddSingleton<FillHandler>();
        services.AddSingleton<HeadHandler>();
        services.AddSingleton<BackgroundRefresh>();
        ComparingServices.AddTo(services);
        services.AddSingleton<ShadowForwarder>();
        services.AddSingleton<RefusalSamples>();
        services.AddSingleton<ForwardResponder>();
        services.AddSingleton<ReadHandler>();
        services.AddSingleton<HitHandler>();
        services.AddSingleton<ContentReadHandler>();
        services.AddSingleton<TokenMetrics>();
        services.AddHostedService<TokenKeys>();
        services.AddSingleton(provider => new TenantTable(options.Telemetry.Tenants, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<CacheMetrics>();
        services.AddSingleton<WarmPipeline>();
        services.AddSingleton<WarmFetch>();
        services.AddSingleton<WarmMetrics>();
        services.AddSingleton<Warmer>();
        services.AddHostedService(static provider => provider.GetRequiredService<Warmer>());
        AddIntake(services, options.Intake);
        services.AddSingleton<UpstreamMetrics>();
        AddManagement(services);
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<StartAndStop>(provider, options));
    }

    private static void AddManagement(IServiceCollection services)
    {
        ManagementPipeline.AddTo(services);
        services.AddSingleton(static provider => new Statistics(
            new(() => MetricsPage.Create(provider)), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Statistics>>()));
        services.AddSingleton(static provider => ActivatorUtilities.CreateInstance<StatisticsDocument>(provider, MetricSeries.Version ?? ""));
    }

    private static void AddIntake(IServiceCollection services, IntakeOptions options)
    {
        services.AddSingleton<OutsideEvictions>();
        services.AddSingleton<IntakeMetrics>();
        services.AddSingleton<OutsideWriteHandler>();
        if (!options.Stream.Keys.IsEmpty)
        {
            services.AddHostedService<StreamIntakes>();
        }
    }

    /// <summary>Redis where a connection string is configured, else the embedded store of this process.</summary>
    private static ICacheStore CreateStore(IServiceProvider services, RedisOptions options)
    {
        var time = services.GetRequiredService<TimeProvider>();
        if (options.ConnectionString.Length == 0)
        {
            return new MemoryStore(time, tenants: services.GetRequiredService<TenantKeys>());
        }

        var metrics = new StoreMetrics(services.GetRequiredService<IMeterFactory>().Create(CacheProxyMeter.Name), DurationBuckets.Advice);
        return new RedisStore(
            options, time, services.GetRequiredService<ILogger<RedisStore>>(), metrics, services.GetRequiredService<EntrySeal>(),
            services.GetRequiredService<LongestLease>());
    }

    private static void OrderPipeline(IReverseProxyApplicationBuilder pipeline)
    {
        // Before a destination is chosen: a hit needs none, and is served when none is healthy.
        pipeline.UseMiddleware<CacheMiddleware>();
        pipeline.Use(pipeline.ApplicationServices.GetRequiredService<WarmPipeline>().Behind);
        // Below the cache: it sees what the API was asked, whether for a client or for the cache itself.
        pipeline.UseMiddleware<UpstreamFailures>();
        RequestSpans.UseBeforeApi(pipeline);
        pipeline.UseSessionAffinity();
        pipeline.UseLoadBalancing();
        pipeline.UsePassiveHealthChecks();
    }

    private static void Map(WebApplication app)
    {
        ManagementListener.Answer(app, ManagementEndpoints.Create);
        RequestSpans.Use(app);
        // Made now, it knows when the program started.
        _ = app.Services.GetRequiredService<Statistics>();
        app.UseRouting();
        // Only where a route has a timeout: the middleware makes an object for every request that passes it (32 bytes).
        app.UseWhen(
            static context => context.GetEndpoint()?.Metadata.GetMetadata<RequestTimeoutAttribute>() is not null,
            static limited => limited.UseRequestTimeouts());
        app.MapReverseProxy(OrderPipeline)
            .ConfigureEndpoints(app.Services.GetRequiredService<RouteGeneration>().Attach);
        app.Services.GetRequiredService<WarmPipeline>().RouteAs(app, app);
    }

    private static string EnvironmentName() =>
        Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")
        ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
        ?? Environments.Production;
}
