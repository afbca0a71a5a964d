using Federated.Coordination.Jobs;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>
/// A device that goes half of the way to its own optimum, keeps its bytes until it knows what became of them, and sends them again when
/// asked. Every third answer with a task is lost on its way.
/// </summary>
internal sealed class TestDevice(CoordinationWorld world, int number)
{
    private readonly Dictionary<string, (UpdateTicket Ticket, double[] Values)> _held = [];
    private int _answers;

    private DeviceIdentity Identity => new(CoordinationWorld.Tenant, $"device-{number}");

    private double Weight => number + 1;

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            CheckInReply reply = await world.CheckInAsync(Identity.DeviceId, 60_000, [.. _held.Keys]);
            foreach (UpdateDisposition disposition in reply.Dispositions)
            {
                await LearnAsync(disposition);
            }

            if (reply.OutcomeCase == CheckInReply.OutcomeOneofCase.Assignment)
            {
                await WorkAsync(reply.Assignment);
            }
            else if (reply.Rejection.Reason == RejectionReason.JobEnded)
            {
                await LearnTheRestAsync(stop);
                return;
            }

            await Task.Yield();
        }
    }

    private async Task WorkAsync(TaskAssignment task)
    {
        Assert.DoesNotContain(task.AssignmentId, _held.Keys);
        if (++_answers % 3 == 0)
        {
            return;
        }

        float[] parameters = world.ModelOf(task.Model.BlobId).Parameters;
        double[] values = task.Kind switch
        {
            TaskKind.Evaluate => [Loss(parameters) * 10, number * 2, 10],
            TaskKind.Statistics => [.. new[] { Weight, Weight * number, Weight * number * number }.SelectMany(sum => Enumerable.Repeat(sum, 3))],
            _ => [.. parameters.Select(value => (double)(float)(0.5 * ((number * 10) - value)))],
        };
        _held.Add(task.AssignmentId, (task.TicketContent, values));
        await UploadAsync(task.TicketContent, values);
    }

    private async Task UploadAsync(UpdateTicket ticket, double[] values)
    {
        while (!world.Tier.Upload(ticket, values, Weight) && world.Tier.MustComeBack(ticket))
        {
            await Task.Yield();
        }
    }

    private async Task LearnTheRestAsync(CancellationToken stop)
    {
        var request = new DispositionRequest();
        request.AssignmentIds.AddRange(_held.Keys);
        foreach (UpdateDisposition disposition in (await world.Directory.Devices.DispositionAsync(Identity, request, stop)).Dispositions)
        {
            await LearnAsync(disposition);
        }

        Assert.Empty(_held);
    }

    private async Task LearnAsync(UpdateDisposition disposition)
    {
        if (disposition.Kind == DispositionKind.Resend)
        {
            (UpdateTicket ticket, double[] values) = _held[disposition.AssignmentId];
            await UploadAsync(ticket, values);
            return;
        }

        Assert.True(disposition.Kind is DispositionKind.Counted or DispositionKind.Discarded, $"{disposition}");
        Assert.True(_held.Remove(disposition.AssignmentId));
        Assert.True(world.Told.TryAdd(disposition.AssignmentId, disposition.Kind));
    }

    private double Loss(float[] parameters) => parameters.Sum(value => Math.Abs(value - (number * 10)));
}
