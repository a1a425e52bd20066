using System.Text.Json;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Management.Explaining;

/// <summary>An explanation as JSON; <see cref="ReadableText"/> makes the text of it.</summary>
internal sealed class ExplanationWriter(ResourceCache cache, PendingEvictions pending)
{
    public void Write(Utf8JsonWriter json, Explanation explanation)
    {
        json.WriteStartObject();
        json.WriteString("summary", explanation.Summary);
        WriteDecision(json, explanation);
        WriteRequest(json, explanation);
        WriteTenant(json, explanation);
        WriteToken(json, explanation);
        WriteResource(json, explanation);
        WriteTargets(json, explanation);
        WriteReplica(json, explanation);
        WriteLately(json, explanation);
        json.WriteEndObject();
    }

    private static void WriteDecision(Utf8JsonWriter json, Explanation explanation)
    {
        json.WriteStartObject("decision");
        json.WriteString("outcome", Word(explanation.Outcome));
        if (explanation.Detail is { } word)
        {
            json.WriteString("detail", word);
            json.WriteString("see", ReasonText.OfForward(word).See);
        }

        if (explanation.TtlSeconds is { } ttl)
        {
            json.WriteNumber("ttlSeconds", ttl);
        }

        json.WriteEndObject();
    }

    private static void WriteRequest(Utf8JsonWriter json, Explanation explanation)
    {
        json.WriteStartObject("request");
        json.WriteString("method", explanation.Context.Request.Method);
        json.WriteString("host", explanation.Context.Request.Host.Value);
        json.WriteString("target", explanation.Context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        json.WriteString("route", explanation.Route);
        if (explanation.Policy is { } policy)
        {
            json.WriteString("policy", policy.Name);
            json.WriteString("mode", policy.Options.Mode.ToString());
            json.WriteString("credentials", policy.Options.Credentials.ToString());
        }

        json.WriteEndObject();
    }

    private static void WriteTenant(Utf8JsonWriter json, Explanation explanation)
    {
        if (explanation.Caching is not { Rules.Tenants: { } tenants, Policy: { } policy })
        {
            return;
        }

        var request = explanation.Context.Request;
        var folded = FoldedHeaders.Of(request.Headers);
        var all = tenants.Resolve(request, folded);
        json.WriteStartObject("tenant");
        json.WriteBoolean("neededByKey", policy.Template.NeedsTenant);
        json.WriteString("name", all.Kind == TenantResolutionKind.Found ? all.Tenant.Value : $"none: {Word(all.Kind)}");
        json.WriteStartArray("sources");
        foreach (var (source, says) in tenants.ResolveEach(request, folded))
        {
            json.WriteStartObject();
            json.WriteString("source", source);
            json.WriteString("says", says.Kind == TenantResolutionKind.Found ? says.Tenant.Value : says.Kind == TenantResolutionKind.Absent ? "nothing" : Word(says.Kind));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, Explanation explanation)
    {
        if (explanation.Caching?.Rules.Tokens is { } tokens && explanation.Context.Request.Headers.Authorization.Count > 0)
        {
            json.WriteStartObject("token");
            json.WriteString("verdict", TokenVerdicts.ToToken(tokens.Judge(explanation.Context.Request.Headers, out _)));
            json.WriteEndObject();
        }
    }

    private static void WriteResource(Utf8JsonWriter json, Explanation explanation)
    {
        if (explanation.Read is not { } read)
        {
            return;
        }

        var vary = explanation.IsCopy ? explanation.Found.Vary : explanation.Seen?.Stored.Vary ?? "";
        var variant = read.VariantUnder(vary);
        json.WriteStartObject("resource");
        json.WriteString("key", read.Key.Value);
        json.WriteString("variant", explanation.Outcome == ExplainedOutcome.Unknown ? "depends on the content" : EntryWriter.NameOf(variant));
        json.WriteStartArray("variantParts");
        foreach (var part in VariantParts.Of(read.Variants, vary, explanation.Caching!.Rules.Credentials))
        {
            json.WriteStartObject();
            json.WriteString("part", part.Name is null ? part.Kind : $"{part.Kind} {part.Name}");
            json.WriteString(part.IsFingerprint ? "fingerprint" : "value", part.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("alwaysVariesOn");
        foreach (var name in read.Policy.VaryBy)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WritePropertyName("stored");
        EntryWriter.Write(json, explanation.Seen, variant);
        json.WriteEndObject();
    }

    private void WriteTargets(Utf8JsonWriter json, Explanation explanation)
    {
        if (explanation.Targets.Length == 0)
        {
            return;
        }

        json.WriteStartArray("evicts");
        foreach (var (target, seen) in explanation.Targets)
        {
            json.WriteStartObject();
            json.WriteString("policy", target.Policy.Name);
            json.WriteString("key", target.Key.Value);
            json.WriteBoolean("fenced", target.IsFenced);
            json.WriteString("consistency", target.Policy.Options.WriteConsistency.ToString());
            json.WriteBoolean("evictionPendingHere", cache.IsEvictionPending(target.Key));
            json.WritePropertyName("stored");
            EntryWriter.Write(json, seen);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteReplica(Utf8JsonWriter json, Explanation explanation)
    {
        json.WriteStartObject("replica");
        json.WriteString("store", cache.IsStoreAvailable ? "available" : "unavailable: the breaker is open");
        if (explanation.Read is { } read)
        {
            json.WriteBoolean("evictionPending", cache.IsEvictionPending(read.Key));
            json.WriteBoolean("ownCopy", explanation.IsCopy);
            if (explanation.IsCopy)
            {
                json.WriteNumber("ownCopyLeftSeconds", Math.Round(explanation.CopyLeft.TotalSeconds, 1));
            }
        }

        json.WriteNumber("evictionsPending", pending.Count);
        json.WriteEndObject();
    }

    private static void WriteLately(Utf8JsonWriter json, Explanation explanation)
    {
        if (explanation.Lately.Length == 0)
        {
            return;
        }

        json.WriteStartArray("lately");
        foreach (var (reason, latest, isOfPath) in explanation.Lately)
        {
            var text = ReasonText.Of(reason.Kind, reason.Reason);
            json.WriteStartObject();
            json.WriteString(Word(reason.Kind), reason.Reason);
            json.WriteString("because", text.Text);
            json.WriteString("see", text.See);
            json.WriteBoolean("thisPath", isOfPath);
            json.WriteString("time", latest.Time.UtcDateTime);
            json.WriteNumber("status", latest.Status);
            json.WriteNumber("ofTheLastThousand", reason.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static string Word(RefusalKind kind) => kind switch
    {
        RefusalKind.Forwarded => "forwarded",
        RefusalKind.NotStored => "notStored",
    };

    private static string Word(ExplainedOutcome outcome) => outcome switch
    {
        ExplainedOutcome.Unrouted => "unrouted",
        ExplainedOutcome.Pass => "pass",
        ExplainedOutcome.Hit => "hit",
        ExplainedOutcome.Stale => "stale",
        ExplainedOutcome.Fill => "fill",
        ExplainedOutcome.Forward => "forward",
        ExplainedOutcome.Refuse => "refuse",
        ExplainedOutcome.Write => "write",
        ExplainedOutcome.Unknown => "unknown",
    };

    private static string Word(TenantResolutionKind kind) => kind switch
    {
        TenantResolutionKind.Absent => "no source names one",
        TenantResolutionKind.Found => "found",
        TenantResolutionKind.Malformed => "malformed",
        TenantResolutionKind.Contradictory => "contradictory",
    };
}
