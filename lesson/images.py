"""Read a frame: decode its image and its mask, and see that they belong together."""
import io
import os
import zipfile
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from lesson.errors import FrameError
from lesson.masks import COLOURS, IGNORED, as_mask, labels_of
from lesson.recordings import IMAGES, MASK_FOLDERS

FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
MAX_PIXELS = 89_000_000  # of one image, four bytes each; Pillow warns of more


def read_image(path):
    """Read an image upright and in colour, as a network takes it.

    Args:
        path: str or bytes, a PNG, JPEG, BMP or WebP file: colour, grey, palette, CMYK, 8 or 16 bits, with or without
            alpha.

    Returns:
        uint8 array (height, width, 3). An orientation that a camera noted in the file is applied, alpha is dropped.

    Raises:
        FrameError: if the file cannot be read to its end.
    """
    return _pixels(ImageOps.exif_transpose(_open(path)))


def read_pair(image_path, mask_path, n_classes, ignore_label=None):
    """Read an image and its mask.

    Masks come in three kinds: ids in the red channel with green = blue = 0 (CARLA's own), ids as grey levels or palette
    indices, and CARLA's colours, which become ids again. A palette is read by its colours if these say the id, because
    programs that compress PNG files renumber palettes; else the index is the id. If there are two classes, a mask of
    the values 0 and 255 holds the ids 0 and 1.

    Args:
        image_path, mask_path: str or bytes, files of the same size, of the formats that `find_frames` names.
        n_classes: int, how many class ids there are; ids run from 0 to n_classes - 1.
        ignore_label: int, the id of pixels without a class, or None.

    Returns:
        image, uint8 (height, width, 3); mask, uint8 (height, width, 1), the class id of every pixel, and 255 where it
        was `ignore_label`.

    Raises:
        FrameError: if a file cannot be read to its end, if the sizes differ, if the two are swapped, or if a pixel of
            the mask is none of the ids or colours.
    """
    image, ids, _ = load_pair(image_path, mask_path, int(n_classes), ignore_label)
    return _pixels(image), ids[..., np.newaxis]


def load_pair(image_path, mask_path, n_classes, ignore_label=None):
    """Return (image as a PIL image, labels and what they are: see `labels_of`) of a pair."""
    if ignore_label is not None and (n_classes or 0) > IGNORED:
        raise FrameError(f"N_CLASSES = {n_classes} leaves no id for pixels to ignore. With IGNORE_LABEL there are at "
                         f"most {IGNORED} classes.")
    # tf.numpy_function hands over bytes, and arrays of one name where no graph is built
    image_path, mask_path = (os.fsdecode(np.asarray(path).item()) for path in (image_path, mask_path))
    image, mask = _open(image_path), _open(mask_path)
    for path, opened in ((image_path, image), (mask_path, mask)):
        turned = opened.getexif().get(ExifTags.Base.Orientation, 1)
        if turned in range(2, 9):
            raise FrameError(f"{path} is to be shown turned or mirrored (EXIF orientation {turned}), so image and "
                             "mask may not lie on each other. Turn its pixels and remove that entry.")
    if image.size != mask.size:
        sizes = " but ".join(f"{path} is {opened.width}×{opened.height}"
                             for path, opened in ((image_path, image), (mask_path, mask)))
        raise FrameError(f"{sizes} (width × height). Record both at one size, or resize the image to its mask.")
    in_image = as_mask(image, image_path)
    try:
        labels, kind = labels_of(mask, mask_path, n_classes, ignore_label)
    except FrameError:
        if in_image and mask.convert("RGB").getcolors(len(COLOURS)) is None:  # more colours than classes
            raise FrameError(f"{image_path} is a mask and {mask_path} is none. Swap them: images belong in "
                             f"{IMAGES}, masks in {' or '.join(MASK_FOLDERS)}.") from None
        raise
    if in_image == "ids" and image.mode.startswith(("RGB", "P")):
        raise FrameError(f"{image_path} is a mask, not an image. Put the image that belongs to {mask_path} there.")
    return image, labels, kind


def _open(path):
    """Return a file as a decoded PIL image, with `depth` and `lossy` in its info; any damage is a FrameError."""
    path = os.fsdecode(path)
    try:
        if os.path.getsize(path) > 8 * MAX_PIXELS:  # no image of that size is larger, even uncompressed
            raise Image.DecompressionBombError
        content = Path(path).read_bytes()  # at once: it is read twice
        if path.lower().endswith((".npy", ".npz")):
            return _image_of(_load_array(content), path)
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if getattr(image, "is_animated", False):
                raise FrameError(f"{path} holds {image.n_frames} images, an animation. Store one a file.")
            if image.format == "PNG":
                image.verify()  # the checksums: Pillow decodes damaged pixels without a word
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            image.load()
            if image.format == "PNG":
                image.info["depth"] = content[24]  # as the header says: Pillow scales without a word
            image.info["lossy"] = image.format == "JPEG" or image.format == "WEBP" and b"VP8L" not in content
            return image
    except FrameError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FrameError(f"{path} has more than {MAX_PIXELS:,} pixels. Scale the pair down.") from None
    except Exception as error:  # each damage raises its own type in the decoder
        reason = getattr(error, "strerror", None) or f"it is damaged ({error})"
        if isinstance(error, UnidentifiedImageError):
            reason = f"it is neither {' nor '.join(FORMATS)}" if content else "it is empty (0 bytes)"
        raise FrameError(f"{path} cannot be read: {reason}. Get the file again from its source.") from None


def _load_array(content):
    """Return the one array in a .npy or .npz file; nothing in it is ever executed."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            if sum(info.file_size for info in file.infolist()) > 8 * MAX_PIXELS:
                raise Image.DecompressionBombError
    loaded = np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    if len(loaded.files) != 1:
        raise ValueError(f"it holds the arrays {', '.join(loaded.files)}, expected one")
    return loaded[loaded.files[0]]


def _image_of(array, path):
    """Return a PIL image of a mask's array: ids (height, width), or uint8 (height, width, 3 or 4)."""
    found = f"{path} holds {array.dtype} {array.shape}"
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    elif array.ndim == 3 and array.shape[0] == 1 and array.shape[2] > 4:
        array = array[0]
    if array.ndim == 2 and array.size and (array.dtype.kind in "biu" or array.dtype.kind == "f"
                                           and np.array_equal(array, np.rint(array))):
        if array.dtype != bool:
            array = np.clip(array, -2**31, 2**31 - 1).astype(np.int64)
            array = array.astype(np.uint8 if 0 <= array.min() and array.max() < 256 else np.int32)
        return Image.fromarray(array)
    if array.ndim == 3 and array.shape[2] in (3, 4) and array.dtype == np.uint8:
        return Image.fromarray(array)
    raise FrameError(f"{found}. Expected whole numbers (height, width), the class ids, or uint8 (height, width, 3). "
                     "Save the ids alone: np.save(path, ids.astype(np.uint8)).")


def _pixels(image):
    """Return a PIL image as uint8 (height, width, 3)."""
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return np.array(image.convert("RGB"))
