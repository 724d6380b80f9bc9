using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Tessera.Cuda.Kernels;

namespace Tessera.Cuda.Tests;

/// <summary>The assembler text of all kernels, which needs no GPU.</summary>
public class PtxTests
{
    // For generic kernels: each operand and result with the tile of a GPU.
    private static readonly Type[] Closed =
    [
        typeof(SumKernels.Sum<SumKernels.SquaredDifference, SumKernels.Keep>),
        typeof(SumKernels.Sum<SumKernels.SquaredDifference, SumKernels.WriteMean>),
        typeof(SumKernels.Sum<SumKernels.Partial, SumKernels.WriteClip>),
        typeof(SumKernels.Sum<SumKernels.Partial, SumKernels.WriteLengths>),
        typeof(ColumnKernels.SliceSums<ColumnKernels.Elements>),
        typeof(ColumnKernels.SliceSums<ColumnKernels.GainTerms>),
        typeof(NearestRowsKernel<SmallShape>),
        typeof(Tiles.Multiply<
            OneProduct<ConvolutionKernels.Patches, ConvolutionKernels.Weights, ConvolutionKernels.Output>,
            ConvolutionKernels.Patches, ConvolutionKernels.Weights, ConvolutionKernels.Output, FloatTile<LargeShape>>),
        typeof(Tiles.Multiply<
            TransposedKernels.Slices, TransposedKernels.Reaching, TransposedKernels.Weights, TransposedKernels.Input,
            FloatTile<LargeShape>>),
        typeof(Tiles.Multiply<
            ConvolutionKernels.WeightGradient, Matrix, ConvolutionKernels.PatchesByElement,
            ConvolutionKernels.WeightResult, FloatTile<LargeShape>>),
        typeof(Tiles.Multiply<
            NewtonSchulzKernels.Gram, Matrix, Matrix, NewtonSchulzKernels.Combination, FloatTile<LargeShape>>),
        typeof(Tiles.Multiply<
            NewtonSchulzKernels.Step, Matrix, Matrix, NewtonSchulzKernels.Combination, FloatTile<SmallShape>>),
    ];

    /// <summary>Local memory is the GPU's main memory: what lies there should be in registers.</summary>
    [Fact]
    public void No_kernel_uses_local_memory()
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        CudaArchitecture architecture = CudaArchitecture.SM_80;
        using var backend = new PTXBackend(
            context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_80, null!);
        Type[] kernels =
        [
            .. typeof(EntryPoints).Assembly.GetTypes().Where(
                type => type.IsValueType && !type.IsGenericTypeDefinition && Entry(type) is not null),
            .. Closed,
        ];
        Assert.True(kernels.Length > 40, $"{kernels.Length} kernels were found");
        var faults = new List<string>();
        foreach (Type kernel in kernels)
        {
            try
            {
                if (Compile(backend, kernel).Contains(".local", StringComparison.Ordinal))
                    faults.Add($"{kernel} uses local memory");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                faults.Add($"{kernel} cannot be compiled: {e.InnerException?.Message ?? e.Message}");
            }
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static string Compile(PTXBackend backend, Type kernel)
    {
        EntryPointDescription entry =
            EntryPointDescription.FromExplicitlyGroupedKernel(Entry(kernel)!.MakeGenericMethod(kernel));
        return ((PTXCompiledKernel)backend.Compile(entry, new KernelSpecialization(256, null))).PTXAssembly;
    }

    private static MethodInfo? Entry(Type kernel) =>
        typeof(IElementKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Element))
        : typeof(IWarpKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Warp))
        : typeof(IManyKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Many))
        : typeof(IGroupKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Group))
        : null;

    private static MethodInfo Method(string name) => typeof(EntryPoints).GetMethod(name)!;
}
