using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>A kernel whose threads do not know each other: one for each element.</summary>
internal interface IElementKernel
{
    /// <summary>Computes one element.</summary>
    void Run(int index);
}

/// <summary>A kernel over the elements of several tensors, which do not know each other.</summary>
internal interface IManyKernel
{
    /// <summary>The elements of a tensor.</summary>
    int Length(int tensor);

    /// <summary>Computes one element.</summary>
    void Run(int tensor, int index);
}

/// <summary>A kernel of warps that do not know each other: one for each item.</summary>
internal interface IWarpKernel
{
    /// <summary>Computes a lane's part of one item. All lanes of a warp come with the same item.</summary>
    void Run(int item, int lane);
}

/// <summary>A kernel of groups of threads that meet at barriers.</summary>
internal interface IGroupKernel
{
    /// <summary>Computes a thread's part of one group.</summary>
    void Run();
}

/// <summary>What is compiled for the GPU: a kernel's body, in as many threads as its kind asks for.</summary>
internal static class EntryPoints
{
    /// <summary>The most warps of a group that <see cref="Warp"/> is launched with.</summary>
    public const int WarpsPerGroup = 4;

    public static void Element<TKernel>(int count, TKernel kernel) where TKernel : struct, IElementKernel
    {
        int index = Grid.GlobalIndex.X;
        if (index < count) kernel.Run(index);
    }

    public static void Many<TKernel>(TKernel kernel) where TKernel : struct, IManyKernel
    {
        int index = Grid.GlobalIndex.X, tensor = Grid.IdxY;
        if (index < kernel.Length(tensor)) kernel.Run(tensor, index);
    }

    public static void Warp<TKernel>(int count, TKernel kernel) where TKernel : struct, IWarpKernel
    {
        int item = Grid.IdxX * (ILGPU.Group.DimX / Warps.Lanes) + ILGPU.Group.IdxX / Warps.Lanes;
        if (item < count) kernel.Run(item, ILGPU.Group.IdxX % Warps.Lanes);
    }

    public static void Group<TKernel>(TKernel kernel) where TKernel : struct, IGroupKernel => kernel.Run();
}
