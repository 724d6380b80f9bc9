using Tessera.Quantization;
using Tessera.Training;

namespace Tessera.Cli.CommandLine;

/// <summary>The options of cells with several codes.</summary>
internal static class CellSettings
{
    private static readonly CellOptions UsualCell = new();

    /// <summary>The settings.</summary>
    public static Setting<TrainingOptions>[] All() =>
    [
        Cell(
            "--groups", "Groups of dimensions of a cell's vector, each with a code of its own",
            cell => cell.Groups, (cell, value) => cell with { Groups = value }),
        Cell(
            "--depth", "Codes of a cell or group, one after the other: each codes what those before have left",
            cell => cell.Depth, (cell, value) => cell with { Depth = value }),
        CellSwitch(
            "--shared-codebook", "One codebook for all codes of --depth",
            cell => cell.SharedCodebook, (cell, value) => cell with { SharedCodebook = value }),
        new Setting<TrainingOptions, float?>(
            NewOption.Number<float>(
                "--level-dropout",
                "Probability that an update draws how many of the codes of --depth it uses, from 1 to all, so that the "
                    + $"first decode well alone [default: {UsualCell.LevelDropout}]."),
            options => options.Model.Cell.LevelDropout,
            (options, value) => WithCell(options, cell => cell with { LevelDropout = value!.Value })),
        CellSwitch(
            "--top",
            "Two levels of codes (VQ-VAE-2): a cell of twice the stride has a code of a top level, on which the four "
                + "codes of the lower level depend",
            cell => cell.Top, (cell, value) => cell with { Top = value }),
    ];

    private static Setting<TrainingOptions, int?> Cell(
        string name, string description, Func<CellOptions, int> get, Func<CellOptions, int, CellOptions> set) => new(
        NewOption.Integer<int>(name, $"{description} [default: {get(UsualCell)}]."),
        options => get(options.Model.Cell),
        (options, value) => WithCell(options, cell => set(cell, value!.Value)));

    private static Setting<TrainingOptions> CellSwitch(
        string name, string description, Func<CellOptions, bool> get, Func<CellOptions, bool, CellOptions> set) =>
        Settings.Switch<TrainingOptions>(
            name, description, get(UsualCell), options => get(options.Model.Cell),
            (options, value) => WithCell(options, cell => set(cell, value)));

    private static TrainingOptions WithCell(TrainingOptions options, Func<CellOptions, CellOptions> set) =>
        options with { Model = options.Model with { Cell = set(options.Model.Cell) } };
}
