"""What do the values of a mask mean? Ids in one channel, ids as grey levels, indices of a palette, or colours."""
from functools import lru_cache

import numpy as np
from PIL import Image

from lesson.errors import FrameError
from lesson.labels import FAMILIES, LABELS, MAX_ID, RELEASES


def _codes(colours):
    """Return colours (…, 3) as whole numbers: red + 256 green + 65536 blue."""
    return np.asarray(colours) @ [1, 256, 65536]


def rgb(code):
    """Return the colour that a number of `_codes` stands for, as (red, green, blue)."""
    return tuple(int(code) >> shift & 255 for shift in (0, 8, 16))


COLOURS = np.unique(_codes(LABELS[["red", "green", "blue"]]))  # of all families


@lru_cache
def label_of_colour(n_classes):
    """Return 1 + the class id of every colour, uint8 (2**24,); for None, 1 + its place in COLOURS; 0 is none of these.
    """
    table = np.zeros(1 << 24, np.uint8)
    if n_classes is None:
        table[COLOURS] = 1 + np.arange(len(COLOURS))
    elif n_classes in FAMILIES:
        table[_codes(FAMILIES[n_classes][["red", "green", "blue"]])] = 1 + FAMILIES[n_classes].index
    return table


def labels_of(image, path, n_classes):
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
        if is_family(n_classes):
            expected += f" or exactly the colours of CARLA {RELEASES.get(n_classes, '')}".rstrip()
        if strange.mean() > 0.5 and red.max() <= MAX_ID:
            expected += "; green and blue may be the numbers of an instance camera: record with the semantic one"
        more = f" and {strange.sum() - 1:,} more such pixels" if strange.sum() > 1 else ""
        raise FrameError(f"{path} has the colour {rgb(colours[row, column])} at row {row}, column {column}{more}. "
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
        known = np.array([rgb(code) for code in COLOURS if len(set(rgb(code))) > 1])  # greys are in many palettes
        near = [colour for colour in map(rgb, palette[used]) if (np.abs(known - colour).max(axis=1) <= 8).any()]
        if near and is_family(n_classes):
            odd = rgb(palette[used][strange][0]) if strange.any() else near[0]
            raise FrameError(f"{path} has a palette of CARLA's colours, but not of them alone or not exactly: {odd} is "
                             "none. So neither colour nor index is sure to be the class. Store the ids as grey levels.")
    return indices, False


def _meaning(colours, n_classes):
    """Return (labels, whether these come from colours, where they mean nothing) of colours, by the best reading."""
    red = colours.astype(np.uint8)  # the lowest byte
    readings = [(red, False, colours > 255)]
    if readings[0][2].any():
        labels = label_of_colour(n_classes)[colours]
        readings.append((labels - np.uint8(1), True, labels == 0))
        readings.append((red, False, colours != red * np.uint32(0x010101)))
    return min(readings, key=lambda reading: np.count_nonzero(reading[2]))


def is_family(n_classes):
    """Tell whether the classes are those of a family of CARLA's releases, known or not; others have no colours."""
    return n_classes is None or n_classes in FAMILIES


def as_mask(image, path):
    """Return "ids" or "colours" if an image holds several of CARLA's and nothing else, as a mask does, else None."""
    sample = image.resize([-(-side // 16) for side in image.size], Image.Resampling.NEAREST).convert("RGB")
    if _meaning(_codes(sample), None)[2].any():
        return None  # as nearly all, without a look at every pixel
    try:
        labels, coloured = labels_of(image, path, None)
    except FrameError:
        return None
    return ("colours" if coloured else "ids") if labels.min() < labels.max() else None
