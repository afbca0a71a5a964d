using System.Collections.Immutable;
using Federated.Protocol.V1;

namespace Federated.Coordination.Anarchic;

/// <summary>What updates look like that started from versions of one mask.</summary>
/// <param name="Role">Names the form; the role that tickets name.</param>
/// <param name="MaskEpoch">Epoch of the mask; 0 for a dense model.</param>
/// <param name="Sections">The sections as they are sent.</param>
public sealed record AnarchicForm(string Role, long MaskEpoch, ImmutableArray<SectionSpec> Sections);
