"""How many frames a second does the graded network learn from and segment? python -m benchmarks.throughput [FRAMES]

Trains and segments with each variant by turns, some frames a turn, so that other work on the machine meets all of them,
and prints the medians. PyTorch's network has the same weights; its logits are checked against Keras' first. Training
does what the lesson does, but with Adam, in both: crossentropy, clipped gradients, accuracy. Segmenting goes from
pictures in memory, float32, to masks, uint8; `masks` is the share of pixels of the test drives with the mask of the
float32 network, after a short training. The peak is that of a large product of two matrices, by turns too.
"""
import argparse
import json
import os
import sys
import time
from functools import partial
from itertools import product

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
import torch
from ai_edge_litert.interpreter import Interpreter
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tqdm import tqdm

from benchmarks.lesson import EMBEDDED, compile_for, flops, open_lesson, write
from benchmarks.pytorch import copy_of, from_torch, to_torch
from lesson.cache import untuned
from lesson.check import count_labels
from lesson.recordings import find_frames
from lesson.split import split_drives

N_THREADS, ROUNDS = os.cpu_count(), 5
TRAINED, SEGMENTED = 128, 64   # frames a turn
N_STEPS = 100                  # of training, before masks are compared
N = 4096                       # rows and columns of the matrices


def alternate(variants):
    """Call functions by turns; return the median of the seconds of each.

    Args:
        variants: dict from name to function without arguments.
    """
    for _, function in zip(tqdm(variants, "first calls"), variants.values()):
        function()
    seconds = {name: [] for name in variants}
    for _ in tqdm(range(ROUNDS), "rounds"):
        for name, function in variants.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: float(np.median(turns)) for name, turns in seconds.items()}


def keras_training(lesson, batch_size, policy, images, masks, defaults=False):
    """Return a function that trains a Keras network on the frames, once: as the lesson does, or by Keras' defaults."""
    keras.config.set_dtype_policy(policy)
    unet = lesson.unet_model(images.shape[1:], n_classes=lesson.N_CLASSES)
    if defaults:
        crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        unet.compile("adam", crossentropy, metrics=["accuracy"])
    else:
        compile_for(unet, 1000, optimizer=keras.optimizers.Adam)
    batches = untuned(tf.data.Dataset.from_tensor_slices((images, masks)).batch(batch_size))
    return lambda: unet.fit(batches, shuffle=False, verbose=0)


def torch_training(net, batch_size, numbers, compiled, images, masks):
    """Return a function that trains a PyTorch network on the frames, once."""
    optimiser = torch.optim.Adam(net.train().parameters(), 1e-3, fused=True)
    model = torch.compile(net) if compiled else net
    batches = list(zip(to_torch(images).split(batch_size),
                       torch.from_numpy(masks[:, ::-1, ::-1, 0].astype(np.int64)).split(batch_size)))

    def train():
        right = 0
        for x, y in batches:
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=numbers == "bfloat16"):
                logits = model(x)
            torch.nn.functional.cross_entropy(logits.float(), y).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            right += (logits.argmax(1) == y).sum()
        return right.item()
    return train


def keras_masks(lesson, unet, batch_size, images):
    """Return a function that segments the frames as the lesson does."""
    return lambda: np.concatenate([lesson.create_mask(unet.predict_on_batch(images[k:k + batch_size]))[..., 0]
                                   for k in range(0, len(images), batch_size)])


def graph_masks(unet, batch_size, images):
    """Return a function that segments the frames, the largest logit picked inside the graph."""
    inputs = keras.Input(images.shape[1:])
    picker = keras.Model(inputs, keras.ops.cast(keras.ops.argmax(unet(inputs), -1), "uint8"))
    return lambda: picker.predict(images, batch_size, verbose=0)


def torch_masks(net, batch_size, numbers, compiled, images):
    """Return a function that segments the frames with a PyTorch network."""
    dtype = getattr(torch, numbers)
    net, batches = net.eval().to(dtype), to_torch(images).split(batch_size)
    model = torch.compile(net, options={"freezing": True}) if compiled else net

    def segment():
        with torch.inference_mode():
            return from_torch(torch.cat([model(x.to(dtype)).argmax(1).to(torch.uint8) for x in batches]))
    return segment


def lite_masks(unet, batch_size, numbers, images, examples):
    """Return a function that segments the frames with LiteRT.

    Args:
        numbers: "float32"; "int8 weights", activations are converted on the way; or "int8", calibrated on examples.
    """
    call = tf.function(lambda x: unet(x, training=False), [tf.TensorSpec((batch_size, *images.shape[1:]))])
    frozen = convert_variables_to_constants_v2(call.get_concrete_function())   # else each call reads the variables
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    if numbers != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if numbers == "int8":
        converter.representative_dataset = lambda: ([x] for x in np.split(examples, len(examples) // batch_size))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    interpreter = Interpreter(model_content=converter.convert(), num_threads=N_THREADS)
    interpreter.allocate_tensors()
    (entry,), (exit,) = interpreter.get_input_details(), interpreter.get_output_details()

    def segment():
        masks = []
        for k in range(0, len(images), batch_size):
            interpreter.set_tensor(entry["index"], images[k:k + batch_size])
            interpreter.invoke()
            masks.append(interpreter.get_tensor(exit["index"]).argmax(-1))
        return np.concatenate(masks)
    return segment


def load(lesson, rows):
    """Return all pictures, float32, and masks, uint8, of some rows of the table of frames."""
    return map(np.stack, zip(*lesson.load(rows).map(lesson.normalise).as_numpy_iterator()))


def tabulate(seconds, agreement, n_frames, flop):
    """Return one row a variant.

    Args:
        seconds: dict from (task, by, numbers, batch) to the seconds of a turn; the tasks are those of n_frames, and
            "multiply", a product of two square matrices of `batch` rows.
        agreement: dict, of some of the variants, to the share of pixels with the mask of the float32 network.
        n_frames: dict from task to the frames of a turn.
        flop: of a frame, forward.
    """
    table = pd.DataFrame({"seconds": seconds}).rename_axis(["task", "by", "numbers", "batch"])
    table["masks"] = pd.Series(agreement)
    table = table.reset_index()
    table["frames/s"] = table["task"].map(n_frames) / table["seconds"]
    flop = table["task"].map({"segment": flop, "train": 3 * flop}) * table["frames/s"]
    table["GFLOP/s"] = flop.fillna(2 * table["batch"].astype(float) ** 3 / table["seconds"]) / 1e9
    numbers = table["numbers"].str.removeprefix("mixed_")
    peaks = table["GFLOP/s"][table["task"] == "multiply"].groupby(numbers).max()   # of float32 and bfloat16
    table["of the peak"] = table["GFLOP/s"] / numbers.map(peaks)
    best = table[table["by"].str.startswith("PyTorch")].groupby("task")["frames/s"].max()
    table["/ best PyTorch"] = table["frames/s"] / table["task"].map(best)
    return table[["task", "by", "numbers", "batch", "frames/s", "/ best PyTorch", "GFLOP/s", "of the peak", "masks"]]


def main():
    """Train a little, check that the networks agree, measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=EMBEDDED, help="folder of frames; the embedded ones")
    frames = find_frames(parser.parse_args().frames)
    torch.set_num_threads(N_THREADS)
    lesson = open_lesson()
    policy = lesson.devices.policy

    test = split_drives(frames["drive"], count_labels(frames, lesson.N_CLASSES), lesson.SEED) == "test"
    if test.sum() < 8 or (~test).sum() < TRAINED:
        parser.error(f"expected at least {TRAINED} frames to train on and 8 to segment, found {(~test).sum()} and "
                     f"{test.sum()}: give a folder with more frames")
    n_whole = min(SEGMENTED, test.sum() // 8 * 8)   # LiteRT takes whole batches alone
    images, masks = load(lesson, frames[test].head(n_whole))
    train_rows = frames[~test].sample(frac=1, random_state=lesson.SEED).head(500)
    batches = lesson.batches(lesson.load(train_rows), shuffled=True)
    trained = lesson.unet_model(images.shape[1:], n_classes=lesson.N_CLASSES)
    compile_for(trained, N_STEPS)
    trained.fit(batches.repeat(), epochs=4, steps_per_epoch=N_STEPS // 4, shuffle=False, verbose=2)

    def copy(numbers):
        keras.config.set_dtype_policy(numbers)
        unet = lesson.unet_model(images.shape[1:], n_classes=lesson.N_CLASSES)
        unet.set_weights(trained.get_weights())
        return unet

    float32 = copy("float32")
    logits = float32.predict(images, 8, verbose=0)
    truth = logits.argmax(-1)
    with torch.inference_mode():
        difference = np.abs(from_torch(copy_of(float32).eval()(to_torch(images))) - logits).max()
    print(f"{float32.count_params():,} parameters, {flops(float32) / 1e9:.2f} GFLOP a frame; logits up to "
          f"{np.abs(logits).max():.1f}, PyTorch's differ by up to {difference:.0e}", flush=True)
    if difference > 1e-4 * np.abs(logits).max():
        sys.exit("PyTorch's network is another one: nothing was measured.")

    some = tuple(load(lesson, train_rows.head(TRAINED)))
    in_graph = "Keras, largest logit in the graph"
    train = {("the lesson", policy, size): keras_training(lesson, size, policy, *some)
             for size in (lesson.BATCH_SIZE, 8, 32)}
    train |= {("Keras' defaults", "float32", 32): keras_training(lesson, 32, "float32", *some, defaults=True)}
    segment = {("the lesson", policy, 8): keras_masks(lesson, trained, 8, images),
               ("the lesson", policy, 64): keras_masks(lesson, trained, 64, images),
               (in_graph, policy, 8): graph_masks(trained, 8, images),
               (in_graph, policy, 32): graph_masks(trained, 32, images),
               (in_graph, "bfloat16", 32): graph_masks(copy("bfloat16"), 32, images),
               ("Keras' defaults", "float32", 32): keras_masks(lesson, float32, 32, images)}
    segment |= {("LiteRT", numbers, 8): lite_masks(float32, 8, numbers, images, some[0])
                for numbers in ("float32", "int8 weights", "int8")}
    for numbers, compiled in product(("bfloat16", "float32"), (False, True)):
        by = "PyTorch, compiled" if compiled else "PyTorch"
        for size in (lesson.BATCH_SIZE, 8, 32) if numbers == "bfloat16" else (8,):
            train[by, numbers, size] = torch_training(copy_of(float32), size, numbers, compiled, *some)
        for size in (8, 32) if (numbers, compiled) == ("bfloat16", False) else (8,):
            segment[by, numbers, size] = torch_masks(copy_of(float32), size, numbers, compiled, images)
    matrix, multiply = tf.random.normal((N, N)), {}
    for numbers in ("float32", "bfloat16"):
        ours, theirs = tf.cast(matrix, numbers), torch.from_numpy(matrix.numpy()).to(getattr(torch, numbers))
        multiply["matrices, TensorFlow", numbers, N] = partial(lambda a: tf.matmul(a, a).numpy(), ours)
        multiply["matrices, PyTorch", numbers, N] = partial(torch.matmul, theirs, theirs)

    tasks = {"multiply": multiply, "train": train, "segment": segment}
    seconds = alternate({(task, *name): function for task in tasks for name, function in tasks[task].items()})
    agreement = {("segment", *name): np.mean(function() == truth) for name, function in segment.items()}
    table = tabulate(seconds, agreement, {"train": TRAINED, "segment": len(images)}, flops(float32))
    print(table.round(3).to_string(index=False, na_rep=""))
    write("throughput", {"PyTorch": torch.__version__, "GFLOP a frame": flops(float32) / 1e9,
                         "table": json.loads(table.to_json(orient="records"))})


if __name__ == "__main__":
    main()
