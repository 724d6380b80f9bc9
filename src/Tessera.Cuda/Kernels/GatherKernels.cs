namespace Tessera.Cuda.Kernels;

/// <summary>
/// Batches by number. Cost: one division an element. Layout: threads run along the batch, so that a warp reads
/// neighbouring bytes of one image, or codes of one sequence. Bound: memory; a byte or number read and 4 bytes written.
/// </summary>
internal static class GatherKernels
{
    internal readonly record struct Images(
        Bytes Stored, int Width, int Channels, int ImageLength, Integers Numbers, Floats Y) : IElementKernel
    {
        public void Run(int index)
        {
            int image = index / ImageLength, inImage = index % ImageLength;
            int count = Stored.IntLength / ImageLength, number = Numbers[image];
            bool isMirrored = number >= count;
            int from = (isMirrored ? number - count : number) * ImageLength + inImage;
            int column = inImage / Channels % Width;
            if (isMirrored) from += (Width - 1 - 2 * column) * Channels;
            Y[index] = Stored[from] / 255f - 0.5f;
        }
    }

    internal readonly record struct Sequences(
        Integers Stored, int Length, Integers Numbers, Integers Firsts, Integers Inputs, Integers Targets)
        : IElementKernel
    {
        public void Run(int index)
        {
            int sequence = index / Length, place = index % Length, from = Numbers[sequence] * Length + place;
            Targets[index] = Stored[from];
            Inputs[index] = place == 0 ? Firsts[sequence] : Stored[from - 1];
        }
    }
}
