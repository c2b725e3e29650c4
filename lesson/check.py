"""Check the frames of a folder before a network learns from them, and count the pixels of each class.

`python -m lesson.check FOLDER` prints what a folder holds, and every problem with its file.
"""
import argparse
import hashlib
import os
import sys
import warnings
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from lesson.drives import doubtful_drives
from lesson.errors import FrameError, FrameWarning
from lesson.images import load_pair
from lesson.labels import FAMILIES, MAX_ID, RELEASES, WHICH_CLASSES, read_labels
from lesson.masks import COLOURS, IGNORED, MAX_SMOOTH, as_mask, is_family, label_of_colour, rgb, smooth_share, smoothed
from lesson.recordings import complain, pair_files, require_drives


class Pair(NamedTuple):
    """What one reading of a pair found; of an unsound pair only the problem."""
    problem: str = None
    warning: str = None
    doubt: str = None  # a warning that the lesson says too
    size: tuple = None  # width, height in pixels
    counts: np.ndarray = None  # pixels of each label
    kind: str = "ids"  # what the labels are: see `labels_of`
    evidence: tuple = (np.nan, np.nan, np.nan)  # for `_families_of_ids`
    thumbnail: np.ndarray = None  # uint8 (12, 16, 3), for `doubtful_drives`


def count_labels(frames, n_classes=None, ignore_label=None):
    """Read every pair once: check it, and count the pixels of each class. Warn of drives that look wrong.

    Args:
        frames: DataFrame with the columns `drive`, `image` and `mask`, as `find_frames` returns it.
        n_classes: int, how many class ids there are; ids run from 0 to n_classes - 1. None finds it from the masks, if
            they have the values 0 and 255 alone, or are CARLA's and show clearly which family of releases they come
            from.
        ignore_label: int, the id of pixels without a class, which count nowhere, or None.

    Returns:
        int64 array (frames, n_classes): pixels of each class in each mask.

    Raises:
        FrameError: if a pair is unsound (`read_pair`), if the masks contradict n_classes, if it is None and they do
            not show it, or if all pixels are of one class.
    """
    frames = frames.reset_index(drop=True)
    pairs = _examine(frames, n_classes, ignore_label, sys.stdout)
    complain([pair.problem for pair in pairs if pair.problem], len(frames))
    n_classes, doubt = _settle_classes(frames, pairs, n_classes)
    if refusal := _one_class(frames, pairs) or doubt:
        raise FrameError(refusal)
    doubts = [pair.doubt for pair in pairs if pair.doubt][:1]
    for doubt in doubts + doubtful_drives(frames, [pair.thumbnail for pair in pairs]):
        warnings.warn(doubt, FrameWarning, stacklevel=2)
    return _count(pairs, n_classes, ignore_label)


def _examine(frames, n_classes, ignore_label, file):
    """Return a list of Pairs, with a progress bar on a stream if it takes longer than five seconds."""
    with ThreadPool() as pool:
        examine = partial(_examine_pair, n_classes=n_classes, ignore_label=ignore_label)
        pairs = pool.imap(examine, zip(frames["image"], frames["mask"]))
        return list(tqdm(pairs, "reading pairs", len(frames), file=file, leave=False, delay=5, mininterval=2))


def _examine_pair(paths, n_classes, ignore_label):
    """Return the Pair of (image path, mask path)."""
    try:
        image, labels, kind = load_pair(*paths, n_classes, ignore_label)
    except FrameError as error:
        return Pair(problem=str(error))
    counts = np.array(Image.fromarray(labels).histogram())  # bincount takes three times as long
    if ignore_label is not None:
        counts[IGNORED] = 0
    counts = np.trim_zeros(counts, "b")
    few = image.resize((64, 48), Image.Resampling.NEAREST)  # of its pixels, because a mean of all takes longer
    pair = Pair(size=image.size, counts=counts, kind=kind, thumbnail=np.asarray(few.convert("RGB").reduce(4)))
    present = np.count_nonzero(counts)
    if present == 1:
        pair = pair._replace(warning=f"{paths[1]} holds one class alone.")
    elif not np.ptp(pair.thumbnail, axis=(0, 1)).any():
        pair = pair._replace(warning=f"{paths[0]} is of one colour alone: did the camera record nothing?")
    elif as_mask(image, paths[0]) == "colours":
        pair = pair._replace(warning=f"{paths[0]} is painted in the colours of classes: is it an image?")
    if not is_family(n_classes) and (share := smooth_share(labels)) > MAX_SMOOTH:
        pair = pair._replace(doubt=f"{paths[1]} {smoothed(share)}")
    if kind == "ids" and present > 2:  # a mask of one or two ids shows no street
        height, width = labels.shape
        low, top = labels[height // 2::4, width // 3:width - width // 3:4], labels[:-(-height // 4):4, ::4]
        pair = pair._replace(evidence=(np.mean(low == 1), np.mean(low == 7), np.mean(top == 11)))
    return pair


def _one_class(frames, pairs):
    """Return what is wrong with masks whose pixels are all of one class, or all to ignore; else None."""
    ids = set().union(*(np.flatnonzero(pair.counts).tolist() for pair in pairs))
    if len(ids) > 1:
        return None
    found = f"id {ids.pop()}" if ids and pairs[0].kind != "places" else "one class" if ids else "pixels to ignore"
    return (f"All {len(frames)} masks hold {found} alone, such as {frames['mask'].iloc[0]}: there is nothing to learn. "
            "In CARLA, masks are all zero if a converter was applied twice or to another camera's images, or if "
            "another camera than sensor.camera.semantic_segmentation recorded them. Record with that one, and save by "
            "image.save_to_disk(path) without a converter, or with ColorConverter.CityScapesPalette once.")


def _settle_classes(frames, pairs, n_classes):
    """Return the number of classes, found from the masks if it is None, and what is wrong or in doubt, or None."""
    two = frames["mask"][[pair.kind == "two" for pair in pairs]]
    more = frames["mask"][[pair.kind != "two" and len(pair.counts) > 1 for pair in pairs]]
    if n_classes is None and len(two):
        return (None, f"{two.iloc[0]} has the values 0 and 255 alone, as masks of two classes, but {more.iloc[0]} has "
                      f"others. Take them apart.") if len(more) else (2, None)
    if not is_family(n_classes):
        return n_classes, None
    families, doubt = _families_of_ids(frames, pairs)
    if n_classes:
        if not families or n_classes in families:
            return n_classes, None
        shown = min(families)
        return n_classes, (f"N_CLASSES = {n_classes} stands for CARLA {RELEASES[n_classes]}, but the masks show "
                           f"the ids of CARLA {RELEASES[shown]}: look where the road is. Set N_CLASSES = {shown}.")
    colours = list(set().union(*(np.flatnonzero(pair.counts).tolist() for pair in pairs if pair.kind == "places")))
    lacks = {n: COLOURS[colours][label_of_colour(n)[COLOURS[colours]] == 0] for n in FAMILIES}
    fitting = families & {n for n in FAMILIES if not len(lacks[n])}
    if fitting:
        return min(fitting), None  # in those that are left, all labels have the same names
    if families:
        doubt = "no release has all of their colours and ids: " + ", ".join(
            f"CARLA {RELEASES[n]} lacks {rgb(lacks[n][0])}" if len(lacks[n]) else f"the ids are not of {RELEASES[n]}"
            for n in FAMILIES)
    return None, f"The masks do not show which release of CARLA they come from: {doubt}.\n{WHICH_CLASSES}"


def _families_of_ids(frames, pairs):
    """Return (the families of releases that the masks with ids may come from, by their number of ids; doubt if none).

    Road fills the lower middle of a drive's frames. Its id is 7 up to CARLA 0.9.13, where 1 is Building, and 1 later,
    where 7 is TrafficLight. No traffic light fills that place; a building might, so 1 needs a second witness: the ids
    that only the last family has, or its sky.
    """
    evidence = pd.DataFrame([pair.evidence for pair in pairs], columns=["id 1", "id 7", "sky"])
    evidence["highest"] = [len(pair.counts) - 1 if pair.kind == "ids" else -1 for pair in pairs]
    drives = evidence[evidence["highest"] >= 0].groupby(frames["drive"]).agg(
        {"id 1": "mean", "id 7": "mean", "sky": "mean", "highest": "max"})
    if drives.empty:
        return set(FAMILIES), None
    older = (drives["id 7"] >= 0.25) & (drives["id 7"] > drives["id 1"])
    newer = (drives["id 1"] >= 0.25) & (drives["id 7"] < 0.05) & ((drives["sky"] >= 0.1) | (drives["highest"] > 22))
    highest = drives["highest"].max()
    if older.any() and newer.any():
        return set(), (f"in drive {older.idxmax()} road is id 7, as up to 0.9.13, but in drive {newer.idxmax()} it is "
                       "id 1, as later: take them apart")
    if (older | newer).mean() < 0.5:
        return set(), "in most drives neither id 7 nor id 1 fills the lower middle, where the road is"
    if newer.any():
        return ({29, 30} if highest < 29 else {30}), None
    if highest > 22:
        return set(), ("id 7 lies where the road is, as up to 0.9.13, but "
                       f"{frames['mask'][evidence['highest'].idxmax()]} holds id {highest}, as only later releases do")
    return ({13, 23} if highest < 13 else {23}), None


def _count(pairs, n_classes, ignore_label):
    """Return the pixels of each class in each mask, int64 (frames, n_classes)."""
    counts = np.zeros((len(pairs), n_classes), np.int64)
    for row, pair in zip(counts, pairs):
        labels = np.flatnonzero(pair.counts)
        places = pair.kind == "places"
        row[label_of_colour(n_classes)[COLOURS[labels]] - 1 if places else labels] = pair.counts[labels]
    if ignore_label is not None and 0 <= ignore_label < n_classes:  # painted, and no release given
        counts[:, ignore_label] = 0
    return counts


# The command line.

def report(folder, n_classes=None, ignore_label=None):
    """Print what a folder holds: its recordings, classes, warnings and problems.

    Args:
        folder: path, as `find_frames` takes it.
        n_classes, ignore_label: int or None, as `count_labels` takes them.

    Returns:
        list of str, the problems: because of any of them the lesson would refuse the frames.

    Raises:
        FrameError: if the folder holds no frames.
    """
    frames, problems = pair_files(folder)
    pairs = _examine(frames, n_classes, ignore_label, sys.stderr)
    problems += [pair.problem for pair in pairs if pair.problem]
    copies, repeated = _duplicates(frames["image"]), _duplicates(frames["mask"])
    doubts = [line for pair in pairs for line in (pair.warning, pair.doubt) if line] + [*copies.values()]
    if len(repeated) > max(len(copies), len(frames) / 2):
        doubts.append(f"{len(repeated)} masks repeat others, but their images do not: {[*repeated.values()][0]}")
    if len(frames):
        try:
            require_drives(frames, folder)
        except FrameError as error:
            problems.append(str(error))
    sound = [row for row, pair in enumerate(pairs) if not pair.problem]
    frames, pairs = frames.iloc[sound].reset_index(drop=True), [pairs[row] for row in sound]
    if pairs:
        print(_recording_table(frames, pairs).to_string(index=False), end="\n\n")
        n_classes, doubt = _settle_classes(frames, pairs, n_classes)
        if refusal := _one_class(frames, pairs) or doubt:
            problems.append(refusal)
        print(_class_table(pairs, n_classes, ignore_label, folder).to_string(), end="\n\n")
        once = [row for row, path in enumerate(frames["image"]) if path not in copies]
        doubts += doubtful_drives(frames.iloc[once].reset_index(drop=True), [pairs[row].thumbnail for row in once])
    for title, lines in ("warning", doubts), ("problem", problems):
        print("".join(f"{title}: {line}\n" for line in lines), end="")
    print(f"{folder}: {len(frames)} frames in {frames['drive'].nunique()} drives read; {len(problems)} problems, "
          f"{len(doubts)} warnings")
    return problems


def _recording_table(frames, pairs):
    """Return a DataFrame, one row a recording: frames, drives, numbers, sizes."""
    table = frames.assign(recording=frames["image"].map(lambda path: str(Path(path).parents[1])),
                          size=[f"{width}×{height}" for width, height in (pair.size for pair in pairs)])
    return table.groupby("recording").agg(
        frames=("image", "size"), drives=("drive", "nunique"), numbers=("number", lambda n: f"{n.min()} to {n.max()}"),
        sizes=("size", lambda sizes: ", ".join(f"{count} of {size}" for size, count in sizes.value_counts().items()))
    ).reset_index()


def _class_table(pairs, n_classes, ignore_label, folder):
    """Return a DataFrame, one row an id that occurs: name, share of pixels; without n_classes each family's names."""
    counts = _count([pair for pair in pairs if n_classes or pair.kind != "places"], n_classes or MAX_ID + 1,
                    ignore_label)
    table = pd.DataFrame({f"CARLA {RELEASES[n]}" if n in FAMILIES else "class":
                          read_labels(n, folder if n_classes else None)["name"]
                          for n in ([n_classes] if n_classes else FAMILIES)})
    table["share of pixels"] = [f"{share:.3%}" for share in counts.sum(axis=0) / max(1, counts.sum())]
    table["frames with it"] = (counts > 0).sum(axis=0)
    return table[table["frames with it"] > 0].fillna("").rename_axis("id")


def _duplicates(paths):
    """Return a dict from every file with the same bytes as an earlier one to a line that says so."""
    alike = paths[paths.map(os.path.getsize).duplicated(keep=False)]
    with ThreadPool() as pool:
        digests = pool.map(lambda path: hashlib.sha256(Path(path).read_bytes()).digest(), alike)
    first = alike.groupby(digests).transform("first")
    return {path: f"{path} has the same bytes as {other}." for path, other in zip(alike, first) if path != other}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lesson.check", description="Print which frames a folder holds, "
                                     "and every problem with its file. Exit status: 0 sound, 1 problems, 2 usage.")
    parser.add_argument("folder", help="folder with CameraRGB/ and CameraMask/ or CameraSeg/, or that holds such ones")
    parser.add_argument("--classes", type=int, metavar="N", help="number of class ids; found from the masks by default")
    parser.add_argument("--ignore", type=int, metavar="ID", help="class id of pixels that are to count nowhere")
    arguments = parser.parse_args()
    try:
        sys.exit(bool(report(arguments.folder, arguments.classes, arguments.ignore)))
    except FrameError as error:
        sys.exit(str(error))
