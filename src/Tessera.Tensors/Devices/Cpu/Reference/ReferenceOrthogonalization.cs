namespace Tessera.Tensors.Devices.Cpu.Reference;

/// <summary>The formula of <see cref="NewtonSchulz"/> in double precision.</summary>
internal static class ReferenceOrthogonalization
{
    public static void Run(Span<float> x, int columns)
    {
        int rows = x.Length / columns;
        double norm = 0;
        foreach (float value in x) norm += (double)value * value;
        norm = Math.Max(Math.Sqrt(norm), NewtonSchulz.SmallestNorm);
        double[,] iterate = new double[rows, columns];
        for (int i = 0; i < x.Length; i++) iterate[i / columns, i % columns] = x[i] / norm;
        for (int iteration = 0; iteration < NewtonSchulz.Iterations; iteration++)
        {
            double[,] once = TimesGram(iterate, iterate), twice = TimesGram(iterate, once);
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    iterate[row, column] = NewtonSchulz.A * iterate[row, column]
                        + NewtonSchulz.B * once[row, column] + NewtonSchulz.C * twice[row, column];
                }
            }
        }
        for (int i = 0; i < x.Length; i++) x[i] = (float)iterate[i / columns, i % columns];
    }

    /// <summary><c>(X X^T) Z</c>.</summary>
    private static double[,] TimesGram(double[,] x, double[,] z)
    {
        int rows = x.GetLength(0), columns = x.GetLength(1);
        double[,] result = new double[rows, columns];
        for (int row = 0; row < rows; row++)
        {
            for (int other = 0; other < rows; other++)
            {
                double gram = 0;
                for (int column = 0; column < columns; column++) gram += x[row, column] * x[other, column];
                for (int column = 0; column < columns; column++) result[row, column] += gram * z[other, column];
            }
        }
        return result;
    }
}
