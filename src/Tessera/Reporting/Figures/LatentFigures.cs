using System.Globalization;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>Latents as images, and the contribution of one latent cell.</summary>
internal static class LatentFigures
{
    /// <summary>The figure of the latents and the figure with one cell masked.</summary>
    public static IReadOnlyList<Figure> Make(ReportData data)
    {
        LatentMaps maps = data.Images.Latents;
        (Image[] latents, double[] variance) = LatentImages.Make(maps);
        string size = $"{maps.Height} x {maps.Width}";
        string shares = string.Join(", ", variance.Select(share => share.ToString("0%", CultureInfo.InvariantCulture)));
        return
        [
            new Figure(
                "latents", "Latents as images",
                $"The encoder turns each image above into {size} code vectors, its quantized latents. The vectors "
                + $"are projected on their first {variance.Length} principal components ({shares} of the variance), "
                + "shown as red, green and blue. Each channel of each image is scaled to 0..1. If the outlines of "
                + "the images can be seen, the codes keep the layout of the image.",
                [
                    Grids.Of("latents.png", "latents", $"Images of {size} coloured cells, a cell per code.", latents),
                    Grids.Of(
                        "latents-originals.png", "the images they stand for", "The original images.",
                        data.Images.Originals),
                ]),
            new Figure(
                "masks", "What one code is worth",
                $"In image i, counted from 0, the vector of the latent cell {MaskOf(maps)} is set to zero before "
                + "decoding. The difference from the full reconstruction is the contribution of this one of "
                + $"{maps.Cells} codes. The size of the changed area shows how far the decoder spreads a code.",
                [
                    Grids.Of(
                        "masks.png", "masks: black is set to zero",
                        "White maps with one black cell each, the next cell in each image.",
                        [.. Enumerable.Range(0, maps.Count).Select(i => Mask(i, maps))]),
                    Grids.Of(
                        "masks-latents.png", "masked latents", "The latents with one black cell each.",
                        [.. latents.Select((latent, i) => Masked(latent, MaskedCells.CellOf(i, maps)))]),
                    Grids.Of(
                        "masks-decoded.png", "reconstructions without the masked code",
                        "The reconstructions, each decoded with one code vector set to zero.", data.Masked),
                    Grids.Of(
                        "masks-unmasked.png", "reconstructions from all codes", "The reconstructions from all codes.",
                        data.Images.Reconstructions),
                ])
            { Columns = 2 },
        ];
    }

    private static string MaskOf(LatentMaps maps) => maps.Count <= maps.Cells
        ? $"(i / {maps.Width}, i % {maps.Width}), row and column from 0,"
        : $"i % {maps.Cells}, in reading order from 0,";

    private static Image Mask(int i, LatentMaps maps)
    {
        Image mask = Image.Black(maps.Width, maps.Height, 3);
        Array.Fill(mask.Pixels, (byte)255);
        return Masked(mask, MaskedCells.CellOf(i, maps));
    }

    private static Image Masked(Image image, int cell)
    {
        byte[] pixels = [.. image.Pixels];
        pixels.AsSpan(cell * image.Channels, image.Channels).Clear();
        return new Image(image.Width, image.Height, image.Channels, pixels);
    }
}
