using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CacheProxy.Configuration;

namespace CacheProxy.CommandLine;

/// <summary>Asks the management API of a sidecar that runs, and says what went wrong on standard error.</summary>
internal sealed class ManagementClient : IDisposable
{
    private readonly HttpMessageInvoker _sender = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
    });

    private readonly Uri _address;
    private readonly string? _token;
    private readonly TextWriter _errors;

    public ManagementClient(Uri address, string? token, TextWriter errors) => (_address, _token, _errors) = (address, token, errors);

    /// <summary>The answer, when it is a success; else the exit code, and the reason has been said.</summary>
    /// <param name="method">GET or POST.</param>
    /// <param name="target">The path, with the query.</param>
    /// <param name="accept">The content type that is asked for.</param>
    /// <param name="content">What is sent, as JSON.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task<ManagementAnswer> AskAsync(HttpMethod method, string target, string accept, string? content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, new Uri(_address, target));
        request.Headers.Accept.ParseAdd(accept);
        request.Headers.Accept.ParseAdd("application/problem+json");
        if (_token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        }

        if (content is not null)
        {
            request.Content = new StringContent(content, MediaTypeHeaderValue.Parse("application/json"));
        }

        try
        {
            using var response = await _sender.SendAsync(request, stop);
            var text = await response.Content.ReadAsStringAsync(stop);
            if (response.IsSuccessStatusCode)
            {
                return new ManagementAnswer(Commands.Done, text, response.StatusCode, response.Headers.Location);
            }

            await _errors.WriteAsync(Problem(response.StatusCode, response.Content.Headers.ContentType?.MediaType, text));
            return new ManagementAnswer(Commands.Refused, text, response.StatusCode, null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // Nobody listens there, or it went away: an exit code of its own, for scripts that wait for a start.
            await _errors.WriteLineAsync(
                $"The sidecar's management API at {_address} does not answer: {exception.Message.TrimEnd('.')}. Does it run? Another address: --management URL.");
            return new ManagementAnswer(Commands.Unreachable, "", default, null);
        }
    }

    public void Dispose() => _sender.Dispose();

    private static string Problem(HttpStatusCode status, string? type, string text)
    {
        if (type == "application/problem+json" || type == "application/json")
        {
            try
            {
                using var problem = JsonDocument.Parse(text);
                var title = TextOf(problem.RootElement, "title") ?? $"{(int)status}";
                return TextOf(problem.RootElement, "detail") is { } detail ? $"{title}\n  {detail}\n" : $"{title}\n";
            }
            catch (JsonException)
            {
                // Shown as it is.
            }
        }

        return $"The sidecar answered {(int)status}. {text.Trim()}\n";
    }

    private static string? TextOf(JsonElement problem, string name) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}

/// <summary>What the management API has answered.</summary>
/// <param name="ExitCode">0, or the command's exit code.</param>
/// <param name="Text">The content.</param>
/// <param name="Status">The status.</param>
/// <param name="Location">Where progress is seen.</param>
internal sealed record ManagementAnswer(int ExitCode, string Text, HttpStatusCode Status, Uri? Location);

/// <summary>The options that say which sidecar is asked, and with which token.</summary>
internal sealed class ManagementOptions
{
    public const string TokenVariable = "CACHEPROXY_MANAGEMENT_TOKEN";

    private readonly Option<Uri> _management = new("--management", "-m")
    {
        Description = "The sidecar's management API. Default: what run would listen on, http://localhost:9904.",
        HelpName = "URL",
        CustomParser = static result =>
        {
            var text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            {
                return address;
            }

            result.AddError($"--management {text}: an address such as {ListenerSettings.DefaultManagementUrl}");
            return null;
        },
    };

    private readonly Option<FileInfo> _tokenFile = new("--token-file")
    {
        Description = $"A file with the token. Default: the environment variable {TokenVariable}. No option takes the token itself: others see arguments.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(_management);
        _tokenFile.AcceptExistingOnly();
        command.Add(_tokenFile);
    }

    public ManagementClient Client(ParseResult parsed)
    {
        var address = parsed.GetValue(_management) ?? AddressOfRun();
        return new ManagementClient(address, Token(parsed.GetValue(_tokenFile)), parsed.InvocationConfiguration.Error);
    }

    /// <summary>Where a program on this machine reaches what listens on <paramref name="url"/>: any address is also this machine's.</summary>
    public static Uri AddressOf(string url)
    {
        var listener = BindingAddress.Parse(url);
        var host = listener.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : listener.Host;
        return new UriBuilder(listener.Scheme, host, listener.Port).Uri;
    }

    private static Uri AddressOfRun()
    {
        var url = ConfigurationInput.OfRun().Read([])?[ListenerSettings.UrlKey(ListenerSettings.Management)];
        try
        {
            return AddressOf(string.IsNullOrWhiteSpace(url) ? ListenerSettings.DefaultManagementUrl : url);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            // check-config says what is wrong with it.
            return new Uri(ListenerSettings.DefaultManagementUrl);
        }
    }

    private static string? Token(FileInfo? file)
    {
        var text = file is null ? Environment.GetEnvironmentVariable(TokenVariable) : File.ReadAllText(file.FullName);
        return text?.Trim() is { Length: > 0 } token ? token : null;
    }
}
