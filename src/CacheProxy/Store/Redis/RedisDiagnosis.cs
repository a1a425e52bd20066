using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>
/// Turns what the client library throws into words. It says "no connection" for most refusals; the reason is in the exceptions inside, or,
/// for TLS on one side only, with nobody but the server.
/// </summary>
internal sealed class RedisDiagnosis
{
    private static readonly TimeSpan PortTimeout = TimeSpan.FromSeconds(1);

    private readonly string _endpoints;
    private readonly ConfigurationOptions _options;
    private readonly bool _hasPassword;
    private readonly bool _usesTls;
    private volatile bool _wasUsable;

    /// <param name="connectionString">Already checked by the configuration. Only its addresses appear in messages.</param>
    public RedisDiagnosis(string connectionString)
    {
        _options = RedisClient.Options(connectionString);
        _endpoints = string.Join(", ", _options.EndPoints.Select(Text));
        _hasPassword = !string.IsNullOrEmpty(_options.Password);
        _usesTls = _options.Ssl;
    }

    /// <summary>Redis has accepted what this process sends: a password that is wrong from now on was changed there.</summary>
    public void Usable() => _wasUsable = true;

    /// <summary>Of what several nodes answered, the first that an operator can do something about; otherwise the first.</summary>
    public static Exception MostTelling(IReadOnlyList<Exception> exceptions)
    {
        foreach (var exception in exceptions)
        {
            if (Named(exception) is not (RedisFailure.Disconnected or RedisFailure.TimedOut))
            {
                return exception;
            }
        }

        return exceptions.Count > 0 ? exceptions[0] : new IOException("No node answers.");
    }

    public RedisTrouble Of(RedisFailure failure, Exception? exception = null, RedisScript? script = null)
    {
        var named = failure == RedisFailure.PasswordWrong ? PasswordFailure() : failure;
        return new RedisTrouble(named, EndpointOf(exception), Advice(named, named == RedisFailure.CommandDenied ? Denied(exception, script) : ""));
    }

    /// <summary>As <see cref="Of"/>, but asks where the client library does not know.</summary>
    /// <param name="exception">From a probe.</param>
    /// <param name="reported">What has been reported of this outage. A refusal needs no more asking.</param>
    /// <param name="stopping">Cancelled when the process ends.</param>
    public async Task<RedisTrouble> ExplainAsync(Exception exception, RedisTrouble? reported, CancellationToken stopping)
    {
        var failure = Named(exception);
        if (failure != RedisFailure.Disconnected || reported is { IsRefusal: true })
        {
            return Of(failure, exception);
        }

        exception = await AskAfreshAsync(exception, stopping) ?? exception;
        failure = Named(exception);
        if (failure == RedisFailure.Disconnected && await SpeaksTlsAsync(exception, stopping) is { } tls && tls != _usesTls)
        {
            failure = tls ? RedisFailure.TlsRequired : RedisFailure.TlsNotSpoken;
        }

        return Of(failure, exception);
    }

    /// <summary>A connection that Redis refuses is, to the client library, one that broke. The reason is an exception inside.</summary>
    private static RedisFailure Named(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case AuthenticationException:
                    return RedisFailure.CertificateUntrusted;
                case RedisServerException when RedisFailures.Classify(inner) is var failure and (RedisFailure.PasswordWrong or RedisFailure.CommandDenied):
                    return failure;
                case RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure, InnerException: not AuthenticationException }:
                    return RedisFailure.PasswordWrong;
            }
        }

        return RedisFailures.Classify(exception);
    }

    private RedisFailure PasswordFailure() =>
        _wasUsable ? RedisFailure.PasswordChanged : _hasPassword ? RedisFailure.PasswordWrong : RedisFailure.PasswordMissing;

    private static string Advice(RedisFailure failure, string denied) => failure switch
    {
        RedisFailure.TimedOut => "It is too slow, or the network is.",
        RedisFailure.Disconnected => "Check that it runs and that it can be reached there.",
        RedisFailure.RefusesWrites => "It is a read-only replica, has too few replicas, or cannot save.",
        RedisFailure.PasswordMissing => "It requires a password: add password=, or user= and password=, to the connection string and restart.",
        RedisFailure.PasswordWrong => "It rejects the password: correct user= and password= in the connection string and restart.",
        RedisFailure.PasswordChanged => "It accepted this password before and rejects it now: put the new one into the connection string and restart.",
        RedisFailure.CertificateUntrusted =>
            "Its certificate is not trusted, or is for another name: mount its CA and name it in SSL_CERT_FILE, or set sslHost=.",
        RedisFailure.TlsRequired => "This port speaks TLS and the connection string does not: add ssl=true, or use the other port.",
        RedisFailure.TlsNotSpoken => "This port speaks no TLS and the connection string says ssl=true: remove it, or use the TLS port.",
        RedisFailure.CommandDenied => $"Its ACL denies this user {denied}: grant the least rights of docs/redis-topologies.md.",
        RedisFailure.NotReady => "It is loading, its cluster is down, or no single node claims to be the primary.",
        RedisFailure.Full => "Give it more memory, or entries a shorter Ttl.",
        RedisFailure.ForeignKey => "A key holds something that is not a hash: use a KeyPrefix or a database of its own.",
        RedisFailure.ScriptMissing or RedisFailure.Refused => "Look at its log.",
        RedisFailure.Unexpected => "This is a defect of CacheProxy: report event 3005.",
    };

    private static string Denied(Exception? exception, RedisScript? script)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            // "… to run the 'echo' command"; a script's error gives only the line of the script.
            var message = exception.Message;
            var start = message.IndexOf("run the '", StringComparison.Ordinal) + "run the '".Length;
            if (start >= "run the '".Length && message.IndexOf('\'', start) is var end and > 0)
            {
                return "the command " + message[start..end];
            }

            if (message.Contains("keys", StringComparison.Ordinal) && message.Contains("NOPERM", StringComparison.Ordinal))
            {
                return "keys under this prefix";
            }

            if (script?.CommandAt(message) is { } command)
            {
                return "the command " + command;
            }
        }

        return "a command";
    }

    private string EndpointOf(Exception? exception) =>
        exception?.Data["Redis-Server-Endpoint"]?.ToString() ?? exception?.Data["redis-server"]?.ToString() ?? _endpoints;

    private static string Text(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint dns => string.Create(CultureInfo.InvariantCulture, $"{dns.Host}:{dns.Port}"),
        _ => endPoint.ToString() ?? "",
    };

    /// <summary>
    /// How a connection fails that nothing is known about yet. While one that failed before does not come back, the client library goes on
    /// to say how it failed first.
    /// </summary>
    private async Task<Exception?> AskAfreshAsync(Exception exception, CancellationToken stopping)
    {
        try
        {
            var own = _options.Clone();
            own.ServiceName = null;
            own.EndPoints.Clear();
            own.EndPoints.Add(EndPointCollection.TryParse(EndpointOf(exception)) ?? _options.EndPoints[0]);
            own.ConnectTimeout = (int)PortTimeout.TotalMilliseconds;
            own.ConnectRetry = 1;
            var client = await RedisClient.ConnectAsync(own, static _ => { }, static () => { }, stopping);
            try
            {
                await client.GetDatabase().PingAsync();
                return null;
            }
            finally
            {
                await RedisClient.CloseAsync(client);
            }
        }
        catch (Exception failure)
        {
            // This is what was asked for.
            return failure;
        }
    }

    /// <summary>What the port answers to the other way of speaking; <c>null</c> when it says nothing to that either.</summary>
    private async Task<bool?> SpeaksTlsAsync(Exception exception, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        ended.CancelAfter(PortTimeout);
        try
        {
            var endPoint = EndPointCollection.TryParse(EndpointOf(exception)) ?? _options.EndPoints[0];
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endPoint, ended.Token);
            await using var stream = new NetworkStream(socket);
            return _usesTls ? await AnswersInPlainTextAsync(stream, ended.Token) ? false : null : await ShowsCertificateAsync(stream, ended.Token) ? true : null;
        }
        catch (Exception)
        {
            // The port remains what it was: one that cannot be used.
            return null;
        }
    }

    private static async Task<bool> AnswersInPlainTextAsync(NetworkStream stream, CancellationToken ended)
    {
        await stream.WriteAsync("PING\r\n"u8.ToArray(), ended);
        var first = new byte[1];
        return await stream.ReadAsync(first, ended) == 1 && first[0] is (byte)'+' or (byte)'-';
    }

    /// <summary>The handshake is given up as soon as there is a certificate; nothing is sent, whoever it is from.</summary>
    private static async Task<bool> ShowsCertificateAsync(NetworkStream stream, CancellationToken ended)
    {
        var shown = false;
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "redis",
                    RemoteCertificateValidationCallback = (_, _, _, _) =>
                    {
                        shown = true;
                        return false;
                    },
                },
                ended);
        }
        catch (AuthenticationException)
        {
            // As intended, or because the server wants something else; the certificate tells which.
        }

        return shown;
    }
}

/// <summary>A failure as an operator needs to see it.</summary>
/// <param name="Failure">What.</param>
/// <param name="Endpoint">Where: the node, or all configured nodes where the client library does not say which.</param>
/// <param name="Advice">What to do, one sentence.</param>
internal sealed record RedisTrouble(RedisFailure Failure, string Endpoint, string Advice)
{
    /// <summary>Whether it stays until somebody changes a configuration, here or at Redis.</summary>
    public bool IsRefusal => Failure is RedisFailure.PasswordMissing or RedisFailure.PasswordWrong or RedisFailure.PasswordChanged
        or RedisFailure.CertificateUntrusted or RedisFailure.TlsRequired or RedisFailure.TlsNotSpoken or RedisFailure.CommandDenied;
}
