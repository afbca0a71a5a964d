using System.Globalization;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Colours of a heat map from low to high: orange over sand to teal, which people who do not tell red from green tell apart.</summary>
internal static class HeatColours
{
    private static readonly (double At, int Red, int Green, int Blue)[] Stops = [(0, 0xc2, 0x41, 0x0c), (0.5, 0xfd, 0xe6, 0x8a), (1, 0x0d, 0x94, 0x88)];

    /// <summary>The colour of a share of the range, as <c>#rrggbb</c>.</summary>
    public static string Of(double share)
    {
        double place = Math.Clamp(double.IsFinite(share) ? share : 0, 0, 1);
        (double from, int red, int green, int blue) = Stops[place < Stops[1].At ? 0 : 1];
        (double to, int red2, int green2, int blue2) = Stops[place < Stops[1].At ? 1 : 2];
        double part = (place - from) / (to - from);
        int Mix(int a, int b) => (int)Math.Round(a + (part * (b - a)));
        return string.Create(CultureInfo.InvariantCulture, $"#{Mix(red, red2):x2}{Mix(green, green2):x2}{Mix(blue, blue2):x2}");
    }

    /// <summary>Whether white letters are read better on it than black ones.</summary>
    public static bool IsDark(double share) => share is < 0.2 or > 0.94;
}
