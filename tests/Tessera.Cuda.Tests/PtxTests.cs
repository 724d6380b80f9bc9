using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Tessera.Cuda.Kernels;

namespace Tessera.Cuda.Tests;

/// <summary>The assembler text of all kernels, which needs no GPU.</summary>
public partial class PtxTests
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
        .. Convolutions(typeof(FloatTile<LargeFloats>)),
        typeof(Tiles.Multiply<
            NewtonSchulzKernels.Gram, Matrix, Matrix, NewtonSchulzKernels.Combination, FloatTile<LargeFloats>>),
        typeof(Tiles.Multiply<
            NewtonSchulzKernels.Step, MatrixRows, MatrixColumns, NewtonSchulzKernels.Combination,
            FloatTile<SmallFloats>>),
        .. Convolutions(typeof(TensorTile<Square128, Tf32>)), .. Convolutions(typeof(TensorTile<Square128, Bfloat16>)),
        .. Convolutions(typeof(TensorTile<Square128, ThreeTf32>)), .. Convolutions(typeof(TensorTile<Tall64, Tf32>)),
        .. Convolutions(typeof(TensorTile<Tall32, Tf32>)), .. Convolutions(typeof(TensorTile<Square32, Tf32>)),
    ];

    // Bytes of shared memory that a group has without asking for more.
    private const int SharedBytes = 48 * 1024;

    /// <summary>
    /// Local memory is the GPU's main memory: what lies there should be in registers. A call keeps what is in registers
    /// there.
    /// </summary>
    [Fact]
    public void No_kernel_uses_local_memory_or_too_much_shared_memory()
    {
        using var compiler = new Compiler(CudaArchitecture.SM_80);
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
                string text = compiler.Compile(kernel);
                if (text.Contains(".local", StringComparison.Ordinal)) faults.Add($"{kernel} uses local memory");
                if (text.Contains("call", StringComparison.Ordinal)) faults.Add($"{kernel} calls a function");
                // The bits of the integer 1 where a truth value became a float.
                if (text.Contains("0f00000001", StringComparison.Ordinal))
                    faults.Add($"{kernel} takes an integer's bits for a float's");
                int shared = SharedVariable().Matches(text).Sum(match => int.Parse(match.Groups[1].ValueSpan));
                if (shared > SharedBytes) faults.Add($"{kernel} needs {shared} bytes of shared memory");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                faults.Add($"{kernel} cannot be compiled: {e.InnerException?.Message ?? e.Message}");
            }
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>A tile of 64 x 32 elements of a warp and 16 steps takes so many instructions of 16 x 8 x 8.</summary>
    [Theory]
    [InlineData(typeof(TensorTile<Square128, Tf32>), "mma.sync.aligned.m16n8k8", 32)]
    [InlineData(typeof(TensorTile<Square128, ThreeTf32>), "mma.sync.aligned.m16n8k8", 96)]
    [InlineData(typeof(TensorTile<Square128, Bfloat16>), "mma.sync.aligned.m16n8k16", 16)]
    [InlineData(typeof(TensorTile<Tall32, Tf32>), "mma.sync.aligned.m16n8k8", 16)]
    public void Products_are_on_tensor_cores(Type tile, string instruction, int count)
    {
        using var compiler = new Compiler(CudaArchitecture.SM_80);
        string text = compiler.Compile(Convolutions(tile)[0]);
        Assert.Equal(count, text.Split(instruction).Length - 1);
        Assert.Contains("cp.async.cg.shared.global", text, StringComparison.Ordinal);
        Assert.Contains("ldmatrix.sync.aligned.m8n8.x4", text, StringComparison.Ordinal);
    }

    /// <summary>Cards before compute capability 8.0 copy through registers, 16 bytes at a time.</summary>
    [Fact]
    public void Older_cards_need_no_newer_instructions()
    {
        using var compiler = new Compiler(CudaArchitecture.SM_75);
        string text = compiler.Compile(Convolutions(typeof(FloatTile<LargeFloats>))[0]);
        Assert.DoesNotContain("cp.async", text, StringComparison.Ordinal);
        Assert.Contains("ld.global.v4.f32", text, StringComparison.Ordinal);
        Assert.Contains("st.shared.v4.f32", text, StringComparison.Ordinal);
        Assert.Contains("ld.shared.v4.f32", text, StringComparison.Ordinal);
    }

    private static Type[] Convolutions(Type tile) =>
    [
        typeof(Tiles.Multiply<,,,,>).MakeGenericType(
            typeof(OneProduct<ConvolutionKernels.Patches, MatrixRows, ConvolutionKernels.Output>),
            typeof(ConvolutionKernels.Patches), typeof(MatrixRows), typeof(ConvolutionKernels.Output), tile),
        typeof(Tiles.Multiply<,,,,>).MakeGenericType(
            typeof(TransposedKernels.Slices), typeof(TransposedKernels.Reaching), typeof(TransposedKernels.Weights),
            typeof(TransposedKernels.Input), tile),
        typeof(Tiles.Multiply<,,,,>).MakeGenericType(
            typeof(ConvolutionKernels.WeightGradient), typeof(MatrixColumns),
            typeof(ConvolutionKernels.PatchesByElement), typeof(ConvolutionKernels.WeightSums), tile),
    ];

    private static MethodInfo? Entry(Type kernel) =>
        typeof(IElementKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Element))
        : typeof(IWarpKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Warp))
        : typeof(IManyKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Many))
        : typeof(IGroupKernel).IsAssignableFrom(kernel) ? Method(nameof(EntryPoints.Group))
        : null;

    private static MethodInfo Method(string name) => typeof(EntryPoints).GetMethod(name)!;

    [GeneratedRegex(@"\.shared \.align \d+ \.b8 \w+\[(\d+)\]")]
    private static partial Regex SharedVariable();

    /// <summary>ILGPU's compiler for GPUs of an architecture.</summary>
    private sealed class Compiler : IDisposable
    {
        private readonly Context _context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        private readonly PTXBackend _backend;

        public Compiler(CudaArchitecture architecture)
        {
            TensorCorePtx.Register(_context);
            _backend = new PTXBackend(
                _context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_80, null!);
        }

        public string Compile(Type kernel)
        {
            EntryPointDescription entry =
                EntryPointDescription.FromExplicitlyGroupedKernel(Entry(kernel)!.MakeGenericMethod(kernel));
            return ((PTXCompiledKernel)_backend.Compile(entry, new KernelSpecialization(256, null))).PTXAssembly;
        }

        public void Dispose()
        {
            _backend.Dispose();
            _context.Dispose();
        }
    }
}
