"""Which frames form a drive? Read it from the file names, or from what the user says in `manifest.csv`.

A name holds words and numbers. One number counts the frames; others may say the drive, the camera, or the time.
"""
import os
import re
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from lesson.errors import FrameError

MANIFEST = "manifest.csv"
GAP = 200            # frame numbers; a larger gap starts a new drive
STEPS = 10           # so does one of more than so many typical steps, where numbers are time stamps
TIME_STAMP = 10**9   # numbers from here on are time stamps: seconds since 1970, or finer
MAX_CAMERAS = 8
NAME_DRIVES = (f"Name the drives in {MANIFEST}, beside the folder of images: a line `frame,drive`, then for each frame "
               "its file name without ending and the name of its drive.")

_WORDS = ("(?:front|rear|back|left|right|cent(?:er|re)|side|narrow|wide"
          "|[hv]?flip(?:ped)?|mirror(?:ed)?|augmented|orig(?:inal)?)")  # changed copies are of the same moment too
_CAMERA = re.compile(f"(?<![a-z]){_WORDS}(?:[_-]?{_WORDS})*(?![a-z])", re.I)
_CAMERA_NUMBER = re.compile("(?:cam|camera|view|aug)[_-]?$", re.I)
_DRIVE_NUMBER = re.compile("(?:town|map|route|seq|sequence|scene|scenario|episode|run|drive|clip)[_-]?$", re.I)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)[-_T. ]?(\d\d)([-_.:hm]?)(\d\d)\6?(\d\d)(?!\d)")
_DIGITS = re.compile(r"(\d{1,18}(?=(?:\d{18})*(?!\d)))")  # longer runs of digits do not fit into an integer


def number_frames(stems):
    """Find in file names the number that counts the frames, the drive and the camera.

    Args:
        stems: list of str, file names without ending, of one recording.

    Returns:
        DataFrame, one row a name: `number` (int), `drive` (str, what the names of a drive have in common), `camera`
        (str), `limit` (int, the largest gap between numbers of one drive). Names without a number are left out.
    """
    shapes = defaultdict(list)
    for row, stem in enumerate(_decimal(stems)):
        texts, digits, camera = _split(stem)
        if digits:
            shapes[tuple(texts)].append((row, digits, camera))
    if not shapes:
        return pd.DataFrame(columns=["number", "drive", "camera", "limit"])
    return _join_cameras(pd.concat(_read_numbers(texts, *zip(*names)) for texts, names in shapes.items()).sort_index())


def _decimal(stems):
    """Return names in which a number that counts in hexadecimal digits, as in `0000a3`, has decimal ones.

    In it the same place holds a digit in some names and a letter in others, and the steps are small, unlike a hash's.
    """
    parts = [re.split(r"([\W_]+)", stem) for stem in stems]
    if len({*map(len, parts)}) != 1:
        return stems
    for k in range(0, len(parts[0]), 2):
        start = len(re.sub(r"\d[\da-f]*$", "", os.path.commonprefix([part[k] for part in parts]), flags=re.I))
        column = [part[k][start:] for part in parts]
        if (all(re.fullmatch("[0-9a-f]{2,14}", text, re.I) for text in column) and len({*map(len, column)}) == 1
                and any(0 < sum(map(str.isdigit, place)) < len(place) for place in zip(*column))
                and np.median(np.diff(np.unique([int(text, 16) for text in column]))) <= GAP):
            for part, text in zip(parts, column):
                part[k] = f"{part[k][:start]}{int(text, 16):018}"
    return ["".join(part) for part in parts]


def _split(stem):
    """Return (texts around the numbers, the numbers' digits, words for a camera) of a name; a date is one number."""
    def seconds(match):
        try:
            date = datetime(*(int(match[k]) for k in (1, 3, 4, 5, 7, 8)))
        except ValueError:  # no date: the 45th of a month
            return match[0]
        return str(int((date - datetime(1970, 1, 1)).total_seconds()))

    parts = _DIGITS.split(_DATE.sub(seconds, stem))
    camera = []
    for k in range(0, len(parts), 2):
        words = _CAMERA.search(parts[k])
        if words and (k == len(parts) - 1 or not parts[k][words.end():].strip("_-/")):  # `left_turn_1` is none
            camera.append(words[0])
            parts[k] = parts[k][:words.start()].rstrip("_-") + parts[k][words.end():]
    return parts[::2], parts[1::2], " ".join(camera)


def camera_free(path):
    """Return a path without the folders that are named after a camera, such as `left`."""
    return "/".join("" if _CAMERA.fullmatch(part) else part for part in Path(path).parts)


def _read_numbers(texts, rows, digits, cameras):
    """Return the table of `number_frames` for names that differ in their numbers alone."""
    columns = {k: np.array([int(number) for number in column]) for k, column in enumerate(zip(*digits))}
    widths = {k: max(map(len, column)) for k, column in enumerate(zip(*digits))}
    fused = _fuse_time(columns, widths, texts, digits)
    varying = [k for k, column in columns.items() if column.min() < column.max()]
    numbered = [k for k in varying if varying != [k] and _says_camera(k, columns, widths, varying, texts)]
    varying = [k for k in varying if k not in numbered]
    varying.sort(key=lambda k: not _DRIVE_NUMBER.search(texts[k]))  # as they would be sorted: `000120_Town01`
    counter = _counter(columns, varying) if varying else max(columns)
    steps = np.diff(np.unique(columns[counter]))
    stamps = counter == fused or columns[counter].min() >= TIME_STAMP
    unsaid = {counter, *numbered, *(k for k in varying if _changes(columns, varying)[k] >= 0.9 * (len(rows) - 1) > 1)}
    return pd.DataFrame({
        "number": columns[counter],
        "drive": ["".join(text + ("" if k in unsaid or k not in columns else row[k])
                          for k, text in enumerate(texts[:-1])) + texts[-1] for row in digits],
        "camera": [" ".join([camera, *(row[k] for k in numbered)]) for camera, row in zip(cameras, digits)],
        "limit": STEPS * int(np.median(steps)) if stamps and len(steps) else GAP}, index=rows)


def _fuse_time(columns, widths, texts, digits):
    """Make one number of a time's parts, as in `hours-minutes-seconds` or `seconds.decimals`; return its place."""
    fused = None
    for k in range(len(columns) - 2):
        hours, minutes, seconds = (columns[place] for place in range(k, k + 3))
        if (texts[k + 1] == texts[k + 2] and texts[k + 1] in ("-", "_", ".", ":") and hours.max() < 24
                and {widths[k], widths[k + 1], widths[k + 2]} == {2} and _goes_on(60 * hours + minutes, seconds, 60)):
            fused, columns[k] = k, 3600 * hours + 60 * minutes + columns.pop(k + 2)
            del columns[k + 1]
            break
    for k, after in pairwise([*columns]):
        lower, base = columns[after], 10 ** widths[after]
        if texts[after] == ".":
            lower = np.array([int(row[after].ljust(widths[after], "0")) for row in digits])
        if columns[k].max() >= 2**63 // base - 1:
            continue
        stamp = (k == fused or columns[k].min() >= TIME_STAMP) and texts[after] in (".", "_", "-", ",")
        decimal = texts[after] == "." and (after == 1 and texts[0] == "" or _goes_on(columns[k], lower, base))
        wraps = (np.diff(columns[after][np.lexsort((columns[after], columns[k]))]) < 0).any()
        if (stamp or decimal) and wraps:
            columns[k] = columns[k] * base + lower
            del columns[after]
            return k
    return fused


def _goes_on(higher, lower, base):
    """Tell whether a number of two parts grows on evenly where the lower part starts anew, as the time does."""
    numbers, rows = np.unique(higher * base + lower, return_index=True)
    steps, carried = np.diff(numbers), np.diff(higher[rows]) > 0
    return (lower.max() < base and carried.any() and not carried.all()
            and np.median(steps[carried]) <= 1.5 * np.median(steps[~carried]))


def _says_camera(place, columns, widths, varying, texts):
    """Tell whether a number names a camera: few of them, after such a word, or last and the same at each moment."""
    cameras = np.unique(columns[place])
    if len(cameras) > MAX_CAMERAS or widths[place] > 2 or _DRIVE_NUMBER.search(texts[place]):
        return False
    if _CAMERA_NUMBER.search(texts[place]):
        return True
    moments = Counter(zip(*(columns[k] for k in varying if k != place)))
    complete = sum(count == len(cameras) for count in moments.values()) >= 0.8 * len(moments)
    narrow = widths[place] < 3 <= widths[varying[-2]]
    return place == varying[-1] and complete and narrow and len(moments) >= 2 * len(cameras)


def _changes(columns, varying):
    """Return how often each number changes from a frame to the next, in the order of the names."""
    order = np.lexsort([columns[k] for k in reversed(varying)]) if varying else []
    return {k: np.count_nonzero(np.diff(columns[k][order])) for k in varying}


def _counter(columns, varying):
    """Return the place of the number that changes with each frame; of several, the one in the smallest steps."""
    changes = _changes(columns, varying)
    fast = [k for k in varying if changes[k] >= 0.9 * max(changes.values())]
    return min(fast, key=lambda k: (np.median(np.diff(np.unique(columns[k]))), -k))


def _join_cameras(table):
    """Let names that differ at their beginning, but have the same numbers, be cameras of the same moments.

    Drives often start at 0 or 1; that two of them have the same numbers far from there is no accident.
    """
    numbers = table.groupby("drive")["number"].agg(lambda some: tuple(np.unique(some)))
    joint = {drive: some for drive, some in numbers.items() if len(some) >= 3 and some[0] > GAP}
    first = {some: drive for drive, some in reversed(joint.items())}
    same = {drive: first[some] for drive, some in joint.items() if first[some] != drive}
    table.loc[table["drive"].isin(same), "camera"] += " " + table["drive"]
    return table.assign(drive=table["drive"].replace(same))


def read_manifest(recording):
    """Read which drive each frame belongs to, if the user says so.

    Args:
        recording: path of the folder that holds the folder of images, and perhaps `manifest.csv`: columns `frame` (file
            name without ending) and `drive` (its name or number).

    Returns:
        dict from frame to drive, both str; empty without such a file or column.

    Raises:
        FrameError: if a frame stands in two drives.
    """
    path = Path(recording) / MANIFEST
    if not path.is_file():
        return {}
    try:
        table = pd.read_csv(path, dtype=str, sep="[,;\t]", engine="python", skipinitialspace=True)
    except (ValueError, OSError) as error:
        raise FrameError(f"{path} cannot be read: {error}. {NAME_DRIVES}") from None
    if not {"frame", "drive"} <= set(table.columns):
        return {}
    table = table[["frame", "drive"]].dropna().drop_duplicates()
    twice = table["frame"][table["frame"].duplicated()]
    if len(twice):
        raise FrameError(f"{path} puts frame {twice.iloc[0]} into two drives. Give each frame one line.")
    return dict(zip(table["frame"], table["drive"]))


def doubtful_drives(frames, thumbnails):
    """Say why the drives may not be what they should be: runs of neighbouring frames.

    Args:
        frames: DataFrame as `find_frames` returns it.
        thumbnails: list of arrays (…), the images made small.

    Returns:
        list of str, each a reason with what to do.
    """
    sizes = frames.groupby("drive").size()
    doubts = []
    if len(sizes) > 1 and (sizes == 1).mean() > 0.5:
        row = frames["drive"].isin(sizes.index[sizes == 1]).idxmax()
        doubts.append(f"{(sizes == 1).sum()} of {len(sizes)} drives have one frame alone, such as "
                      f"{frames['image'][row]}, so neighbours may stand on both sides of the split. {NAME_DRIVES}")
    alike = _alike_neighbours(frames, thumbnails) if len(sizes) > 1 else []
    if alike:
        a, b = (frames["image"][row] for row in (alike[0] - 1, alike[0]))
        doubts.append(f"{len(alike)} drives begin with nearly the same image as the drive before ends, such as {b} "
                      f"after {a}, so the split would put neighbours on both sides. {NAME_DRIVES}")
    return doubts


def _alike_neighbours(frames, thumbnails):
    """Return the rows that start a drive and look like the row before: much less apart than frames of other drives."""
    drive, n = frames["drive"].to_numpy(), len(frames)
    pixels = np.asarray(thumbnails, np.float32).reshape(n, -1)
    other = np.roll(np.arange(n), n // 2)
    apart = np.abs(pixels - pixels[other]).mean(axis=1)[drive != drive[other]]
    starts = np.flatnonzero(np.diff(drive)) + 1
    steps = np.abs(pixels[starts] - pixels[starts - 1]).mean(axis=1)
    return starts[(0 < steps) & (steps < 0.25 * np.median(apart))].tolist() if len(apart) else []
