using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Protocol.Statistics;

/// <summary>What the devices of a STATISTICS task sum, and of how much; 0 leaves a kind out.</summary>
/// <param name="Features">Features of an example whose moments are wanted.</param>
/// <param name="Labels">Classes whose labels are counted.</param>
/// <param name="Channels">Channels of all normalisation layers together whose inputs' moments are wanted.</param>
public readonly record struct StatisticsShape(int Features, int Labels, int Channels)
{
    /// <summary>The name of the algorithm in <see cref="LocalTraining.Algorithm"/>.</summary>
    public const string Algorithm = "statistics";

    private const string FeaturesName = "features";
    private const string LabelsName = "labels";
    private const string ChannelsName = "channels";

    /// <summary>
    /// The sections, all plain sums: <c>SCALARS</c> with the moments of the features, <c>COUNTS</c> (int64) with the label histogram, <c>BN_STATISTICS</c>
    /// with the moments of the normalisation inputs. The moments are float64, laid out as <see cref="MomentSums"/>.
    /// </summary>
    public IReadOnlyList<SectionSpec> Sections()
    {
        var sections = new List<SectionSpec>(3);
        if (Features > 0)
        {
            sections.Add(Moments(SectionRole.Scalars, Features));
        }

        if (Labels > 0)
        {
            sections.Add(SectionSpecs.Dense(SectionRole.Counts, SectionDType.I64, Labels, SectionDenominator.None));
        }

        if (Channels > 0)
        {
            sections.Add(Moments(SectionRole.BnStatistics, Channels));
        }

        return sections;
    }

    /// <summary>What the coordinator tells a device.</summary>
    public LocalTraining ToSettings()
    {
        var settings = new LocalTraining { Algorithm = Algorithm };
        settings.Parameters.Add(FeaturesName, Features);
        settings.Parameters.Add(LabelsName, Labels);
        settings.Parameters.Add(ChannelsName, Channels);
        return settings;
    }

    /// <summary>Reads what <see cref="ToSettings"/> wrote; what is missing is 0.</summary>
    /// <param name="settings">The settings of the task.</param>
    /// <exception cref="ArgumentException">A number is negative or no whole number.</exception>
    public static StatisticsShape From(LocalTraining settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new StatisticsShape(Read(settings, FeaturesName), Read(settings, LabelsName), Read(settings, ChannelsName));
    }

    private static SectionSpec Moments(SectionRole role, int columns) =>
        SectionSpecs.Dense(role, SectionDType.F64, (long)MomentSums.Width * columns, SectionDenominator.None);

    private static int Read(LocalTraining settings, string name)
    {
        double number = settings.Parameters.GetValueOrDefault(name);
        return number is >= 0 and <= int.MaxValue && number == Math.Floor(number)
            ? (int)number
            : throw new ArgumentException(
                FormattableString.Invariant($"The task asks for statistics of {number} {name}; it must be a whole number."), nameof(settings));
    }
}
