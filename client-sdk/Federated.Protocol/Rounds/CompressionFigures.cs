using Federated.Protocol.V1;

namespace Federated.Protocol.Rounds;

/// <summary>What compression did to an update, as its device measured it. The server cannot check the figures, only that they are possible: they are for reports, and decide nothing.</summary>
/// <param name="Contraction">1 − ‖C(v) − v‖² / ‖v‖² of the vector v that was compressed: 1 kept all, 0 nothing; below 0 where rounding added more than it kept.</param>
/// <param name="ErrorNorm">L2 norm of what the device still owes; 0 without feedback.</param>
/// <param name="Saturated">Elements beyond the range of the 16-bit floats.</param>
public sealed record CompressionFigures(double Contraction, double ErrorNorm, long Saturated)
{
    /// <summary>The least contraction that is believed. Unbiased rounding of a whole vector may add many times its norm.</summary>
    public const double LeastContraction = -1e6;

    /// <summary>The figures of a report that has been checked; null without one.</summary>
    /// <param name="report">The report.</param>
    public static CompressionFigures? Of(CompressionReport? report) =>
        report is null ? null : new CompressionFigures(report.Contraction, report.ErrorNorm, (long)report.Saturated);

    /// <summary>As a device sends them.</summary>
    public CompressionReport ToReport() => new() { Contraction = Contraction, ErrorNorm = ErrorNorm, Saturated = (ulong)Saturated };

    /// <summary>What is impossible about a report; null when nothing is.</summary>
    /// <param name="report">The report; null for none.</param>
    /// <param name="sections">The sections of the update.</param>
    public static string? Fault(CompressionReport? report, IEnumerable<SectionSpec> sections)
    {
        ArgumentNullException.ThrowIfNull(sections);
        if (report is null)
        {
            return null;
        }

        ulong elements = 0;
        foreach (SectionSpec section in sections)
        {
            elements += section.Codec == SectionCodec.Frame ? section.ElementCount : 0;
        }

        if (elements == 0)
        {
            return "The update tells what compression did to it, but has no section that is a FRAME.";
        }

        if (!(report.Contraction >= LeastContraction && report.Contraction <= 1))
        {
            return $"The claimed contraction {report.Contraction} is not in [{LeastContraction}, 1].";
        }

        if (!(report.ErrorNorm >= 0 && double.IsFinite(report.ErrorNorm)))
        {
            return $"The claimed error norm {report.ErrorNorm} is not a finite number of at least 0.";
        }

        return report.Saturated > elements
            ? $"The claimed {report.Saturated} saturated elements are more than the {elements} of the compressed sections."
            : null;
    }
}
