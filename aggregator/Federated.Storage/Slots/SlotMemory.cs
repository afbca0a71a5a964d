using System.Buffers;

namespace Federated.Storage.Slots;

/// <summary>Memory over the payload of a leased slot; it stops answering when the lease ends.</summary>
internal sealed unsafe class SlotMemory(byte* payload, int length) : MemoryManager<byte>
{
    private byte* _payload = payload;

    public override Span<byte> GetSpan() => new(Payload, length);

    /// <summary>The mapping never moves, so there is nothing to pin; the lease keeps it mapped.</summary>
    public override MemoryHandle Pin(int elementIndex = 0) => new(Payload + elementIndex, pinnable: this);

    public override void Unpin()
    {
    }

    /// <summary>Called by the lease when it ends.</summary>
    public void End() => _payload = null;

    protected override void Dispose(bool disposing) => End();

    private byte* Payload =>
        _payload is null ? throw new ObjectDisposedException(nameof(SlotMemory), "The slot lease has ended.") : _payload;
}
