"""Draw small frames in CARLA's format, so that the tests need no recording."""
import imageio.v3 as iio
import numpy as np

from lesson.labels import read_labels
from lesson.recordings import IMAGES, MASKS


def draw(folder, drives=5, frames=3, size=(48, 64), n_classes=23, seed=0):
    """Write drives of frames whose classes can be told apart by their colour.

    Args:
        folder: Path, where CameraRGB and CameraMask are made.
        drives, frames: int, how many drives, and how many frames in each.
        size: (height, width) in pixels.
        n_classes: int, how many classes there are; every drive shows them all but id 0.
        seed: int, of the layout.

    Returns:
        folder.
    """
    rng = np.random.default_rng(seed)
    colours = read_labels(n_classes)[["red", "green", "blue"]].to_numpy()
    height, width = size
    (folder / IMAGES).mkdir(parents=True), (folder / MASKS).mkdir()
    for drive in range(drives):
        layout = np.full(size, 7)
        layout[:height // 2] = n_classes - 1
        for label in range(1, n_classes):
            top, left = rng.integers(0, height - 6), rng.integers(0, width - 6)
            layout[top:top + 6, left:left + 6] = label
        for frame in range(frames):
            ids = np.roll(layout, frame, axis=1)
            picture = np.clip(colours[ids] + rng.normal(0, 8, (*size, 3)), 0, 255)
            alpha = np.full((*size, 1), 255)
            mask = np.dstack([ids, 0 * ids, 0 * ids])
            for name, array in ((IMAGES, picture), (MASKS, mask)):
                path = folder / name / f"{1000 * drive + frame:06}.png"
                iio.imwrite(path, np.concatenate([array, alpha], axis=2).astype(np.uint8))
    return folder
