namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// <see cref="NewtonSchulz"/> for several matrices. Every iterate is a polynomial of <c>A = X X^T</c> times the first
/// X, and polynomials of one matrix commute. So the iteration runs on square matrices of the shorter side,
/// <c>B = aI + bA + cA^2</c>, <c>Q := BQ</c>, <c>A := AB^2</c>, and ends with <c>QX</c>.
/// </summary>
/// <remarks>
/// Cost: with s and n the shorter and the longer side, about 3 s^2 n flops for A and QX, and 17 s^3 for the square
/// matrices, of which only the upper triangle is computed. The iteration on X would take 20 s^2 n + 10 s^3. All
/// matrices go through a stage together, with a panel of a matrix as an item, because a stage of one matrix is too
/// short to divide among the threads. Layout: see <see cref="NewtonSchulzIterate{TSimd, TVector}"/>.
/// </remarks>
internal static unsafe class OrthogonalizeKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <param name="pool">The threads.</param>
    /// <param name="matrices">
    /// The matrices, with their columns and their scale, 1 over the norm. Each is replaced by the result.
    /// </param>
    public static void Run(WorkerPool pool, IReadOnlyList<(Memory<float> X, int Columns, float Scale)> matrices)
    {
        var iterates = new List<NewtonSchulzIterate<TSimd, TVector>>(matrices.Count);
        try
        {
            foreach ((Memory<float> x, int columns, float scale) in matrices) iterates.Add(new(x, columns, scale));
            Run(pool, iterates);
        }
        finally
        {
            foreach (NewtonSchulzIterate<TSimd, TVector> iterate in iterates) iterate.Dispose();
        }
    }

    private static void Run(WorkerPool pool, List<NewtonSchulzIterate<TSimd, TVector>> iterates)
    {
        var wholes = Items(iterates, _ => 1);
        var ofSquares = Items(iterates, iterate => iterate.SquarePanels);
        Stage(pool, wholes, (iterate, _) => iterate.Start());
        Stage(pool, ofSquares, (iterate, panel) => iterate.Gram(panel));
        for (int iteration = 0; iteration < NewtonSchulz.Iterations; iteration++)
        {
            bool isFirst = iteration == 0, isLast = iteration == NewtonSchulz.Iterations - 1;
            Stage(pool, ofSquares, (iterate, panel) => iterate.B(panel));
            Stage(pool, ofSquares, (iterate, panel) =>
            {
                if (!isFirst) iterate.NextQ(panel);
                if (!isLast) iterate.AB(panel);
            });
            if (!isLast) Stage(pool, ofSquares, (iterate, panel) => iterate.NextA(panel));
            foreach (NewtonSchulzIterate<TSimd, TVector> iterate in iterates) iterate.EndIteration(isFirst);
        }
        Stage(pool, Items(iterates, iterate => iterate.Panels), (iterate, panel) => iterate.Finish(panel));
    }

    /// <summary>
    /// The items of a stage, matrix by matrix, so that a matrix stays in the cache. The last panels of a square matrix
    /// are the largest and come first, so that a stage seldom waits for a thread that ends with a large one.
    /// </summary>
    private static (NewtonSchulzIterate<TSimd, TVector> Iterate, int Item)[] Items(
        List<NewtonSchulzIterate<TSimd, TVector>> iterates, Func<NewtonSchulzIterate<TSimd, TVector>, int> items) =>
    [
        .. iterates.SelectMany(
            iterate => Enumerable.Range(0, items(iterate)).Reverse(), (iterate, item) => (iterate, item)),
    ];

    private static void Stage(
        WorkerPool pool, (NewtonSchulzIterate<TSimd, TVector> Iterate, int Item)[] items,
        Action<NewtonSchulzIterate<TSimd, TVector>, int> body) =>
        pool.Run(items.Length, i => body(items[i].Iterate, items[i].Item));
}
