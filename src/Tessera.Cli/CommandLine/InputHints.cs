using System.CommandLine;
using System.Text.Json;
using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>Says how a user of the command line fixes an error; the library does not know its options.</summary>
internal static class InputHints
{
    /// <summary>The message in one line, with the option or the command that fixes the error.</summary>
    /// <param name="error">The error.</param>
    /// <param name="command">The command that failed; null if the command line was not understood.</param>
    public static string Describe(InputException error, Command? command)
    {
        string message = error.Message.ReplaceLineEndings(" ");
        if (error is DataSetException) return $"{message} (tessera data {Cifar10.Name})";
        if (error.Option is not { } option) return message;
        string flag = FlagOf(option);
        // A message about the value of an option begins with its name.
        if (message.StartsWith($"{option} ", StringComparison.Ordinal)) return flag + message[option.Length..];
        return message + flag switch
        {
            "--path" => $" (tessera {Training()} --out {Value("DIR")})",
            "--resume" => $" (tessera {Training()} --resume --out {Value("DIR")})",
            "--prior" => $" (tessera prior {Value("RUN")})",
            LossSettings.FeaturesName =>
                $" ({LossSettings.FeaturesName} FILE; tessera classifier --out FILE makes one)",
            _ when command?.Options.Any(known => known.Name == flag) != true => "",
            "--split" => $"; or use every image with --split {Value("all")}",
            "--data-dir" => $" (--data-dir {Value("DIR")})",
            "--init" => $" (--init {Value("FILE")})",
            "--cache" => "; or keep the images in memory with a larger --cache",
            "--key" => $" (--key {Value("NAME")})",
            "--codebook-at" => $" (--codebook-at {Value("PLACE")})",
            "--size" => $" (--size {Value("HxW")})",
            "--codebook-start" => $" (--codebook-start {QuantizerSettings.Name(CodebookStart.Random)})",
            "--ema-smoothing" => " (--ema-smoothing copy)",
            "--perceptual" => " (--perceptual W)",
            _ => $" ({flag})",
        };

        string Training() => command?.Name switch
        {
            "prior" => "prior RUN",
            "classifier" => "classifier",
            _ => "train",
        };

        string Value(string placeholder) => error.Value is { } value ? Quoted(value) : placeholder;
    }

    /// <summary>The options of a command that memory depends on: "--batch or --size".</summary>
    /// <param name="command">The command; null if it is not known.</param>
    public static string SizesOf(Command? command)
    {
        string[] sizes =
        [
            .. ((string[])["--batch", "--size", "--hidden", "--width", "--count"]).Where(
                name => command?.Options.Any(option => option.Name == name) == true),
        ];
        return sizes.Length == 0 ? "image or model" : string.Join(" or ", sizes);
    }

    /// <summary>
    /// The option of the command line that sets a property or parameter of the library: --code-dim for CodeDim.
    /// </summary>
    public static string FlagOf(string name) => name switch
    {
        nameof(TrainingOptions.LearningRate) => "--lr",
        nameof(TrainingOptions.LearningRateShape) => "--schedule",
        nameof(TrainingOptions.WarmUp) => "--warmup",
        nameof(TrainingOptions.AverageDecay) => "--average",
        nameof(TrainingOptions.InitKey) => Settings.KeyName,
        nameof(VqVaeOptions.GroupNorm) => "--groupnorm",
        nameof(LossOptions.Pixel) => "--loss",
        nameof(CodebookOptions.Start) => "--codebook-start",
        nameof(EmaVectorQuantizerOptions.AveragesStart) => "--ema-start",
        nameof(EmaVectorQuantizerOptions.KeepSmoothing) => "--ema-smoothing",
        _ => $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(name)}",
    };

    /// <summary>A path as a user types it: in quotation marks if it has a space.</summary>
    public static string Quoted(string path) => path.Contains(' ') ? $"\"{path}\"" : path;
}
