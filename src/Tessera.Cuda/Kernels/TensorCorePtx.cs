using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Types;
using Registers = ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// The instructions behind <see cref="TensorCores"/> (NVIDIA, "PTX ISA": warp-level matrix instructions, asynchronous
/// copies). ILGPU's code generator calls the methods that have the names of those. Matrix instructions take registers
/// of bits, ILGPU has registers of numbers: moves between them cost nothing once the driver has assembled them.
/// </summary>
internal static class TensorCorePtx
{
    /// <summary>Has the kernels of a context use the instructions.</summary>
    public static void Register(Context context)
    {
        foreach (MethodInfo handler in typeof(TensorCorePtx).GetMethods(BindingFlags.NonPublic | BindingFlags.Static))
        {
            if (typeof(TensorCores).GetMethod(handler.Name) is { } emulation)
                context.GetIntrinsicManager().RegisterMethod(
                    emulation,
                    new PTXIntrinsic(
                        typeof(TensorCorePtx), handler.Name, IntrinsicImplementationMode.GenerateCode));
        }
    }

    private static void CopyFour(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value) =>
        Copy(backend, code, value, 16, "cg", ".v4", "{ a, b, c, d }");

    private static void CopyOne(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value) =>
        Copy(backend, code, value, 4, "ca", "", "a");

    private static void CommitCopies(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value)
    {
        if (HasCopies(backend)) Write(code, "cp.async.commit_group;");
    }

    private static void WaitForCopies(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value)
    {
        // The number is a part of the instruction.
        var stages = (Registers.ConstantRegister)code.LoadPrimitive(value[0]);
        if (HasCopies(backend)) Write(code, $"cp.async.wait_group {stages.Value.Int32Value};");
    }

    private static void LoadSixteen(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value)
    {
        string[] to = Names(code, code.Allocate(value));
        string row = Address(code, value[0], MemoryAddressSpace.Shared, "shared");
        Write(code, $$"""
            { .reg .b32 bits<4>;
            	ldmatrix.sync.aligned.m8n8.x4.shared.b16 { bits0, bits1, bits2, bits3 }, [{{row}}];
            	mov.b32 {{to[0]}}, bits0; mov.b32 {{to[1]}}, bits1; mov.b32 {{to[2]}}, bits2; mov.b32 {{to[3]}}, bits3; }
            """);
    }

    private static void ToTf32(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value)
    {
        string to = Name(code.AllocateHardware(value));
        WriteBits(code, to, $"cvt.rna.tf32.f32 bits, {Name(code.LoadHardware(value[0]))};");
    }

    private static void ToBfloat16(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value)
    {
        string to = Name(code.AllocateHardware(value));
        string lower = Name(code.LoadHardware(value[0])), upper = Name(code.LoadHardware(value[1]));
        WriteBits(code, to, $"cvt.rn.bf16x2.f32 bits, {upper}, {lower};");
    }

    private static void MultiplyTf32(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value) =>
        Multiply(code, value, "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32");

    private static void MultiplyBfloat16(PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value) =>
        Multiply(code, value, "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32");

    private static void Multiply(PTXCodeGenerator code, ILGPU.IR.Value value, string instruction)
    {
        string[] to = Names(code, code.Allocate(value));
        string[] sum = Names(code, code.Load(value[0]));
        string[] left = Names(code, code.Load(value[1]));
        string[] right = Names(code, code.Load(value[2]));
        for (int tile = 0; tile < 8; tile++)
        {
            int row = 4 * (tile / 4), column = 4 * (tile % 4 / 2) + tile % 2;
            Write(code, $$"""
                { .reg .b32 a<4>, b<2>;
                	mov.b32 a0, {{left[row]}}; mov.b32 a1, {{left[row + 1]}};
                	mov.b32 a2, {{left[row + 2]}}; mov.b32 a3, {{left[row + 3]}};
                	mov.b32 b0, {{right[column]}}; mov.b32 b1, {{right[column + 2]}};
                	{{instruction}} {{Four(to, tile)}}, { a0, a1, a2, a3 }, { b0, b1 }, {{Four(sum, tile)}}; }
                """);
        }
    }

    private static void Copy(
        PTXBackend backend, PTXCodeGenerator code, ILGPU.IR.Value value, int bytes, string cache, string vector,
        string numbers)
    {
        string to = Address(code, value[0], MemoryAddressSpace.Shared, "shared");
        string from = Address(code, value[1], MemoryAddressSpace.Global, "global");
        string read = Name(code.LoadHardware(value[2]));
        Write(code, HasCopies(backend)
            ? $"cp.async.{cache}.shared.global [{to}], [{from}], {bytes}, {read};"
            : $$"""
              { .reg .pred p; .reg .f32 a, b, c, d;
              	mov.f32 a, 0f00000000; mov.f32 b, a; mov.f32 c, a; mov.f32 d, a;
              	setp.gt.s32 p, {{read}}, 0;
              	@p ld.global{{vector}}.f32 {{numbers}}, [{{from}}];
              	st.shared{{vector}}.f32 [{{to}}], {{numbers}}; }
              """);
    }

    private static bool HasCopies(PTXBackend backend) => backend.Architecture.Major >= 8;

    /// <summary>A reference as an address within one kind of memory.</summary>
    private static string Address(
        PTXCodeGenerator code, ILGPU.IR.Value reference, MemoryAddressSpace space, string name)
    {
        Registers.HardwareRegister address = code.LoadHardware(reference);
        if (((AddressSpaceType)reference.Type).AddressSpace == space) return Name(address);
        string within = Name(code.AllocateRegister(address.Description));
        Write(code, $"cvta.to.{name}.u64 {within}, {Name(address)};");
        return within;
    }

    private static string Four(string[] registers, int four) =>
        $"{{ {string.Join(", ", registers.AsSpan(4 * four, 4).ToArray())} }}";

    /// <summary>The registers of a structure of numbers, however deep; constants are moved to registers.</summary>
    private static string[] Names(PTXCodeGenerator code, Registers.Register register) => register switch
    {
        Registers.CompoundRegister compound => [.. compound.Children.SelectMany(child => Names(code, child))],
        Registers.ConstantRegister constant => [Move(code, constant)],
        _ => [Name((Registers.HardwareRegister)register)],
    };

    private static string Move(PTXCodeGenerator code, Registers.ConstantRegister constant)
    {
        Registers.HardwareRegister to = code.AllocateRegister(constant.Description);
        using var move = new PTXCodeGenerator.CommandEmitter(code.Builder, "mov", string.Empty);
        move.AppendSuffix(constant.BasicValueType);
        move.AppendArgument(to);
        move.AppendArgument(constant);
        return Name(to);
    }

    private static string Name(Registers.HardwareRegister register) =>
        $"%{PTXRegisterAllocator.GetStringRepresentation(register)}";

    private static void WriteBits(PTXCodeGenerator code, string to, string instruction) =>
        Write(code, $"{{ .reg .b32 bits; {instruction} mov.b32 {to}, bits; }}");

    private static void Write(PTXCodeGenerator code, string instruction) =>
        code.Builder.Append('\t').Append(instruction).Append('\n');
}
