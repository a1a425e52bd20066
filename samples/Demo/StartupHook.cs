using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Runs inside the demo's children, before their own Main (DOTNET_STARTUP_HOOKS names this assembly; the runtime asks for
/// exactly this class, outside any namespace). Its standard input is a pipe from the demo: when that closes, because the demo
/// wants the child to stop or because the demo is gone, however it went, the child ends as on SIGTERM.
/// </summary>
internal static partial class StartupHook
{
    private const int SigTerm = 15;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public static void Initialize() =>
        new Thread(EndWithStandardInput) { IsBackground = true, Name = "End with the demo" }.Start();

    private static void EndWithStandardInput()
    {
        var input = Console.OpenStandardInput();
        var buffer = new byte[64];
        while (input.Read(buffer) > 0)
        {
        }

        if (OperatingSystem.IsWindows() || Kill(Environment.ProcessId, SigTerm) != 0)
        {
            Environment.Exit(0);
        }

        Thread.Sleep(Grace);
        Process.GetCurrentProcess().Kill();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
