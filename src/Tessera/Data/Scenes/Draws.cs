using Tessera.Tensors.Random;

namespace Tessera.Data.Scenes;

/// <summary>A stream of random numbers, drawn in sequence.</summary>
internal sealed class Draws(CounterRandom random)
{
    private ulong _drawn;

    /// <summary>A number in [low, high).</summary>
    public float Between(float low, float high) => low + (high - low) * random.Uniform(_drawn++);

    /// <summary>An integer in [0, limit).</summary>
    public int Below(int limit) => random.Below(_drawn++, limit);

    /// <summary>True with the given probability.</summary>
    public bool Chance(float probability) => random.Uniform(_drawn++) < probability;

    /// <summary>Numbers in [0, 1).</summary>
    public float[] Many(int count)
    {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) numbers[i] = random.Uniform(_drawn++);
        return numbers;
    }

    /// <summary>
    /// A uniformly distributed unit vector, by rejection from the cube around the unit ball. Angles would need sines
    /// and cosines, whose last bit depends on the machine.
    /// </summary>
    public Vec3 Direction()
    {
        while (true)
        {
            Vec3 v = new(Between(-1, 1), Between(-1, 1), Between(-1, 1));
            if (v.Dot(v) is > 0.01f and <= 1) return v.Normalized();
        }
    }

    /// <summary>A linear colour from a hue in turns and a saturation and a value in 0..1 (HSV, then squared).</summary>
    public static Vec3 Colour(float hue, float saturation, float value)
    {
        Vec3 display = new(Channel(hue), Channel(hue + 2f / 3), Channel(hue + 1f / 3));
        return display * display;

        float Channel(float turn)
        {
            float ramp = MathF.Abs(6 * (turn - MathF.Floor(turn)) - 3) - 1;
            return value * (1 - saturation + saturation * Math.Clamp(ramp, 0, 1));
        }
    }
}
