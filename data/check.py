"""Find the frames of a CARLA recording, name their classes, and check every pair before a network learns from it.

`python -m data.check FOLDER` says which frames a folder holds, or what is wrong with them.
"""
import argparse
import colorsys
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pandas as pd

PICTURES, MASKS = "CameraRGB", "CameraMask"


class FrameError(Exception):
    """Frames that cannot be used: the message names the files and says what to do."""

    def _render_traceback_(self):
        """Return what a notebook shows: the message alone, because the way to it helps nobody."""
        return [f"FrameError: {self}"]


def find_frames(folder):
    """Pair the pictures and masks of a recording by file name.

    Args:
        folder: path that holds `CameraRGB/*.png` and `CameraMask/*.png`.

    Returns:
        DataFrame, one row a frame, ordered by frame number: `number` (int, the digits that end the file name),
        `drive` (int, from 0: a gap of more than 200 in the number starts a new drive), `image` and `mask` (str, paths).

    Raises:
        FrameError: if the folder is missing or empty, or if a picture or a mask has no partner.
    """
    folder = Path(folder)
    pictures, masks = ({path.stem: path for path in sorted((folder / name).glob("*.png"))}
                       for name in (PICTURES, MASKS))
    if not pictures and not masks:
        found = "that folder is empty or has other files" if folder.is_dir() else "that folder does not exist"
        raise FrameError(f"No frames in '{folder}': {found}. Expected {PICTURES}/NNNNNN.png and {MASKS}/NNNNNN.png.\n"
                         "Set the environment variable CARLA_DATA, or DATA in the notebook's parameter cell, to a "
                         "folder with a CARLA recording.")
    unpaired = [f"{pictures[stem]} has no mask of the same name" for stem in pictures.keys() - masks.keys()]
    unpaired += [f"{masks[stem]} has no picture of the same name" for stem in masks.keys() - pictures.keys()]
    complain(sorted(unpaired), len(pictures.keys() | masks.keys()), "Add the missing files, or remove their partners.")
    unnumbered = [str(path) for stem, path in pictures.items() if not re.search(r"\d$", stem)]
    complain(unnumbered, len(pictures), "A file name has to end in the frame's number: the split into drives needs it.")

    frames = pd.DataFrame({"number": [int(re.search(r"\d+$", stem)[0]) for stem in pictures],
                           "image": [str(path) for path in pictures.values()],
                           "mask": [str(masks[stem]) for stem in pictures]})
    frames = frames.sort_values("number", ignore_index=True)
    frames.insert(1, "drive", (frames["number"].diff() > 200).cumsum())
    return frames


def count_labels(frames, n_classes):
    """Read every pair once: check it, and count the pixels of each class.

    Args:
        frames: DataFrame with the columns `image` and `mask`, as `find_frames` returns it.
        n_classes: int, how many class ids there are; ids run from 0 to n_classes - 1.

    Returns:
        int64 array (frames, n_classes): pixels of each class in each mask.

    Raises:
        FrameError: if a file cannot be read to its end, a picture and its mask differ in size, or a mask holds an id
            of n_classes or more.
    """
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(_read_pair, frames["image"], frames["mask"], [n_classes] * len(frames)))
    complain([problem for problem, _ in results if problem], len(frames), "Repair or remove these pairs.")
    return np.stack([counts for _, counts in results])


def _read_pair(image_path, mask_path, n_classes):
    """Return (what is wrong or None, pixels of each class or None) for one pair."""
    arrays = []
    for path in (image_path, mask_path):
        try:
            arrays.append(iio.imread(path, plugin="pillow"))
        except Exception as error:  # each damage raises its own type in the decoder
            return f"{path} cannot be read: {error}", None
    image, mask = arrays
    if image.shape[:2] != mask.shape[:2]:
        sizes = " but ".join(f"{path} is {array.shape[1]}×{array.shape[0]}"
                             for path, array in ((image_path, image), (mask_path, mask)))
        return f"{sizes} (width × height)", None
    ids = mask if mask.ndim == 2 else mask[..., 0]
    counts = np.bincount(ids.ravel(), minlength=n_classes)
    if len(counts) > n_classes:
        return (f"{mask_path} holds the class id {ids.max()} in its red channel, but N_CLASSES = {n_classes} "
                f"allows 0 to {n_classes - 1}"), None
    return None, counts


def complain(problems, of_how_many, remedy):
    """Raise a FrameError that lists the first problems, their number and the remedy, if there are any."""
    if problems:
        more = f"\n  … and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise FrameError(f"{len(problems)} of {of_how_many} frames cannot be used:\n  "
                         + "\n  ".join(problems[:5]) + more + f"\n{remedy}")


def read_labels(n_classes):
    """Read the names and colours of the classes from `labels.csv`.

    Args:
        n_classes: int; 13, 23 and 29 are those of CARLA's releases, any other count gets numbered names.

    Returns:
        DataFrame, one row a class, its index the class id: `name` (str), `red`, `green`, `blue` (int, 0 to 255).
        Source: CARLA's documentation of the semantic segmentation camera.
    """
    table = pd.read_csv(Path(__file__).with_name("labels.csv"))
    for _, labels in table.groupby("carla"):
        if len(labels) == n_classes:
            return labels.set_index("id").drop(columns="carla")
    hues = [colorsys.hsv_to_rgb(0.618 * k % 1, 0.6, 0.9) for k in range(n_classes)]
    colours = pd.DataFrame(np.rint(255 * np.array(hues)).astype(int), columns=["red", "green", "blue"])
    colours.insert(0, "name", [f"class {k}" for k in range(n_classes)])
    return colours.rename_axis("id")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m data.check", description="Say which frames a folder holds.")
    parser.add_argument("folder", help="folder with CameraRGB/ and CameraMask/")
    folder = parser.parse_args().folder
    try:
        found = find_frames(folder)
    except FrameError as error:
        sys.exit(str(error))
    print(f"{folder}: {len(found)} frames in {found['drive'].nunique()} drives")
