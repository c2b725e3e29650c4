"""What do the values of a mask mean? Ids in one channel, ids as grey levels, indices of a palette, or colours."""
from functools import lru_cache

import numpy as np
from PIL import Image

from lesson.errors import FrameError
from lesson.labels import CHANNELS, FAMILIES, MAX_ID, RELEASES, TABLES

IGNORED = 255  # in the labels that leave this module, whatever the label of pixels without a class was
MAX_SMOOTH = 0.15  # of the pixels along outlines; 0.09 is the most in CARLA's masks, 0.17 the least in smoothed ones
MAX_ALONE = 0.3  # of a class's pixels; 0.15 is the most in CARLA's masks, 0.37 the least in dithered ones


def _codes(colours):
    """Return colours (…, 3) as whole numbers: red + 256 green + 65536 blue."""
    return np.asarray(colours) @ [1, 256, 65536]


def rgb(code):
    """Return the colour that a number of `_codes` stands for, as (red, green, blue)."""
    return tuple(int(code) >> shift & 255 for shift in (0, 8, 16))


COLOURS = np.unique(np.concatenate([_codes(table[CHANNELS]) for table in TABLES.values()]))  # of all releases


@lru_cache
def label_of_colour(n_classes):
    """Return 1 + the class id of each colour, uint8 (2**24,); for None 1 + its place in COLOURS; 0 is none of these."""
    labels = np.zeros(1 << 24, np.uint8)
    if n_classes is None:
        labels[COLOURS] = 1 + np.arange(len(COLOURS))
    for table in TABLES.values():
        if len(table) == n_classes:
            labels[_codes(table[CHANNELS])] = 1 + table.index
    return labels


def is_family(n_classes):
    """Tell whether the classes are those of a family of CARLA's releases, known or not; others have no colours."""
    return n_classes is None or n_classes in FAMILIES


def labels_of(image, path, n_classes, ignore_label=None):
    """Read the labels of a mask.

    Args:
        image: PIL image as `lesson.images` opens it.
        path: str, for messages.
        n_classes: int, or None for any of CARLA's families.
        ignore_label: int, the id of pixels without a class, or None.

    Returns:
        labels, uint8 (height, width), 255 where they are ignored; what they are, str: "ids"; "two", which had the
        values 0 and 255; or "places" in COLOURS, of a painted mask if n_classes is None.

    Raises:
        FrameError: if a value means nothing, or so many lie between their neighbours that the mask was smoothed.
    """
    if image.info.get("lossy"):
        raise FrameError(f"{path} is a JPEG or a WebP with losses, which change class ids and colours. Masks must be "
                         "PNG: export it again.")
    depth, grey = image.info.get("depth", 8), image.mode in ("1", "L", "LA", "I", "I;16", "I;16B")
    if (depth in (2, 4) and image.mode != "P") or (depth == 16 and (not grey or image.mode == "LA")):
        raise FrameError(f"{path} has {depth} bits a channel, so its ids may have been scaled. Store it with 8 bits.")
    if grey:
        labels, coloured = np.asarray(image.getchannel(0) if image.mode == "LA" else image), False
    elif image.mode.startswith("P"):
        labels, coloured = _labels_of_palette(image, path, n_classes, ignore_label)
    else:
        labels, coloured = _labels_of_colours(image, path, n_classes, ignore_label)
    if coloured and n_classes is None:
        return labels, "places"
    if coloured:
        return (labels if ignore_label is None else np.where(labels == ignore_label, np.uint8(IGNORED), labels)), "ids"
    return _settle_ids(labels, None if ignore_label is None else labels == ignore_label, path, n_classes)


def _settle_ids(ids, ignored, path, n_classes):
    """Return (labels, what they are) of ids, of which some may be ignored."""
    counted = ids if ignored is None or not ignored.any() else ids[~ignored]
    if not counted.size:
        return np.full(ids.shape, IGNORED, np.uint8), "ids"
    kind, limit = "ids", n_classes or MAX_ID + 1
    lowest, highest = counted.min(), counted.max()
    if n_classes in (None, 2) and (ids.dtype == bool or highest == 255 and np.isin(counted, (0, 255)).all()):
        kind, ids, highest = "two", ids != 0, 1
        if (share := _dithered_share(ids)) > MAX_ALONE:
            raise FrameError(f"{path} is dithered: {share:.0%} of its pixels of one class stand alone. Pillow's "
                             "convert('1') does so. Save the ids as grey levels, or 255 * (ids == one) as uint8.")
    elif (lowest < 0 or highest >= limit or is_family(n_classes)) and smooth_share(ids) > MAX_SMOOTH:
        raise FrameError(f"{path} {smoothed(smooth_share(ids))}")
    if kind == "ids" and (lowest < 0 or highest >= limit):
        odd = lowest if lowest < 0 else highest
        allowed = f"N_CLASSES = {n_classes} allows" if n_classes else "CARLA has"
        beside = counted[counted != odd]
        hint = ""
        if beside.size and 0 <= beside.min() and beside.max() < limit:
            hint = (f" If {odd} marks pixels without a class, set IGNORE_LABEL = {odd} in the notebook's parameter "
                    f"cell (--ignore {odd} for lesson.check).")
        raise FrameError(f"{path} holds the class id {odd}{' beside others' * bool(hint)}, but {allowed} 0 to "
                         f"{limit - 1}.{hint} If the classes are your own, set N_CLASSES to their number; if they are "
                         "CARLA's, export the mask again.")
    if ignored is not None and ignored.any():
        ids = np.where(ignored, IGNORED, ids)
    return ids.astype(np.uint8, copy=False), kind


def _dithered_share(mask):
    """Return the share of pixels of a mask's rarer class without a neighbour of it, in bool (height, width)."""
    rare = np.pad(mask if mask.mean() < 0.5 else ~mask, 1)
    beside = rare[:-2, 1:-1] | rare[2:, 1:-1] | rare[1:-1, :-2] | rare[1:-1, 2:]
    rare = rare[1:-1, 1:-1]
    return np.mean(~beside[rare]) if rare.mean() > 0.02 else 0.0


def smooth_share(ids):
    """Return the share of pixels along outlines that lie between their neighbours, by which smoothing shows."""
    between = outlines = 0
    step = max(1, min(ids.shape) // 120)
    for lines in (ids[::step], ids[:, ::step].T):
        left, here, right = lines[:, :-2], lines[:, 1:-1], lines[:, 2:]
        between += np.count_nonzero((left < here) & (here < right) | (left > here) & (here > right))
        outlines += np.count_nonzero(left != right)
    return between / outlines if outlines >= 50 else 0.0


def smoothed(share):
    """Return what to say of a mask with such a share."""
    return (f"was resized, rotated or compressed smoothly: {share:.0%} of the pixels along its outlines hold an id "
            "between those of their neighbours, which stands for another class. Resize the recorded masks by nearest "
            "neighbour.")


def _labels_of_colours(image, path, n_classes, ignore_label):
    """Return labels and whether they come from colours, of a mask in red, green and blue."""
    red, green, blue = (np.asarray(channel) for channel in image.split()[:3])
    if not (green.any() or blue.any()):
        return red, False  # what `_meaning` would say: CARLA's own masks are not to wait for it
    colours = red | green.astype(np.uint32) << 8 | blue.astype(np.uint32) << 16
    labels, coloured, strange = _meaning(colours, n_classes, ignore_label)
    if strange.any():
        _refuse_exchanged(colours, path, n_classes, ignore_label)
        row, column = np.unravel_index(strange.argmax(), strange.shape)
        expected = "ids in the red channel (green = blue = 0)"
        if is_family(n_classes):
            expected += f" or exactly the colours of CARLA {RELEASES.get(n_classes, '')}".rstrip()
        if strange.mean() > 0.5 and red.max() <= MAX_ID:
            expected += "; green and blue may be the numbers of an instance camera: record with the semantic one"
        more = f" and {strange.sum() - 1:,} more such pixels" if strange.sum() > 1 else ""
        raise FrameError(f"{path} has the colour {rgb(colours[row, column])} at row {row}, column {column}{more}. "
                         f"Expected {expected}. Export it as PNG, without smoothing.")
    return labels, coloured


def _labels_of_palette(image, path, n_classes, ignore_label):
    """Return labels and whether they come from colours, of a mask of indices into a palette."""
    indices, palette = np.asarray(image), _codes(np.reshape(image.getpalette(), (-1, 3)))
    used = np.flatnonzero(np.bincount(indices.ravel()))
    if used[-1] < len(palette):
        labels, coloured, strange = _meaning(palette[used], n_classes, ignore_label)
        distinct = all(np.argmax(palette == palette[index]) == index for index in used)
        fits = labels[labels != ignore_label].max(initial=0) < (n_classes or MAX_ID + 1)
        if not strange.any() and (coloured or distinct and fits):
            table = np.zeros(256, np.uint8)
            table[used] = labels
            return table[indices], coloured
        if is_family(n_classes) and strange.any():
            _refuse_exchanged(palette[used], path, n_classes, ignore_label)
        known = np.array([rgb(code) for code in COLOURS if len(set(rgb(code))) > 1])  # greys are in many palettes
        near = [colour for colour in map(rgb, palette[used]) if (np.abs(known - colour).max(axis=1) <= 8).any()]
        if near and is_family(n_classes):
            odd = rgb(palette[used][strange][0]) if strange.any() else near[0]
            raise FrameError(f"{path} has a palette of CARLA's colours, but not of them alone or not exactly: {odd} is "
                             "none. So neither colour nor index is sure to be the class. Store the ids as grey levels.")
    return indices, False


def _refuse_exchanged(colours, path, n_classes, ignore_label):
    """Raise a FrameError if colours, which mean nothing as they are, all mean something with red and blue exchanged."""
    exchanged = (colours & 255) << 16 | colours & 0xFF00 | colours >> 16
    labels, coloured, strange = _meaning(exchanged, n_classes, ignore_label)
    if not strange.any() and (coloured or labels[labels != ignore_label].max(initial=0) < (n_classes or MAX_ID + 1)):
        what = "CARLA's colours" if coloured else "class ids, but in the blue channel"
        raise FrameError(f"{path} has red and blue exchanged: then it holds {what}. OpenCV writes BGR. Save it by "
                         "cv2.imwrite(path, mask[..., ::-1]), or exchange the channels of the files in the same way.")


def _meaning(colours, n_classes, ignore_label=None):
    """Return (labels, whether these come from colours, where they mean nothing) of colours, by the best reading.

    In a painted mask the pixels to ignore are those whose red, or whose grey, is the label to ignore.
    """
    red = colours.astype(np.uint8)  # the lowest byte
    readings = [(red, False, colours > 255)]
    if readings[0][2].any():
        labels = label_of_colour(n_classes)[colours]
        strange = labels == 0
        if ignore_label is not None and n_classes is not None and strange.any():
            strange &= ~np.isin(colours, (ignore_label, ignore_label * 0x010101))  # 0 - 1 is 255, IGNORED
        readings.append((labels - np.uint8(1), True, strange))
        readings.append((red, False, colours != red * np.uint32(0x010101)))
    return min(readings, key=lambda reading: np.count_nonzero(reading[2]))


def as_mask(image, path):
    """Return "ids" or "colours" if an image holds several of CARLA's and nothing else, as a mask does, else None."""
    sample = image.resize([-(-side // 16) for side in image.size], Image.Resampling.NEAREST).convert("RGB")
    if _meaning(_codes(sample), None)[2].any():
        return None  # as nearly all, without a look at every pixel
    try:
        labels, kind = labels_of(image, path, None)
    except FrameError:
        return None
    return {"places": "colours", "ids": "ids"}.get(kind) if labels.min() < labels.max() else None
