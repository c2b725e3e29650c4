"""What does the whole lesson cost? python -m benchmarks.cost [FRAMES] [--small]

Executes the notebook in a fresh kernel and folder, and notes when each cell ends. Before and after it a fresh process
times training steps of the graded network on batches of 4, with Adam. All of them compute in
float32: native bfloat16 and GPUs are switched off. Times become frames' worth: how many frames the graded network
learns from in this time.

Two ratios count, and should be at most 1: the lesson without section 11 beside 2,400 frames' worth; and, beside half of
these, the time from the first cell's start to the first prediction on a validation frame that the training shows.
"""
import argparse
import multiprocessing
import os
import re
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from nbclient import NotebookClient
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from tqdm import tqdm

from benchmarks.lesson import EMBEDDED, compile_for, open_lesson, write
from lesson.cache import untuned
from lesson.notebook import LESSON
from lesson.recordings import find_frames

FRAMES, LEFT_OUT = 2_400, "11"   # the lesson may cost as much as learning from them; a section that does not count
BATCH, STEPS, WARM_UP = 4, 40, 20
BESIDE = ("data", "grading", "images", "lesson", "test_utils.py", "outputs.py")   # what the notebook needs beside it
FLOAT32 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "CUDA_VISIBLE_DEVICES": "-1"}   # see lesson/devices.py
SMALL = {"IMAGE_SIZE": [48, 64], "EPOCHS": 1, "ALSO_TRAIN_ON": None}


class Clock(NotebookClient):
    """Execute a notebook and note when its first cell began, when each one ended, and when an image was updated.

    Attributes:
        began: float. ends: list of float, of each code cell. first_update: float or None. All are `time.perf_counter`.
    """

    began = first_update = None

    def note(self, execute_reply, **cell):
        """Note the end of a cell."""
        self.ends.append(time.perf_counter())
        self.progress.update()

    def process_message(self, msg, cell, cell_index):
        """Note when an output that is there already gets an image: that is what the training cell does."""
        shown = msg["msg_type"] == "update_display_data" and "image/png" in msg["content"]["data"]
        if shown and self.first_update is None:
            self.first_update = time.perf_counter()
        return super().process_message(msg, cell, cell_index)

    async def async_execute_cell(self, cell, cell_index, *arguments, **options):
        """Note when the first cell begins."""
        self.began = self.began or time.perf_counter()
        return await super().async_execute_cell(cell, cell_index, *arguments, **options)


def execute(notebook, folder, env):
    """Execute a notebook.

    Args:
        notebook: NotebookNode; its outputs are replaced. folder: path that the kernel works in.
        env: dict, environment variables of the kernel.

    Returns:
        Series of seconds, by the numbers of the sections (str) in order; float or None, the seconds from the start of
        the first cell to the first image that takes the place of another output.
    """
    clock = Clock(notebook, timeout=None, iopub_timeout=60, resources={"metadata": {"path": str(folder)}})
    sections = sections_of(notebook)
    clock.ends, clock.on_cell_executed = [], clock.note
    with tqdm(total=len(sections), desc="cells") as clock.progress:
        clock.execute(env=env)
    seconds = np.diff([clock.began, *clock.ends])
    first = clock.first_update and clock.first_update - clock.began
    return pd.Series(seconds).groupby(sections, sort=False).sum(), first


def sections_of(notebook):
    """Return the number of the section, str, that each code cell belongs to, by the headings `## NUMBER · TITLE`."""
    section, sections = "", []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.search(r"^## (\d+) · ", cell.source, re.MULTILINE)):
            section = heading[1]
        elif cell.cell_type == "code" and cell.source.strip():   # others are not executed
            sections.append(section)
    return np.array(sections)


def seconds_per_frame(steps=STEPS, **size):
    """Return what a frame costs in training; run it in a process of its own.

    Args:
        size: arguments of the lesson's `unet_model`.
    """
    lesson = open_lesson()
    if lesson.devices.policy != "float32":
        raise RuntimeError(f"Expected float32, found {lesson.devices.policy}: set {FLOAT32}")
    unet = lesson.unet_model(**size)
    compile_for(unet, 1000, optimizer=lesson.keras.optimizers.Adam)
    rng, n_frames = np.random.default_rng(0), BATCH * steps
    images = rng.uniform(-1, 1, (n_frames, *unet.input_shape[1:])).astype(np.float32)
    masks = rng.integers(0, unet.output_shape[-1], (*images.shape[:-1], 1), np.uint8)
    batches = untuned(lesson.tf.data.Dataset.from_tensor_slices((images, masks)).batch(BATCH))
    unet.fit(batches.take(WARM_UP), shuffle=False, verbose=0)   # the first step builds the graph
    start = time.perf_counter()
    unet.fit(batches, shuffle=False, verbose=0)
    return (time.perf_counter() - start) / n_frames


def in_a_fresh_process(function, *arguments):
    """Call a function in a process of its own, and return what it returns."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def tabulate(seconds, first, frame_seconds):
    """Return what counts, as a dict, and one row a section.

    Args:
        seconds, first: as `execute` returns them. frame_seconds: list of the seconds a frame, before and after.
    """
    frame, lesson = np.mean(frame_seconds), seconds.drop(LEFT_OUT, errors="ignore").sum()
    totals = {"a frame, s": frame, "the same before": frame_seconds[0], "the same after": frame_seconds[1],
              f"{FRAMES} frames, s": FRAMES * frame, f"the lesson without section {LEFT_OUT}, s": lesson,
              "the lesson, frames' worth": lesson / frame, f"the lesson / {FRAMES} frames": lesson / frame / FRAMES,
              "first prediction, s": first, "first prediction, frames' worth": first / frame,
              f"first prediction / {FRAMES // 2} frames": 2 * first / frame / FRAMES}
    return totals, pd.DataFrame({"seconds": seconds, "frames' worth": seconds / frame,
                                 "share": seconds / lesson}).rename_axis("section")


def main():
    """Measure, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=EMBEDDED, help="folder of frames; the embedded ones")
    parser.add_argument("--small", action="store_true", help="see that it works: one epoch, small, not written")
    arguments = parser.parse_args()
    find_frames(arguments.frames)   # stops here if there are none
    os.environ.update(FLOAT32)
    notebook = load_notebook_node(str(LESSON))
    if arguments.small:
        notebook = parameterize_notebook(notebook, SMALL)
    frame_seconds = [in_a_fresh_process(seconds_per_frame)]
    with tempfile.TemporaryDirectory() as folder:
        for name in BESIDE:
            (Path(folder) / name).symlink_to(LESSON.parent / name)
        seconds, first = execute(notebook, folder, os.environ | {"CARLA_DATA": str(Path(arguments.frames).resolve())})
    if first is None:
        raise RuntimeError("The training showed no prediction while it ran, so nothing can be said of the first one.")
    frame_seconds.append(in_a_fresh_process(seconds_per_frame))
    totals, table = tabulate(seconds, first, frame_seconds)
    print(pd.Series(totals).round(3).to_string(), table.round(2).to_string(), sep="\n\n")
    if not arguments.small:
        write("cost", {**totals, "sections": table.reset_index().to_dict(orient="records")})


if __name__ == "__main__":
    main()
