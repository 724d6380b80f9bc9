using System.Runtime.CompilerServices;

namespace Tessera.Data.Scenes;

/// <summary>A rotation, as the images of the three axes (the columns of its matrix).</summary>
internal readonly record struct Rotation(Vec3 AxisX, Vec3 AxisY, Vec3 AxisZ)
{
    /// <summary>Applies the inverse rotation: the product with the transposed matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vec3 Undo(Vec3 v) => new(AxisX.Dot(v), AxisY.Dot(v), AxisZ.Dot(v));

    /// <summary>The rotation that maps the y axis to <paramref name="up"/>.</summary>
    /// <param name="up">A unit vector.</param>
    /// <param name="heading">A unit vector that fixes the turn about <paramref name="up"/>; not parallel to it.</param>
    public static Rotation Facing(Vec3 up, Vec3 heading)
    {
        Vec3 x = up.Cross(heading).Normalized();
        return new Rotation(x, up, x.Cross(up));
    }
}
