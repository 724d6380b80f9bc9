using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>The options that describe how reconstructions are compared with their images.</summary>
internal static class LossSettings
{
    /// <summary>The name of the option for the feature network.</summary>
    public const string FeaturesName = "--features";

    private static readonly LossOptions Usual = Preset.Default.Options.Loss;

    private static readonly Dictionary<PixelLoss, string> Names = new()
    {
        [PixelLoss.Mse] = "mse",
        [PixelLoss.L1MsSsim] = "l1-msssim",
    };

    /// <summary>The name of a pixel term on the command line.</summary>
    public static string Name(PixelLoss loss) => Names[loss];

    /// <summary>The options.</summary>
    public static Setting<TrainingOptions>[] All() =>
    [
        new Setting<TrainingOptions, string?>(
            NewOption.Choice(
                "--loss",
                "How reconstructions are compared pixel by pixel: mse, the squared error over the data variance; or "
                    + $"l1-msssim, absolute error and structural similarity [default: {Name(Usual.Pixel)}].",
                [.. Names.Values]),
            options => Name(options.Loss.Pixel),
            (options, value) => options with
            {
                Loss = options.Loss with { Pixel = Names.Single(entry => entry.Value == value).Key },
            }),
        new Setting<TrainingOptions, string?>(
            NewOption.Text(
                FeaturesName, "FILE",
                "Feature network of --perceptual: the run of tessera classifier, its model file, or an ONNX file. The "
                    + "new run keeps a copy."),
            options => options.Loss.Features,
            (options, value) => options with
            {
                Loss = options.Loss with { Features = Path.GetFullPath(value!) },
            }),
        new Setting<TrainingOptions, float?>(
            NewOption.Number<float>(
                "--perceptual",
                "Weight of the perceptual term, which compares images by the features of a network and makes them "
                    + $"sharper; 0 for none [default: {Usual.Perceptual}]."),
            options => options.Loss.Perceptual,
            (options, value) => options with { Loss = options.Loss with { Perceptual = value!.Value } }),
    ];
}
