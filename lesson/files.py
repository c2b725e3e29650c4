"""Write a file so that it is whole or not there."""
import os
from pathlib import Path


def write_whole(path, write):
    """Let a function write a file under another name, and give it its own when it is whole.

    Whoever reads the file meets the old one or the new one, never half of one: not after an interrupt, a full disk or
    a power cut either.

    Args:
        path: str or Path of the file; its folder exists.
        write: function that is given the Path to write to, with the same ending.

    Raises:
        what `write` raises. Then the old file, if there is one, is as it was.
    """
    path = Path(path)
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        write(draft)
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())   # else a power cut may leave the name without the content
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
