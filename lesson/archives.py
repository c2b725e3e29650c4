"""Unpack an archive of frames that a stranger made: pictures and their papers, and nothing else."""
import re
import shutil
import stat
import tarfile
import unicodedata
import zipfile
from pathlib import PurePosixPath

from tqdm import tqdm

from lesson.errors import ArchiveError, FetchError
from lesson.recordings import MASK_ENDINGS

MAX_BYTES, MAX_FILES = 50e9, 200_000
MAX_RATIO = 50          # unpacked to packed size; pictures are compressed already, a bomb has 1000 and more
MAX_HEADER = 1 << 20    # bytes of a name in a tar archive, which the tarfile module reads in one go
WANTED = re.compile(f".*({'|'.join(map(re.escape, MASK_ENDINGS))})"
                    r"|(manifest|labels)\.csv|(readme|licen[cs]e|copying).*", re.IGNORECASE)
OTHER_PACKERS = {b"Rar!\x1a\x07": ("RAR", "unrar x"), b"7z\xbc\xaf\x27\x1c": ("7z", "7z x")}  # by their first bytes


def unpack(archive, folder):
    """Write the pictures of an archive, and its README and licence texts, into a folder; ignore all other content.

    Names are checked before anything is written, and every file is written by this function under its checked name;
    so links, devices, owners and permissions of the archive never reach the disk.

    Args:
        archive: Path of a zip or tar file; its content decides which.
        folder: Path, made if need be.

    Raises:
        ArchiveError: if the archive is damaged or encrypted, too large for its size, or has names that lead outside,
            come twice (on disks that ignore case), or belong to a link or a device.
    """
    room, names = min(MAX_BYTES, MAX_RATIO * archive.stat().st_size), set()
    try:
        for count, (name, mode, size, read) in enumerate(tqdm(_members(archive), desc="unpack", unit=" files")):
            room -= size
            if room < 0 or count >= MAX_FILES:
                raise ArchiveError("The archive is refused: it unpacks to far more than a set of pictures would.")
            path = PurePosixPath(name.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name):
                raise ArchiveError(f"The archive is refused: {name!r} leads out of the folder.")
            hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
            if hidden or stat.S_ISDIR(mode) or not WANTED.fullmatch(path.name):
                continue
            if not stat.S_ISREG(mode):
                raise ArchiveError(f"The archive is refused: {name!r} is a link or a device.")
            if not name.isprintable():
                raise ArchiveError(f"The archive is refused: {name!r} has signs that are no text.")
            key = unicodedata.normalize("NFC", str(path)).casefold()
            if key in names:
                raise ArchiveError(f"The archive is refused: {name!r} comes twice, or differs in case only.")
            names.add(key)
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with read() as source, open(target, "xb") as file:
                shutil.copyfileobj(source, file)
    except FetchError:
        raise
    except Exception as error:  # each damage raises its own type in the decoder
        if isinstance(error, OSError) and error.errno and not isinstance(error, (FileExistsError, NotADirectoryError)):
            raise  # of the disk, which the decoders' own OSErrors have no number for
        raise ArchiveError(f"The archive cannot be unpacked, and was removed: {error}") from error


def _members(archive):
    """Yield (name, mode with the type of file, size in bytes, function that opens it) for each entry of an archive."""
    with open(archive, "rb") as file:
        beginning = file.read(1024)
    if beginning.lstrip().startswith(b"<"):
        raise ArchiveError("The address leads to a web page, not to an archive. On a page with a download button, copy "
                           "the address of the button.")
    for magic, (name, program) in OTHER_PACKERS.items():
        if beginning.startswith(magic):
            raise FetchError(f"This is a {name} archive, which Python cannot unpack. It is kept: unpack it by "
                             f"`{program} {archive}`, and point CARLA_DATA to the folder.")
    if beginning.startswith(b"PK"):
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                mode = info.external_attr >> 16
                kind = stat.S_IFDIR if info.is_dir() else stat.S_IFMT(mode) or stat.S_IFREG
                yield info.filename, kind, info.file_size, lambda info=info: file.open(info)
        return
    with tarfile.open(archive, tarinfo=_Header) as file:
        for info in file:
            kind = stat.S_IFREG if info.isreg() else stat.S_IFDIR if info.isdir() else stat.S_IFLNK
            yield info.name, kind, info.size, lambda info=info: file.extractfile(info)
        file.fileobj.seek(file.offset)  # tarfile takes a missing end for the end
        if file.fileobj.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
            raise ArchiveError("The archive is cut off: it has no end mark.")


class _Header(tarfile.TarInfo):
    """A header of a tar archive that can neither ask for gigabytes of memory nor lead back."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0 or header.size > MAX_HEADER and not header.isreg():
            raise ArchiveError("The archive is refused: it has a header of absurd size.")
        return header
