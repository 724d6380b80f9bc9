using Tessera.Imaging;

namespace Tessera.Reporting.Measurements;

/// <summary>
/// The seed's masks: of picture i the latent cell <c>(i / 8, i % 8)</c> of its 8 x 8 is zeroed. For other maps: the
/// i-th cell in reading order, from the first again after the last.
/// </summary>
internal static class MaskedCells
{
    /// <summary>The cell that is zeroed in picture i, in reading order.</summary>
    public static int CellOf(int i, LatentMaps maps) => i % maps.Cells;

    /// <summary>What is decoded from the masked latents.</summary>
    public static Image[] Decode(ModelProbe probe, LatentMaps maps)
    {
        var masked = new LatentMaps(maps.Count, maps.Height, maps.Width, maps.Dimensions);
        maps.Values.CopyTo(masked.Values, 0);
        for (int i = 0; i < masked.Count; i++)
            masked.Of(i).Slice(CellOf(i, maps) * maps.Dimensions, maps.Dimensions).Clear();
        return probe.DecodePictures(masked);
    }
}
