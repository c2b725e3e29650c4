"""Muon, an optimiser for networks of convolutions."""
import keras
from keras import ops

MOMENTUM, ROUNDS = 0.9, 3
STRENGTH = 7      # of a step in each direction, as a multiple of the learning rate
COLUMNS = 128     # of a matrix whose directions are made equally strong together: fewer are faster


def orthogonal(matrix):
    """Make the directions of a matrix more equally strong: strong singular values come close to 1, weak ones grow most.

    Args:
        matrix: float32 (rows, columns), not wider than high.

    Returns:
        float32 (rows, columns). All 0 stays all 0.

    Relative to the length of the matrix a very weak one grows 3.4445 times in each round.
    A few rounds of products, faster than a singular value decomposition: Newton and Schulz' iteration with the
    numbers of https://kellerjordan.github.io/posts/muon. Each round multiplies the matrix by a polynomial of its
    square, so here the rounds work on the square alone, which is small, and the matrix is multiplied once.
    """
    matrix = matrix / (ops.sqrt(ops.sum(ops.square(matrix))) + 1e-7)
    square = ops.transpose(matrix) @ matrix
    identity = product = ops.eye(matrix.shape[1])
    for _ in range(ROUNDS):
        factor = 3.4445 * identity - 4.7750 * square + 2.0315 * square @ square
        product, square = product @ factor, factor @ square @ factor
    return matrix @ product


@keras.saving.register_keras_serializable("lesson")
class Muon(keras.optimizers.Adam):
    """Move each kernel more equally in all its directions, and all else as Adam does.

    As a matrix with a column for each filter, or for each channel that is read if these are fewer, a kernel's gradient
    is strong in few directions and weak in many, and Adam's steps are too. Muon's are about equally strong in all of
    them, COLUMNS columns at a time, whatever the kernel's size: its strength at the start hardly follows from its size
    either, so small kernels change as much as large ones. The last layer's kernel, 1×1, and biases move as with Adam.
    Keras' own Muon (3.15) leaves every kernel of a convolution to Adam.

    Args are those of keras.optimizers.Adam. Sources: K. Jordan and others, https://kellerjordan.github.io/posts/muon;
    for the strength of a step G. Yang, J. Simon and J. Bernstein, https://arxiv.org/abs/2310.17813.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable along its gradient."""
        shape = variable.shape
        if len(shape) != 4 or shape[:2] == (1, 1):
            return super().update_step(gradient, variable, learning_rate)
        memory = self._momentums[self._get_variable_index(variable)]
        self.assign(memory, MOMENTUM * memory + (1 - MOMENTUM) * gradient)
        ahead = MOMENTUM * memory + (1 - MOMENTUM) * gradient
        axes = (0, 1, 3, 2) if shape[2] < shape[3] else (0, 1, 2, 3)   # the fewest columns: the fewest products
        high = ops.transpose(ahead, axes)
        matrix = ops.reshape(high, (-1, high.shape[-1]))
        parts = [orthogonal(matrix[:, first:first + COLUMNS]) for first in range(0, matrix.shape[1], COLUMNS)]
        step = ops.transpose(ops.reshape(ops.concatenate(parts, axis=1), high.shape), axes)
        self.assign_sub(variable, learning_rate * STRENGTH * step)
