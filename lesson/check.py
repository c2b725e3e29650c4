"""Find the frames of CARLA recordings, read them as pictures and class ids, and check them before a network learns.

`python -m lesson.check FOLDER` prints what a folder holds, and every problem with its file.
"""
import argparse
import colorsys
import hashlib
import io
import os
import re
import sys
import unicodedata
import warnings
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
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # Pillow's own limit is a warning

LABELS = pd.read_csv(Path(__file__).parents[1] / "data" / "labels.csv")
FAMILIES = {len(labels): labels.set_index("id") for _, labels in LABELS.groupby("carla")}  # by their number of ids
RELEASES = {n_classes: labels["carla"].iloc[0] for n_classes, labels in FAMILIES.items()}
MAX_ID = max(FAMILIES) - 1
WHICH_CLASSES = (
    "Set N_CLASSES in the notebook's parameter cell (--classes for lesson.check) to "
    + ", ".join(f"{n_classes} for CARLA {releases}" for n_classes, releases in RELEASES.items())
    + ", or to the number of your own classes.\nTo tell: road is id 7 in the first two, of which only the second has "
      "ids above 12 (sky is 13); in the third, road is id 1 (sky is 11).")


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
    for recording, cameras in _recordings(folder):
        if len(cameras) != 2 or PICTURES not in cameras:
            problems.append(f"{recording} has {' and '.join(cameras)}. A recording has {PICTURES} and either "
                            f"{' or '.join(MASK_FOLDERS)}. Add what is missing, or move away what is too much.")
            continue
        pictures, masks = (_files(os.path.join(recording, name), problems) for name in cameras)
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
                rows.append((recording, name[1], int(name[2]), picture, mask))
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
    """Return (path, names of the folders of pictures and masks in it) of every recording at or below `folder`."""
    def refuse(error):
        found = {FileNotFoundError: "that folder does not exist", NotADirectoryError: "that is a file, not a folder",
                 PermissionError: "you may not read it: change its permissions"}.get(type(error), error.strerror)
        raise FrameError(f"Cannot look for frames in '{error.filename}': {found}.\n{ANOTHER_FOLDER}")

    found, seen = [], set()
    for path, folders, _ in os.walk(folder, followlinks=True, onerror=refuse):
        if os.path.realpath(path) in seen:  # links may lead in a circle
            folders.clear()
            continue
        seen.add(os.path.realpath(path))
        cameras = [name for name in (PICTURES, *MASK_FOLDERS) if name in folders]
        if cameras:
            found.append((path, cameras))
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
            problem = (f"{path} is not a file: it is a folder, a link that leads nowhere, or out of your permissions. "
                       "Remove it, or change its permissions.")
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
                         + f"{more}\nRepair or remove these files. All problems: python -m lesson.check FOLDER")


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
            the mask is none of the ids or colours.
    """
    picture, ids, _ = _load_pair(image_path, mask_path, int(n_classes))
    return _pixels(picture), ids[..., np.newaxis]


def _load_pair(image_path, mask_path, n_classes):
    """Return (picture as a PIL image, labels, whether these are places in COLOURS: see `_labels`) of a pair."""
    # tf.numpy_function hands over bytes, and arrays of one name where no graph is built
    image_path, mask_path = (os.fsdecode(np.asarray(path).item()) for path in (image_path, mask_path))
    picture, mask = _open(image_path), _open(mask_path)
    for path, image in ((image_path, picture), (mask_path, mask)):
        turned = image.getexif().get(ExifTags.Base.Orientation, 1)
        if turned in range(2, 9):
            raise FrameError(f"{path} is to be shown turned or mirrored (EXIF orientation {turned}), so picture and "
                             "mask may not lie on each other. Turn its pixels and remove that entry.")
    if picture.size != mask.size:
        sizes = " but ".join(f"{path} is {image.width}×{image.height}"
                             for path, image in ((image_path, picture), (mask_path, mask)))
        raise FrameError(f"{sizes} (width × height). Record both at one size, or resize the picture to its mask.")
    in_picture = _as_mask(picture, image_path)
    try:
        labels, coloured = _labels(mask, mask_path, n_classes)
    except FrameError:
        if in_picture and mask.convert("RGB").getcolors(len(COLOURS)) is None:  # more colours than classes
            raise FrameError(f"{image_path} is a mask and {mask_path} is none. Swap them: pictures belong in "
                             f"{PICTURES}, masks in {' or '.join(MASK_FOLDERS)}.") from None
        raise
    if in_picture == "ids" and picture.mode.startswith(("RGB", "P")):
        raise FrameError(f"{image_path} is a mask, not a picture. Put the picture that belongs to {mask_path} there.")
    return picture, labels, coloured


def _open(path):
    """Return a PNG or JPEG file as a decoded PIL image; damage of any kind is a FrameError."""
    path = os.fsdecode(path)
    try:
        if os.path.getsize(path) > 8 * MAX_PIXELS:  # no picture of that size is larger, even uncompressed
            raise Image.DecompressionBombError
        content = Path(path).read_bytes()  # at once: it is read twice
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if image.format == "PNG":
                if image.is_animated:
                    raise FrameError(f"{path} holds {image.n_frames} pictures, an animation. Store one picture a file.")
                image.verify()  # the checksums: Pillow decodes damaged pixels without a word
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            image.load()
            return image
    except FrameError:
        raise
    except Image.DecompressionBombError:
        raise FrameError(f"{path} has more than {MAX_PIXELS:,} pixels. Scale the pair down.") from None
    except Exception as error:  # each damage raises its own type in the decoder
        reason = getattr(error, "strerror", None) or f"it is damaged ({error})"
        if isinstance(error, UnidentifiedImageError):
            reason = "it is neither PNG nor JPEG" if content else "it is empty (0 bytes)"
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


@lru_cache
def _label_of_colour(n_classes):
    """Return 1 + the class id of every colour, uint8 (2**24,); for None, 1 + its place in COLOURS; 0 is none of these.
    """
    table = np.zeros(1 << 24, np.uint8)
    if n_classes is None:
        table[COLOURS] = 1 + np.arange(len(COLOURS))
    elif n_classes in FAMILIES:
        table[_codes(FAMILIES[n_classes][["red", "green", "blue"]])] = 1 + FAMILIES[n_classes].index
    return table


def _labels(image, path, n_classes):
    """Return the labels of a mask, uint8 (height, width), and whether they are places in COLOURS in place of class ids.

    That is so of a painted mask if n_classes is None, which stands for any of CARLA's families.
    """
    if image.format != "PNG":
        raise FrameError(f"{path} is a JPEG, which changes class ids and colours. Masks must be PNG: export it again.")
    with open(path, "rb") as file:
        depth, kind = file.read(26)[24:]  # as the header of the file says: Pillow scales without a word
    grey, palette, grey_and_alpha = kind == 0, kind == 3, kind == 4
    if (grey and depth in (2, 4)) or (depth == 16 and not grey):
        raise FrameError(f"{path} has {depth} bits a channel, so its ids may have been scaled. Store it with 8 bits.")
    if grey or grey_and_alpha:
        labels, coloured = np.asarray(image.getchannel(0) if grey_and_alpha else image), False
    elif palette:
        labels, coloured = _labels_of_palette(image, path, n_classes)
    else:
        labels, coloured = _labels_of_colours(image, path, n_classes)
    limit = n_classes or MAX_ID + 1
    if not coloured and labels.max() >= limit:
        allowed = f"N_CLASSES = {n_classes} allows" if n_classes else "CARLA has"
        raise FrameError(f"{path} holds the class id {labels.max()}, but {allowed} 0 to {limit - 1}. If the classes "
                         "are your own, set N_CLASSES to their number; if they are CARLA's, export the mask again.")
    return labels.astype(np.uint8), coloured and n_classes is None


def _labels_of_colours(image, path, n_classes):
    """Return labels and whether they come from colours, of a mask in red, green and blue."""
    red, green, blue = (np.asarray(channel) for channel in image.split()[:3])
    if not (green.any() or blue.any()):
        return red, False  # what `_meaning` would say: CARLA's own masks are not to wait for it
    colours = red | green.astype(np.uint32) << 8 | blue.astype(np.uint32) << 16
    labels, coloured, strange = _meaning(colours, n_classes)
    if strange.any():
        row, column = np.unravel_index(strange.argmax(), strange.shape)
        expected = "ids in the red channel (green = blue = 0)"
        if _is_family(n_classes):
            expected += f" or exactly the colours of CARLA {RELEASES.get(n_classes, '')}".rstrip()
        if strange.mean() > 0.5 and red.max() <= MAX_ID:
            expected += "; green and blue may be the numbers of an instance camera: record with the semantic one"
        more = f" and {strange.sum() - 1:,} more such pixels" if strange.sum() > 1 else ""
        raise FrameError(f"{path} has the colour {_rgb(colours[row, column])} at row {row}, column {column}{more}. "
                         f"Expected {expected}. Export it as PNG, without smoothing.")
    return labels, coloured


def _labels_of_palette(image, path, n_classes):
    """Return labels and whether they come from colours, of a mask of indices into a palette."""
    indices, palette = np.asarray(image), _codes(np.reshape(image.getpalette(), (-1, 3)))
    used = np.flatnonzero(np.bincount(indices.ravel()))
    if used[-1] < len(palette):
        labels, coloured, strange = _meaning(palette[used], n_classes)
        distinct = all(np.argmax(palette == palette[index]) == index for index in used)
        if not strange.any() and (coloured or distinct and labels.max() < (n_classes or MAX_ID + 1)):
            table = np.zeros(256, np.uint8)
            table[used] = labels
            return table[indices], coloured
        known = np.array([_rgb(code) for code in COLOURS if len(set(_rgb(code))) > 1])  # greys are in many palettes
        near = [colour for colour in map(_rgb, palette[used]) if (np.abs(known - colour).max(axis=1) <= 8).any()]
        if near and _is_family(n_classes):
            odd = _rgb(palette[used][strange][0]) if strange.any() else near[0]
            raise FrameError(f"{path} has a palette of CARLA's colours, but not of them alone or not exactly: {odd} is "
                             "none. So neither colour nor index is sure to be the class. Store the ids as grey levels.")
    return indices, False


def _meaning(colours, n_classes):
    """Return (labels, whether these come from colours, where they mean nothing) of colours, by the best reading."""
    red = colours.astype(np.uint8)  # the lowest byte
    readings = [(red, False, colours > 255)]
    if readings[0][2].any():
        labels = _label_of_colour(n_classes)[colours]
        readings.append((labels - np.uint8(1), True, labels == 0))
        readings.append((red, False, colours != red * np.uint32(0x010101)))
    return min(readings, key=lambda reading: np.count_nonzero(reading[2]))


def _is_family(n_classes):
    """Tell whether the classes are those of a family of CARLA's releases, known or not; others have no colours."""
    return n_classes is None or n_classes in FAMILIES


def _as_mask(picture, path):
    """Return "ids" or "colours" if a picture holds several of CARLA's and nothing else, as a mask does, else None."""
    sample = picture.resize([-(-side // 16) for side in picture.size], Image.Resampling.NEAREST).convert("RGB")
    if _meaning(_codes(sample), None)[2].any():
        return None  # as nearly all, without a look at every pixel
    try:
        labels, coloured = _labels(picture, path, None)
    except FrameError:
        return None
    return ("colours" if coloured else "ids") if labels.min() < labels.max() else None


# Which classes do the masks of a folder hold?

class Pair(NamedTuple):
    """What one reading of a pair found; of an unsound pair only the problem."""
    problem: str = None
    warning: str = None
    size: tuple = None  # width, height in pixels
    counts: np.ndarray = None  # pixels of each label
    coloured: bool = False  # labels are places in COLOURS, not class ids
    evidence: tuple = (np.nan, np.nan, np.nan)  # for `_families_of_ids`


def count_labels(frames, n_classes=None):
    """Read every pair once: check it, and count the pixels of each class.

    Args:
        frames: DataFrame with the columns `drive`, `image` and `mask`, as `find_frames` returns it.
        n_classes: int, how many class ids there are; ids run from 0 to n_classes - 1. None finds it from the masks, if
            they are CARLA's and show clearly which family of releases they come from.

    Returns:
        int64 array (frames, n_classes): pixels of each class in each mask.

    Raises:
        FrameError: if a pair is unsound (`read_pair`), if the masks contradict n_classes, or if it is None and they do
            not show it.
    """
    pairs = _examine(frames, n_classes, sys.stdout)
    _complain([pair.problem for pair in pairs if pair.problem], len(frames))
    n_classes, doubt = _settle_classes(frames, pairs, n_classes)
    if doubt:
        raise FrameError(doubt)
    return _count(pairs, n_classes)


def _examine(frames, n_classes, file):
    """Return a list of Pairs, with a progress bar on a stream if it takes longer than five seconds."""
    with ThreadPool() as pool:
        pairs = pool.imap(partial(_examine_pair, n_classes=n_classes), zip(frames["image"], frames["mask"]))
        return list(tqdm(pairs, "reading pairs", len(frames), file=file, leave=False, delay=5, mininterval=2))


def _examine_pair(paths, n_classes):
    """Return the Pair of (picture path, mask path)."""
    try:
        picture, labels, coloured = _load_pair(*paths, n_classes)
    except FrameError as error:
        return Pair(problem=str(error))
    counts = np.trim_zeros(Image.fromarray(labels).histogram(), "b")  # bincount takes three times as long
    pair = Pair(size=picture.size, counts=np.array(counts), coloured=coloured)
    present = np.count_nonzero(pair.counts)
    if present == 1:
        pair = pair._replace(warning=f"{paths[1]} holds one class alone.")
    elif _as_mask(picture, paths[0]) == "colours":
        pair = pair._replace(warning=f"{paths[0]} is painted in the colours of classes: is it a picture?")
    if not coloured and present > 2:  # a mask of one or two ids shows no street
        height, width = labels.shape
        low, top = labels[height // 2::4, width // 3:width - width // 3:4], labels[:-(-height // 4):4, ::4]
        pair = pair._replace(evidence=(np.mean(low == 1), np.mean(low == 7), np.mean(top == 11)))
    return pair


def _settle_classes(frames, pairs, n_classes):
    """Return the number of classes, found from the masks if it is None, and what is wrong or in doubt, if anything is.
    """
    if not _is_family(n_classes):
        return n_classes, None
    families, doubt = _families_of_ids(frames, pairs)
    if n_classes:
        if not families or n_classes in families:
            return n_classes, None
        shown = min(families)
        return n_classes, (f"N_CLASSES = {n_classes} stands for CARLA {RELEASES[n_classes]}, but the masks show "
                           f"the ids of CARLA {RELEASES[shown]}: look where the road is. Set N_CLASSES = {shown}.")
    colours = list(set().union(*(np.flatnonzero(pair.counts).tolist() for pair in pairs if pair.coloured)))
    lacks = {n: COLOURS[colours][_label_of_colour(n)[COLOURS[colours]] == 0] for n in FAMILIES}
    fitting = families & {n for n in FAMILIES if not len(lacks[n])}
    if fitting:
        return min(fitting), None  # in those that are left, all labels have the same names
    if families:
        doubt = "no release has all of their colours and ids: " + ", ".join(
            f"CARLA {RELEASES[n]} lacks {_rgb(lacks[n][0])}" if len(lacks[n]) else f"the ids are not of {RELEASES[n]}"
            for n in FAMILIES)
    return None, f"The masks do not show which release of CARLA they come from: {doubt}.\n{WHICH_CLASSES}"


def _families_of_ids(frames, pairs):
    """Return (the families of releases that the masks with ids may come from, by their number of ids; doubt if none).

    Road fills the lower middle of a drive's frames. Its id is 7 up to CARLA 0.9.13, where 1 is Building, and 1 later,
    where 7 is TrafficLight. No traffic light fills that place; a building might, so 1 needs a second witness: the ids
    that only the last family has, or its sky.
    """
    evidence = pd.DataFrame([pair.evidence for pair in pairs], columns=["id 1", "id 7", "sky"])
    evidence["highest"] = [-1 if pair.coloured else len(pair.counts) - 1 for pair in pairs]
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
        return {29}, None
    if highest > 22:
        return set(), ("id 7 lies where the road is, as up to 0.9.13, but "
                       f"{frames['mask'][evidence['highest'].idxmax()]} holds id {highest}, as only later releases do")
    return ({13, 23} if highest < 13 else {23}), None


def _count(pairs, n_classes):
    """Return the pixels of each class in each mask, int64 (frames, n_classes)."""
    counts = np.zeros((len(pairs), n_classes), np.int64)
    for row, pair in zip(counts, pairs):
        labels = np.flatnonzero(pair.counts)
        row[_label_of_colour(n_classes)[COLOURS[labels]] - 1 if pair.coloured else labels] = pair.counts[labels]
    return counts


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
    doubts = [pair.warning for pair in pairs if pair.warning] + _duplicates(frames["image"])
    sound = [row for row, pair in enumerate(pairs) if not pair.problem]
    frames, pairs = frames.iloc[sound].reset_index(drop=True), [pairs[row] for row in sound]
    if pairs:
        print(_recording_table(frames, pairs).to_string(index=False), end="\n\n")
        n_classes, doubt = _settle_classes(frames, pairs, n_classes)
        if doubt:
            (problems if n_classes else doubts).append(doubt)
        print(_class_table(pairs, n_classes).to_string(), end="\n\n")
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


def _class_table(pairs, n_classes):
    """Return a DataFrame, one row an id that occurs: name, share of pixels; without n_classes each family's names."""
    counts = _count([pair for pair in pairs if n_classes or not pair.coloured], n_classes or MAX_ID + 1)
    table = pd.DataFrame({f"CARLA {RELEASES[n]}" if n in FAMILIES else "class": read_labels(n)["name"]
                          for n in ([n_classes] if n_classes else FAMILIES)})
    table["share of pixels"] = [f"{share:.3%}" for share in counts.sum(axis=0) / max(1, counts.sum())]
    table["frames with it"] = (counts > 0).sum(axis=0)
    return table[table["frames with it"] > 0].fillna("").rename_axis("id")


def _duplicates(paths):
    """Return a line for every file with the same bytes as an earlier one."""
    alike = paths[paths.map(os.path.getsize).duplicated(keep=False)]
    with ThreadPool() as pool:
        digests = pool.map(lambda path: hashlib.sha256(Path(path).read_bytes()).digest(), alike)
    first = alike.groupby(digests).transform("first")
    return [f"{path} has the same bytes as {other}." for path, other in zip(alike, first) if path != other]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lesson.check", description="Print which frames a folder holds, "
                                     "and every problem with its file. Exit status: 0 sound, 1 problems, 2 usage.")
    parser.add_argument("folder", help="folder with CameraRGB/ and CameraMask/ or CameraSeg/, or that holds such ones")
    parser.add_argument("--classes", type=int, metavar="N", help="number of class ids; found from the masks by default")
    arguments = parser.parse_args()
    try:
        sys.exit(bool(report(arguments.folder, arguments.classes)))
    except FrameError as error:
        sys.exit(str(error))
