using System.Globalization;
using Tessera.Imaging;
using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>Latents as pictures, and what one of their cells is worth.</summary>
internal static class LatentFigures
{
    /// <summary>The latents and the same with one cell masked.</summary>
    public static IReadOnlyList<Figure> Make(ReportData data)
    {
        LatentMaps maps = data.Pictures.Latents;
        (Image[] latents, double[] variance) = LatentPictures.Make(maps);
        string size = $"{maps.Height} x {maps.Width}";
        string shares = string.Join(", ", variance.Select(share => share.ToString("0%", CultureInfo.InvariantCulture)));
        return
        [
            new Figure(
                "latents", "Latents as pictures",
                $"The quantized latents of the pictures above, {size} codes each, on their first {variance.Length} principal components ({shares} of the variance) as red, green and blue; each picture scaled to 0..1. Outlines of the pictures are seen where the codes hold on to their place.",
                [
                    Grids.Of("latents.png", "latents", $"Pictures of {size} coloured cells, in which the outlines of the originals can be made out.", latents),
                    Grids.Of("latents-originals.png", "the pictures they stand for", "The original pictures.", data.Pictures.Originals),
                ]),
            new Figure(
                "masks", "What one code is worth",
                $"In picture i the latent cell {MaskOf(maps)} is set to zero. What changes beside the unmasked reconstruction is what that one code of {maps.Cells} contributes; how far the change spreads is how far the decoder looks.",
                [
                    Grids.Of("masks.png", "masks: black is set to zero", "White maps with one black cell each, a cell further in each picture.",
                        [.. Enumerable.Range(0, maps.Count).Select(i => Mask(i, maps))]),
                    Grids.Of("masks-latents.png", "masked latents", "The latents with one black cell each.",
                        [.. latents.Select((latent, i) => Masked(latent, MaskedCells.CellOf(i, maps)))]),
                    Grids.Of("masks-decoded.png", "reconstructions without the masked code", "The reconstructions, each with a spot where its masked cell is.", data.Masked),
                    Grids.Of("masks-unmasked.png", "reconstructions from all codes", "The reconstructions from all codes.", data.Pictures.Reconstructions),
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

    private static Image Masked(Image picture, int cell)
    {
        byte[] pixels = [.. picture.Pixels];
        pixels.AsSpan(cell * picture.Channels, picture.Channels).Clear();
        return new Image(picture.Width, picture.Height, picture.Channels, pixels);
    }
}
