using System.Collections.Frozen;
using CacheProxy.Management.Purging;

namespace CacheProxy.Management;

/// <summary>The way of a request to the management listener: find the endpoint, ask who may, answer, and write down what was changed.</summary>
internal sealed class ManagementPipeline
{
    private readonly AccessControl _access;
    private readonly ILogger _logger;
    private readonly FrozenDictionary<string, MappedEndpoint[]> _plain;
    private readonly (string[] Segments, MappedEndpoint[] Endpoints)[] _templates;

    public ManagementPipeline(IServiceProvider services, IReadOnlyList<ManagementEndpoint> endpoints)
    {
        _access = services.GetRequiredService<AccessControl>();
        _logger = services.GetRequiredService<ILogger<ManagementPipeline>>();
        Endpoints = endpoints;
        var byPath = endpoints.Select(endpoint => new MappedEndpoint(endpoint, services)).GroupBy(static mapped => mapped.Endpoint.Path).ToArray();
        _plain = byPath.Where(static group => !group.Key.Contains('{')).ToFrozenDictionary(static group => group.Key, static group => group.ToArray());
        _templates = [.. byPath.Where(static group => group.Key.Contains('{')).Select(static group => (group.Key.Split('/'), group.ToArray()))];
    }

    /// <summary>All that are mapped.</summary>
    public IReadOnlyList<ManagementEndpoint> Endpoints { get; }

    /// <summary>What it and its handlers need; made when it is first asked for.</summary>
    public static void AddTo(IServiceCollection services) => services
        .AddSingleton<WrongTokens>()
        .AddSingleton<AccessControl>()
        .AddSingleton<Runs>()
        .AddSingleton<PurgesPage>()
        .AddSingleton<PoliciesPage>()
        .AddSingleton<ModesPage>();

    public async Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (Find(context) is not { } found)
        {
            await Problem.WriteAsync(context, ProblemKind.NotFound, "endpoints says which there are; /openapi/v1.json says how they are used.", json =>
            {
                json.WriteStartArray("endpoints");
                foreach (var path in Endpoints.Select(static endpoint => endpoint.Path).Distinct().Order(StringComparer.Ordinal))
                {
                    json.WriteStringValue(path);
                }

                json.WriteEndArray();
            });
            return;
        }

        var method = HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method;
        if (Array.Find(found, one => one.Endpoint.Method == method) is not { } mapped)
        {
            var allowed = string.Join(", ", found.Select(static one => one.Endpoint.Method == HttpMethods.Get ? "GET, HEAD" : one.Endpoint.Method));
            context.Response.Headers.Allow = allowed;
            await Problem.WriteAsync(context, ProblemKind.WrongMethod, $"Here: {allowed}.");
            return;
        }

        if (await _access.AdmitAsync(context, mapped.Endpoint) is { } caller)
        {
            await AnswerAsync(context, mapped, caller);
        }
    }

    private async Task AnswerAsync(HttpContext context, MappedEndpoint mapped, Caller caller)
    {
        var endpoint = mapped.Endpoint;
        var change = endpoint.Access == Access.Change ? new ChangeRecord() : null;
        context.Features.Set(change);
        try
        {
            await mapped.Handler(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Who asked has gone.
        }
        catch (Exception exception)
        {
            // A defect of ours: what asked learns so, and the program goes on.
            _logger.AdministrationFailed(exception, endpoint.Method, endpoint.Path);
            if (context.Response.HasStarted)
            {
                context.Abort();
            }
            else
            {
                context.Response.Clear();
                await Problem.WriteAsync(context, ProblemKind.Unexpected, "The log has event 6002.");
            }
        }
        finally
        {
            if (change is not null)
            {
                Write(context, endpoint, change, caller);
            }
        }
    }

    private void Write(HttpContext context, ManagementEndpoint endpoint, ChangeRecord change, Caller caller)
    {
        var status = context.Response.StatusCode;
        if (endpoint.IsFrequent && status == StatusCodes.Status200OK)
        {
            if (_logger.IsEnabled(LogLevel.Debug))
            {
                _logger.ChangedOften(caller.Token, Caller.Text(caller.Address), endpoint.Method, endpoint.Path, change.What, status);
            }

            return;
        }

        _logger.Changed(caller.Token, Caller.Text(caller.Address), endpoint.Method, endpoint.Path, change.What, status);
    }

    private MappedEndpoint[]? Find(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (_plain.TryGetValue(path, out var found))
        {
            return found;
        }

        var segments = path.Split('/');
        foreach (var (template, endpoints) in _templates)
        {
            if (Matches(template, segments))
            {
                for (var i = 0; i < template.Length; i++)
                {
                    if (IsName(template[i]))
                    {
                        context.Request.RouteValues[template[i][1..^1]] = segments[i];
                    }
                }

                return endpoints;
            }
        }

        return null;
    }

    private static bool Matches(string[] template, string[] segments)
    {
        if (template.Length != segments.Length)
        {
            return false;
        }

        for (var i = 0; i < template.Length; i++)
        {
            if (IsName(template[i]) ? segments[i].Length == 0 : template[i] != segments[i])
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsName(string segment) => segment.StartsWith('{');

    private sealed class MappedEndpoint(ManagementEndpoint endpoint, IServiceProvider services)
    {
        private readonly Lazy<RequestDelegate> _handler = new(() => endpoint.Create(services));

        public ManagementEndpoint Endpoint => endpoint;

        public RequestDelegate Handler => _handler.Value;
    }
}

/// <summary>What a change is about, for the audit. The handler says it; no token, credential, body or id of a customer is in it.</summary>
internal sealed class ChangeRecord
{
    public string What { get; private set; } = "nothing said";

    /// <summary>Says what the request that is being answered changes.</summary>
    public static void Say(HttpContext context, string what)
    {
        if (context.Features.Get<ChangeRecord>() is { } record)
        {
            record.What = what;
        }
    }
}
