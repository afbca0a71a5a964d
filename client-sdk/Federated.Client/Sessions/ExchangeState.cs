using Federated.Client.OneByte;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Protocol.V1;

namespace Federated.Client.Sessions;

/// <summary>What a device holds of a run: the machine that follows its log, and what measures slopes at it.</summary>
internal sealed class ExchangeState
{
    private double _lossSum;
    private int _losses;

    public ExchangeState(OneByteSettings settings, ModelContent model)
    {
        Settings = settings;
        Model = model;
        Manifest = new OneByteManifest(model.Schema);
        Machine = OneByteMachine.Start(settings, Manifest, model.Parameters);
        Meter = new SlopeMeter(settings, Manifest, model.Parameters);
    }

    public OneByteSettings Settings { get; }

    /// <summary>The model that the run began with.</summary>
    public ModelContent Model { get; }

    public OneByteManifest Manifest { get; }

    public OneByteMachine Machine { get; private set; }

    public SlopeMeter Meter { get; }

    /// <summary>The report that the server has not got yet.</summary>
    public StateReport? Report { get; set; }

    /// <summary>Goes to a checkpoint, or to the start.</summary>
    public void GoTo(OneByteArchive? archive)
    {
        Machine = OneByteMachine.Start(Settings, Manifest, Model.Parameters);
        if (archive is not null)
        {
            Machine.Restore(archive.Checkpoint.Span);
        }

        Report = null;
    }

    public void Measured(double loss)
    {
        if (double.IsFinite(loss))
        {
            _lossSum += loss;
            _losses++;
        }
    }

    /// <summary>Hashes the state for the next call to tell.</summary>
    public StateReport MakeReport()
    {
        Report = new StateReport
        {
            Round = Machine.Round,
            Sha256 = Google.Protobuf.ByteString.CopyFrom(Machine.StateHash()),
            MeanLoss = _losses > 0 ? _lossSum / _losses : 0,
        };
        (_lossSum, _losses) = (0, 0);
        return Report;
    }
}
