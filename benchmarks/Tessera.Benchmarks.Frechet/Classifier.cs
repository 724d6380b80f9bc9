using MathNet.Numerics.LinearAlgebra;

namespace Tessera.Benchmarks.Frechet;

/// <summary>
/// A linear classifier on features: ridge regression to one-hot classes. Trained on one set, it tells how well another
/// set's classes follow from what the first shows.
/// </summary>
internal static class Classifier
{
    // Of the number of images; the features are about 1.
    private const double Ridge = 0.1;

    /// <summary>The part of the test images whose class a classifier trained on the others names.</summary>
    public static double Accuracy(
        float[][] train, IReadOnlyList<int> trainLabels, float[][] test, IReadOnlyList<int> testLabels)
    {
        int classes = trainLabels.Concat(testLabels).Max() + 1;
        Matrix<double> x = WithConstant(train);
        Matrix<double> targets = Matrix<double>.Build.Dense(
            train.Length, classes, (row, column) => trainLabels[row] == column ? 1 : 0);
        Matrix<double> square = x.TransposeThisAndMultiply(x);
        square += Matrix<double>.Build.DiagonalIdentity(square.RowCount) * (Ridge * train.Length);
        Matrix<double> scores = WithConstant(test) * square.Cholesky().Solve(x.TransposeThisAndMultiply(targets));
        int right = Enumerable.Range(0, test.Length).Count(i => scores.Row(i).MaximumIndex() == testLabels[i]);
        return (double)right / test.Length;
    }

    private static Matrix<double> WithConstant(float[][] set) => Matrix<double>.Build.Dense(
        set.Length, set[0].Length + 1, (row, column) => column < set[0].Length ? set[row][column] : 1);
}
