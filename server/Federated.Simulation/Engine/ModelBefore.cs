using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Simulation.Engine;

/// <summary>The model as it was before a round, which a round that cannot be kept gives back whole: weights are those of their mask, and statistics those of their weights.</summary>
internal sealed class ModelBefore
{
    private readonly ModelContent _model;
    private readonly float[] _parameters;
    private readonly float[] _statistics;
    private readonly long[] _counts;
    private ModelMask? _mask;

    /// <param name="model">The model that rounds change.</param>
    public ModelBefore(ModelContent model)
    {
        _model = model;
        _parameters = new float[model.Parameters.Length];
        _statistics = new float[model.Statistics.Length];
        _counts = new long[model.Counts.Length];
    }

    /// <summary>Remembers the model as it is.</summary>
    public void Keep()
    {
        _model.Parameters.CopyTo(_parameters, 0);
        _model.Statistics.CopyTo(_statistics, 0);
        _model.Counts.CopyTo(_counts, 0);
        _mask = _model.Mask;
    }

    /// <summary>Makes the model what it was at the last <see cref="Keep"/>.</summary>
    public void GiveBack()
    {
        if (_mask is not null && !ReferenceEquals(_mask, _model.Mask))
        {
            _model.Use(_mask);
        }

        _parameters.CopyTo(_model.Parameters, 0);
        _statistics.CopyTo(_model.Statistics, 0);
        _counts.CopyTo(_model.Counts, 0);
    }
}
