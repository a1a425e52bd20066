namespace CacheProxy.Tests.House.Crossings.Lower;

/// <summary>Every way to use a type of a folder that no arrow leads to. Each must be found.</summary>
public sealed class WaysAcross
{
    public sealed class Field
    {
        public Upper.Target? Held;
    }

    public sealed class GenericArgumentOfAField
    {
        public Dictionary<string, List<Upper.Target>>? Held;
    }

    public sealed class GenericArgumentOfABase : List<Upper.Target>;

    public sealed class ArrayElement
    {
        public Upper.Target[]? Held;
    }

    [Upper.Target]
    public sealed class AttributeOfAType;

    public sealed class AttributeOfAMethod
    {
        [Upper.Target]
        public static void Do()
        {
        }
    }

    public sealed class Parameter
    {
        public static void Do(Upper.Target? target) => _ = target;
    }

    public sealed class Body
    {
        public static int Do() => Upper.Target.Count;
    }

    public sealed class AsyncBody
    {
        public static async Task<int> DoAsync()
        {
            await Task.Yield();
            return Upper.Target.Count;
        }
    }

    public sealed class Iterator
    {
        public static IEnumerable<int> Do()
        {
            yield return Upper.Target.Count;
        }
    }

    public sealed class Lambda
    {
        public static Func<int> Do() => static () => Upper.Target.Count;
    }

    public sealed class Closure
    {
        public static Func<int> Do(int more) => () => Upper.Target.Count + more;
    }

    public sealed class LocalFunction
    {
        public static int Do()
        {
            return Inner();

            static int Inner() => Upper.Target.Count;
        }
    }

    public sealed class TypeTest
    {
        public static bool Do(object value) => value is Upper.Target;
    }

    public sealed class GenericMethod
    {
        public static object Do() => Array.Empty<Upper.Target>();
    }

    public sealed class TypeOf
    {
        public static Type Do() => typeof(Upper.Target);
    }
}
