"""Which frames are there? Recordings in a folder, and the files in them that belong together."""
import os
import re
import unicodedata

import pandas as pd

from lesson.drives import MANIFEST, NAME_DRIVES, camera_free, number_frames, read_manifest
from lesson.errors import FrameError

IMAGES, MASKS = "CameraRGB", "CameraMask"
MASK_FOLDERS = (MASKS, "CameraSeg")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp")  # of images
MASK_ENDINGS = (*ENDINGS, ".npy", ".npz")
ANOTHER_FOLDER = ("Set the environment variable CARLA_DATA, or DATA in the notebook's parameter cell, to a folder with "
                  "a CARLA recording.")
# Words in the names of folders and files that say what is in them, where the names differ between images and masks.
_OF_MASKS = ("masks? seg sem semseg semantics? segmentations? label_?ids? labels? gt_?fine gt ann annotations? ss "
             "tags? classes").split()
_OF_IMAGES = "rgb rgbs images? imgs? colou?rs? cameras? cam left_?img8bit sensor dir raw".split()
_OF_NEITHER = "depth instances? lidar flow normals? bbox(es)?".split()
_MASK_WORDS, _IMAGE_WORDS, _OTHER_WORDS = (re.compile(rf"(?<![a-z0-9])({'|'.join(words)})(?![a-z])")
                                           for words in (_OF_MASKS, _OF_IMAGES, _OF_NEITHER))


def find_frames(folder):
    """Pair the images and masks of one or more recordings by file name.

    A recording is a folder with `CameraRGB/` (PNG, JPEG, BMP or WebP images) and `CameraMask/` or `CameraSeg/` (masks:
    the same, but without loss, or NumPy's .npy and .npz), or with two folders of similar names, such as `rgb/` and
    `semantic/`. Hidden files and those with another ending are passed over.

    Args:
        folder: path of a recording, or of a folder that holds recordings at any depth.

    Returns:
        DataFrame, one row a frame, ordered by folder, drive and number: `number` (int, the one in the file name that
        counts the frames), `drive` (int, from 0), `image` and `mask` (str, paths). A drive is what `manifest.csv` says,
        if it has columns `frame` and `drive`. Else another folder, other words or numbers in the file name, or a gap of
        more than 200 in the number start a new one (for time stamps: ten typical steps), and the cameras of one moment
        are in one drive.

    Raises:
        FrameError: if the folder is missing or holds no frames, if an image or a mask has no partner, or if a name
            does not say which frame it is.
    """
    frames, problems = pair_files(folder)
    complain(problems, len(frames) + len(problems))
    return frames


def require_drives(frames, folder):
    """Refuse frames of fewer than three drives, which the lesson cannot split.

    Args:
        frames: DataFrame, as `find_frames` returns it.
        folder: path that the message names.

    Raises:
        FrameError: if there are fewer than three.
    """
    found = frames["drive"].nunique()
    if found < 3:
        raise FrameError(f"{folder} holds {found} drive{'s' * (found != 1)}, but train, validation and test need at "
                         f"least one each. Record more drives. If there are more, say so. {NAME_DRIVES}")


def pair_files(folder):
    """Return (the sound frames as `find_frames` does, the problems of all others)."""
    problems, passed = [], []
    tables = [_table(folder, *recording, problems) for recording in _recordings(folder, problems, passed)]
    frames = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if frames.empty and not problems:
        found = f" There are {' and '.join(passed[:5])}, but which is the other's partner?" if passed else ""
        raise FrameError(f"No frames in '{folder}': that folder is empty or has other files. Expected {IMAGES}/"
                         f"NNNNNN.png and {MASKS}/NNNNNN.png, in it or below it.{found}\n{ANOTHER_FOLDER}")
    if len(frames):
        frames["number"] = frames["number"].astype("int64")
        frames = frames.sort_values(["recording", "drive", "number", "camera"], ignore_index=True, kind="stable")
        origin = frames[["recording", "drive"]]
        gap = ~frames["named"] & (frames["number"].diff() > frames["limit"].astype("int64"))
        frames["drive"] = ((origin != origin.shift()).any(axis=1) | gap).cumsum() - 1
    # a folder of both is read twice, for images and for masks
    return frames.reindex(columns=["number", "drive", "image", "mask"]), list(dict.fromkeys(problems))


def recording_folders(folder):
    """Return the set of folders at or below a folder that hold a folder of images, as far as one can tell."""
    problems = []
    found = {path for _, path, *_ in _recordings(folder, problems, [])}
    return found or {path for path, folders, _ in os.walk(folder) if problems and IMAGES in folders}


def _table(folder, name, path, image_folder, mask_folder, problems):
    """Return a DataFrame of a recording's pairs: as `number_frames` returns it, with the drives that the user named."""
    images, masks = (_files(os.path.join(path, camera), endings, problems)
                     for camera, endings in ((image_folder, ENDINGS), (mask_folder, MASK_ENDINGS)))
    if not image_folder:
        images = {stem: file for stem, file in images[0].items()
                  if not (_says(_MASK_WORDS, stem) or _says(_OTHER_WORDS, stem))}, {}
        masks = {stem: file for stem, file in masks[0].items() if _says(_MASK_WORDS, stem)}, {}
    pairs = pd.DataFrame(_pairs(images, masks, problems), columns=["stem", "image", "mask"], dtype=object)
    table = pairs.join(number_frames(pairs["stem"].to_list()).astype(object))  # floats would round the numbers
    named = read_manifest(path)
    why = ("has no number. Let its name end in the frame's number, because the split into drives needs it, or name the "
           f"drives in {MANIFEST}.")
    if named:
        order = {drive: f"{k:09}" for k, drive in enumerate(dict.fromkeys(named.values()))}
        drives = table["stem"].map(lambda stem: named.get(stem, named.get(stem.lstrip("0"))))  # spreadsheets cut it
        table["drive"] = drives.map(order)
        table["number"] = table["number"].fillna(pd.Series(range(len(table))))
        why = f"has no drive in {os.path.join(path, MANIFEST)}. Add its line, or remove the column `drive`."
    lost = table["drive"].isna()
    problems += [f"{path} {why}" for path in table["image"][lost]]
    table = table.assign(recording=camera_free(name), named=bool(named), drive=table["drive"].astype(str))
    return table[~lost].fillna({"camera": "", "limit": 0})


def _recordings(folder, problems, passed):
    """Yield (name, path, folder of images, folder of masks) of every recording at or below a folder.

    Folders that might be half of one are added to `passed`, a choice that nobody can make to `problems`.
    """
    def refuse(error):
        found = {FileNotFoundError: "that folder does not exist", NotADirectoryError: "that is a file, not a folder",
                 PermissionError: "you may not read it: change its permissions"}.get(type(error), error.strerror)
        raise FrameError(f"Cannot look for frames in '{error.filename}': {found}.\n{ANOTHER_FOLDER}")

    seen = set()
    for path, folders, files in os.walk(folder, followlinks=True, onerror=refuse):
        if os.path.realpath(path) in seen:  # links may lead in a circle
            folders.clear()
            continue
        seen.add(os.path.realpath(path))
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        cameras = _cameras(folders)
        for rest, (images, masks) in cameras.items():
            if len(images) == len(masks) == 1:
                name = os.path.join(os.path.relpath(path, folder), "" if rest.isdigit() else rest)  # `rgb_0`, `rgb_1`
                yield name, path, images[0], masks[0]
            elif images and masks or {IMAGES, *MASK_FOLDERS} & {*images, *masks}:
                problems.append(f"{path} has {' and '.join(images + masks)}. A recording has {IMAGES} and either "
                                f"{' or '.join(MASK_FOLDERS)}. Add what is missing, or move away what is too much.")
            else:
                passed += [os.path.join(path, name) for name in images + masks]
                continue
            folders[:] = [name for name in folders if name not in images + masks]
        if not cameras and _share_a_folder(files):
            yield os.path.relpath(path, folder), path, "", ""


def _share_a_folder(names):
    """Tell whether files are images and masks side by side, such as `001_rgb.png` and `001_seg.png`."""
    stems = [os.path.splitext(name)[0] for name in names if name.lower().endswith(MASK_ENDINGS)]
    masks = {_reduced(stem) for stem in stems if _says(_MASK_WORDS, stem)}
    return any(_reduced(stem) in masks for stem in stems if not _says(_MASK_WORDS, stem))


def _cameras(folders):
    """Return a dict from what else their names say to (folders of images, folders of masks)."""
    exact = [name for name in (IMAGES, *MASK_FOLDERS) if name in folders]
    cameras = {}
    for name in folders:
        if len(exact) > 1 and name not in exact:
            continue
        rest = _reduced(name)
        if rest == _split_words(name) or _OTHER_WORDS.search(rest):  # it says neither
            continue
        cameras.setdefault(rest, ([], []))[_says(_MASK_WORDS, name)].append(name)
    if len(cameras) == 2 and sorted(map(len, sum(cameras.values(), ()))) == [0, 0, 1, 1]:  # one of each, if so named
        images, masks = zip(*cameras.values())
        if sum(map(len, images)) == 1:
            return {"": (sum(images, []), sum(masks, []))}
    return cameras


def _split_words(name):
    """Return a name in lower case, with a line between its words."""
    return re.sub(r"[\W_]+", "_", re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")


def _says(words, name):
    """Tell whether a name holds one of some words."""
    return bool(words.search(_split_words(name)))


def _reduced(name):
    """Return a name without the words that say whether it is of an image or a mask."""
    name = _IMAGE_WORDS.sub("", _MASK_WORDS.sub("", _split_words(name)))
    return re.sub("_+", "_", name).strip("_")


def _pairs(images, masks, problems):
    """Return a list of (name without ending, image, mask); what has no partner becomes a problem."""
    (images, strange_images), (masks, strange_masks) = images, masks
    if not images.keys() & masks.keys():  # `001_rgb.png` and `001_seg.png`
        short = [{_reduced(stem): stem for stem in files} for files in (images, masks)]
        if [*map(len, short)] == [len(images), len(masks)]:
            masks = {short[0].get(key, stem): masks[stem] for key, stem in short[1].items()}
    pairs = []
    for stem in sorted(images.keys() | masks.keys()):
        image, mask = images.get(stem), masks.get(stem)
        if image and mask:
            pairs.append((stem, image, mask))
        elif "" not in (image, mask):  # `_files` has named that problem
            lacks, endings, strange = (("image", ENDINGS, strange_images) if mask else
                                       ("mask", MASK_ENDINGS, strange_masks))
            remedy = "Add the missing file, or remove this one."
            if stem in strange:
                remedy = f"{strange[stem]} is not of a format that is read ({' '.join(endings)}). Convert it to PNG."
            problems.append(f"{image or mask} has no {lacks} of the same name. {remedy}")
    return pairs


def _files(folder, endings, problems):
    """Return (dict from stem to path of the files with these endings, the same of other files).

    A path is "" where a problem was added to the list. If there are none, those in the folders below are returned.
    """
    paths, strange, below = {}, {}, []
    try:
        names = sorted(os.listdir(folder), key=lambda name: (not name.lower().endswith(ENDINGS[:3]), name))
    except OSError as error:
        raise FrameError(f"{folder} cannot be read: {error.strerror}. Change its permissions.") from None
    for name in names:
        stem, ending = os.path.splitext(name)
        stem, path = unicodedata.normalize("NFC", stem), os.path.join(folder, name)  # macOS writes ä as two letters
        if name.startswith((".", "__MACOSX")):
            continue
        if ending.lower() not in endings:
            below += [name] if os.path.isdir(path) else []
            strange.setdefault(stem, path)
            continue
        if stem in paths and ending.lower() not in ENDINGS[:3]:
            continue  # beside a PNG, arrays of the same name may hold anything
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
    for name in [] if paths else below:
        for into, found in zip((paths, strange), _files(os.path.join(folder, name), endings, problems)):
            into.update({f"{name}/{stem}": path for stem, path in found.items()})
    return paths, strange


def complain(problems, of_how_many):
    """Raise a FrameError that lists the first problems and their number, if there are any."""
    if problems:
        more = f"\n  … and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise FrameError(f"{len(problems)} of {of_how_many} frames cannot be used:\n  " + "\n  ".join(problems[:5])
                         + f"{more}\nRepair or remove these files. All problems: python -m lesson.check FOLDER")
