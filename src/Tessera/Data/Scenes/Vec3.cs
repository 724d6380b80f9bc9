using System.Runtime.CompilerServices;

namespace Tessera.Data.Scenes;

/// <summary>
/// A point, a direction or a linear colour. Not <c>System.Numerics.Vector3</c>, whose dot product sums in an order that
/// depends on the machine and would change the last bit of an image.
/// </summary>
internal readonly record struct Vec3(float X, float Y, float Z)
{
    public static readonly Vec3 One = new(1, 1, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Length() => MathF.Sqrt(Dot(this));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vec3 Normalized() => this * (1 / Length());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Dot(Vec3 other) => X * other.X + Y * other.Y + Z * other.Z;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vec3 Cross(Vec3 other) =>
        new(Y * other.Z - Z * other.Y, Z * other.X - X * other.Z, X * other.Y - Y * other.X);

    /// <summary>Linear interpolation from this (weight 0) to the other (weight 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vec3 Mix(Vec3 other, float weight) => this + (other - this) * weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3 operator +(Vec3 a, Vec3 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3 operator -(Vec3 a, Vec3 b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3 operator *(Vec3 a, Vec3 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3 operator *(Vec3 a, float scale) => new(a.X * scale, a.Y * scale, a.Z * scale);
}
