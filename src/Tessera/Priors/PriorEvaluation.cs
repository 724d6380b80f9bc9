namespace Tessera.Priors;

/// <summary>What a prior predicts on held-out images, with their classes given.</summary>
/// <param name="Images">The number of images.</param>
/// <param name="Nats">The mean of <c>-ln p(code | class, codes before)</c> over all codes.</param>
/// <param name="BitsPerPixel">The bits of all codes of an image over its pixels.</param>
/// <param name="TrainNats">
/// The same mean on 2000 training images, spread over their set: lower where the prior overfits.
/// </param>
/// <param name="CellNats">The mean of each cell, <c>[rows, columns]</c>.</param>
public sealed record PriorEvaluation(
    int Images, double Nats, double BitsPerPixel, double TrainNats, IReadOnlyList<double> CellNats);
