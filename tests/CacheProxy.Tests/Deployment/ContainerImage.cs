using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>A Dockerfile's instructions, stage by stage.</summary>
internal sealed class ContainerImage
{
    private readonly List<List<(string Name, string Arguments)>> _stages = [];

    public ContainerImage(string path)
    {
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, path)).Where(static line => line.Length > 0 && line[0] is not ('#' or ' ')))
        {
            var words = line.Split(' ', 2);
            if (words[0] == "FROM")
            {
                _stages.Add([]);
            }

            _stages[^1].Add((words[0], words[1]));
        }
    }

    /// <summary>Where the program lies in the image.</summary>
    public string WorkingFolder => Assert.Single(OfImage("WORKDIR"));

    public string User => Assert.Single(OfImage("USER"));

    public string[] Ports => [.. OfImage("EXPOSE").SelectMany(static rest => rest.Split(' '))];

    public string EntryPoint => Assert.Single(OfImage("ENTRYPOINT"));

    /// <summary>Every instruction of the first stage, in order.</summary>
    public (string Name, string Arguments)[] Build => [.. _stages[0]];

    public string[] Environment => [.. OfImage("ENV")];

    /// <summary>What each stage begins with, without the name it is given.</summary>
    public string[] Origins => [.. _stages.Select(static stage => stage[0].Arguments.Split(' ')[0])];

    /// <summary>The paths that are copied from the repository.</summary>
    public string[] Sources =>
    [
        .. _stages.SelectMany(static stage => stage)
            .Where(static instruction => instruction.Name == "COPY" && !instruction.Arguments.StartsWith("--from", StringComparison.Ordinal))
            .SelectMany(static instruction => instruction.Arguments.Split(' ')[..^1]),
    ];

    private IEnumerable<string> OfImage(string name) =>
        _stages[^1].Where(instruction => instruction.Name == name).Select(static instruction => instruction.Arguments);
}
