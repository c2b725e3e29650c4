"""Frames arrive whole or not at all, whatever the server sends and whatever the archive holds."""
import functools
import hashlib
import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tarfile
import threading
import time
import warnings
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lesson import archives
from lesson import fetch as module
from lesson.errors import ArchiveError, FetchError
from lesson.fetch import KAGGLE, fetch
from lesson.recordings import IMAGES, MASKS, find_frames

ROOT = Path(__file__).parents[1]


class Site(ThreadingHTTPServer):
    """A server on 127.0.0.1 that serves one file, as honestly as its attributes say."""

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.headers = content, {"ETag": '"1"'}
        self.cuts = []           # bytes after which the first answers break off
        self.honours = {"Range", "If-Range"}
        self.length = None       # what it claims
        self.asked = []          # the Range of each request, None without
        self.hang = threading.Event()
        self.base = f"http://127.0.0.1:{self.server_port}"
        self.url = f"{self.base}/frames"


class Answer(BaseHTTPRequestHandler):
    """Answers: /frames is the file, /500/n fails n times, /hang falls silent, /to?… leads elsewhere."""

    def do_GET(self):
        site = self.server
        path = self.path.removeprefix(site.base)  # a proxy is asked for the whole address
        site.asked.append(self.headers["Range"])
        if path == "/part":
            self.send_response(206)
            self.send_header("Content-Range", "bytes 0-99/100")
            self.end_headers()
        elif path == "/silent404":
            self.send_response(404, "")
            self.end_headers()
        elif path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", path[4:])
            self.end_headers()
        elif path.startswith("/500") and len(site.asked) <= int(path[5:]):
            self.send_error(500)
        elif path.startswith(("/frames", "/500")):
            self.send_frames()
        elif path == "/chunks":
            self.send_chunks()
        else:
            self.send_error(404)

    def send_frames(self):
        site, start = self.server, 0
        condition = self.headers["If-Range"] if "If-Range" in site.honours else None
        if self.headers["Range"] and "Range" in site.honours and condition in (None, *site.headers.values()):
            start = int(re.fullmatch(r"bytes=(\d+)-", self.headers["Range"])[1])
            if start >= len(site.content):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", site.headers.get(
                "Content-Range", f"bytes {start}-{len(site.content) - 1}/{len(site.content)}"))
            self.send_header("Content-Length", len(site.content) - start)
        else:
            self.send_response(200)
            self.send_header("Content-Length", len(site.content) if site.length is None else site.length)
        if "Range" in site.honours:
            self.send_header("Accept-Ranges", "bytes")
        if "ETag" in site.headers:
            self.send_header("ETag", site.headers["ETag"])
        if "Last-Modified" in site.headers and not start:  # the answer to If-Range may leave the date out
            self.send_header("Last-Modified", site.headers["Last-Modified"])
        self.end_headers()
        cut = site.cuts.pop(0) if site.cuts else len(site.content)
        self.wfile.write(site.content[start:start + cut])
        self.wfile.flush()
        if "hang" in site.headers:
            site.hang.wait(20)

    def send_chunks(self):
        self.protocol_version = "HTTP/1.1"
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        content = self.server.content
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        if self.server.cuts:
            self.server.cuts.pop()
        else:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def do_POST(self):
        """Answer as Kaggle does: the version first, then the way to the file."""
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("GetDataset"):
            content = json.dumps({"currentVersionNumber": 1}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", len(content))
            self.end_headers()
            self.wfile.write(content)
        else:
            self.send_response(302)
            self.send_header("Location", self.server.url)
            self.end_headers()

    def log_message(self, *_):
        pass


def pack(files, kind="zip"):
    """Return an archive as bytes.

    Args:
        files: list of (name, content as bytes).
        kind: str, `zip` or a mode of tarfile: `w`, `w:gz`, `w:bz2`, `w:xz`.
    """
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that come twice
            for name, content in files:
                file.writestr(name, content)
    else:
        with tarfile.open(fileobj=buffer, mode=kind) as file:
            for name, content in files:
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o6777
                file.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def tree(folder):
    """Return the content of every file under a folder, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def recording(toy_frames):
    """The files of a recording, as (name, content)."""
    return sorted(tree(toy_frames).items())


@pytest.fixture
def site(recording):
    """A running server with the recording as a zip."""
    server = Site(pack(recording))
    thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.01), daemon=True)
    thread.start()
    yield server
    server.hang.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0)
    monkeypatch.setattr(module, "TIMEOUT", 5)


@pytest.fixture
def folder(tmp_path):
    """Where the frames go, beside a file that must not change."""
    (tmp_path / "sentinel.png").write_text("untouched")
    (tmp_path / "there").mkdir()
    return tmp_path / "there" / "frames"


def refuse(folder, url, *words, error=FetchError, keeps=True, **options):
    """Assert that nothing arrives, that nothing else changes, and that the message holds all words."""
    with pytest.raises(error) as caught:
        fetch(folder, url, **options)
    assert (type(caught.value) is ArchiveError) is not keeps, caught.value
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert not folder.exists()
    assert tree(folder.parents[1]).pop("sentinel.png") == b"untouched"
    outside = [path for path in folder.parents[1].rglob("*") if "frames.part" not in str(path)]
    assert {path.name for path in outside} == {"there", "sentinel.png"}
    if not keeps:
        assert not list(folder.parent.iterdir())


def run(*arguments, **options):
    """Run the command line."""
    return subprocess.run([sys.executable, "-m", "lesson.fetch", *map(str, arguments)], capture_output=True, text=True,
                          cwd=ROOT, timeout=60, **options)


# What should work.

@pytest.mark.parametrize("kind", ["zip", "w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("inside", ["", "./", "repository-main/data/"])
def test_archives(site, recording, folder, kind, inside):
    site.content = pack([(inside + name, content) for name, content in recording], kind)
    root = fetch(folder, site.url)
    assert root == folder / inside
    assert tree(root) == dict(recording)
    assert len(find_frames(root)) == 15
    assert list(folder.parent.iterdir()) == [folder]


def test_a_tar_archive_with_a_zip_in_it_is_a_tar_archive(site, recording, folder):
    site.content = pack([*recording, ("z.zip", pack(recording[:1]))], "w")
    fetch(folder, site.url)
    assert tree(folder) == dict(recording)


def test_several_recordings_have_their_common_folder(site, recording, folder):
    site.content = pack([(f"set/{part}/{part}/{name.replace(MASKS, 'CameraSeg')}", content)
                         for part in ("dataA", "dataB") for name, content in recording])
    assert fetch(folder, site.url) == folder / "set"
    assert len(tree(folder)) == 2 * len(recording)


def test_only_pictures_and_their_papers_are_unpacked(site, recording, folder):
    papers = [("LICENSE", b"MIT"), ("r/README.md", b"frames")]
    ballast = [("r/run.py", b"1"), ("r/.hidden/a.png", b"1"), ("__MACOSX/CameraRGB/._000000.png", b"1"),
               (".DS_Store", b"1"), ("r/a.ipynb", b"{}"), ("r/links", b"1")]
    jpeg = [("r/CameraRGB/000009.JPG", b"1")]
    site.content = pack(papers + ballast + jpeg + recording, "w:gz")
    fetch(folder, site.url)
    assert tree(folder) == dict(papers + jpeg + recording)
    assert not any(path.stat().st_mode & (stat.S_ISUID | stat.S_IXUSR) for path in folder.rglob("*.png"))


def test_links_that_are_no_pictures_are_left_out(site, recording, folder):
    """A link that takes the place of a folder would lead the pictures in it elsewhere."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        link = tarfile.TarInfo(IMAGES)
        link.type, link.linkname = tarfile.SYMTYPE, str(folder.parents[1])
        file.addfile(link)
        for name, content in recording:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            file.addfile(entry, io.BytesIO(content))
    site.content = buffer.getvalue()
    fetch(folder, site.url)
    assert tree(folder) == dict(recording) and not (folder / IMAGES).is_symlink()
    assert {path.name for path in folder.parents[1].iterdir()} == {"there", "sentinel.png"}


def test_command_line_says_how_to_start(site, tmp_path):
    folder = tmp_path / "my frames"
    done = run(folder, "--url", site.url)
    assert done.returncode == 0, done.stderr
    assert f"{folder}: 15 frames in 5 drives" in done.stdout
    assert f"CARLA_DATA='{folder}' make run" in done.stdout
    assert "download: 100%" in done.stderr and "unpack" in done.stderr
    again = run(folder, "--url", site.url)
    assert again.returncode == 1 and "not overwritten" in again.stderr and "Traceback" not in again.stderr


def test_frames_that_need_attention_are_kept(site, recording, tmp_path):
    site.content = pack([file for file in recording if file[0] != f"{MASKS}/001001.png"])
    done = run(tmp_path / "frames", "--url", site.url)
    assert done.returncode == 1 and "001001.png has no mask" in done.stderr and "Traceback" not in done.stderr
    assert len(tree(tmp_path / "frames")) == 29


def test_an_empty_folder_is_filled(site, folder):
    folder.mkdir()
    fetch(folder, site.url)
    assert len(find_frames(folder)) == 15


# Broken connections.

@pytest.mark.parametrize("cut", [1, 1000, 20_000, -1])
def test_the_next_run_goes_on(site, recording, folder, monkeypatch, cut):
    cut %= len(site.content)
    site.cuts = [cut]
    monkeypatch.setattr(module, "TRIES", 1)
    refuse(folder, site.url, f"broke off after {cut} of {len(site.content)} bytes", "The same command goes on")
    fetch(folder, site.url)
    assert site.asked == [None, f"bytes={cut}-"]
    assert tree(folder) == dict(recording)


def test_one_run_survives_several_cuts(site, recording, folder):
    site.cuts = [100, 900, 9000]
    fetch(folder, site.url)
    assert site.asked == [None, "bytes=100-", "bytes=1000-", "bytes=10000-"]
    assert tree(folder) == dict(recording)


def test_it_gives_up(site, folder):
    site.cuts = [10] * 100
    refuse(folder, site.url, "failed 5 times", "The same command goes on")
    assert len(site.asked) == 5


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"1"'}])
def test_without_a_strong_validator_it_starts_anew(site, recording, folder, headers):
    site.headers, site.cuts = headers, [1000]
    fetch(folder, site.url)
    assert site.asked == [None, None] and tree(folder) == dict(recording)


def test_the_date_is_a_validator(site, recording, folder):
    site.headers, site.cuts = {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}, [1000]
    fetch(folder, site.url)
    assert site.asked == [None, "bytes=1000-"] and tree(folder) == dict(recording)


def test_a_server_without_ranges_starts_anew(site, recording, folder):
    site.honours, site.cuts = set(), [1000, 2000]
    fetch(folder, site.url)
    assert len(site.asked) == 3 and tree(folder) == dict(recording)


@pytest.mark.parametrize("validator, old, new, honours", [
    ("ETag", '"1"', '"2"', {"Range", "If-Range"}),
    ("ETag", '"1"', '"2"', {"Range"}),  # against the rules: the rest of the new file
    ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT", "Tue, 02 Jan 2024 00:00:00 GMT", {"Range", "If-Range"}),
])
@pytest.mark.parametrize("change", ["shorter", "as long", "longer"])
def test_a_changed_file_is_never_glued_to_the_old(site, recording, folder, monkeypatch, validator, old, new, honours,
                                                  change):
    site.content, site.headers, site.honours = pack(recording, "w"), {validator: old}, honours
    site.cuts = [len(site.content) // 2]
    monkeypatch.setattr(module, "TRIES", 1)
    refuse(folder, site.url, "broke off")
    files = [(name, content[::-1]) for name, content in recording]
    files = {"shorter": files[-10:], "as long": files, "longer": [*files, (f"{IMAGES}/9.png", b"new")]}[change]
    site.content, site.headers = pack(files, "w"), {validator: new}
    monkeypatch.setattr(module, "TRIES", 2)
    fetch(folder, site.url)
    assert tree(folder) == dict(files)


@pytest.mark.parametrize("part", ["bytes 0-99/100", "bytes 1001-2000/*", "nonsense"])
def test_another_part_than_the_one_asked_for(site, recording, folder, part):
    site.headers["Content-Range"], site.cuts = part, [1000]
    fetch(folder, site.url)
    assert site.asked == [None, "bytes=1000-", None] and tree(folder) == dict(recording)


def test_a_part_that_nobody_asked_for(site, folder):
    refuse(folder, f"{site.base}/part", "another part")


def test_no_length(site, recording, folder):
    site.cuts = [1]
    fetch(folder, f"{site.base}/chunks")
    assert len(site.asked) == 2 and tree(folder) == dict(recording)


def test_more_than_there_is(site, folder):
    site.length = len(site.content) + 1000
    refuse(folder, site.url, "failed 5 times", f"of {site.length} bytes")


@pytest.mark.parametrize("length", [0, 100, 30_000])
def test_less_than_there_is(site, folder, length):
    site.length = length
    refuse(folder, site.url, "cannot be unpacked", keeps=False)


def test_too_much(site, folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 20_000)
    refuse(folder, site.url, "larger than", keeps=False)
    refuse(folder, f"{site.base}/chunks", "larger than", keeps=False)


@pytest.mark.parametrize("cut", [0, 1000])
def test_silence(site, folder, monkeypatch, cut):
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    monkeypatch.setattr(module, "TRIES", 2)
    site.headers["hang"], site.cuts = True, [cut, 0]
    begun = time.monotonic()
    refuse(folder, site.url, "timed out")
    assert time.monotonic() - begun < 10


def test_ctrl_c(site, recording, folder):
    site.headers["hang"], site.cuts = True, [20_000]
    process = subprocess.Popen([sys.executable, "-m", "lesson.fetch", folder, "--url", site.url], cwd=ROOT, text=True,
                               stderr=subprocess.PIPE)
    try:
        archive, end = folder.with_name("frames.part") / "archive", time.monotonic() + 30
        while not archive.exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        message = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    assert process.returncode == 1 and "The same command goes on" in message and "Traceback" not in message
    assert not folder.exists()
    site.headers.pop("hang")
    fetch(folder, site.url)
    assert tree(folder) == dict(recording)


# Answers and addresses.

def test_redirection(site, recording, folder):
    fetch(folder, f"{site.base}/to?/to?{site.url}")
    assert tree(folder) == dict(recording)


@pytest.mark.parametrize("place, word", [("file:///etc/passwd", "file:///etc/passwd"), ("ftp://127.0.0.1/", "ftp"),
                                         ("/nowhere", "404"), ("/silent404", "404"), ("data:,frames", "data:")])
def test_redirection_to_nothing_good(site, folder, place, word):
    refuse(folder, f"{site.base}/to?{place}", word)
    assert len(site.asked) <= 2  # refused at once


def test_endless_redirection(site, folder, monkeypatch):
    monkeypatch.setattr(Answer, "do_GET", lambda self: (
        self.server.asked.append(None), self.send_response(302), self.send_header("Location", self.path),
        self.end_headers()))
    refuse(folder, site.url, "redirect")
    assert len(site.asked) <= 11


def test_a_server_that_recovers(site, recording, folder):
    fetch(folder, f"{site.base}/500/4")
    assert tree(folder) == dict(recording)


def test_a_server_that_does_not_recover(site, folder):
    refuse(folder, f"{site.base}/500/99", "500", "failed 5 times")


def test_nobody_answers(site, folder):
    site.shutdown()
    site.server_close()
    refuse(folder, site.url, "failed 5 times")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x.zip", "frames.zip", "", "C:\\frames.zip"])
def test_only_the_web(folder, url):
    refuse(folder, url, "Only http:// and https://")
    assert not folder.with_name("frames.part").exists()


@pytest.mark.parametrize("url, word", [("http://", "no host"), ("http://127.0.0.1:port/", "is no address"),
                                       ("http://[/", "is no address"), ("http://" + "a" * 99, "is no address"),
                                       ("http://127.0.0.1:1/ä b", "/%C3%A4%20b")])
def test_odd_addresses(folder, url, word):
    refuse(folder, url, word)


def test_checksum(site, recording, folder):
    right = hashlib.sha256(site.content).hexdigest()
    refuse(folder, site.url, right, "0" * 64, keeps=False, sha256="0" * 64)
    refuse(folder, site.url, "64 hexadecimal digits", sha256="abc")
    fetch(folder, site.url, sha256=right.upper())
    assert tree(folder) == dict(recording)


# Disks.

def test_nothing_is_overwritten(site, folder):
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(FetchError, match="not overwritten"):
        fetch(folder, site.url)
    with pytest.raises(FetchError, match="not overwritten"):
        fetch(folder / "mine.txt", site.url)
    part = folder.with_name("other.part")
    part.mkdir()
    (part / "archive").write_text("mine")
    with pytest.raises(FetchError, match="holds something else"):
        fetch(folder.with_name("other"), site.url)
    assert tree(folder.parent) == {"frames/mine.txt": b"mine", "other.part/archive": b"mine"} and not site.asked


def test_the_rest_of_another_source_is_dropped(site, recording, folder, monkeypatch):
    site.cuts = [1000] * 5
    refuse(folder, site.url)
    fetch(folder, site.url + "?other")
    assert site.asked[-1] is None and tree(folder) == dict(recording)


def test_a_folder_without_permission(site, tmp_path):
    """The superuser may write anywhere but into the kernel's own folders."""
    place = tmp_path / "closed" if os.geteuid() else Path("/sys")
    if os.geteuid():
        place.mkdir(mode=0o555)
    done = run(place / "frames", "--url", site.url)
    assert done.returncode == 1 and "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert not site.asked


@pytest.mark.parametrize("limit, asked", [(10_000, [None, "bytes=10000-"]), (200_000, [None])])
def test_a_full_disk(site, recording, tmp_path, limit, asked):
    """A limit on the size of a file fails as a full disk does, while the archive is written or while it is unpacked."""
    files = [*recording, (f"{IMAGES}/999999.png", bytes(400_000))]
    site.content = pack(files)
    code = (f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
            "runpy.run_module('lesson.fetch', run_name='__main__')")
    done = subprocess.run([sys.executable, "-B", "-c", code, tmp_path / "frames", "--url", site.url], cwd=ROOT,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert "kept in" in done.stderr and not (tmp_path / "frames").exists()
    fetch(tmp_path / "frames", site.url)
    assert site.asked == asked and tree(tmp_path / "frames") == dict(files)


# Hostile and damaged archives.

def entry(kind, name="CameraRGB/000000.png", target="", size=0):
    """Return a tar archive with one entry that is no ordinary file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, target, size
        file.addfile(info)
    return buffer.getvalue()


def zip_link(target):
    """Return a zip archive with a symbolic link."""
    info = zipfile.ZipInfo("CameraRGB/000000.png")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return pack([(info, target.encode())])


def lying(position, value):
    """Return a zip archive whose directory says something else than its content.

    Args:
        position: int, of a byte in the directory's entry.
        value: int, what it becomes.
    """
    content = bytearray(pack([("CameraRGB/000000.png", b"0123456789" * 100)]))
    content[content.index(b"PK\1\2") + position] = value
    return bytes(content)


def negative():
    """Return a tar archive whose second header has a size below zero, so that a naive reader goes round for ever."""
    block = bytearray(entry(tarfile.REGTYPE)[:512])
    block[124:136] = (-1024).to_bytes(12, "big", signed=True)
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 8 * 32)
    return entry(tarfile.REGTYPE, "CameraRGB/000001.png")[:512] + bytes(block) + bytes(1024)


BOMB = [(f"{IMAGES}/000000.png", b"1"), ("bomb.png", bytes(10_000_000)), (f"{MASKS}/000000.png", b"1")]
PICTURE = (f"{IMAGES}/000000.png", b"1")
HOSTILE = {
    "up": (lambda: pack([PICTURE, ("../sentinel.png", b"evil")]), "leads out"),
    "up in a tar": (lambda: pack([PICTURE, ("../sentinel.png", b"evil")], "w"), "leads out"),
    "up later": (lambda: pack([PICTURE, ("a/../../../sentinel.png", b"evil")]), "leads out"),
    "up, text": (lambda: pack([PICTURE, ("../../README", b"evil")]), "leads out"),
    "backslashes": (lambda: pack([PICTURE, ("..\\..\\sentinel.png", b"evil")]), "leads out"),
    "drive": (lambda: pack([PICTURE, ("C:\\sentinel.png", b"evil")]), "leads out"),
    "drive without root": (lambda: pack([PICTURE, ("c:sentinel.png", b"evil")], "w:gz"), "leads out"),
    "symbolic link": (lambda: entry(tarfile.SYMTYPE, target="/etc/passwd"), "link or a device"),
    "symbolic link in a zip": (lambda: zip_link("/etc/passwd"), "link or a device"),
    "hard link": (lambda: entry(tarfile.LNKTYPE, target="../../sentinel.png"), "link or a device"),
    "pipe": (lambda: entry(tarfile.FIFOTYPE), "link or a device"),
    "character device": (lambda: entry(tarfile.CHRTYPE), "link or a device"),
    "block device": (lambda: entry(tarfile.BLKTYPE), "link or a device"),
    "bomb": (lambda: pack(BOMB), "far more"),
    "bomb in tar.gz": (lambda: pack(BOMB, "w:gz"), "far more"),
    "bomb in tar.xz": (lambda: pack(BOMB, "w:xz"), "far more"),
    "bomb that is no picture": (lambda: pack([PICTURE, ("bomb", bytes(10_000_000))], "w:bz2"), "far more"),
    "many files": (lambda: pack([(f"{k}", b"") for k in range(60)]), "far more"),
    "name of 2 MB": (lambda: entry(tarfile.GNUTYPE_LONGNAME, size=2 << 20), "absurd"),
    "size below zero": (negative, "absurd"),
    "escape sequence": (lambda: pack([PICTURE, ("\33[2J.png", b"1")]), r"'\x1b[2J.png' has signs"),
    "no UTF-8": (lambda: pack([PICTURE, ("\udcff.png", b"1")], "w"), r"'\udcff.png' has signs"),
    "twice": (lambda: pack([PICTURE, PICTURE]), "comes twice"),
    "twice in a tar": (lambda: pack([PICTURE, ("./" + PICTURE[0], b"2")], "w"), "comes twice"),
    "upper case": (lambda: pack([PICTURE, ("cameraRGB/000000.PNG", b"2")]), "comes twice"),
    "composed": (lambda: pack([PICTURE, ("\u00e9.png", b"1"), ("e\u0301.png", b"2")]), "comes twice"),
    "file as folder": (lambda: pack([("a.png", b"1"), ("a.png/b.png", b"2")]), "cannot be unpacked"),
    "folder as file": (lambda: pack([("a.png/b.png", b"1"), ("a.png", b"2")]), "cannot be unpacked"),
    "encrypted": (lambda: lying(8, 1), "password"),
    "unknown compression": (lambda: lying(10, 77), "cannot be unpacked"),
    "wrong CRC": (lambda: lying(16, 0), "CRC"),
    "less than it says": (lambda: lying(24, 1), "CRC"),
    "truncated zip": (lambda: pack([PICTURE] * 9)[:-30], "cannot be unpacked"),
    "truncated tar": (lambda: pack([PICTURE, ("a.png", b"1")], "w")[:1024 + 300], "cut off"),
    "tar without its end": (lambda: pack([PICTURE], "w")[:1024], "cut off"),
    "tar cut in a file": (lambda: pack([(PICTURE[0], b"1" * 999)], "w")[:800], "cannot be unpacked"),
    "truncated tar.gz": (lambda: pack([(PICTURE[0], os.urandom(9999))], "w:gz")[:5000], "cannot be unpacked"),
    "truncated tar.xz": (lambda: pack([(PICTURE[0], os.urandom(9999))], "w:xz")[:5000], "cannot be unpacked"),
    "truncated tar.bz2": (lambda: pack([(PICTURE[0], os.urandom(9999))], "w:bz2")[:5000], "cannot be unpacked"),
    "rubbish in tar.gz": (lambda: b"\x1f\x8b\x08" + bytes(500), "cannot be unpacked"),
    "web page": (lambda: b"\n <!DOCTYPE html><html>", "web page"),
    "nothing": (lambda: b"", "cannot be unpacked"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(99), "cannot be unpacked"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives(site, folder, monkeypatch, name):
    monkeypatch.setattr(archives, "MAX_FILES", 50)
    make, word = HOSTILE[name]
    site.content = make()
    refuse(folder, site.url, word, keeps=False)


@pytest.mark.parametrize("kind", ["zip", "w"])
@pytest.mark.parametrize("before", ["", "/", "./"])
def test_absolute_paths(site, folder, kind, before):
    """`./` makes a relative path of it; it must not be taken for the absolute one."""
    site.content = pack([PICTURE, (f"{before}{folder.parents[1]}/sentinel.png", b"evil")], kind)
    if before == "./":
        fetch(folder, site.url)
        assert (folder.parents[1] / "sentinel.png").read_text() == "untouched"
    else:
        refuse(folder, site.url, "leads out", keeps=False)


@pytest.mark.parametrize("files, word", [([("images/000000.png", b"1"), ("README.md", b"1")], "found ., images"),
                                         ([], "no image at all")])
def test_a_download_without_frames_is_kept(site, folder, files, word):
    site.content = pack(files)
    refuse(folder, site.url, "no frames", word, "frames.part keeps what has arrived")
    part = folder.with_name("frames.part")
    assert (part / "archive").read_bytes() == site.content and tree(part / "unpacked") == dict(files)
    refuse(folder, site.url, "no frames")
    assert len(site.asked) == 1


@pytest.mark.parametrize("beginning, program", [(b"Rar!\x1a\x07\x01\0", "unrar x"), (b"7z\xbc\xaf\x27\x1c", "7z x")])
def test_an_archive_for_another_program_is_kept(site, folder, beginning, program):
    site.content = beginning + bytes(99)
    archive = folder.with_name("frames.part") / "archive"
    refuse(folder, site.url, f"`{program} {archive}`")
    assert archive.read_bytes() == site.content


def test_folders_of_other_names(site, recording, folder):
    files = [("set/" + name.replace(IMAGES, "rgb").replace(MASKS, "semantic"), content) for name, content in recording]
    papers = [("set/manifest.csv", b"frame,drive\n"), ("set/labels.csv", b"id,name\n")]
    site.content = pack(files + papers)
    assert fetch(folder, site.url) == folder / "set"
    assert tree(folder) == dict(files + papers)


# Kaggle.

def test_without_kagglehub(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    refuse(folder, None, "pip install kagglehub")


@pytest.fixture
def kaggle(site, tmp_path):
    """The environment in which kagglehub asks our server: its own switch to http://localhost, reached by a proxy."""
    home = tmp_path / "home"
    home.mkdir()
    hidden = {name: value for name, value in os.environ.items() if not name.upper().startswith("KAGGLE")}
    elsewhere = {"TBE_RUNTIME_ADDR": "127.0.0.1:1", "KAGGLE_KERNEL_RUN_TYPE": "Interactive",  # as on Colab and Kaggle,
                 "KAGGLE_DATA_PROXY_URL": "http://127.0.0.1:1"}  # whose own caches must not be in the way
    return hidden | elsewhere | {"HOME": str(home), "KAGGLE_API_ENVIRONMENT": "LOCALHOST", "http_proxy": site.base,
                                 "no_proxy": ""}


def test_kaggle(site, recording, tmp_path, kaggle):
    site.content = pack([(f"dataA/dataA/{name}", content) for name, content in recording])
    done = run(tmp_path / "frames", env=kaggle)
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'frames/dataA/dataA'}: 15 frames in 5 drives" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"frames", "home"} and not list((tmp_path / "home").iterdir())


def test_kaggle_breaks_off(site, tmp_path, kaggle):
    site.cuts, site.honours = [20_000], {"Range"}
    done = run(tmp_path / "frames", env=kaggle)
    assert done.returncode == 1 and f"{KAGGLE} did not arrive" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "frames").exists()
    done = run(tmp_path / "frames", env=kaggle)
    assert done.returncode == 0 and "15 frames in 5 drives" in done.stdout, done.stderr
