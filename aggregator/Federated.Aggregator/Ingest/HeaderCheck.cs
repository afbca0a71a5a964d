using System.Collections.Immutable;
using Federated.Protocol.Codecs;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Ingest;

/// <summary>Second gate: does what the header announces fit the ticket, the round and a slot? No payload byte has been read yet.</summary>
internal static class HeaderCheck
{
    /// <returns>Null when the header holds; then <paramref name="length"/> is the payload's length.</returns>
    public static UploadResult? Check(UpdateHeader header, UpdateTicket ticket, RoundPlan plan, long slotBytes, out long length)
    {
        length = 0;
        return CheckSections(header, ticket, plan)
            ?? CheckLength(header, ticket, slotBytes, out length)
            ?? CheckClaims(header, ticket, plan);
    }

    private static UploadResult? CheckSections(UpdateHeader header, UpdateTicket ticket, RoundPlan plan)
    {
        string schema = plan.SchemaHashOf(ticket.Role);
        if (!Convert.ToHexStringLower(ticket.SchemaHash.Span).Equals(schema, StringComparison.OrdinalIgnoreCase))
        {
            return Mismatch($"The ticket is for schema {Convert.ToHexStringLower(ticket.SchemaHash.Span)}, the round for {schema}.");
        }

        ImmutableArray<int> form = plan.FormOf(ticket.Role);
        if (form.IsDefault)
        {
            return Mismatch($"The ticket is for the role '{ticket.Role}', which the round does not have.");
        }

        if (ticket.Sections.Count != form.Length)
        {
            return Mismatch($"The ticket has {ticket.Sections.Count} sections, the round {form.Length} for the role '{ticket.Role}'.");
        }

        if (header.Sections.Count != ticket.Sections.Count)
        {
            return Mismatch($"The update has {header.Sections.Count} sections, the ticket {ticket.Sections.Count}.");
        }

        for (int i = 0; i < header.Sections.Count; i++)
        {
            SectionSpec expected = ticket.Sections[i];
            SectionSpec planned = plan.Sections[form[i]];
            if (!expected.Equals(planned))
            {
                return Mismatch($"Section {i} of the ticket is {Describe(expected)}, of the round {Describe(planned)}.");
            }

            if (header.Sections[i].Spec is not { } sent || !sent.Equals(expected))
            {
                return Mismatch($"Section {i} is {Describe(header.Sections[i].Spec)}, the ticket asks for {Describe(expected)}.");
            }
        }

        return null;
    }

    private static UploadResult? CheckLength(UpdateHeader header, UpdateTicket ticket, long slotBytes, out long length)
    {
        length = 0;
        UInt128 total = 0;
        foreach (SectionHeader section in header.Sections)
        {
            total += section.ByteLength;
        }

        ulong most = Math.Min(ticket.MaxBytes, (ulong)slotBytes);
        if (total > most)
        {
            return new UploadResult(
                UploadOutcome.Oversize,
                $"The update announces {total} bytes; the ticket allows {ticket.MaxBytes} and a slot of this node holds {slotBytes}.");
        }

        for (int i = 0; i < header.Sections.Count; i++)
        {
            SectionHeader section = header.Sections[i];
            long needed = SectionSpecs.MostBytes(section.Spec);
            bool isFrame = section.Spec.Codec == SectionCodec.Frame;
            if (isFrame ? section.ByteLength is < Frames.HeaderBytes || section.ByteLength > (ulong)needed : section.ByteLength != (ulong)needed)
            {
                return new UploadResult(
                    UploadOutcome.LengthMismatch,
                    $"Section {i} announces {section.ByteLength} bytes; {Describe(section.Spec)} takes {(isFrame ? $"{Frames.HeaderBytes} to " : "")}{needed}.");
            }
        }

        length = (long)total;
        return null;
    }

    private static UploadResult? CheckClaims(UpdateHeader header, UpdateTicket ticket, RoundPlan plan)
    {
        if (!double.IsFinite(header.Weight) || header.Weight <= 0 || header.Weight > ticket.MaxWeight)
        {
            return new UploadResult(
                UploadOutcome.WeightOutOfBounds,
                $"The claimed weight {header.Weight} is not in (0, {ticket.MaxWeight}], the bound of the ticket.");
        }

        if (header.LocalSteps > ticket.MaxSteps)
        {
            return new UploadResult(
                UploadOutcome.StepsOutOfBounds,
                $"The claimed {header.LocalSteps} local steps are above {ticket.MaxSteps}, the bound of the ticket.");
        }

        if (CompressionFigures.Fault(header.Compression, ticket.Sections) is { } fault)
        {
            return new UploadResult(UploadOutcome.CompressionOutOfBounds, fault);
        }

        return plan.IsBuffer && header.LocalSteps == 0
            ? new UploadResult(UploadOutcome.StepsOutOfBounds, "The update claims no local step; without one there is nothing to send.")
            : null;
    }

    private static UploadResult Mismatch(string message) => new(UploadOutcome.SchemaMismatch, message);

    private static string Describe(SectionSpec? spec) => spec is null
        ? "missing"
        : $"{spec.ElementCount} × {spec.Dtype} ({spec.Role}, {spec.Codec}, {spec.Denominator}{(spec.MaskEpoch > 0 ? $", mask {spec.MaskEpoch}" : "")})";
}
