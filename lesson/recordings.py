"""Which frames are there? Recordings in a folder, the files that belong together, and the drives they form."""
import os
import re
import unicodedata

import pandas as pd

from lesson.errors import FrameError

IMAGES, MASKS = "CameraRGB", "CameraMask"
MASK_FOLDERS = (MASKS, "CameraSeg")
ENDINGS = (".png", ".jpg", ".jpeg")
ANOTHER_FOLDER = ("Set the environment variable CARLA_DATA, or DATA in the notebook's parameter cell, to a folder with "
                  "a CARLA recording.")


def find_frames(folder):
    """Pair the images and masks of one or more recordings by file name.

    A recording is a folder with `CameraRGB/` (PNG or JPEG images) and `CameraMask/` or `CameraSeg/` (PNG masks).
    Hidden files and those with another ending are passed over.

    Args:
        folder: path of a recording, or of a folder that holds recordings at any depth.

    Returns:
        DataFrame, one row a frame, ordered by folder and frame number: `number` (int, the digits that end the file
        name), `drive` (int, from 0: another folder, another beginning of the file name, or a gap of more than 200 in
        the number starts a new drive), `image` and `mask` (str, paths).

    Raises:
        FrameError: if the folder is missing or holds no frames, if an image or a mask has no partner, or if a name
            does not say which frame it is.
    """
    frames, problems = pair_files(folder)
    complain(problems, len(frames) + len(problems))
    return frames


def pair_files(folder):
    """Return (the sound frames as `find_frames` does, the problems of all others)."""
    rows, problems = [], []
    for recording, cameras in _recordings(folder):
        if len(cameras) != 2 or IMAGES not in cameras:
            problems.append(f"{recording} has {' and '.join(cameras)}. A recording has {IMAGES} and either "
                            f"{' or '.join(MASK_FOLDERS)}. Add what is missing, or move away what is too much.")
            continue
        images, masks = (_files(os.path.join(recording, name), problems) for name in cameras)
        for stem in sorted(images.keys() | masks.keys()):
            image, mask, name = images.get(stem), masks.get(stem), re.fullmatch("(.*?)([0-9]{1,18})", stem, re.S)
            if "" in (image, mask):
                continue  # `_files` has named the problem
            if image is None or mask is None:
                problems.append(f"{image or mask} has no {'mask' if mask is None else 'image'} of the same name. "
                                "Add the missing file, or remove this one.")
            elif not name:
                problems.append(f"{image} has no number. A file name has to end in the frame's number: "
                                "the split into drives needs it.")
            else:
                rows.append((recording, name[1], int(name[2]), image, mask))
    if not rows and not problems:
        raise FrameError(f"No frames in '{folder}': that folder is empty or has other files. Expected {IMAGES}/"
                         f"NNNNNN.png and {MASKS}/NNNNNN.png, in it or below it.\n{ANOTHER_FOLDER}")

    frames = pd.DataFrame(rows, columns=["recording", "prefix", "number", "image", "mask"])
    frames = frames.sort_values(["recording", "prefix", "number"], ignore_index=True)
    origin = frames[["recording", "prefix"]]
    starts = (origin != origin.shift()).any(axis=1) | (frames["number"].diff() > 200)
    frames.insert(1, "drive", starts.cumsum() - 1)
    return frames[["number", "drive", "image", "mask"]], problems


def _recordings(folder):
    """Return (path, names of the folders of images and masks in it) of every recording at or below `folder`."""
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
        cameras = [name for name in (IMAGES, *MASK_FOLDERS) if name in folders]
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


def complain(problems, of_how_many):
    """Raise a FrameError that lists the first problems and their number, if there are any."""
    if problems:
        more = f"\n  … and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise FrameError(f"{len(problems)} of {of_how_many} frames cannot be used:\n  " + "\n  ".join(problems[:5])
                         + f"{more}\nRepair or remove these files. All problems: python -m lesson.check FOLDER")
