"""Every command of the README is run as it is written there, in a fresh clone."""
import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import nbformat
import pytest

from lesson.formats import save_network
from lesson.notebook import LESSON, code_cells

PROJECT = LESSON.parent
COMMAND = r"(?:[A-Z_]+=\S+ )?(?:make|pip|jupyter|python|\.venv/bin/\w+) .+"
SERVERS = ("make lab", "jupyter lab build/blank/Image_segmentation_Unet.ipynb")   # they run until they are stopped
# What runs tests, and what needs the network; tests/test_fetch.py fetches from a server of its own.
NOT_HERE = ("make test", "make test-lowest", ".venv/bin/python -m lesson.fetch NEW_FOLDER",
            ".venv/bin/python -m lesson.fetch NEW_FOLDER --url URL")

# In the place of the training, for the workers of a cluster: they stop after the cell that calls fit with callbacks.
TRAINING = """class Network:
    def fit(self, callbacks):
        print("trained")


class training:
    callbacks = []


Network().fit(callbacks=training.callbacks)"""


def scripts():
    """Return what the README tells to run: each bash block, and each command that stands as code in its text."""
    text = (PROJECT / "README.md").read_text()
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S)
    blocks = [re.sub(r"\s+#.*", "", block).strip() for block in blocks]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    commands = [code for code in inline if re.fullmatch(COMMAND, code) and not any(code in block for block in blocks)]
    return [*blocks, *dict.fromkeys(commands)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A fresh clone whose `.venv` holds this environment, and whose lesson runs up to `count` and then only defines.

    The lesson from start to end is run by test_lesson.py, in the browser by test_browser.py, in full by `.ci/run`; its
    checks under nbgrader by test_nbgrader.py.
    """
    folder = tmp_path_factory.mktemp("home") / "lesson"
    subprocess.run(["git", "clone", "--quiet", PROJECT, folder], check=True)
    lesson = nbformat.read(folder / LESSON.name, as_version=4)
    cells = {cell.id: cell for cell in code_cells(lesson)}
    cells["parameters"].source += "\nIMAGE_SIZE, EPOCHS = (16, 16), 1"
    for cell_id in list(cells)[list(cells).index("count") + 1:]:
        if not cells[cell_id].metadata.get("nbgrader", {}).get("solution"):
            tree = ast.parse(cells[cell_id].source)
            tree.body = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
            cells[cell_id].source = ast.unparse(tree) or "pass"
    cells["film"].source = 'iio.imwrite(BUILD / "drive.gif", np.zeros((1, 8, 8, 3), np.uint8))'
    cells["fit"].source = TRAINING
    nbformat.write(lesson, folder / LESSON.name)
    (folder / "build").mkdir()
    inputs = keras.Input((16, 16, 3))
    save_network(keras.Model(inputs, keras.layers.Conv2D(23, 1)(inputs)), folder / "build" / "unet.keras")
    (folder / "few").mkdir()
    for path in sorted((folder / "data" / "CameraRGB").iterdir())[:3]:
        (folder / "few" / path.name).symlink_to(path)
    (folder / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        (folder / ".venv" / path.name).symlink_to(path)
    for stamp in ("lesson", "tests"):   # newer than the requirements, so nothing is installed
        (folder / ".venv" / stamp).unlink(missing_ok=True)
        (folder / ".venv" / stamp).touch()
    config = folder.parent / "config"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text("c.ServerApp.allow_root, c.ServerApp.port = True, 0\n"
                                                     "c.ServerApp.ip, c.ServerApp.open_browser = '127.0.0.1', False\n")
    return folder


@pytest.fixture
def start(clone, tmp_path):
    """Start a command in the clone; all that it has started ends with the test. Returns the process and its output."""
    home, started = clone.parent, []
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"),
                   "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "JUPYTER_DATA_DIR": str(home / "data"),
                   "PATH": f"{clone / '.venv' / 'bin'}:{os.environ['PATH']}"}
    for name in ("CARLA_DATA", "MAKEFLAGS", "MAKELEVEL"):
        environment.pop(name, None)

    def start(command):
        with open(tmp_path / "log", "w") as log:
            started.append(subprocess.Popen(["bash", "-c", command], cwd=clone, env=environment, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True))
        return started[0], tmp_path / "log"

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def test_commands_are_found():
    found = "\n".join(scripts())
    assert all(command in found for command in ("make run", "make test", "pip install -r requirements.txt", *SERVERS))


@pytest.mark.parametrize("script", scripts())
def test_script(script, clone, start):
    lines = [line for line in script.splitlines() if line not in NOT_HERE]
    if not lines:
        pytest.skip("it runs elsewhere: see NOT_HERE")
    shutil.rmtree(clone / "build" / "blank", ignore_errors=True)   # that of another script
    lines = re.sub(r"IMAGES=FOLDER\S*", f"IMAGES={clone / 'few'}", "\n".join(lines))
    lines = lines.replace("FOLDER", str(clone / "data"))
    process, log = start("set -e\n" + lines)
    lines = lines.splitlines()
    if lines[-1] in SERVERS:
        deadline = time.monotonic() + 120
        while not re.search(r"http://127\.0\.0\.1:\d+/lab", log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
    else:
        assert process.wait(timeout=400) == 0, log.read_text()
    if "make run" in script:
        page = re.search(r"Open the page: (\S+)", log.read_text())[1]
        assert "288 frames in 36 drives" in (clone / page).read_text()
