using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>Between rows of examples, as callers hold them, and a panel, in which the examples of a pixel are neighbours.</summary>
internal static unsafe class PanelPacking
{
    /// <summary>Writes some examples into a panel; lanes without an example become 0.</summary>
    public static void Pack(ReadOnlySpan<float> images, int count, Activation panel)
    {
        int example = images.Length / count;
        for (int lane = 0; lane < panel.Layout.Lanes; lane++)
        {
            PackLane(lane < count ? images.Slice(lane * example, example) : default, panel, lane);
        }
    }

    /// <summary>Writes one example into a lane; an empty span means zeros.</summary>
    public static void PackLane(ReadOnlySpan<float> image, Activation panel, int lane)
    {
        ActivationLayout layout = panel.Layout;
        int at = 0;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            for (int row = 0; row < layout.Height; row++)
            {
                float* destination = panel.Row(channel, row) + lane;
                for (int x = 0; x < layout.Width; x++)
                {
                    *destination = image.IsEmpty ? 0 : image[at + x];
                    destination += layout.Lanes;
                }

                at += layout.Width;
            }
        }
    }

    /// <summary>Reads the first lanes of a panel.</summary>
    public static void Unpack(Activation panel, int count, Span<float> examples)
    {
        ActivationLayout layout = panel.Layout;
        int example = examples.Length / count;
        for (int lane = 0; lane < count; lane++)
        {
            int at = lane * example;
            for (int channel = 0; channel < layout.Channels; channel++)
            {
                for (int row = 0; row < layout.Height; row++)
                {
                    float* source = panel.Row(channel, row) + lane;
                    for (int x = 0; x < layout.Width; x++)
                    {
                        examples[at++] = source[x * layout.Lanes];
                    }
                }
            }
        }
    }
}
