namespace Federated.Simulation.Attacks;

/// <summary>The quantile of the standard normal distribution by Wichura's rational functions (Applied Statistics algorithm AS 241, PPND7); about 7 digits.</summary>
internal static class NormalQuantile
{
    /// <summary>The number that a standard normal draw stays below with a probability in (0, 1).</summary>
    public static double Of(double probability)
    {
        double q = probability - 0.5;
        if (Math.Abs(q) <= 0.425)
        {
            double s = 0.180625 - (q * q);
            return q * ((((((59.109374720 * s) + 159.29113202) * s) + 50.434271938) * s) + 3.3871327179)
                / ((((((67.187563600 * s) + 78.757757664) * s) + 17.895169469) * s) + 1);
        }

        double r = Math.Sqrt(-Math.Log(q < 0 ? probability : 1 - probability));
        double tail = r <= 5 ? Middle(r - 1.6) : Far(r - 5);
        return q < 0 ? -tail : tail;
    }

    private static double Middle(double r) =>
        ((((((0.17023821103 * r) + 1.3067284816) * r) + 2.7568153900) * r) + 1.4234372777)
        / ((((0.12021132975 * r) + 0.73700164250) * r) + 1);

    private static double Far(double r) =>
        ((((((0.017337203997 * r) + 0.42868294337) * r) + 3.0812263860) * r) + 6.6579051150)
        / ((((0.012258202635 * r) + 0.24197894225) * r) + 1);
}
