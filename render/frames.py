"""Frames on disk: where they are kept, which are missing, and how those of a drive are rendered."""

import csv
import hashlib
import importlib
import json
import multiprocessing.connection
import os
import threading

import numpy as np
from PIL import Image

from . import camera, scenes


def number(drive, time):
    """Return a frame's number; drives lie 300 apart, so that a gap of more than 200 separates them."""
    return 300 * (drive + 1) + time


def paths(out, drive, time):
    """Return where a frame's image and mask are kept."""
    name = f"{number(drive, time):06d}.png"
    return out / "CameraRGB" / name, out / "CameraMask" / name


def save(array, path):
    """Write a PNG under another name first, so that a file that exists is complete."""
    part = path.with_suffix(".part")
    Image.fromarray(array).save(part, "PNG", optimize=True)
    os.replace(part, path)


def missing(out, collection, drive):
    """Return the frames of a drive that are still to be rendered; the image is written last."""
    return [time for time in range(collection.frames) if not paths(out, drive, time)[0].exists()]


def render_drive(out, collection, index, size):
    """Render the frames of one drive that are missing.

    Args:
        out: folder with CameraRGB and CameraMask.
        collection: what the drive belongs to.
        index: number of the drive.
        size: (width, height) of the frames.

    Returns:
        How many frames were rendered.
    """
    from .stage import Stage, quiet  # Blender lives in the processes that render, not in the one that waits for them

    todo, drive = missing(out, collection, index), scenes.compose(collection, index)
    with quiet():
        stage = Stage(drive.world, drive.light, size)
    for time in todo:
        with quiet():
            light, depth, ids, pose = stage.render(time, drive.views[time])
        image = camera.develop(light, depth, ids, pose, drive.look, drive.seed * 100 + time)
        opaque, none = np.full_like(ids, 255), np.zeros_like(ids)
        image_path, mask_path = paths(out, index, time)
        save(np.dstack([ids, none, none, opaque]), mask_path)
        save(np.dstack([image, opaque]), image_path)
    return len(todo)


def begin_process():
    """Prepare a process that renders: it ends with the one that started it, and Blender has one thread in it."""

    def watch():
        multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if hasattr(os, "sched_setaffinity"):  # Blender's scheduler counts processors when loaded; idle threads of it spin
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(processors)})
        importlib.import_module("bpy")
        os.sched_setaffinity(0, processors)


def write_manifest(out, collection, drives):
    """List every finished frame with its checksums."""
    digest = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()  # noqa: E731
    with open(out / "manifest.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["frame", "drive", "seed", "scene", "weather", "sha256_rgb", "sha256_mask"])
        for drive in range(drives):
            kind, weather = scenes.plan(drive)
            for time in range(collection.frames):
                places = paths(out, drive, time)
                if all(place.exists() for place in places):
                    row = [places[0].stem, drive, scenes.seed_of(collection, drive), kind, weather]
                    table.writerow(row + [digest(place) for place in places])


def prepare(out, collection, size):
    """Make the folder, or stop if it holds frames of another collection or size."""
    recipe, path = dict(first_seed=collection.seeds[0], width=size[0], height=size[1]), out / "recipe.json"
    for folder in ("CameraRGB", "CameraMask"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    if not path.exists():
        if any((out / "CameraRGB").iterdir()):
            raise SystemExit(f"{out} holds frames that this program did not begin. Name a new or empty folder.")
        path.write_text(json.dumps(recipe) + "\n")
    elif (found := json.loads(path.read_text())) != recipe:
        raise SystemExit(f"{path} says {found}, but asked for is {recipe}. Name another folder or the same arguments.")
