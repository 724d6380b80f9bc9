using System.Reflection;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>The members of <see cref="Device"/> that a device implements.</summary>
internal static class Seam
{
    private static readonly string[] Others =
    [
        nameof(Device.Allocate), nameof(Device.Share), nameof(Device.Upload), nameof(Device.Download),
        nameof(Device.Submit), nameof(Device.Explain), nameof(Device.Dispose),
    ];

    /// <summary>The abstract and virtual methods, in alphabetical order.</summary>
    public static IReadOnlyList<MethodInfo> Methods { get; } =
    [
        .. typeof(Device).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => method.IsVirtual && !method.IsSpecialName)
            .OrderBy(method => method.Name, StringComparer.Ordinal),
    ];

    /// <summary>The methods that compute.</summary>
    public static IReadOnlyList<MethodInfo> Primitives { get; } =
        [.. Methods.Where(method => !Others.Contains(method.Name))];

    /// <summary>Which of the methods a type does not override itself.</summary>
    public static IEnumerable<string> NotOverridden(Type type, IEnumerable<MethodInfo> methods)
    {
        MethodInfo[] overridden =
        [
            .. type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Select(method => method.GetBaseDefinition()),
        ];
        return methods.Where(method => !overridden.Contains(method)).Select(method => method.Name);
    }

    /// <summary>Calls a primitive with null storages and numbers of 0.</summary>
    public static void CallWithNothing(this MethodInfo primitive, Device device) => primitive.Invoke(
        device,
        [
            .. primitive.GetParameters()
                .Select(parameter => parameter.ParameterType)
                .Select(type => type.IsByRef ? type.GetElementType()! : type)
                .Select(type => type.IsValueType ? Activator.CreateInstance(type) : null),
        ]);
}
