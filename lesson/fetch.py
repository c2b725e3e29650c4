"""Fetch real CARLA frames into a folder of one's own, from Kaggle or from any address of a zip or tar archive.

All work is done in FOLDER.part, beside FOLDER: FOLDER appears when it is complete, and not before. A download that
broke off goes on when the same command runs again.
"""
import argparse
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import sys
import time
import urllib.parse
import urllib.request
from functools import partial
from http.client import HTTPException, InvalidURL
from pathlib import Path
from urllib.error import HTTPError

from tqdm import tqdm

from lesson.archives import MAX_BYTES, unpack
from lesson.errors import ArchiveError, FetchError, FrameError
from lesson.files import write_whole
from lesson.recordings import IMAGES, MASKS, find_frames, recording_folders

NOTE = "lesson.fetch.json"            # in FOLDER.part: what is being fetched, and how the server identifies it
KAGGLE = "kumaresanmanickavelu/lyft-udacity-challenge"
TRIES, PAUSE, TIMEOUT = 5, 1, 30    # downloads before giving up; s before the second, doubled each time; s of silence


def fetch(folder, url=None, sha256=None):
    """Download an archive of frames, unpack it, and put it in place in one step.

    Args:
        folder: path, to be made; it must not exist, or be empty.
        url: str, http or https address of a zip or tar archive; None for the Kaggle set.
        sha256: str, 64 hexadecimal digits of the archive, where they are known.

    Returns:
        Path of the folder inside `folder` that holds the recordings (CameraRGB, or folders with CameraRGB).

    Raises:
        FetchError: if the folder is not empty, the server or the disk fails, the checksum differs, or the archive is
            damaged, hostile or without frames. Then `folder` is as it was.
    """
    if url is None and importlib.util.find_spec("kagglehub") is None:
        raise FetchError("The Kaggle set comes through kagglehub: pip install kagglehub, then run this again.")
    if url is not None:
        url = urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")
        _require_http(url)
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise FetchError(f"A SHA-256 checksum has 64 hexadecimal digits; this is none: {sha256}")
    folder = Path(os.path.realpath(folder))
    part = folder.with_name(f"{folder.name}.part")
    try:
        if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
            raise FetchError(f"{folder} exists and is not overwritten. Name a folder that does not exist yet.")
        _claim(part, url or KAGGLE)
        if url is None:
            unpacked = _download_from_kaggle(part / "kaggle")
        else:
            unpacked = part / "unpacked"
            shutil.rmtree(unpacked, ignore_errors=True)
            download(url, part / "archive", part / NOTE)
            if sha256 is not None:
                _compare_checksum(part / "archive", sha256.lower())
            unpacked.mkdir()
            unpack(part / "archive", unpacked)
        recordings = recording_folders(unpacked)
        if not recordings:
            found = sorted({str(path.parent.relative_to(unpacked)) for path in unpacked.rglob("*.*")})[:5]
            raise FetchError(f"There are no frames in {url or KAGGLE}: expected folders {IMAGES} and {MASKS}, "
                             f"found {', '.join(found) or 'no image at all'}. Nothing is lost: {part} keeps what has "
                             "arrived. Rename the folders in it and move them to where you want them, or remove it.")
        root = folder / Path(os.path.commonpath(recordings)).relative_to(unpacked)
        os.replace(unpacked, folder)
        shutil.rmtree(part, ignore_errors=True)
        return root
    except ArchiveError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    except OSError as error:
        raise FetchError(f"{folder} cannot be written: {error.strerror or error}. What has arrived is kept in {part}: "
                         "make room or permit it, and run the same command again.") from error


def _require_http(url):
    """Raise a FetchError for an address that is not http or https."""
    if not url.lower().startswith(("http://", "https://")):
        raise FetchError(f"Only http:// and https:// are fetched, not {url}")


def _claim(part, source):
    """Make the folder of the work in progress, or take up the one that an earlier run left for the same source."""
    note = part / NOTE
    if part.exists() and any(part.iterdir()) and not note.exists():
        raise FetchError(f"{part} is needed for the download, but holds something else. Move it, or name another one.")
    if note.exists() and json.loads(note.read_text())["source"] != source:
        shutil.rmtree(part)
    part.mkdir(parents=True, exist_ok=True)
    if not note.exists():
        _write(note, {"source": source})


def _write(note, content):
    """Write a note, whole or not at all."""
    write_whole(note, lambda draft: draft.write_text(json.dumps(content)))


def _download_from_kaggle(cache):
    """Let kagglehub download and unpack the set into a cache of its own, and return the folder."""
    os.environ.update(KAGGLEHUB_CACHE=str(cache), DISABLE_KAGGLE_CACHE="true", DISABLE_COLAB_CACHE="true")
    import kagglehub
    try:
        return Path(kagglehub.dataset_download(KAGGLE))
    except Exception as error:  # of requests, of kagglehub, of the disk
        raise FetchError(f"Kaggle's {KAGGLE} did not arrive: {error}\nThe same command goes on from there.") from error


class _HTTPOnly(urllib.request.HTTPRedirectHandler):
    """Follow a redirection to another http or https address, and to nothing else."""

    def redirect_request(self, request, response, code, message, headers, url):
        _require_http(url)
        return super().redirect_request(request, response, code, message, headers, url)


def download(url, archive, note):
    """Download a file, several times if need be, each time from where the last one broke off.

    Args:
        url: str, http or https address.
        archive: Path, where it goes; what is there is continued if it is the beginning of the same file.
        note: Path of a JSON file: `source`, and after the first answer of the server `validator` and `length`.

    Raises:
        FetchError: if the server refuses, breaks off too often, or sends too much.
    """
    for attempt in range(TRIES):
        try:
            return _download_once(url, archive, note)
        except ConnectionError as error:
            broken = error
            if attempt < TRIES - 1:
                tqdm.write(f"{error}; trying again", file=sys.stderr)
                time.sleep(PAUSE * 2**attempt)
    raise FetchError(f"{url} failed {TRIES} times, at last with: {broken}. The same command goes on from there.")


def _download_once(url, archive, note):
    """Download a file, or the rest of it; raise a ConnectionError if another try may help."""
    known = json.loads(note.read_text())
    have, length = archive.stat().st_size if archive.exists() else 0, known.get("length")
    if have and have == length:
        return
    headers = {"User-Agent": "lesson.fetch"}
    if have and length and known["validator"]:
        # If-Range: the rest if the file is still the same, else the whole of the new one.
        headers |= {"Range": f"bytes={have}-", "If-Range": known["validator"]}
    with _open(url, headers, archive) as response:
        etag = response.headers["ETag"] or "W/"
        validator = response.headers["Last-Modified"] if etag.startswith("W/") else etag
        if response.status != 206:
            archive.unlink(missing_ok=True)
            have, length = 0, response.length
            known |= {"validator": validator, "length": length}
            _write(note, known)
        elif ("Range" not in headers or validator not in (None, known["validator"])
              or response.headers["Content-Range"] != f"bytes {have}-{length - 1}/{length}"):
            archive.unlink(missing_ok=True)
            raise ConnectionError("the server sent another part than the one asked for")
        bar = tqdm(desc="download", total=length, initial=have, unit="B", unit_scale=True)
        with bar, open(archive, "ab") as file:
            for chunk in _receive(response):
                file.write(chunk)
                bar.update(len(chunk))
                if max(bar.n, length or 0) > MAX_BYTES:
                    raise ArchiveError(f"{url} is larger than the {MAX_BYTES / 1e9:.0f} GB that are accepted.")
    size = archive.stat().st_size
    if length is None:  # the server did not say, and the end has come in order
        _write(note, known | {"length": size})
    elif size != length:
        raise ConnectionError(f"the connection broke off after {size} of {length} bytes")


def _open(url, headers, archive):
    """Ask for a file; an answer that cannot get better is a FetchError, any other failure a ConnectionError."""
    try:
        request = urllib.request.Request(url, headers=headers)
        return urllib.request.build_opener(_HTTPOnly).open(request, timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416:  # what is there is no part of that file
            archive.unlink(missing_ok=True)
        if error.code in (408, 416, 429) or error.code >= 500:
            raise ConnectionError(f"the server answered {error.code} {error.reason}") from error
        reason = str(error.reason).partition("\n")[0]
        raise FetchError(f"The server answered {error.code} {reason} for {url}. Is the address right?") from error
    except (ValueError, InvalidURL) as error:
        raise FetchError(f"{url} is no address: {error}") from error
    except (OSError, HTTPException) as error:
        raise ConnectionError(str(error)) from error


def _receive(response):
    """Yield the bytes of an answer in chunks; raise a ConnectionError if it breaks off."""
    try:
        yield from iter(partial(response.read, 1 << 16), b"")
    except (OSError, HTTPException) as error:
        raise ConnectionError(f"the connection broke off: {error}") from error


def _compare_checksum(archive, sha256):
    """Raise an ArchiveError if the SHA-256 checksum of a file is not this one, in lower case."""
    with open(archive, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ArchiveError(f"The download is not the file that was asked for, and was removed: its SHA-256 is "
                           f"{found}, expected was {sha256}.")


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lesson.fetch", description=__doc__)
    parser.add_argument("folder", help="folder to make")
    parser.add_argument("--url", help=f"http or https address of a zip or tar archive (default: {KAGGLE} from Kaggle)")
    parser.add_argument("--sha256", help="SHA-256 checksum of the archive, if you know it; only with --url")
    args = parser.parse_args()
    if args.sha256 and not args.url:
        parser.error("--sha256 goes with --url; Kaggle's files are checked by kagglehub")
    try:
        root = fetch(args.folder, args.url, args.sha256)
        frames = find_frames(root)
    except FetchError as error:
        sys.exit(str(error))
    except FrameError as error:
        sys.exit(f"{root} is complete, but these frames need your attention:\n{error}")
    except KeyboardInterrupt:
        sys.exit("Interrupted. The same command goes on from there.")
    print(f"{root}: {len(frames)} frames in {frames['drive'].nunique()} drives. Start the lesson on them:\n"
          f"CARLA_DATA={shlex.quote(str(root))} make run")


if __name__ == "__main__":
    main()
