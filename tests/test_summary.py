"""The layer list of a model in the lab's format, and its comparison; the lab's own test cells run unchanged."""
import keras
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.keras.layers import Input

import outputs
from test_utils import comparator, summary
from tests.zoo.conv_block import conv_block, conv_block_of_nested_models
from tests.zoo.unet_model import unet_model, unet_model_all_inline
from tests.zoo.upsampling_block import upsampling_block


def test_first_cell_of_the_lab(capsys):
    input_size = (96, 128, 3)
    n_filters = 32
    inputs = Input(input_size)
    cblock1 = conv_block(inputs, n_filters * 1)
    model1 = tf.keras.Model(inputs=inputs, outputs=cblock1)

    output1 = [["InputLayer", [(None, 96, 128, 3)], 0],
               ["Conv2D", (None, 96, 128, 32), 896, "same", "relu", "HeNormal"],
               ["Conv2D", (None, 96, 128, 32), 9248, "same", "relu", "HeNormal"],
               ["MaxPooling2D", (None, 48, 64, 32), 0, (2, 2)]]

    for layer in summary(model1):
        print(layer)

    comparator(summary(model1), output1)

    inputs = Input(input_size)
    cblock1 = conv_block(inputs, n_filters * 32, dropout_prob=0.1, max_pooling=True)
    model2 = tf.keras.Model(inputs=inputs, outputs=cblock1)

    output2 = [["InputLayer", [(None, 96, 128, 3)], 0],
               ["Conv2D", (None, 96, 128, 1024), 28672, "same", "relu", "HeNormal"],
               ["Conv2D", (None, 96, 128, 1024), 9438208, "same", "relu", "HeNormal"],
               ["Dropout", (None, 96, 128, 1024), 0, 0.1],
               ["MaxPooling2D", (None, 48, 64, 1024), 0, (2, 2)]]

    comparator(summary(model2), output2)
    assert capsys.readouterr().out.splitlines() == [*map(str, output1), "All tests passed!", "All tests passed!"]


def test_second_cell_of_the_lab():
    input_size1 = (12, 16, 256)
    input_size2 = (24, 32, 128)
    n_filters = 32
    expansive_inputs = Input(input_size1)
    contractive_inputs = Input(input_size2)
    cblock1 = upsampling_block(expansive_inputs, contractive_inputs, n_filters * 1)
    model1 = tf.keras.Model(inputs=[expansive_inputs, contractive_inputs], outputs=cblock1)

    output1 = [["InputLayer", [(None, 12, 16, 256)], 0],
               ["Conv2DTranspose", (None, 24, 32, 32), 73760],
               ["InputLayer", [(None, 24, 32, 128)], 0],
               ["Concatenate", (None, 24, 32, 160), 0],
               ["Conv2D", (None, 24, 32, 32), 46112, "same", "relu", "HeNormal"],
               ["Conv2D", (None, 24, 32, 32), 9248, "same", "relu", "HeNormal"]]

    comparator(summary(model1), output1)
    swapped = tf.keras.Model(inputs=[contractive_inputs, expansive_inputs], outputs=cblock1)
    comparator(summary(swapped), output1)


def test_third_cell_of_the_lab():
    img_height, img_width, num_channels = 96, 128, 3
    unet = unet_model((img_height, img_width, num_channels))
    comparator(summary(unet), outputs.unet_model_output)


def test_whole_network_is_35_rows_in_any_spelling():
    rows = outputs.unet_model_output
    assert len(rows) == 35 and sum(row[2] for row in rows) == 8_640_471
    assert summary(unet_model()) == rows
    *others, last = summary(unet_model_all_inline())
    assert others == rows[:-1]
    assert last == [*rows[-1][:3], "valid", *rows[-1][4:]], "the padding of a 1×1 convolution changes nothing"


def test_order_follows_from_the_graph_and_not_from_the_order_of_making():
    first, second = keras.Input((4, 4, 1)), keras.Input((4, 4, 2))
    late, early = layers.Conv2D(3, 1), layers.Conv2D(5, 1)
    shallow = early(second)
    deep = late(layers.ReLU()(first))
    model = keras.Model([second, first], layers.Concatenate()([deep, shallow]))
    assert [(row[0], row[1]) for row in summary(model)] == [
        ("InputLayer", [(None, 4, 4, 1)]), ("ReLU", (None, 4, 4, 1)), ("InputLayer", [(None, 4, 4, 2)]),
        ("Conv2D", (None, 4, 4, 3)), ("Conv2D", (None, 4, 4, 5)), ("Concatenate", (None, 4, 4, 8))]


def test_shared_layer_has_one_row_and_nested_model_its_own():
    x = keras.Input((8, 8, 2))
    shared = layers.Conv2D(2, 3, padding="same")
    assert [row[0] for row in summary(keras.Model(x, shared(shared(x))))] == ["InputLayer", "Conv2D"]
    nested = keras.Model(x, conv_block_of_nested_models(x, 4))
    assert [row[0] for row in summary(nested)] == ["InputLayer", "Sequential", "MaxPooling2D"]


def test_sequential_model_and_keras_function():
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Dropout(0.5)])
    assert summary(model) == [["InputLayer", [(None, 8, 8, 3)], 0],
                              ["Conv2D", (None, 6, 6, 4), 112, "valid", "linear", "GlorotUniform"],
                              ["Dropout", (None, 6, 6, 4), 0, 0.5]]
    x = keras.Input((8, 8, 3))
    assert summary(keras.Model(x, keras.ops.relu(x)))[-1] == ["Relu", (None, 8, 8, 3), 0]


def test_summary_changes_nothing():
    model = unet_model((16, 16, 3), 2, 3)
    before = [weight.copy() for weight in model.get_weights()]
    first = summary(model)
    number = int(layers.Dense(1).name.split("_")[-1].replace("dense", "0"))
    assert summary(model) == first and not model.compiled
    assert layers.Dense(1).name == f"dense_{number + 1}"
    assert all((old == new).all() for old, new in zip(before, model.get_weights()))


ROWS = [["InputLayer", [(None, 4, 4, 1)], 0], ["Conv2D", (None, 4, 4, 2), 20, "same", "relu", "HeNormal"],
        ["MaxPooling2D", (None, 2, 2, 2), 0, (2, 2)]]


def test_equal_rows_print_one_line(capsys):
    comparator(ROWS, [list(row) for row in ROWS])
    assert capsys.readouterr().out == "All tests passed!\n"


@pytest.mark.parametrize("place, value", [(0, "Conv3D"), (1, (None, 4, 4, 3)), (2, 21), (3, "valid"), (4, "linear"),
                                          (5, "GlorotUniform")])
def test_any_difference_in_a_row_is_named(place, value, capsys):
    other = [list(row) for row in ROWS]
    other[1][place] = value
    for learner, instructor in ((other, ROWS), (ROWS, other)):
        with pytest.raises(AssertionError) as error:
            comparator(learner, instructor)
        assert str(error.value) == (f"layer 2 differs (3 rows found, 3 expected)\n  expected  {instructor[1]}\n"
                                    f"  found     {learner[1]}")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("learner, instructor, number", [
    (ROWS[:2], ROWS, 3), (ROWS, ROWS[:2], 3), (ROWS[1:], ROWS, 1), ([], ROWS, 1), (ROWS, [], 1),
    (ROWS[:1] + ROWS[2:], ROWS, 2), (ROWS + ROWS[-1:], ROWS, 4), ([row[:-1] for row in ROWS], ROWS, 1),
    (ROWS[:2] + [ROWS[2] + [None]], ROWS, 3), (ROWS[:1] + ROWS[:0:-1], ROWS, 2)])
def test_missing_extra_and_swapped_rows(learner, instructor, number):
    with pytest.raises(AssertionError, match=f"layer {number} differs"):
        comparator(learner, instructor)


def test_dropout_rate_and_pool_size_are_compared():
    x = keras.Input((8, 8, 2))
    rows = summary(keras.Model(x, conv_block(x, 4, 0.3)))
    for wrong in (summary(keras.Model(x, conv_block(x, 4, 0.2))), summary(keras.Model(x, conv_block(x, 5, 0.3))),
                  summary(keras.Model(x, conv_block(x, 4, 0.3, False)))):
        with pytest.raises(AssertionError):
            comparator(wrong, rows)
