"""Odd and damaged frames: each is read right, or refused by one message with file and remedy, even inside tf.data."""
import contextlib
import os
import shutil
import struct
import sys
import tempfile
import unicodedata
import zlib
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image

from lesson.check import count_labels, report
from lesson.errors import FrameError, FrameWarning
from lesson.images import read_image, read_pair
from lesson.labels import read_labels
from lesson.masks import MAX_SMOOTH, smooth_share
from lesson.notebook import LESSON
from lesson.recordings import IMAGES, MASKS, find_frames

HEIGHT, WIDTH = 48, 64
COLOURS = read_labels(23)[["red", "green", "blue"]].to_numpy(np.uint8)
IDS = np.full((HEIGHT, WIDTH), 7, np.uint8)     # a street: road below, sky above, every class between
IDS[:24] = 13
IDS[20:28] = np.arange(WIDTH) * 23 // WIDTH
rows, columns = np.mgrid[:HEIGHT, :WIDTH]
PICTURE = np.dstack([4 * columns, 5 * rows, 255 - 2 * rows - 2 * columns]).astype(np.uint8)
VOC = [[(k >> c & 1) << 7 | (k >> c + 3 & 1) << 6 | (k >> c + 6 & 1) << 5 for c in range(3)] for k in range(256)]


def png(path, values, depth, kind):
    """Write a PNG of a depth and a kind (0 grey, 2 colour, …) that Pillow cannot write."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = values.shape[:2]
    if depth < 8:
        bits = np.unpackbits(values[..., np.newaxis], axis=2)[..., -depth:]
        lines = np.packbits(bits.reshape(height, -1), axis=1)
    else:
        lines = values.astype({8: ">u1", 16: ">u2"}[depth]).reshape(height, -1).view(np.uint8)
    data = zlib.compress(b"".join(b"\0" + line.tobytes() for line in lines))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
                     + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def save(path, array, mode=None, **options):
    """Write an array, or its conversion to a mode of Pillow's."""
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)


def save_palette(path, indices, palette):
    """Write indices with a palette, rows of (red, green, blue)."""
    image = Image.frombytes("P", indices.shape[::-1], indices.tobytes())
    image.putpalette(np.asarray(palette, np.uint8).tobytes())
    image.save(path)


def red(ids, *others):
    """Return ids in the red channel as CARLA writes them, or with other values in green, blue and alpha."""
    return np.dstack([ids, *(np.full_like(ids, value) for value in others or (0, 0, 255))])


def rename(path, name):
    """Give a file another name in its folder."""
    return path.rename(path.with_name(name))


def truncate(path, share):
    """Cut off the end of a file."""
    path.write_bytes(path.read_bytes()[:int(share * path.stat().st_size)])


def flip(path, place=0.5):
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 4
    path.write_bytes(content)


def convert(path, ending, **options):
    """Store a picture in another format, under the name that belongs to it, and return what is in it."""
    target = path.with_suffix(ending)
    with Image.open(path) as image:
        image.convert(options.pop("mode", "RGB")).save(target, **options)
    if target != path:
        path.unlink()
    return PICTURE


def array(path, ids):
    """Store a mask as an array, in place of the PNG."""
    path.unlink()
    np.save(path.with_suffix(".npy"), ids)


def resize(frame, how):
    """Store a street of large regions at half its size: the image as it should be, the mask not."""
    street = np.full((192, 256), 13, np.uint8)
    street[101:], street[41:151, 21:61], street[61:131, 151:221] = 7, 1, 9
    street[111:141, 81:131] = 10
    for path, pixels in ((frame.picture, COLOURS[street]), (frame.mask, street)):
        noise = np.random.default_rng(0).integers(0, 9, pixels.shape, np.uint8) * (pixels.ndim == 3)
        Image.fromarray(pixels ^ noise.astype(np.uint8)).resize((128, 96), how).save(path)


def swap(a, b):
    """Swap two files or folders."""
    a.rename(a.with_name("other")), b.rename(a), a.with_name("other").rename(b)


def enlarge(frame, height, width):
    """Write the pair at another size, and return what is in it."""
    at = np.ix_(np.arange(height) * HEIGHT // height, np.arange(width) * WIDTH // width)
    save(frame.picture, PICTURE[at], compress_level=1), save(frame.mask, IDS[at], compress_level=1)
    return PICTURE[at], IDS[at]


def shuffled(values):
    """Return indices and palette of an image that a program for compressing PNG files has made of colours."""
    colours, indices = np.unique(values.reshape(-1, 3)[::-1], axis=0, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(colours))
    return np.argsort(order)[indices[::-1]].astype(np.uint8).reshape(values.shape[:2]), colours[order]


def smoothed():
    """Return the painted mask after a resize that takes means."""
    return np.asarray(Image.fromarray(COLOURS[IDS]).resize((32, 24), Image.BILINEAR).resize((WIDTH, HEIGHT)))


GREY = np.asarray(Image.fromarray(PICTURE).convert("L"))
GREYS = np.dstack([GREY] * 3)


# What is done to the second of two frames, which stays right. It returns the picture if that is not PICTURE, or both.
RIGHT = {
    "nothing": lambda f: None,
    "picture .JPG": lambda f: convert(f.picture, ".JPG", quality=95, subsampling=0),
    "picture .jpeg, progressive": lambda f: convert(f.picture, ".jpeg", quality=95, subsampling=0, progressive=True),
    "picture .jpg, CMYK": lambda f: convert(f.picture, ".jpg", mode="CMYK", quality=95),
    "picture .jpg named .png": lambda f: convert(f.picture, ".png", format="JPEG", quality=95, subsampling=0),
    "endings .PNG": lambda f: [rename(path, path.stem + ".PNG") for path in (f.picture, f.mask)] and None,
    "name with spaces": lambda f: [rename(path, "a b 000001.png") for path in (f.picture, f.mask)] and None,
    "name with other letters": lambda f: [rename(path, "straße 雪 1.png") for path in (f.picture, f.mask)] and None,
    "name composed and decomposed": lambda f: [rename(path, unicodedata.normalize(form, "ä1") + ".png")
                                               for form, path in (("NFC", f.picture), ("NFD", f.mask))] and None,
    "name with more digits than an integer": lambda f: [rename(path, "1" * 40 + ".png")
                                                        for path in (f.picture, f.mask)] and None,
    "stray files": lambda f: [(f.picture.parent / name).write_bytes(b"x") for name in
                              ("Thumbs.db", ".DS_Store", "._000001.png", "notes.txt", "desktop.ini")] and None,
    "folder of a Mac's archive": lambda f: shutil.copytree(f.folder / MASKS, f.folder / "__MACOSX" / MASKS) and None,
    "symlink loop": lambda f: (f.folder / "loop").symlink_to(f.folder),
    "symlinks to files": lambda f: rename(f.mask, "..moved").rename(f.folder / "moved") and f.mask.symlink_to(
        f.folder / "moved"),
    "read-only": lambda f: [path.chmod(0o555) for path in (f.folder / IMAGES, f.folder / MASKS, f.folder)] and None,
    "1×1": lambda f: enlarge(f, 1, 1),
    "8000×6000": lambda f: enlarge(f, 6000, 8000),
    "another size than its neighbour": lambda f: enlarge(f, 31, 47),
    "picture grey": lambda f: save(f.picture, GREY) or GREYS,
    "picture grey and alpha": lambda f: save(f.picture, GREY, "LA") or GREYS,
    "picture RGBA, transparent": lambda f: save(f.picture, np.dstack([PICTURE, 0 * GREY])),
    "picture palette": lambda f: save_palette(f.picture, GREY, np.arange(256)[:, np.newaxis] * [1, 1, 0]) or
    GREYS * np.array([1, 1, 0], np.uint8),
    "picture 16 bits grey": lambda f: save(f.picture, GREY.astype(np.uint16) * 256 + 99) or GREYS,
    "picture 16 bits colour": lambda f: png(f.picture, PICTURE.astype(np.uint16) * 256 + 99, 16, 2),
    "picture 1 bit": lambda f: save(f.picture, GREY > 99) or np.uint8(255) * (GREYS > 99),
    "mask RGB": lambda f: save(f.mask, red(IDS, 0, 0)),
    "mask transparent": lambda f: save(f.mask, red(IDS, 0, 0, 0)),
    "mask grey": lambda f: save(f.mask, IDS),
    "mask grey and alpha": lambda f: save(f.mask, np.dstack([IDS, 0 * IDS]), "LA"),
    "mask grey as RGB": lambda f: save(f.mask, red(IDS, 0, 0)[..., [0, 0, 0]]),
    "mask grey, 16 bits": lambda f: save(f.mask, IDS.astype(np.uint16)),
    "mask painted": lambda f: save(f.mask, COLOURS[IDS]),
    "mask painted, RGBA": lambda f: save(f.mask, COLOURS[IDS], "RGBA"),
    "mask palette, painted": lambda f: save_palette(f.mask, IDS, COLOURS),
    "mask palette, painted, renumbered": lambda f: save_palette(f.mask, *shuffled(COLOURS[IDS])),
    "mask palette, red ids, renumbered": lambda f: save_palette(f.mask, *shuffled(red(IDS, 0, 0))),
    "mask palette, grey ids, renumbered": lambda f: save_palette(f.mask, *shuffled(red(IDS, 0, 0)[..., [0, 0, 0]])),
    "mask palette, other colours": lambda f: save_palette(f.mask, IDS, [[9 * k, 255 - 9 * k, 255] for k in range(23)]),
    "mask palette, black": lambda f: save_palette(f.mask, IDS, np.zeros((256, 3))),
    "image .bmp": lambda f: convert(f.picture, ".bmp"),
    "image .webp": lambda f: convert(f.picture, ".webp", lossless=True),
    "mask .bmp": lambda f: [convert(f.mask, ".bmp")] and None,
    "mask .bmp of grey levels": lambda f: [convert(f.mask, ".bmp")] and save(f.mask.with_suffix(".bmp"), IDS),
    "mask .webp": lambda f: [convert(f.mask, ".webp", lossless=True)] and None,
    "mask .npy": lambda f: array(f.mask, IDS),
    "mask .npy of wide integers, one more axis": lambda f: array(f.mask, IDS[np.newaxis].astype(np.int64)),
    "mask .npy of floats, one more axis": lambda f: array(f.mask, IDS[..., np.newaxis].astype(np.float32)),
    "mask .npy as CARLA's raw data, red first": lambda f: array(f.mask, red(IDS)),
    "mask .npy painted": lambda f: array(f.mask, COLOURS[IDS]),
    "mask .npz": lambda f: f.mask.unlink() or np.savez_compressed(f.mask.with_suffix(".npz"), IDS),
    "mask palette, too short": lambda f: save_palette(f.mask, IDS, np.zeros((17, 3))),
}

# What is done to the second of two frames, and what the message then holds beside the file.
REFUSED = {
    "picture empty": (lambda f: f.picture.write_bytes(b""), f"{IMAGES}/000001.png", "is empty"),
    "mask empty": (lambda f: f.mask.write_bytes(b""), f"{MASKS}/000001.png", "is empty"),
    "picture truncated": (lambda f: truncate(f.picture, 0.6), f"{IMAGES}/000001.png", "cannot be read"),
    "mask truncated": (lambda f: truncate(f.mask, 0.6), f"{MASKS}/000001.png", "cannot be read"),
    "JPEG truncated": (lambda f: convert(f.picture, ".jpg") is truncate(f.picture.with_suffix(".jpg"), 0.6),
                       f"{IMAGES}/000001.jpg", "cannot be read", "truncated"),
    "mask with a flipped bit": (lambda f: flip(f.mask), f"{MASKS}/000001.png", "cannot be read", "checksum"),
    "picture with a flipped bit": (lambda f: flip(f.picture), f"{IMAGES}/000001.png", "cannot be read", "checksum"),
    "header with a flipped bit": (lambda f: flip(f.mask, 0.01), f"{MASKS}/000001.png", "cannot be read"),
    "text": (lambda f: f.picture.write_text("not a picture"), f"{IMAGES}/000001.png", "neither PNG nor JPEG"),
    "GIF": (lambda f: convert(f.mask, ".png", format="GIF"), f"{MASKS}/000001.png", "neither PNG nor JPEG"),
    "animated PNG": (lambda f: Image.fromarray(IDS).save(f.mask, save_all=True, append_images=[Image.fromarray(IDS.T)]),
                     f"{MASKS}/000001.png", "holds 2 images"),
    "too large": (lambda f: flip_size(f.picture, 30_000, 30_000), f"{IMAGES}/000001.png", "89,000,000 pixels"),
    "a little too large": (lambda f: flip_size(f.mask, 10_001, 10_000), f"{MASKS}/000001.png", "89,000,000 pixels"),
    "folder named .png": (lambda f: f.mask.unlink() or f.mask.mkdir(), f"{MASKS}/000001.png", "not a file"),
    "link that leads nowhere": (lambda f: f.mask.unlink() or f.mask.symlink_to("nowhere"), f"{MASKS}/000001.png",
                                "not a file"),
    "link to itself": (lambda f: f.mask.unlink() or f.mask.symlink_to(f.mask), f"{MASKS}/000001.png", "not a file"),
    "pipe": (lambda f: f.mask.unlink() or os.mkfifo(f.mask), f"{MASKS}/000001.png", "not a file"),
    "no mask": (lambda f: f.mask.unlink(), f"{IMAGES}/000001.png has no mask", "Add the missing file"),
    "no picture": (lambda f: f.picture.unlink(), f"{MASKS}/000001.png has no image", "Add the missing file"),
    "mask of another ending": (lambda f: rename(f.mask, "000001.tif"), f"{IMAGES}/000001.png has no mask",
                               f"{MASKS}/000001.tif is not of a format that is read (.png"),
    "two pictures of one name": (lambda f: shutil.copy(f.picture, f.picture.with_suffix(".jpg")),
                                 f"{IMAGES}/000001.png has the same name", "000001.jpg", "Keep one"),
    "no number": (lambda f: [rename(path, "street.png") for path in (f.picture, f.mask)], f"{IMAGES}/street.png",
                  "no number", "end in the frame's number"),
    "name not UTF-8": (lambda f: [os.rename(path, os.fsencode(path.parent) + b"/\xff1.png")
                                  for path in (f.picture, f.mask)], r"\udcff1.png", "not UTF-8", "Rename"),
    "two folders of masks": (lambda f: shutil.copytree(f.folder / MASKS, f.folder / "CameraSeg"),
                             "CameraRGB and CameraMask and CameraSeg", "move away"),
    "no folder of masks": (lambda f: shutil.rmtree(f.folder / MASKS), "has CameraRGB", "Add what is missing"),
    "no frames": (lambda f: [shutil.rmtree(path) for path in (f.picture.parent, f.mask.parent)], "No frames in",
                  "CARLA_DATA"),
    "folder missing": (lambda f: shutil.rmtree(f.folder), "does not exist", "CARLA_DATA"),
    "folder is a file": (lambda f: shutil.rmtree(f.folder) or f.folder.write_text(""), "is a file", "CARLA_DATA"),
    "mask of another size": (lambda f: save(f.mask, IDS[:40]), f"{IMAGES}/000001.png is 64×48",
                             f"{MASKS}/000001.png is 64×40", "one size"),
    "pair swapped": (lambda f: swap(f.picture, f.mask), f"{IMAGES}/000001.png is a mask", "Swap them"),
    "painted pair swapped": (lambda f: save(f.mask, COLOURS[IDS]) or swap(f.picture, f.mask),
                             f"{IMAGES}/000001.png is a mask", "Swap them"),
    "grey pair swapped": (lambda f: save(f.mask, IDS) or save(f.picture, GREY) or swap(f.picture, f.mask),
                          f"{IMAGES}/000001.png is a mask", "Swap them"),
    "folders swapped": (lambda f: swap(f.folder / IMAGES, f.folder / MASKS), "2 of 2",
                        f"{IMAGES}/000001.png is a mask", "Swap them"),
    "folders of JPEG pictures and masks swapped": (
        lambda f: convert(f.picture, ".jpg") is swap(f.folder / IMAGES, f.folder / MASKS),
        f"{IMAGES}/000001.png is a mask", "Swap them"),
    "mask in place of the picture": (lambda f: shutil.copy(f.mask, f.picture), f"{IMAGES}/000001.png is a mask"),
    "picture in place of the mask": (lambda f: shutil.copy(f.picture, f.mask), f"{MASKS}/000001.png has the colour"),
    "mask JPEG": (lambda f: convert(f.mask, ".jpg", mode="L"), f"{MASKS}/000001.jpg is a JPEG", "must be PNG"),
    "mask JPEG named .png": (lambda f: convert(f.mask, ".png", format="JPEG"), f"{MASKS}/000001.png is a JPEG"),
    "turned by EXIF": (lambda f: save(f.picture, PICTURE, exif=orientation(3)), f"{IMAGES}/000001.png",
                       "EXIF orientation 3"),
    "id 30": (lambda f: save(f.mask, red(np.where(IDS == 3, 30, IDS).astype(np.uint8))), f"{MASKS}/000001.png",
              "the class id 30", "N_CLASSES"),
    "grey id 255": (lambda f: save(f.mask, np.where(IDS == 3, 255, IDS).astype(np.uint8)), f"{MASKS}/000001.png",
                    "the class id 255"),
    "grey luminance of colours": (lambda f: save(f.mask, COLOURS[IDS], "L"), f"{MASKS}/000001.png", "the class id"),
    "ids times 10": (lambda f: save(f.mask, 10 * IDS), f"{MASKS}/000001.png", "the class id 220"),
    "16 bits, scaled": (lambda f: save(f.mask, IDS.astype(np.uint16) * 257), f"{MASKS}/000001.png",
                        "class id 5654"),
    "16 bits, colour": (lambda f: png(f.mask, red(IDS, 0, 0), 16, 2), f"{MASKS}/000001.png", "16 bits a channel"),
    "16 bits, grey and alpha": (lambda f: png(f.mask, np.dstack([IDS, 0 * IDS]), 16, 4), f"{MASKS}/000001.png",
                                "16 bits a channel"),
    "4 bits": (lambda f: png(f.mask, IDS % 13, 4, 0), f"{MASKS}/000001.png", "4 bits a channel"),
    "unknown colour": (lambda f: save(f.mask, with_pixel(COLOURS[IDS], (5, 9), (129, 64, 128))),
                       f"{MASKS}/000001.png has the colour (129, 64, 128) at row 5, column 9.", "CARLA"),
    "unknown colour, and a painted picture": (
        lambda f: [save(f.mask, with_pixel(COLOURS[IDS], (5, 9), (129, 64, 128))), save(f.picture, COLOURS[IDS])],
        f"{MASKS}/000001.png has the colour (129, 64, 128) at row 5, column 9."),
    "green beside an id": (lambda f: save(f.mask, with_pixel(red(IDS, 0, 0), (5, 9), (7, 1, 0))),
                           f"{MASKS}/000001.png has the colour (7, 1, 0) at row 5, column 9."),
    "instance camera": (lambda f: save(f.mask, np.dstack([IDS, PICTURE[..., :2]])),
                        f"{MASKS}/000001.png has the colour", "instance camera"),
    "painted, smoothed": (lambda f: save(f.mask, smoothed()), f"{MASKS}/000001.png has the colour",
                          "without smoothing"),
    "painted palette, smoothed": (lambda f: Image.fromarray(smoothed()).quantize(23).save(f.mask),
                                  f"{MASKS}/000001.png", "palette"),
    "painted palette, another colour": (lambda f: save_palette(f.mask, *shuffled(
        with_pixel(COLOURS[IDS], (5, 9), (1, 99, 200)))), f"{MASKS}/000001.png", "palette",
        "(1, 99, 200) is none"),
    "mask WebP with losses": (lambda f: convert(f.mask, ".webp", quality=90), f"{MASKS}/000001.webp", "with losses"),
    "mask .npy of objects": (lambda f: array(f.mask, np.array([Trap()])), f"{MASKS}/000001.npy cannot be read"),
    "mask .npy of shares": (lambda f: array(f.mask, IDS / 23), "000001.npy holds float64 (48, 64)", "Expected"),
    "mask .npy of logits": (lambda f: array(f.mask, np.zeros((48, 64, 23))), "(48, 64, 23)", "Expected whole numbers"),
    "mask .npy, cut": (lambda f: array(f.mask, IDS) or truncate(f.mask.with_suffix(".npy"), 0.5),
                       f"{MASKS}/000001.npy cannot be read"),
    "mask .npy with -1": (lambda f: array(f.mask, np.where(IDS == 3, -1, IDS.astype(int))),
                          "the class id -1 beside others", "IGNORE_LABEL = -1"),
    "mask .npz of two arrays": (lambda f: f.mask.unlink() or np.savez(f.mask.with_suffix(".npz"), ids=IDS, depth=IDS),
                                f"{MASKS}/000001.npz cannot be read", "ids, depth, expected one"),
    "mask .npz, a bomb": (lambda f: f.mask.unlink() or np.savez_compressed(
        f.mask.with_suffix(".npz"), np.broadcast_to(np.uint8(0), (8, 90_000_000))), "89,000,000 pixels"),
    "255 beside ids": (lambda f: save(f.mask, red(np.where(IDS == 3, 255, IDS).astype(np.uint8))),
                       f"{MASKS}/000001.png holds the class id 255 beside others", "set IGNORE_LABEL = 255",
                       "--ignore 255"),
    "ids in the blue channel": (lambda f: save(f.mask, red(IDS)[..., [2, 1, 0, 3]]), f"{MASKS}/000001.png has red and "
                                "blue exchanged", "class ids, but in the blue", "mask[..., ::-1]"),
    "painted, red and blue exchanged": (lambda f: save(f.mask, COLOURS[IDS][..., ::-1]), f"{MASKS}/000001.png has red "
                                        "and blue exchanged", "CARLA's colours"),
    "palette, red and blue exchanged": (lambda f: save_palette(f.mask, IDS, COLOURS[:, ::-1]),
                                        f"{MASKS}/000001.png has red and blue exchanged"),
    "instance camera, red and blue exchanged": (lambda f: save(f.mask, np.dstack([PICTURE[..., :2], IDS])),
                                                f"{MASKS}/000001.png has the colour"),
    "made smaller smoothly": (lambda f: resize(f, Image.BILINEAR), f"{MASKS}/000001.png was resized", "% of the pixels "
                              "along its outlines", "nearest neighbour"),
    "made smaller by means": (lambda f: resize(f, Image.BOX), f"{MASKS}/000001.png was resized"),
    "ids as a JPEG, then PNG": (lambda f: save(f.mask, IDS) or convert(f.mask, ".jpg", mode="L") is convert(
        f.mask.with_suffix(".jpg"), ".png", mode="L"), f"{MASKS}/000001.png was resized, rotated or compressed"),
    "colours of two families": (lambda f: save(f.mask, with_pixel(COLOURS[IDS], (5, 9), (0, 80, 100))), "no release",
                                "CARLA 0.9.10-0.9.13 lacks (0, 80, 100)", "CARLA 0.9.14+ lacks (100, 40, 40)",
                                "Set N_CLASSES"),
}

if sys.platform == "darwin":
    del REFUSED["name not UTF-8"]      # its file system takes no such name


class Trap:
    """What a pickle might do."""

    def __reduce__(self):
        return os.abort, ()


def flip_size(path, width, height):
    """Let the header of a PNG claim another size."""
    content = path.read_bytes()
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    path.write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:])


def orientation(value):
    """Return EXIF data with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def with_pixel(array, place, colour):
    """Return a copy with one pixel changed."""
    copy = array.copy()
    copy[place] = colour
    return copy


@pytest.fixture
def frame(tmp_path):
    """The second of two sound pairs in a folder, to be changed."""
    folder = tmp_path / "frames"
    for name, array in ((IMAGES, PICTURE), (MASKS, red(IDS))):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            save(folder / name / f"{number:06}.png", array)
    return SimpleNamespace(folder=folder, picture=folder / IMAGES / "000001.png", mask=folder / MASKS / "000001.png")


def pipeline(frames, n_classes):
    """Return a list of what a tf.data pipeline reads of frames."""
    def read(image_path, mask_path):
        return tf.numpy_function(read_pair, [image_path, mask_path, n_classes], [tf.uint8, tf.uint8])

    paths = frames["image"].to_list(), frames["mask"].to_list()
    return list(tf.data.Dataset.from_tensor_slices(paths).map(read, num_parallel_calls=2).as_numpy_iterator())


@pytest.mark.parametrize("name", RIGHT)
def test_read_right(frame, name):
    expected = RIGHT[name](frame)
    picture, ids = expected if isinstance(expected, tuple) else (PICTURE if expected is None else expected, IDS)
    frames = find_frames(frame.folder)
    counts = count_labels(frames)
    pairs = pipeline(frames, counts.shape[1])
    assert counts.shape == (2, 23) and len(pairs) == 2 and (frames["drive"].diff().fillna(0) >= 0).all()
    odd = frames["number"].idxmax()
    np.testing.assert_array_equal(counts[odd], np.bincount(ids.ravel(), minlength=23))
    found, mask = pairs[odd]
    assert found.dtype == mask.dtype == np.uint8 and mask.shape == (*ids.shape, 1)
    np.testing.assert_array_equal(mask[..., 0], ids)
    tolerance = 12 if "jpg" in frames["image"][odd].lower() or "jp" in name.lower() else 0
    assert np.abs(found.astype(int) - picture).max() <= tolerance
    np.testing.assert_array_equal(pairs[1 - odd][1][..., 0], IDS)


@pytest.mark.filterwarnings("ignore:Image size")   # Pillow warns of an image that is refused
@pytest.mark.parametrize("name", REFUSED)
def test_refused(frame, name):
    damage, *words = REFUSED[name]
    damage(frame)
    with pytest.raises(FrameError) as error:
        frames = find_frames(frame.folder)
        try:
            count_labels(frames)
        except FrameError:
            if words[0] != "no release":     # that is for the folder, not for a pair
                with pytest.raises(tf.errors.OpError, match="FrameError"):
                    pipeline(frames, 23)
            raise
    for word in words:
        assert word in str(error.value), str(error.value)
    assert str(frame.folder) in str(error.value) or "release of CARLA" in str(error.value)


# Masks of five classes of one's own: how the ids are stored, and how many there are.
OWN = {
    "red channel": (lambda path, ids: save(path, red(ids)), 5),
    "grey": (lambda path, ids: save(path, ids), 5),
    "grey as RGB": (lambda path, ids: save(path, np.dstack([ids] * 3)), 5),
    "palette of Pascal VOC": (lambda path, ids: save_palette(path, ids, VOC), 5),
    "palette with colours of CARLA": (lambda path, ids: save_palette(path, ids, COLOURS[7:]), 5),
    "palette of grey levels": (lambda path, ids: save_palette(path, ids, np.repeat(60 * np.arange(5), 3)), 5),
    "ids above those of CARLA": (lambda path, ids: save(path, 50 * ids), 201),
    "all ids that there can be": (lambda path, ids: save(path, 63 * ids), 256),
}


@pytest.mark.parametrize("name", OWN)
def test_own_classes(frame, name):
    store, n_classes = OWN[name]
    ids = IDS % 5
    for path in frame.mask.parent.iterdir():
        store(path, ids)
    factor = {201: 50, 256: 63}.get(n_classes, 1)
    frames = find_frames(frame.folder)
    expected = np.bincount(factor * ids.ravel(), minlength=n_classes)
    np.testing.assert_array_equal(count_labels(frames, n_classes), [expected, expected])
    np.testing.assert_array_equal(pipeline(frames, n_classes)[1][1][..., 0], factor * ids)


ROAD = IDS == 7
TWO = {
    "one bit": lambda path: save(path, ROAD),
    "grey": lambda path: save(path, np.uint8(255) * ROAD),
    "colour": lambda path: save(path, np.uint8(255) * np.dstack([ROAD] * 3)),
    "red": lambda path: save(path, red(np.uint8(255) * ROAD)),
    "palette": lambda path: save_palette(path, ROAD.astype(np.uint8), [[0] * 3, [255] * 3]),
    "16 bits": lambda path: save(path, np.uint16(255) * ROAD),
    "array": lambda path: array(path, ROAD),
}


@pytest.mark.parametrize("name", TWO)
def test_two_classes(frame, name):
    """The values 0 and 255 are the classes 0 and 1; a mask of the first alone stands beside others."""
    TWO[name](frame.mask)
    save(frame.mask.with_name("000000.png"), 0 * IDS)
    frames = find_frames(frame.folder)
    expected = [[IDS.size, 0], [np.sum(~ROAD), np.sum(ROAD)]]
    np.testing.assert_array_equal(count_labels(frames, 2), expected)
    if name != "palette":     # whose indices are 0 and 1, which may be the ids of anything
        np.testing.assert_array_equal(count_labels(frames), expected)
    np.testing.assert_array_equal(read_pair(*frames.loc[1, ["image", "mask"]], 2)[1][..., 0], ROAD)


def test_two_classes_that_were_dithered(frame):
    """As `Image.convert("1")` makes them of ids or colours."""
    for values in (IDS, COLOURS[IDS]):
        save(frame.mask, values, "1")
        with pytest.raises(FrameError, match=r"000001.png is dithered: \d+% .*Save the ids as grey levels"):
            read_pair(frame.picture, frame.mask, 2)


def test_two_classes_and_more(frame):
    save(frame.mask, np.uint8(255) * ROAD)
    with pytest.raises(FrameError, match="000001.png has the values 0 and 255 alone.*000000.png has others"):
        count_labels(find_frames(frame.folder))


@pytest.mark.parametrize("kind, ignored", [("red", 255), ("grey", 255), ("red", 0), ("red", 3), ("painted", 255),
                                           ("painted", 3), ("array", -1), ("palette", 255)])
def test_ignored_pixels_count_nowhere(frame, kind, ignored, capsys):
    void = IDS == 3
    for path in [*frame.mask.parent.iterdir()]:
        ids = np.where(void, ignored, np.where(IDS == ignored, 1, IDS).astype(int))
        if kind == "array":
            array(path, ids)
        elif kind == "painted":
            palette = np.vstack([COLOURS, np.full((233, 3), 255, np.uint8)])
            save(path, palette[ids])
        elif kind == "palette":
            save_palette(path, ids.astype(np.uint8), [[37 * k % 256, 255 - k, 200] for k in range(256)])
        else:
            save(path, red(ids.astype(np.uint8)) if kind == "red" else ids.astype(np.uint8))
    frames = find_frames(frame.folder)
    expected = np.bincount(np.where(IDS == ignored, 1, IDS)[~void], minlength=23)
    for given in (23, None) if kind != "painted" or ignored == 3 else (23,):
        np.testing.assert_array_equal(count_labels(frames, given, ignored), [expected, expected])
    mask = read_pair(*frames.loc[1, ["image", "mask"]], 23, ignored)[1][..., 0]
    np.testing.assert_array_equal(mask, np.where(void, 255, np.where(IDS == ignored, 1, IDS)))
    assert report(frame.folder, 23, ignored) == report(frame.folder, 23, ignored)
    assert f"{expected[7] / expected.sum():.3%}" in capsys.readouterr().out
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    logits = np.random.default_rng(0).normal(size=(*mask.shape, 23)).astype(np.float32)
    whole = keras.losses.sparse_categorical_crossentropy(np.where(void, 0, mask), logits, from_logits=True)
    np.testing.assert_allclose(loss(mask[..., np.newaxis], logits), np.mean(np.asarray(whole)[~void]), rtol=1e-4)


def test_all_are_classes_or_some_are_ignored(frame):
    with pytest.raises(FrameError, match="N_CLASSES = 256 leaves no id.*at most 255 classes"):
        count_labels(find_frames(frame.folder), 256, 255)


@pytest.mark.parametrize("ids, word", [(0 * IDS, "id 0"), (0 * IDS + 7, "id 7")])
def test_masks_of_one_class_are_refused_at_once(frame, ids, word, capsys):
    for path in frame.mask.parent.iterdir():
        save(path, red(ids))
    frames = find_frames(frame.folder)
    for n_classes in (None, 23, 40):
        with pytest.raises(FrameError, match=f"All 2 masks hold {word} alone.*000000.png.*converter was applied twice"):
            count_labels(frames, n_classes)
    assert any("nothing to learn" in problem for problem in report(frame.folder)) and capsys.readouterr()


def test_smoothed_masks_of_one_s_own_are_doubtful(frame, capsys):
    """Labels of one's own may be ordered, as heights are: nobody can be sure."""
    resize(frame, Image.BILINEAR)
    frames = find_frames(frame.folder)
    with pytest.warns(FrameWarning, match="000001.png was resized.*% of the pixels along its outlines"):
        count_labels(frames, 40)
    report(frame.folder, 40)
    assert "warning: " in capsys.readouterr().out


def test_sharp_masks_are_not_doubtful():
    """Embedded masks, smaller by nearest neighbour, and random ones."""
    for path in find_frames(LESSON.parent / "data")["mask"][::9]:
        with Image.open(path) as mask:
            for size in ((128, 96), (64, 48)):
                small = np.asarray(mask.getchannel(0).resize(size, Image.NEAREST))
                assert smooth_share(small) < MAX_SMOOTH, path
                smooth = np.asarray(mask.getchannel(0).resize(size, Image.BILINEAR))
                assert smooth_share(smooth) > MAX_SMOOTH, path


def test_a_table_with_an_index_of_its_own(frame):
    frames = find_frames(frame.folder)
    twice = pd.concat([frames, frames])
    np.testing.assert_array_equal(count_labels(twice), np.tile(count_labels(frames), (2, 1)))


@contextlib.contextmanager
def ordinary_user():
    """Give up the right to read everything, if it is root who runs the tests."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("forbidden", ["", IMAGES, MASKS, f"{IMAGES}/000001.png", f"{MASKS}/000001.png"])
@pytest.mark.parametrize("mode", [0, 0o444])
def test_what_may_not_be_read(frame, forbidden, mode):
    with tempfile.TemporaryDirectory() as shared:      # pytest's own folders are closed to other users
        os.chmod(shared, 0o755)
        folder = shutil.copytree(frame.folder, Path(shared) / "frames")
        path = folder / forbidden
        path.chmod(mode)
        with ordinary_user():
            if path.is_file() and mode:
                assert count_labels(find_frames(folder)).shape == (2, 23)
            else:
                with pytest.raises(FrameError, match="permissions|Permission denied") as error:
                    count_labels(find_frames(folder))
                assert forbidden in str(error.value)
        path.chmod(0o755)


def test_a_picture_of_one_s_own(tmp_path):
    """Alone, a picture is read as a viewer shows it: turned by what the camera noted."""
    save(tmp_path / "phone.jpg", PICTURE, exif=orientation(6), quality=95, subsampling=0)
    found = read_image(tmp_path / "phone.jpg")
    assert found.dtype == np.uint8 and found.shape == (WIDTH, HEIGHT, 3)
    assert np.abs(found.astype(int) - np.rot90(PICTURE, -1)).max() <= 12
    with pytest.raises(FrameError, match="nowhere.png cannot be read: No such file"):
        read_image(tmp_path / "nowhere.png")
