using System.CommandLine;
using System.CommandLine.Help;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Commands;
using Tessera.Cuda;
using Tessera.Data;
using Tessera.Runs;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Distributed;

namespace Tessera.Cli;

/// <summary>The program as a method: takes arguments, writes text, returns an exit code.</summary>
public static class TesseraProgram
{
    /// <summary>Exit code: the work failed.</summary>
    public const int Failed = 1;

    /// <summary>Exit code: the command line or an input is wrong.</summary>
    public const int WrongInput = 2;

    /// <summary>Exit code: the work was interrupted (128 + SIGINT, the convention of shells).</summary>
    public const int Interrupted = 130;

    private const string DebugVariable = "TESSERA_DEBUG";

    /// <summary>Runs one command.</summary>
    /// <param name="args">The arguments, without the program's name.</param>
    /// <param name="output">The stream of results.</param>
    /// <param name="error">
    /// The stream of messages. A failure writes one line (a list if several images are damaged), and its stack trace
    /// if the environment variable <c>TESSERA_DEBUG</c> is 1.
    /// </param>
    /// <param name="cancellation">Interrupts the command as Ctrl-C does.</param>
    /// <returns>0: done; 1: the work failed; 2: the command line or an input is wrong; 130: interrupted.</returns>
    public static int Run(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellation = default) =>
        Run(args, output, error, Collective.Lone, cancellation);

    /// <summary>Runs one command in several processes.</summary>
    internal static int Run(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, Collective ranks,
        CancellationToken cancellation)
    {
        var invocation = new Invocation(new Display(output), new Display(error), cancellation) { Ranks = ranks };
        Command? command = null;
        CudaDevice.Register();
        try
        {
            CheckEnvironment(CpuDevice.KernelsVariable, CpuDevice.KernelNames);
            CheckEnvironment(CpuDevice.ConvolutionsVariable, CpuDevice.ConvolutionNames);
            ParseResult parse = CommandLineCheck.Parse(Commands(invocation), args);
            command = parse.CommandResult.Command;
            CommandLineCheck.ThrowIfWrong(parse, args);
            return parse.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception e)
        {
            (int code, string line) = Describe(e, command);
            string rank = invocation.IsFirst ? "" : $"rank {invocation.Ranks.Rank}: ";
            invocation.Error.Line($"tessera: {rank}{line}");
            if (Environment.GetEnvironmentVariable(DebugVariable) == "1") error.WriteLine(e);
            return code;
        }
    }

    private static Command Commands(Invocation invocation)
    {
        var program = new Command(
            "tessera", "Trains and uses VQ-VAEs: models that turn images into discrete codes and back.")
        {
            new TrainCommand(invocation), new EvalCommand(invocation), new ReconstructCommand(invocation),
            new ReportCommand(invocation), new EncodeCommand(invocation), new DecodeCommand(invocation),
            new ClassifierCommand(invocation),
            new PriorCommand(invocation), new SampleCommand(invocation), new CompleteCommand(invocation),
            new ScoreCommand(invocation), new StudioCommand(invocation),
            new ConvertCommand(invocation), new ExportCommand(invocation), new InfoCommand(invocation),
            new DataCommand(invocation), new BenchCommand(invocation),
            new HelpOption { Action = new ExamplesHelpAction() }, new VersionOption { Action = new VersionAction() },
        };
        // Without a command, print the help.
        program.SetAction(parse => new ExamplesHelpAction().Invoke(parse));
        return program;
    }

    private static (int Code, string Line) Describe(Exception e, Command? command) => e switch
    {
        DamagedImagesException damage => (WrongInput, Describe(damage)),
        InputException input => (WrongInput, InputHints.Describe(input, command)),
        OperationCanceledException => (Interrupted, "interrupted"),
        TrainingDivergedException => (Failed, e.Message),
        OutOfMemoryException => (Failed, $"out of memory; try a smaller {InputHints.SizesOf(command)}"),
        // For example, standard output is a file on a full disk.
        IOException => (Failed, e.Message),
        _ => (Failed, $"{e.GetType().Name}: {e.Message} (this is a bug; set TESSERA_DEBUG=1 to see its stack trace)"
            .ReplaceLineEndings(" ")),
    };

    // Where all images are damaged, --skip-damaged would leave none: do not suggest it.
    private static string Describe(DamagedImagesException damage) =>
        (damage.Names.Count, damage.Tried) switch
        {
            var (damaged, tried) when damaged == tried => damage.Message,
            (1, _) => $"{damage.Message}, or leave it out with {NewOption.SkipDamagedName}",
            _ => $"{damage.Message}\nrepair or delete them, or leave them out with {NewOption.SkipDamagedName}",
        };

    private static void CheckEnvironment(string variable, IReadOnlyList<string> names)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        if (!string.IsNullOrEmpty(value) && !names.Contains(value))
            throw new InputException(
                $"{variable} is \"{value}\"; unset it or choose one of {string.Join(", ", names)}");
    }
}
