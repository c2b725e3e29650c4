"""Find the frames of CARLA recordings, read them as pictures and class ids, and check them before a network learns.

`python -m data.check FOLDER` prints what a folder holds, and every problem with its file.
"""
import argparse
import colorsys
import hashlib
import os
import re
import sys
import unicodedata
from functools import lru_cache, partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

PICTURES, MASKS = "CameraRGB", "CameraMask"
MASK_FOLDERS = (MASKS, "CameraSeg")
ENDINGS = (".png", ".jpg", ".jpeg")
ANOTHER_FOLDER = ("Set the environment variable CARLA_DATA, or DATA in the notebook's parameter cell, to a folder with "
                  "a CARLA recording.")
MAX_PIXELS = 100_000_000  # of one picture; decoded it takes four bytes a pixel

LABELS = pd.read_csv(Path(__file__).with_name("labels.csv"))
FAMILIES = {len(labels): labels.set_index("id") for _, labels in LABELS.groupby("carla")}  # by their number of ids
RELEASES = {n_classes: labels["carla"].iloc[0] for n_classes, labels in FAMILIES.items()}
MAX_ID = max(FAMILIES) - 1
WHICH_CLASSES = (
    "Set N_CLASSES in the notebook's parameter cell (--classes for data.check) to "
    + ", ".join(f"{n_classes} for CARLA {releases}" for n_classes, releases in RELEASES.items())
    + ", or to the number of your own classes.\nTo tell: road is id 7 in the first two, of which only the second has ids "
      "above 12 (sky is 13); in the third, road is id 1 (sky is 11).")


class FrameError(Exception):
    """Frames that cannot be used: the message names the files and says what to do."""

    def _render_traceback_(self):
        """Return what a notebook shows: the message alone, because the way to it helps nobody."""
        return [f"FrameError: {self}"]


# Which frames are there?

def find_frames(folder):
    """Pair the pictures and masks of one or more recordings by file name.

    A recording is a folder with `CameraRGB/` (PNG or JPEG pictures) and `CameraMask/` or `CameraSeg/` (PNG masks).
    Hidden files and those with another ending are passed over.

    Args:
        folder: path of a recording, or of a folder that holds recordings at any depth.

    Returns:
        DataFrame, one row a frame, ordered by folder and frame number: `number` (int, the digits that end the file
        name), `drive` (int, from 0: another folder, another beginning of the file name, or a gap of more than 200 in
        the number starts a new drive), `image` and `mask` (str, paths).

    Raises:
        FrameError: if the folder is missing or holds no frames, if a picture or a mask has no partner, or if a name
            does not say which frame it is.
    """
    frames, problems = _pair_files(folder)
    _complain(problems, len(frames) + len(problems))
    return frames


def _pair_files(folder):
    """Return (the sound frames as `find_frames` does, the problems of all others)."""
    rows, problems = [], []
    for recording in _recordings(folder):
        mask_folders = [name for name in MASK_FOLDERS if (recording / name).is_dir()]
        if len(mask_folders) != 1 or not (recording / PICTURES).is_dir():
            have = " and ".join(name for name in (PICTURES, *MASK_FOLDERS) if (recording / name).is_dir())
            problems.append(f"{recording} has {have}. A recording has {PICTURES} and either {MASKS} or "
                            f"{MASK_FOLDERS[1]}. Add what is missing, or move away what is too much.")
            continue
        pictures, masks = (_files(recording / name, problems) for name in (PICTURES, mask_folders[0]))
        for stem in sorted(pictures.keys() | masks.keys()):
            picture, mask, name = pictures.get(stem), masks.get(stem), re.fullmatch("(.*?)([0-9]{1,18})", stem, re.S)
            if "" in (picture, mask):
                continue  # `_files` has named the problem
            if picture is None or mask is None:
                problems.append(f"{picture or mask} has no {'mask' if mask is None else 'picture'} of the same name. "
                                "Add the missing file, or remove this one.")
            elif not name:
                problems.append(f"{picture} has no number. A file name has to end in the frame's number: "
                                "the split into drives needs it.")
            else:
                rows.append((str(recording), name[1], int(name[2]), picture, mask))
    if not rows and not problems:
        raise FrameError(f"No frames in '{folder}': that folder is empty or has other files. Expected {PICTURES}/"
                         f"NNNNNN.png and {MASKS}/NNNNNN.png, in it or below it.\n{ANOTHER_FOLDER}")

    frames = pd.DataFrame(rows, columns=["recording", "prefix", "number", "image", "mask"])
    frames = frames.sort_values(["recording", "prefix", "number"], ignore_index=True)
    origin = frames[["recording", "prefix"]]
    starts = (origin != origin.shift()).any(axis=1) | (frames["number"].diff() > 200)
    frames.insert(1, "drive", starts.cumsum() - 1)
    return frames[["number", "drive", "image", "mask"]], problems


def _recordings(folder):
    """Return the folders at or below `folder` that hold pictures or masks, in the order of their paths."""
    def refuse(error):
        found = {FileNotFoundError: "that folder does not exist", NotADirectoryError: "that is a file, not a folder",
                 PermissionError: "you may not read it: change its permissions"}.get(type(error), error.strerror)
        raise FrameError(f"No frames in '{error.filename}': {found}.\n{ANOTHER_FOLDER}")

    found, seen = [], set()
    for path, folders, _ in os.walk(folder, followlinks=True, onerror=refuse):
        if os.path.realpath(path) in seen:  # links may lead in a circle
            folders.clear()
            continue
        seen.add(os.path.realpath(path))
        cameras = {PICTURES, *MASK_FOLDERS} & set(folders)
        if cameras:
            found.append(Path(path))
        folders[:] = sorted(name for name in folders if name not in cameras and not name.startswith((".", "__MACOSX")))
    return found


def _files(folder, problems):
    """Return a dict from stem to path of the PNG and JPEG files; a path is "" where a problem was added to the list."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise FrameError(f"{folder} cannot be read: {error.strerror}. Change its permissions.") from None
    paths = {}
    for name in names:
        stem, ending = os.path.splitext(name)
        stem, path = unicodedata.normalize("NFC", stem), os.path.join(folder, name)  # macOS writes ä as two letters
        if name.startswith(".") or ending.lower() not in ENDINGS:
            continue
        problem = None
        if re.search("[\ud800-\udfff]", path):
            problem = f"{path!a} has a name that is not UTF-8. Rename it."
        elif not os.path.isfile(path):
            problem = f"{path} is not a file, but a folder or a link that leads nowhere. Remove it."
        elif stem in paths:
            problem = f"{path} has the same name as {paths[stem] or 'another file'} but for the ending. Keep one."
        paths[stem] = path if problem is None else ""
        problems += [problem] if problem else []
    return paths


def _complain(problems, of_how_many):
    """Raise a FrameError that lists the first problems and their number, if there are any."""
    if problems:
        more = f"\n  … and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise FrameError(f"{len(problems)} of {of_how_many} frames cannot be used:\n  " + "\n  ".join(problems[:5])
                         + f"{more}\nRepair or remove these files. All problems: python -m data.check FOLDER")


# What does a file hold?

def read_picture(path):
    """Read a picture upright and in colour, as a network takes it.

    Args:
        path: str or bytes, a PNG or JPEG file: colour, grey, palette, CMYK, 8 or 16 bits, with or without alpha.

    Returns:
        uint8 array (height, width, 3). An orientation that a camera noted in the file is applied, alpha is dropped.

    Raises:
        FrameError: if the file cannot be read to its end.
    """
    return _pixels(ImageOps.exif_transpose(_open(path)))


def read_pair(image_path, mask_path, n_classes):
    """Read a picture and its mask.

    Masks come in three kinds: ids in the red channel with green = blue = 0 (CARLA's own), ids as grey levels or palette
    indices, and CARLA's colours, which become ids again. A palette is read by its colours if these say the id, because
    programs that compress PNG files renumber palettes; else the index is the id.

    Args:
        image_path, mask_path: str or bytes, PNG or JPEG file and PNG file of the same size.
        n_classes: int, how many class ids there are; ids run from 0 to n_classes - 1.

    Returns:
        picture, uint8 (height, width, 3); mask, uint8 (height, width, 1), the class id of every pixel.

    Raises:
        FrameError: if a file cannot be read to its end, if the sizes differ, if the two are swapped, or if a pixel of
            the mask is not one of the ids or colours.
    """
    picture, labels, painted = _load_pair(image_path, mask_path, n_classes)
    ids = _id_table(painted, n_classes)[labels]
    if (ids < 0).any():
        raise FrameError(_stranger(mask_path, np.bincount(labels.ravel()), painted, n_classes))
    return _pixels(picture), ids.astype(np.uint8)[..., np.newaxis]


def _load_pair(image_path, mask_path, n_classes):
    """Return (picture as a PIL image, labels as `_labels` does, whether these are colours) of a pair."""
    image_path, mask_path = os.fsdecode(image_path), os.fsdecode(mask_path)  # tf.numpy_function hands over bytes
    picture, mask = _open(image_path), _open(mask_path)
    for path, image in ((image_path, picture), (mask_path, mask)):
        turned = image.getexif().get(ExifTags.Base.Orientation, 1)
        if turned in range(2, 9):
            raise FrameError(f"{path} is to be shown turned or mirrored (EXIF orientation {turned}), so picture and "
                             "mask may not lie on each other. Store it as it is to be shown, without that entry.")
    if picture.size != mask.size:
        sizes = " but ".join(f"{path} is {image.width}×{image.height}"
                             for path, image in ((image_path, picture), (mask_path, mask)))
        raise FrameError(f"{sizes} (width × height). Record both at one size, or resize the picture to its mask.")
    in_picture = _as_mask(picture, image_path)
    try:
        labels, painted = _labels(mask, mask_path, n_classes)
    except FrameError:
        if in_picture:
            raise FrameError(f"{image_path} is a mask and {mask_path} is none. Swap them: pictures belong in "
                             f"{PICTURES}, masks in {' or '.join(MASK_FOLDERS)}.") from None
        raise
    if in_picture and not in_picture[1] and picture.mode.startswith(("RGB", "P")):
        raise FrameError(f"{image_path} is a mask, not a picture. Put the picture that belongs to {mask_path} there.")
    return picture, labels, painted


def _open(path):
    """Return a PNG or JPEG file as a decoded PIL image; damage of any kind is a FrameError."""
    path = os.fsdecode(path)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if image.format == "PNG":
                if image.is_animated:
                    raise FrameError(f"{path} holds {image.n_frames} pictures, an animation. Store one picture a file.")
                image.verify()  # the checksums: Pillow decodes damaged pixels without a word
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            image.load()
            return image
    except FrameError:
        raise
    except Image.DecompressionBombError:
        raise FrameError(f"{path} has more than {MAX_PIXELS:,} pixels. Scale the pair down.") from None
    except Exception as error:  # each damage raises its own type in the decoder
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "it is neither PNG nor JPEG" if os.path.getsize(path) else "it is empty (0 bytes)"
        raise FrameError(f"{path} cannot be read: {reason}. Get the file again from its source.") from None


def _pixels(image):
    """Return a PIL image as uint8 (height, width, 3)."""
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return np.array(image.convert("RGB"))


# What do the values of a mask mean?

def _codes(colours):
    """Return colours (…, 3) as whole numbers: red + 256 green + 65536 blue."""
    return np.asarray(colours) @ [1, 256, 65536]


def _rgb(code):
    """Return the colour that a number of `_codes` stands for, as (red, green, blue)."""
    return tuple(int(code) >> shift & 255 for shift in (0, 8, 16))


COLOURS = np.unique(_codes(LABELS[["red", "green", "blue"]]))  # of all families
_LABEL_OF_COLOUR = np.zeros(1 << 24, np.uint8)  # from 1, in the order of COLOURS; 0 is none of them
_LABEL_OF_COLOUR[COLOURS] = np.arange(1, len(COLOURS) + 1)


def _labels(image, path, n_classes):
    """Return the labels of a mask, uint8 (height, width), and whether they are colours, counted from 1 as in COLOURS.

    n_classes may be None: one of CARLA's families, not known which.
    """
    if image.format != "PNG":
        raise FrameError(f"{path} is a JPEG, which changes class ids and colours. Masks must be PNG: export it again.")
    with open(path, "rb") as file:
        depth, kind = file.read(26)[24:]  # as the header of the file says: Pillow scales without a word
    grey, palette, grey_and_alpha = kind == 0, kind == 3, kind == 4
    if (grey and depth in (2, 4)) or (depth == 16 and not grey):
        raise FrameError(f"{path} has {depth} bits a channel, so its ids may have been scaled. Store it with 8 bits.")
    values = np.asarray(image)
    if grey and values.max() > 255:
        raise FrameError(f"{path} holds the value {values.max()} in 16 bits, but class ids are at most 255. "
                         "Store the ids themselves, with 8 bits.")
    if grey or grey_and_alpha:
        return (values[..., 0] if grey_and_alpha else values.astype(np.uint8)), False

    carla = n_classes is None or n_classes in FAMILIES
    if palette:
        return _labels_of_palette(values, _codes(np.reshape(image.getpalette(), (-1, 3))), path, n_classes, carla)
    colours = np.asarray(image.convert("RGBA")).view("<u4")[..., 0] & 0xFFFFFF
    labels, painted, strange = _meaning(colours, carla)
    if strange.any():
        row, column = np.unravel_index(strange.argmax(), strange.shape)
        found = f"the colour {_rgb(colours[row, column])} at row {row}, column {column}"
        if values[..., 0].max() <= MAX_ID:
            found += " (green and blue may be the numbers of an instance camera)"
        expected = "ids in the red channel (green = blue = 0)" + carla * " or exactly the colours of CARLA"
        raise FrameError(f"{path} has {found} and {strange.sum() - 1:,} more such pixels. Expected {expected}: "
                         "export it as PNG, without smoothing.")
    return labels, painted


def _meaning(colours, carla):
    """Return (labels, whether they are colours, where they mean nothing) of colours as numbers, by the best reading."""
    red = colours.astype(np.uint8)  # the lowest byte
    readings = [(red, False, colours > 255)]
    if readings[0][2].any():
        if carla:
            labels = _LABEL_OF_COLOUR[colours]
            readings.append((labels, True, labels == 0))
        readings.append((red, False, colours != red * np.uint32(0x010101)))
    return min(readings, key=lambda reading: np.count_nonzero(reading[2]))


def _labels_of_palette(indices, palette, path, n_classes, carla):
    """Return what `_labels` does, from indices into a palette of colours as numbers."""
    used = np.flatnonzero(np.bincount(indices.ravel()))
    if used[-1] < len(palette):
        labels, painted, strange = _meaning(palette[used], carla)
        distinct = all(np.argmax(palette == palette[k]) == k for k in used)
        if not strange.any() and (painted or distinct and labels.max() < (n_classes or MAX_ID + 1)):
            table = np.zeros(256, np.uint8)
            table[used] = labels
            return table[indices], painted
        near = [colour for colour in map(_rgb, palette[used]) if any(
            np.abs(np.subtract(colour, _rgb(other))).max() <= 8 for other in COLOURS if len(set(_rgb(other))) > 1)]
        if carla and near:
            raise FrameError(f"{path} has a palette with the colour {near[0]}: it holds CARLA's colours, but not them "
                             "alone or not exactly, so neither colour nor index is sure to be the class. Store the ids "
                             "as grey levels.")
    return indices, False


def _as_mask(picture, path):
    """Return what `_labels` does of a picture that holds ids or colours of CARLA's alone, and several; else None."""
    sample = picture.resize([-(-side // 16) for side in picture.size], Image.Resampling.NEAREST).convert("RGB")
    if picture.format != "PNG" or _meaning(_codes(sample), carla=True)[2].any():
        return None
    try:
        labels, painted = _labels(picture, path, None)
    except FrameError:
        return None
    return (labels, painted) if labels.min() < labels.max() and (painted or labels.max() <= MAX_ID) else None


@lru_cache
def _id_table(painted, n_classes):
    """Return the id of every label, int16 (256,); -1 stands where n_classes has none."""
    table = np.full(256, -1, np.int16)
    if painted:
        codes = _codes(FAMILIES[n_classes][["red", "green", "blue"]])
        table[_LABEL_OF_COLOUR[codes]] = FAMILIES[n_classes].index
    else:
        table[:n_classes] = np.arange(n_classes)
    return table


def _stranger(path, counts, painted, n_classes):
    """Return what is wrong with a mask of which some labels are no id of n_classes; `counts` are their pixels."""
    label = np.flatnonzero((_id_table(painted, n_classes)[:len(counts)] < 0) & (counts > 0))[-1]
    found = f"the colour {_rgb(COLOURS[label - 1])}" if painted else f"the class id {label}"
    return (f"{path} holds {found} in {counts[label]:,} pixels, but N_CLASSES = {n_classes} allows "
            f"{'other colours' if painted else f'0 to {n_classes - 1}'}. Set N_CLASSES to what the masks were recorded "
            "with, or repair the mask.")


# Which classes do the masks of a folder hold?

class Pair(NamedTuple):
    """What one reading of a pair found; of an unsound pair only the problem."""
    problem: str = None
    warning: str = None
    size: tuple = None        # width, height in pixels
    painted: bool = False     # in CARLA's colours
    counts: np.ndarray = None  # pixels of each label
    road: tuple = (np.nan, np.nan)  # share of the ids 1 and 7 in the lower middle, where the road is
    sky: float = np.nan       # share of id 11 in the upper quarter


def count_labels(frames, n_classes=None):
    """Read every pair once: check it, and count the pixels of each class.

    Args:
        frames: DataFrame with the columns `drive`, `image` and `mask`, as `find_frames` returns it.
        n_classes: int, how many class ids there are; ids run from 0 to n_classes - 1. None finds it from the masks, if
            they are CARLA's and show clearly which of its families of releases they come from.

    Returns:
        int64 array (frames, n_classes): pixels of each class in each mask.

    Raises:
        FrameError: if a pair is unsound (`read_pair`), if the masks contradict n_classes, or if it is None and they do
            not show it.
    """
    pairs = _examine(frames, n_classes, sys.stdout)
    _complain([pair.problem for pair in pairs if pair.problem], len(frames))
    if n_classes is None:
        families, reason = _families(frames, pairs)
        if not families:
            raise FrameError(f"The masks do not show which release of CARLA they come from: {reason}.\n{WHICH_CLASSES}")
        n_classes = min(families)  # all that are left agree on what each pixel is called
    counts, problems = _count(frames, pairs, n_classes)
    _complain(problems, len(frames))
    if contradiction := _contradiction(frames, pairs, n_classes):
        raise FrameError(contradiction)
    return counts


def _examine(frames, n_classes, file):
    """Return a list of Pairs, with a progress bar on a stream if it takes longer than five seconds."""
    with ThreadPool() as pool:
        pairs = pool.imap(partial(_examine_pair, n_classes=n_classes), zip(frames["image"], frames["mask"]))
        return list(tqdm(pairs, "reading pairs", len(frames), file=file, leave=False, delay=5, mininterval=0.5))


def _examine_pair(paths, n_classes):
    """Return the Pair of (picture path, mask path)."""
    try:
        picture, labels, painted = _load_pair(*paths, n_classes)
    except FrameError as error:
        return Pair(problem=str(error))
    counts = np.bincount(labels.ravel())
    if n_classes is None and not painted and len(counts) > MAX_ID + 1:
        return Pair(problem=f"{paths[1]} holds the class id {len(counts) - 1}, but those of CARLA end at {MAX_ID}. If "
                            "the classes are your own, set N_CLASSES to their number; else repair the mask.")
    pair = Pair(size=picture.size, painted=painted, counts=counts)
    present = np.count_nonzero(counts)
    if present == 1:
        pair = pair._replace(warning=f"{paths[1]} holds one class alone.")
    elif (in_picture := _as_mask(picture, paths[0])) and in_picture[1]:
        pair = pair._replace(warning=f"{paths[0]} is painted in the colours of classes: is it a picture?")
    if painted or present < 3:  # no ids, or no street
        return pair
    height, width = labels.shape
    low, top = labels[height // 2::4, width // 3:width - width // 3:4], labels[:-(-height // 4):4, ::4]
    return pair._replace(road=(np.mean(low == 1), np.mean(low == 7)), sky=np.mean(top == 11))


def _families(frames, pairs):
    """Return (the families of releases that the masks may come from, by their number of ids; why, if there are none).

    Road fills the lower middle of a drive's frames. Its id is 7 up to CARLA 0.9.13, where 1 is Building, and 1 later,
    where 7 is TrafficLight. No traffic light fills that place; a building might, so 1 needs a second witness, the ids
    that only the last family has, or its sky.
    """
    colours = list(set().union(*(np.flatnonzero(pair.counts).tolist() for pair in pairs if pair.painted)))
    families = {n_classes for n_classes in FAMILIES if (_id_table(True, n_classes)[colours] >= 0).all()}
    if not families:
        return families, "their colours are of different families"
    if all(pair.painted for pair in pairs):
        return families, ""

    evidence = pd.DataFrame([(*pair.road, pair.sky, -1 if pair.painted else len(pair.counts) - 1) for pair in pairs],
                            columns=["id 1", "id 7", "sky", "highest"])
    drives = evidence[evidence["highest"] >= 0].groupby(frames["drive"]).agg(
        {"id 1": "mean", "id 7": "mean", "sky": "mean", "highest": "max"})
    older = (drives["id 7"] >= 0.25) & (drives["id 7"] > drives["id 1"])
    newer = (drives["id 1"] >= 0.25) & (drives["id 7"] < 0.05) & ((drives["sky"] >= 0.1) | (drives["highest"] > 22))
    highest = drives["highest"].max()
    if older.any() and newer.any():
        return set(), (f"in drive {older.idxmax()} road is id 7, as up to 0.9.13, but in drive {newer.idxmax()} it is "
                       "id 1, as later: take them apart")
    if (older | newer).mean() < 0.5:
        return set(), "in most drives neither id 7 nor id 1 fills the lower middle, where the road is"
    if older.any() and highest > 22:
        odd = frames["mask"][evidence["highest"].idxmax()]
        return set(), f"id 7 lies where the road is, as up to 0.9.13, but {odd} holds id {highest}, as only later releases"
    fitting = {29} if newer.any() else {13, 23} if highest < 13 else {23}
    if not families & fitting:
        return set(), "some masks are painted in the colours of one family, others hold the ids of another"
    return families & fitting, ""


def _contradiction(frames, pairs, n_classes):
    """Return what is wrong if n_classes stands for a family of releases and the masks are clearly of another; or None.
    """
    families, _ = _families(frames, pairs)
    if n_classes in FAMILIES and families and n_classes not in families:
        return (f"N_CLASSES = {n_classes} stands for CARLA {RELEASES[n_classes]}, but the masks show the ids of CARLA "
                f"{RELEASES[min(families)]}: look where the road is. Set N_CLASSES = {min(families)}.")
    return None


def _count(frames, pairs, n_classes):
    """Return (pixels of each class in each mask, int64 (frames, n_classes); the problems of masks with other ids)."""
    counts, problems = np.zeros((len(frames), n_classes), np.int64), []
    for row, (path, pair) in enumerate(zip(frames["mask"], pairs)):
        labels = np.flatnonzero(pair.counts)
        ids = _id_table(pair.painted, n_classes)[labels]
        if (ids < 0).any():
            problems.append(_stranger(path, pair.counts, pair.painted, n_classes))
        else:
            counts[row, ids] = pair.counts[labels]
    return counts, problems


def read_labels(n_classes):
    """Read the names and colours of the classes from `labels.csv`.

    Args:
        n_classes: int; 13, 23 and 29 are those of CARLA's releases, any other count gets numbered names.

    Returns:
        DataFrame, one row a class, its index the class id: `name` (str), `red`, `green`, `blue` (int, 0 to 255).
        Source: CARLA's documentation of the semantic segmentation camera.
    """
    if n_classes in FAMILIES:
        return FAMILIES[n_classes].drop(columns="carla")
    hues = [colorsys.hsv_to_rgb(0.618 * k % 1, 0.6, 0.9) for k in range(n_classes)]
    colours = pd.DataFrame(np.rint(255 * np.array(hues)).astype(int), columns=["red", "green", "blue"])
    colours.insert(0, "name", [f"class {k}" for k in range(n_classes)])
    return colours.rename_axis("id")


# The command line.

def report(folder, n_classes=None):
    """Print what a folder holds: its recordings, classes, warnings and problems.

    Args:
        folder: path, as `find_frames` takes it.
        n_classes: int or None, as `count_labels` takes it.

    Returns:
        list of str, the problems.

    Raises:
        FrameError: if the folder holds no frames.
    """
    frames, problems = _pair_files(folder)
    pairs = _examine(frames, n_classes, sys.stderr)
    problems += [pair.problem for pair in pairs if pair.problem]
    warnings = [pair.warning for pair in pairs if pair.warning] + _duplicates(frames["image"])
    sound = [row for row, pair in enumerate(pairs) if not pair.problem]
    frames, pairs = frames.iloc[sound].reset_index(drop=True), [pairs[row] for row in sound]
    if pairs:
        print(_recording_table(frames, pairs).to_string(index=False), end="\n\n")
        families, reason = _families(frames, pairs)
        n_classes = n_classes or min(families, default=None)
        if n_classes is None:
            warnings.append(f"The masks do not show which release of CARLA they come from: {reason}.\n{WHICH_CLASSES}")
        else:
            problems += _count(frames, pairs, n_classes)[1]
            problems += filter(None, [_contradiction(frames, pairs, n_classes)])
        print(_class_table(frames, pairs, n_classes).to_string(), end="\n\n")
    for title, lines in ("warning", warnings), ("problem", problems):
        print("".join(f"{title}: {line}\n" for line in lines), end="")
    print(f"{folder}: {len(frames)} frames in {frames['drive'].nunique()} drives read; {len(problems)} problems, "
          f"{len(warnings)} warnings")
    return problems


def _recording_table(frames, pairs):
    """Return a DataFrame, one row a recording: frames, drives, sizes, kinds of masks."""
    table = frames.assign(recording=frames["image"].map(lambda path: str(Path(path).parents[1])),
                          size=[f"{width}×{height}" for width, height in (pair.size for pair in pairs)],
                          masks=["colours" if pair.painted else "ids" for pair in pairs])
    return table.groupby("recording").agg(
        frames=("image", "size"), drives=("drive", "nunique"), numbers=("number", lambda n: f"{n.min()} to {n.max()}"),
        sizes=("size", lambda sizes: ", ".join(f"{size}: {count}" for size, count in sizes.value_counts().items())),
        masks=("masks", lambda kinds: " and ".join(sorted(set(kinds))))).reset_index()


def _class_table(frames, pairs, n_classes):
    """Return a DataFrame, one row an id that occurs: names, share of pixels; without n_classes each family's names."""
    if n_classes is None:  # ids alone have a meaning then
        rows = [row for row, pair in enumerate(pairs) if not pair.painted]
        frames, pairs = frames.iloc[rows], [pairs[row] for row in rows]
    counts, _ = _count(frames, pairs, n_classes or MAX_ID + 1)
    families = [n_classes] if n_classes else FAMILIES
    titles = {n: f"CARLA {RELEASES[n]}" if n in FAMILIES else "class" for n in families}
    table = pd.DataFrame({title: read_labels(n)["name"] for n, title in titles.items()})
    table["share of pixels"] = [f"{share:.3%}" for share in counts.sum(axis=0) / max(1, counts.sum())]
    table["frames with it"] = (counts > 0).sum(axis=0)
    return table[table["frames with it"] > 0].fillna("").rename_axis("id")


def _duplicates(paths):
    """Return a line for every file with the same bytes as an earlier one."""
    alike = paths[paths.map(os.path.getsize).duplicated(keep=False)]
    first = alike.groupby(alike.map(lambda path: hashlib.sha256(Path(path).read_bytes()).digest())).transform("first")
    return [f"{path} has the same bytes as {other}: two frames of one moment." for path, other in zip(alike, first)
            if path != other]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m data.check", description="Print which frames a folder holds, and "
                                     "every problem with its file. Exit status: 0 sound, 1 problems, 2 wrong usage.")
    parser.add_argument("folder", help="folder with CameraRGB/ and CameraMask/ or CameraSeg/, or that holds such folders")
    parser.add_argument("--classes", type=int, metavar="N", help="number of class ids; found from the masks by default")
    arguments = parser.parse_args()
    try:
        sys.exit(bool(report(arguments.folder, arguments.classes)))
    except FrameError as error:
        sys.exit(str(error))
