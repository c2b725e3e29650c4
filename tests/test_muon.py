"""Muon moves a kernel more equally in all directions, and all else as Adam does."""
import keras
import numpy as np
import pytest

from lesson.muon import Muon, orthogonal

RATE = 0.01


@pytest.fixture(autouse=True, params=["float32", "mixed_bfloat16"])
def policy(request):
    """Keras' number format; weights, gradients and steps are float32 in both."""
    keras.config.set_dtype_policy(request.param)
    yield
    keras.config.set_dtype_policy("float32")


def step_of(optimizer, shape, gradient):
    """Return what one step of an optimizer adds to a variable that was 0."""
    variable = keras.Variable(np.zeros(shape, np.float32))
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return variable.numpy()


@pytest.mark.parametrize("shape", [(40, 40), (90, 12), (32, 27), (5, 1)])
def test_all_directions_become_nearly_equally_strong(shape):
    rng = np.random.default_rng(0)
    left, _, right = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
    strengths = np.geomspace(1, 0.05, min(shape))
    matrix = np.float32(1e-4 * left * strengths @ right)   # gradients are small numbers
    result = np.asarray(orthogonal(matrix))
    assert result.shape == shape and result.dtype == np.float32
    along = np.einsum("ri,rc,ic->i", left, result, right)   # the same directions, with their signs
    assert np.all((along > 0.5) & (along < 1.3)), along
    assert result == pytest.approx(left * along @ right, abs=1e-4), "and no others"


def test_nothing_moves_along_a_gradient_of_0():
    assert not step_of(Muon(RATE), (3, 3, 8, 16), np.zeros((3, 3, 8, 16), np.float32)).any()


@pytest.mark.parametrize("shape", [(3, 3, 8, 16), (3, 3, 3, 64), (3, 3, 16, 8), (3, 3, 256, 136)])
def test_a_kernel_moves_against_its_gradient_equally_far_in_all_directions(shape):
    """However many weights the kernel has; of more than 128 columns each 128 for themselves."""
    gradient = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    step = step_of(Muon(RATE), shape, gradient)
    assert np.sum(step * gradient) < 0
    matrix = (step if shape[2] >= shape[3] else step.swapaxes(2, 3)).reshape(-1, min(shape[2:]))
    for first in range(0, matrix.shape[1], 128):
        strengths = np.linalg.svd(matrix[:, first:first + 128], compute_uv=False)
        assert strengths.max() < 2.5 * strengths.min()
        assert np.sqrt(np.mean(strengths ** 2)) == pytest.approx(7 * RATE, rel=0.3)


@pytest.mark.parametrize("shape", [(16,), (1, 1, 32, 23), (32, 10)])
def test_all_else_moves_as_with_adam(shape):
    gradient = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    assert np.array_equal(step_of(Muon(RATE), shape, gradient), step_of(keras.optimizers.Adam(RATE), shape, gradient))


def test_earlier_gradients_count():
    rng, shape = np.random.default_rng(0), (3, 3, 4, 8)
    first, second = (rng.normal(size=shape).astype(np.float32) for _ in range(2))
    optimizer, variable = Muon(RATE), keras.Variable(np.zeros(shape, np.float32))
    optimizer.apply([keras.ops.convert_to_tensor(first)], [variable])
    before = variable.numpy()
    optimizer.apply([keras.ops.convert_to_tensor(second)])
    assert np.abs(variable.numpy() - before - step_of(Muon(RATE), shape, second)).max() > 0.1 * RATE


def test_a_saved_network_loads_with_it(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.Conv2D(2, 1)])
    model.compile(Muon(RATE), "mse", jit_compile=False)
    model.fit(np.ones((2, 8, 8, 3)), np.ones((2, 6, 6, 2)), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert isinstance(again, Muon) and int(again.iterations) == 1
    for one, other in zip(model.optimizer.variables, again.variables):
        assert np.array_equal(one.numpy(), other.numpy())
