using System.Buffers;
using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Intake;

namespace CacheProxy.Management;

/// <summary>
/// <c>POST /evictions</c>: evicts what was written past the sidecar. 200 says that no read that begins from then on, through any replica,
/// returns what any of the items has replaced.
/// </summary>
internal sealed class EvictionsPage(ConfigurationReloader configuration, OutsideWriteHandler handler)
{
    public const string Path = "/evictions";

    private const string RetryAfterSeconds = "1";

    private static readonly ProblemKind ItemsRefused = new(StatusCodes.Status422UnprocessableEntity, "items-refused", "Some items are refused");
    private static readonly ProblemKind NotEvicted = new(StatusCodes.Status503ServiceUnavailable, "not-evicted", "The store has not taken all evictions");

    public static readonly Answer[] Answers =
    [
        Answer.Json(StatusCodes.Status200OK, "All are evicted.", Shape.Of(
            "", ("items", Shape.Whole("How many items there were.")), ("resources", Shape.Whole("How many resources and tags they stand for.")))),
    ];

    public static readonly Shape Body = Shape.Of(
        "An item; a list of them, CloudEvents and Debezium's envelope are taken, too. Exactly one of policy, url and tag.",
        ("policy", Shape.Text("The policy of the resource that was written.").Optional()),
        ("url", Shape.Text("Its URL as a client would call it, or the path alone.").Optional()),
        ("tag", Shape.Text("A tag.").Optional()),
        ("tenant", Shape.Text("The tenant, where keys name one.").Optional()),
        ("host", Shape.Text("The host, where keys name one.").Optional()),
        ("values", Shape.Map("The values of the policy's key by their names.", Shape.Text("A string, or a number.")).Optional()),
        ("body", Shape.Map("The resource as the API shows it, for the pointers of Evicts.", Shape.Text("Anything.")).Optional()));

    public static RequestDelegate Create(IServiceProvider services) =>
        new EvictionsPage(services.GetRequiredService<ConfigurationReloader>(), services.GetRequiredService<OutsideWriteHandler>()).AnswerAsync;

    private async Task AnswerAsync(HttpContext context)
    {
        // It may change meanwhile: what was begun is judged by this one.
        var judge = configuration.Current;
        var options = judge.Options.Intake;
        if (await ReadAsync(context.Request, options.MaxBodyBytes, context.RequestAborted) is not { } body)
        {
            await Problem.WriteAsync(
                context, ProblemKind.TooLarge, FormattableString.Invariant($"The content has at most {options.MaxBodyBytes} bytes (CacheProxy:Intake:MaxBodyBytes)."));
            return;
        }

        var request = EvictionsRequest.Read(context.Request.Headers, body, options);
        if (request.Wrong is { } wrong)
        {
            await Problem.WriteAsync(context, KindOf(wrong), request.Problem);
            return;
        }

        ChangeRecord.Say(context, FormattableString.Invariant($"{request.Items.Count} items told of outside writes"));
        var outcomes = await handler.TakeAsync(judge, request.Items, IntakeMetrics.Http);
        if (Array.TrueForAll(outcomes, static outcome => outcome.Result == IntakeResult.Evicted))
        {
            await JsonContent.WriteAsync(context, StatusCodes.Status200OK, json =>
            {
                json.WriteStartObject();
                json.WriteNumber("items", outcomes.Length);
                json.WriteNumber("resources", outcomes.Sum(static outcome => outcome.Resources));
                json.WriteEndObject();
            });
            return;
        }

        await RefuseAsync(context, outcomes);
    }

    private static Task RefuseAsync(HttpContext context, IntakeOutcome[] outcomes)
    {
        if (!Array.Exists(outcomes, static outcome => outcome.Result == IntakeResult.Unavailable))
        {
            return Problem.WriteAsync(
                context, ItemsRefused, "Of items with status 422 nothing is evicted: mend these. Those with status 200 are evicted.", json => WriteOutcomes(json, outcomes));
        }

        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Problem.WriteAsync(
            context, NotEvicted, "Send all items again: one that is evicted already may be evicted once more.", json => WriteOutcomes(json, outcomes));
    }

    private static void WriteOutcomes(Utf8JsonWriter json, IntakeOutcome[] outcomes)
    {
        json.WriteStartArray("items");
        for (var i = 0; i < outcomes.Length; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("status", outcomes[i].Result switch
            {
                IntakeResult.Evicted => StatusCodes.Status200OK,
                IntakeResult.Refused => StatusCodes.Status422UnprocessableEntity,
                IntakeResult.Unavailable => StatusCodes.Status503ServiceUnavailable,
            });
            if (outcomes[i].Refusal is { } refusal)
            {
                json.WriteString("pointer", refusal.Member.Length == 0 ? "" : "/" + refusal.Member);
                json.WriteString("allowed", refusal.Allowed);
            }
            else
            {
                json.WriteNumber("resources", outcomes[i].Resources);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static ProblemKind KindOf(WrongRequest wrong) => wrong switch
    {
        WrongRequest.Type => ProblemKind.NotJson,
        WrongRequest.TooLarge => ProblemKind.TooLarge,
        WrongRequest.Content => ProblemKind.InvalidRequest,
    };

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellation)
    {
        var body = new ArrayBufferWriter<byte>();
        while (request.ContentLength is not { } length || length <= maxBytes)
        {
            if (await request.Body.ReadAsync(body.GetMemory(4096), cancellation) is not (> 0 and var read))
            {
                return body.WrittenMemory;
            }

            body.Advance(read);
            if (body.WrittenCount > maxBytes)
            {
                break;
            }
        }

        return null;
    }
}
