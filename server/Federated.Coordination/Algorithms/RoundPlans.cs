using System.Collections.Immutable;
using Federated.Coordination.Anarchic;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>Makes the plan of a round from the algorithm's wishes.</summary>
public static class RoundPlans
{
    /// <summary>The sections that the updates of a round may have: those of every role, each kind once, in order of first mention.</summary>
    /// <param name="kind">What the devices do.</param>
    /// <param name="algorithm">The server half of the round.</param>
    public static ImmutableArray<SectionSpec> SectionsOf(TaskKind kind, IServerAlgorithm algorithm)
    {
        if (kind == TaskKind.Evaluate)
        {
            return [SectionSpecs.Evaluation()];
        }

        // The updates of a buffer are not summed: its roles may say the same section in different ways.
        if (algorithm is BufferedRounds)
        {
            return [.. algorithm.Roles.SelectMany(role => algorithm.UpSections(role))];
        }

        var sections = ImmutableArray.CreateBuilder<SectionSpec>();
        foreach (SectionSpec section in algorithm.Roles.SelectMany(role => algorithm.UpSections(role)))
        {
            SectionSpec? known = sections.FirstOrDefault(other => other.Role == section.Role);
            if (known is null)
            {
                sections.Add(section);
            }
            else if (!known.Equals(section))
            {
                throw new InvalidOperationException($"Two roles specify the section {section.Role} in different ways.");
            }
        }

        return sections.ToImmutable();
    }

    /// <summary>The sections of one device's update.</summary>
    /// <param name="kind">What the device does.</param>
    /// <param name="algorithm">The server half of the round.</param>
    /// <param name="role">The device's role.</param>
    public static ImmutableArray<SectionSpec> SectionsOf(TaskKind kind, IServerAlgorithm algorithm, string role) =>
        kind == TaskKind.Evaluate ? [SectionSpecs.Evaluation()] : algorithm.UpSections(role);

    /// <summary>The plan for the aggregation tier.</summary>
    /// <param name="key">The round.</param>
    /// <param name="writerEpoch">Fencing epoch of the job's writer.</param>
    /// <param name="job">The job.</param>
    /// <param name="schema">The schema of the model.</param>
    /// <param name="algorithm">The server half of the round.</param>
    /// <param name="target">Devices that are selected.</param>
    /// <param name="ruleSeed">Decides what the aggregation rule draws. The job's seed does not do: devices know it.</param>
    /// <param name="refused">Updates that the algorithm has refused of the open buffer: they stay where they are, and take no place in it.</param>
    public static RoundPlan Create(
        RoundKey key, long writerEpoch, JobDefinition job, ModelSchema schema, IServerAlgorithm algorithm, int target, ulong ruleSeed = 0, int refused = 0)
    {
        bool isRobust = key.Kind == TaskKind.Train && !AggregationRules.IsMean(job) && !algorithm.TakesSums;
        int capacity = key.Kind == TaskKind.Train && algorithm is BufferedRounds buffered ? buffered.Half.Goal : 0;
        ImmutableArray<SectionSpec> sections = SectionsOf(key.Kind, algorithm);
        return new RoundPlan(
            key,
            (ulong)writerEpoch,
            schema.HashText,
            sections,
            capacity > 0 ? RoundPlan.KeepRule : isRobust ? job.Aggregation.Rule : "mean",
            RolesOf(key.Kind, algorithm).Max(role => BytesOf(SectionsOf(key.Kind, algorithm, role))),
            capacity > 0 ? capacity : target,
            job.Aggregation.Durability,
            capacity > 0 ? [.. FormsOf(key.Kind, algorithm).Select(form => WithSchema(form, schema, (BufferedRounds)algorithm))] : FormsOf(key.Kind, algorithm),
            isRobust || capacity > 0 ? AggregationTimings.Lazy : key.Kind == TaskKind.Evaluate ? AggregationTimings.Eager : job.Aggregation.Timing,
            isRobust ? job.Aggregation.Byzantine : 0,
            isRobust ? ruleSeed : 0,
            job.Aggregation.Exchange,
            job.Aggregation.SketchError,
            capacity > 0 ? capacity + refused : 0)
        {
            HandedOver = isRobust ? algorithm.OwnSections : key.Kind == TaskKind.Train && capacity == 0 ? algorithm.KeptSections : [],
            Centres = isRobust ? algorithm.Centres : ImmutableDictionary<SectionRole, ReadOnlyMemory<float>>.Empty,
            Centred = isRobust ? [.. sections.Where(section => IsCentred(section, algorithm)).Select(section => section.Role)] : [],
        };
    }

    /// <summary>Which of the round's sections the updates of each role carry.</summary>
    /// <param name="kind">What the devices do.</param>
    /// <param name="algorithm">The server half of the round.</param>
    /// <exception cref="InvalidOperationException">A role orders its sections in another way than those before it.</exception>
    public static ImmutableArray<UpdateForm> FormsOf(TaskKind kind, IServerAlgorithm algorithm)
    {
        if (kind != TaskKind.Evaluate && algorithm is BufferedRounds)
        {
            var forms = ImmutableArray.CreateBuilder<UpdateForm>();
            int start = 0;
            foreach (string role in algorithm.Roles)
            {
                int count = algorithm.UpSections(role).Length;
                forms.Add(new UpdateForm(role, [.. Enumerable.Range(start, count)]));
                start += count;
            }

            return forms.ToImmutable();
        }

        ImmutableArray<SectionSpec> sections = SectionsOf(kind, algorithm);
        return [.. RolesOf(kind, algorithm).Select(role => new UpdateForm(role, PositionsOf(role, SectionsOf(kind, algorithm, role), sections)))];
    }

    /// <summary>Under an earlier mask the schema is another.</summary>
    private static UpdateForm WithSchema(UpdateForm form, ModelSchema schema, BufferedRounds buffered) => buffered.FormOf(form.Role).MaskEpoch is var epoch && epoch != schema.MaskEpoch
        ? form with { SchemaHash = schema.WithMaskEpoch(epoch).HashText }
        : form;

    /// <summary>Most payload bytes of an update with these sections.</summary>
    /// <param name="sections">The sections.</param>
    public static long BytesOf(ImmutableArray<SectionSpec> sections) => sections.Sum(SectionSpecs.MostBytes);

    /// <summary>Whether the tier is to start from the last aggregate of a section: there is one, and the tier aggregates it.</summary>
    private static bool IsCentred(SectionSpec section, IServerAlgorithm algorithm) =>
        section.Denominator != SectionDenominator.None && !algorithm.OwnSections.Contains(section.Role)
        && algorithm.Centres.TryGetValue(section.Role, out ReadOnlyMemory<float> centre) && (ulong)centre.Length == section.ElementCount;

    private static ImmutableArray<string> RolesOf(TaskKind kind, IServerAlgorithm algorithm) =>
        kind == TaskKind.Evaluate ? [DeviceRoles.Worker] : algorithm.Roles;

    private static ImmutableArray<int> PositionsOf(string role, ImmutableArray<SectionSpec> carried, ImmutableArray<SectionSpec> sections)
    {
        ImmutableArray<int> positions = [.. carried.Select(section => sections.IndexOf(section))];
        for (int i = 1; i < positions.Length; i++)
        {
            if (positions[i] <= positions[i - 1])
            {
                throw new InvalidOperationException($"The role '{role}' orders its sections in another way than the roles before it.");
            }
        }

        return positions;
    }
}
