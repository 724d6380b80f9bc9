using Tessera.Data.Scenes;
using Tessera.Tensors.Random;

namespace Tessera.Tests.Data;

/// <summary>
/// The renderer's assumptions: the distance is a safe step, and a solid is within the unit ball and above its foot.
/// </summary>
public class SolidsTests
{
    [Fact] public void Sphere() => Check<Sphere>();

    [Fact] public void Cube() => Check<Cube>();

    [Fact] public void Cylinder() => Check<Cylinder>();

    [Fact] public void Cone() => Check<Cone>();

    [Fact] public void Torus() => Check<Torus>();

    [Fact] public void Pyramid() => Check<Pyramid>();

    [Fact] public void Octahedron() => Check<Octahedron>();

    [Fact] public void Capsule() => Check<Capsule>();

    [Fact] public void Cross() => Check<Cross>();

    [Fact] public void Dome() => Check<Dome>();

    private static void Check<TSolid>()
        where TSolid : struct, ISolid
    {
        Draws draws = new(new CounterRandom(1, 2));
        for (int i = 0; i < 20_000; i++)
        {
            Vec3 p = new(draws.Between(-1.3f, 1.3f), draws.Between(-1.3f, 1.3f), draws.Between(-1.3f, 1.3f));
            Vec3 direction = draws.Direction(), q = p + direction * draws.Between(0.01f, 0.5f);
            float difference = MathF.Abs(TSolid.Distance(p) - TSolid.Distance(q));
            if (difference > (p - q).Length() * 1.0001f + 1e-5f)
                Assert.Fail(
                    $"The distance changes by {difference} from {p} to {q}: rays may step through the surface.");
            if (TSolid.Distance(direction) < 0) Assert.Fail($"{direction} is inside: the solid leaves the unit ball.");
            Vec3 below = p with { Y = -TSolid.Foot - 1e-3f };
            if (TSolid.Distance(below) < 0) Assert.Fail($"{below} is inside: the solid reaches below its foot.");
        }
        bool stands = Enumerable.Range(0, 100)
            .Any(i => TSolid.Distance(new Vec3(i / 100f, -TSolid.Foot + 0.03f, 0)) < 0);
        Assert.True(stands, "The upright solid hovers above its foot.");
    }
}
