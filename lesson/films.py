"""Images one after the other: from a folder, a file or a film; and films from images."""
import importlib.util

import numpy as np
from PIL import Image, ImageSequence

from lesson.errors import FrameError, LessonError
from lesson.images import read_image
from lesson.recordings import ENDINGS

VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm")


def open_images(path, problems):
    """Find images, to read one after the other.

    Args:
        path: Path of a folder of images, which is not searched below, of one image, or of a film.
        problems: list, to which a sentence is added for each image that cannot be read.

    Returns:
        iterator of (name, image, uint8 (height, width, 3)), where a name is the file's without its ending; with it,
        if two would be alike; with a number behind it for each frame of a film. Their number; None for a film.

    Raises:
        LessonError: if there are no images, or what reads them is missing.
    """
    ending = path.suffix.lower()
    if path.is_dir():
        paths = sorted(path.iterdir())
    elif not path.exists():
        raise LessonError(f"{path} does not exist. Expected a folder of images, an image or a film.")
    elif ending == ".gif":
        return _number(path, _read_gif(path), problems), None
    elif ending in VIDEOS:
        if importlib.util.find_spec("av") is None:
            raise LessonError(f"{path} is a video, which PyAV reads: pip install av, then run this again.")
        return _number(path, _read_video(path), problems), None
    else:
        paths = [path]
    paths = [path for path in paths if path.suffix.lower() in ENDINGS and not path.name.startswith(".")]
    if not paths:
        raise LessonError(f"There are no images in {path}. Expected files that end in {', '.join(ENDINGS)}, in the "
                          f"folder itself; or one film, whose name ends in {', '.join(('.gif', *VIDEOS))}.")
    alike = len({path.stem.casefold() for path in paths}) < len(paths)
    return _read({path.name if alike else path.stem: path for path in paths}, problems), len(paths)


def save_film(draft, images, like):
    """Write PIL images as a film that runs as fast as another one: a GIF like a GIF, else an MP4.

    Args:
        draft: Path to write to. images: iterator of PIL images of one size. like: Path of the other film.
    """
    if like.suffix.lower() == ".gif":
        with Image.open(like) as film:
            duration = film.info.get("duration") or 100  # ms a frame
        next(images).save(draft, save_all=True, append_images=images, duration=duration, loop=0)
        return
    import av
    with av.open(like) as film:
        rate = film.streams.video[0].average_rate
    with av.open(draft, "w") as film:
        stream = film.add_stream("libx264", rate)
        for number, image in enumerate(images):
            if number == 0:
                stream.width, stream.height = (side // 2 * 2 for side in image.size)  # H.264 takes even sides alone
            film.mux(stream.encode(av.VideoFrame.from_image(image.crop((0, 0, stream.width, stream.height)))))
        film.mux(stream.encode())


def _read(paths, problems):
    """Yield (name, image) of a dict from name to path."""
    for name, path in paths.items():
        try:
            yield name, read_image(path)
        except FrameError as error:
            problems.append(str(error))


def _number(path, frames, problems):
    """Yield (name, image) of the frames of a film, up to a damage: what is beyond it cannot be read."""
    number = 0
    try:
        for number, image in enumerate(frames, start=1):
            yield f"{path.stem}_{number:06}", image
    except Exception as error:  # each damage raises its own type
        problems.append(f"{path} cannot be read beyond frame {number}: {error}. Get it again from its source.")


def _read_gif(path):
    """Yield the frames of a GIF, uint8 (height, width, 3)."""
    with Image.open(path, formats=["GIF"]) as film:
        for frame in ImageSequence.Iterator(film):
            yield np.array(frame.convert("RGB"))


def _read_video(path):
    """Yield the frames of a video, upright, uint8 (height, width, 3)."""
    import av
    with av.open(path) as film:
        for frame in film.decode(video=0):
            yield np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
