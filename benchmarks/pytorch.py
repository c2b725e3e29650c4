"""The graded network in PyTorch, with the weights of Keras' one."""
import torch
from torch import nn
from torch.nn import functional


class UNet(nn.Module):
    """The lesson's `unet_model`, from pictures (batch, 3, height, width) to logits (batch, n_classes, height, width).

    Where stride 2 does not come out even, Keras pads below and to the right, PyTorch above and to the left. (To cut
    PyTorch's longer output to Keras' instead leaves the fast kernels, and takes twice as long.) So this network, with
    its kernels turned round, answers for a picture turned round what Keras' one answers for the picture.
    """

    def __init__(self, n_filters=32, n_classes=23):
        super().__init__()
        filters = [n_filters * 2 ** k for k in range(5)]
        upwards = list(zip(filters[:0:-1], filters[-2::-1]))
        self.down = nn.ModuleList(map(_convolutions, [3, *filters], filters))
        self.up = nn.ModuleList(nn.ConvTranspose2d(n, m, 3, 2, padding=1, output_padding=1) for n, m in upwards)
        self.merge = nn.ModuleList(_convolutions(n, m) for n, m in upwards)
        self.last = nn.Sequential(nn.Conv2d(n_filters, n_filters, 3, padding=1), nn.ReLU(inplace=True),
                                  nn.Conv2d(n_filters, n_classes, 1))
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        """Return the logits."""
        skips = []
        for depth, block in enumerate(self.down):
            x = block(x if depth == 0 else functional.max_pool2d(x, 2))
            if depth >= 3:
                x = self.dropout(x)
            skips.append(x)
        skips.pop()
        for up, merge in zip(self.up, self.merge):
            x = merge(torch.cat([up(x), skips.pop()], dim=1))
        return self.last(x)


def _convolutions(n_inputs, n_filters):
    return nn.Sequential(nn.Conv2d(n_inputs, n_filters, 3, padding=1), nn.ReLU(inplace=True),
                         nn.Conv2d(n_filters, n_filters, 3, padding=1), nn.ReLU(inplace=True))


def copy_of(unet):
    """Return a UNet, channels last, with the weights of a Keras U-Net."""
    net = UNet(unet.layers[1].filters, unet.output.shape[-1])
    parts = [*net.down, *(part for pair in zip(net.up, net.merge) for part in pair), net.last]
    modules = [module for part in parts for module in part.modules() if hasattr(module, "kernel_size")]
    with torch.no_grad():
        for layer, module in zip((layer for layer in unet.layers if layer.weights), modules, strict=True):
            kernel, bias = layer.get_weights()
            module.weight.copy_(torch.from_numpy(kernel).permute(3, 2, 0, 1).flip(2, 3))
            module.bias.copy_(torch.from_numpy(bias))
    return net.to(memory_format=torch.channels_last)


def to_torch(images):
    """Return pictures, float32 (batch, height, width, 3), turned round, as a tensor (batch, 3, …), channels last."""
    return torch.from_numpy(images[:, ::-1, ::-1].copy()).permute(0, 3, 1, 2)


def from_torch(x):
    """Return logits (batch, n_classes, …) or masks (batch, …) as an array in Keras' order, turned back."""
    x = x.movedim(1, -1).numpy() if x.dim() == 4 else x.numpy()
    return x[:, ::-1, ::-1]
