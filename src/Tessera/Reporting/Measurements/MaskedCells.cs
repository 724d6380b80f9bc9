using Tessera.Imaging;
using Tessera.Inspection;

namespace Tessera.Reporting.Measurements;

/// <summary>
/// The reference notebook's masks: in image i the latent cell <c>(i / 8, i % 8)</c> of the 8 x 8 cells is set to zero.
/// In general it is cell <c>i % cells</c> in row-major order.
/// </summary>
internal static class MaskedCells
{
    /// <summary>The cell set to zero in image i, in row-major order.</summary>
    public static int CellOf(int i, LatentMaps maps) => i % maps.Cells;

    /// <summary>Decodes the latents with one cell set to zero in each image.</summary>
    public static Image[] Decode(ModelProbe probe, LatentMaps maps)
    {
        var masked = new LatentMaps(maps.Count, maps.Height, maps.Width, maps.Dimensions);
        maps.Values.CopyTo(masked.Values, 0);
        for (int i = 0; i < masked.Count; i++)
            masked.Of(i).Slice(CellOf(i, maps) * maps.Dimensions, maps.Dimensions).Clear();
        return probe.Decode(masked);
    }
}
