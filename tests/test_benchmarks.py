"""The benchmarks measure what they say: their arithmetic, and PyTorch's copy of the network."""
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from benchmarks import pipeline
from benchmarks.lesson import flops


@pytest.mark.parametrize(("reading", "training", "share"), [(1, 1, 0.5), (1, 4, 0.2), (0, 1, 0)])
def test_waiting_is_the_time_between_steps(monkeypatch, reading, training, share):
    clock = SimpleNamespace(now=0)
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(perf_counter=lambda: clock.now))

    def batches():
        for number in range(10):
            clock.now += reading
            yield number, number

    def step(images, masks):
        clock.now += training

    assert pipeline.waiting_share(batches(), step) == pytest.approx(share)


def test_operations_are_counted_where_the_kernel_is_applied():
    inputs = keras.Input((4, 6, 2))
    convolution, transposed = keras.layers.Conv2D(5, 3, 2, "same"), keras.layers.Conv2DTranspose(5, 3, 2, "same")
    kernel = 3 * 3 * 2 * 5
    assert flops(keras.Model(inputs, convolution(inputs))) == 2 * (2 * 3) * kernel
    assert flops(keras.Model(inputs, transposed(inputs))) == 2 * (4 * 6) * kernel


def test_graded_network_costs_five_billion_operations(lesson):
    assert flops(lesson.unet_model()) == pytest.approx(5.0e9, rel=0.02)


def test_pytorch_network_is_the_same(lesson):
    torch = pytest.importorskip("torch", reason="PyTorch is in benchmarks/requirements.txt alone")
    from benchmarks.pytorch import UNet, copy_of, from_torch, to_torch

    assert sum(parameter.numel() for parameter in UNet().parameters()) == lesson.unet_model().count_params()
    keras.utils.set_random_seed(0)
    unet = lesson.unet_model((32, 48, 3), n_filters=4, n_classes=5)
    unet.set_weights([np.random.normal(0, 0.3, weight.shape) for weight in unet.get_weights()])   # biases not 0
    images = np.random.uniform(-1, 1, (2, 32, 48, 3)).astype(np.float32)
    logits, net = unet.predict_on_batch(images), copy_of(unet).eval()
    with torch.inference_mode():
        np.testing.assert_allclose(from_torch(net(to_torch(images))), logits, atol=1e-4 * np.abs(logits).max())
        unturned = net(torch.from_numpy(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    assert np.abs(unturned - logits).max() > 0.1 * np.abs(logits).max()
