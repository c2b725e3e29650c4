"""The lesson as people see it: in JupyterLab and as an HTML page, in a real browser. It leaves build/screenshots."""
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time

import imageio.v3 as iio
import nbformat
import pytest
from nbgrader.preprocessors import ClearSolutions
from playwright.sync_api import expect, sync_playwright

from lesson.notebook import LESSON, code_cells
from lesson.recordings import IMAGES, MASKS, find_frames

PROJECT = LESSON.parent
SCREENSHOTS = PROJECT / "build" / "screenshots"
CELLS = ".jp-Notebook .jp-Cell"
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")  # not longer: while it is open, no other test could start an event loop
def browser():
    """Chromium or Chrome of this machine."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no browser found: install Chromium or Chrome")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path)


@pytest.fixture
def page(browser):
    """An empty page, 1280 pixels wide."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(60_000)
        yield context.new_page()


def few_frames(folder):
    """Fill a folder with the first frames of five embedded drives."""
    frames = find_frames(PROJECT / "data")
    for row in frames[frames["drive"] < 5].groupby("drive").head(6).itertuples():
        for path, kind in ((row.image, IMAGES), (row.mask, MASKS)):
            (folder / kind).mkdir(exist_ok=True)
            shutil.copy(path, folder / kind)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the project's folder with few frames, `short.ipynb` that trains for seconds, and `blank.ipynb`."""
    root = tmp_path_factory.mktemp("home") / "lesson"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns(".*", "build", IMAGES, MASKS))
    few_frames(root / "data")
    short = nbformat.read(LESSON, as_version=4)
    for cell in code_cells(short):
        cell.outputs, cell.execution_count = [], None
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += "\nIMAGE_SIZE, BATCH_SIZE, EPOCHS = (16, 32), 4, 3"
    nbformat.write(short, root / "short.ipynb")
    nbformat.write(ClearSolutions().preprocess(short, {})[0], root / "blank.ipynb")
    return root


def set_in_lab(folder, plugin, **settings):
    """Change a setting of the JupyterLab that serves the folder; a page that is opened later has it."""
    path = folder.parent / f"config/lab/user-settings/@jupyterlab/apputils-extension/{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))


@pytest.fixture(scope="module")
def lab(folder):
    """The address of a JupyterLab that serves the folder to this machine alone, with settings of its own."""
    home, token = folder.parent, secrets.token_hex()
    set_in_lab(folder, "notification", fetchNews="false", checkForUpdates=False)
    environment = {**os.environ, "HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "JUPYTER_TOKEN": token}
    environment |= {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("config", "data", "runtime")}
    environment.pop("CARLA_DATA", None)
    with open(home / "log", "w") as log:
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
                                   "--port=0", f"--ServerApp.root_dir={folder}"],
                                  env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(240):
            address = re.search(r"http://127\.0\.0\.1:\d+/", (home / "log").read_text())
            if address:
                break
            assert server.poll() is None, (home / "log").read_text()
            time.sleep(0.5)
        yield address[0] + "lab/tree/{}?reset&token=" + token
    finally:
        server.terminate()   # ends its kernels too
        server.wait(timeout=60)


def cell(page, notebook, cell_id):
    """Return the place of a cell on the page."""
    return page.locator(CELLS).nth([cell.id for cell in notebook.cells].index(cell_id))


def open_in_lab(page, lab, folder, name):
    """Open a notebook of the served folder, wait for its cells and its kernel, and return it as it is on disk."""
    notebook = nbformat.read(folder / name, as_version=4)
    page.goto(lab.format(name))
    expect(page.locator(CELLS)).to_have_count(len(notebook.cells))
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    return notebook


def choose(page, *names):
    """Choose from the menu bar."""
    for name in names:
        page.get_by_role("menuitem", name=name, exact=True).click()


def prompts(page):
    """Return what stands before each code cell: '[ ]:', '[*]:' while it waits or runs, or its number."""
    return page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").all_text_contents()


def wait_for_all_cells(page, watched=None):
    """Wait until all cells have run; return the different outputs that one of them showed while it ran."""
    shown, start = set(), time.monotonic()
    busy = start
    while {"[*]:", "[ ]:"} & set(now := prompts(page)):
        busy = time.monotonic() if "[*]:" in now else busy
        assert time.monotonic() < min(busy + 60, start + 1200), f"cells do not run, or not to their end: {now}"
        if watched and "[*]:" in watched.locator(".jp-InputPrompt").text_content():
            shown.add(watched.locator(".jp-OutputArea").text_content())
        time.sleep(0.5)
    return shown


def assert_no_errors(page):
    """Check that no cell shows an error or text that was written to stderr."""
    for kind in ("error", "stderr"):
        assert page.locator(f'[data-mime-type="application/vnd.jupyter.{kind}"]').all_text_contents() == []


def assert_drawn(picture):
    """Check what is seen of a picture on the page: it must not be one even area."""
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0
    pixels = iio.imread(picture.screenshot())[..., :3]
    assert pixels.std(axis=(0, 1)).max() > 10, picture.evaluate("image => image.outerHTML.slice(0, 200)")


def assert_every_picture_is_drawn(page, notebook):
    """Check the pictures in the text and in the outputs of a notebook that is open in JupyterLab."""
    data = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    expected = (sum(cell.source.count("![") for cell in notebook.cells if cell.cell_type == "markdown")
                + sum("image/png" in entry or "<img" in entry.get("text/html", "") for entry in data))
    expect(page.locator(".jp-Notebook img")).to_have_count(expected)
    for picture in page.locator(".jp-Notebook img").all():
        assert_drawn(picture)


def test_run_all_cells(page, lab, folder, notebook):
    open_in_lab(page, lab, folder, "short.ipynb")
    choose(page, "Run", "Run All Cells")
    fit = cell(page, notebook, "fit")
    fit.scroll_into_view_if_needed()
    shown = wait_for_all_cells(page, fit)
    assert len(shown) > 2, f"the training showed no progress while it ran: {shown}"
    assert prompts(page) == [f"[{k}]:" for k in range(1, len(code_cells(notebook)) + 1)]
    assert_no_errors(page)
    assert_every_picture_is_drawn(page, notebook)
    expect(cell(page, notebook, "score")).to_contain_text("50 / 50")


def photograph_sections(page, notebook, name):
    """Save one screenshot of each section, as high as the section is."""
    size = page.viewport_size
    starts = [k for k, cell in enumerate(notebook.cells) if re.search("^#{1,2} ", cell.source, re.M)]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(notebook.cells)])):
        for k in range(start, end):   # cells out of sight are not drawn
            page.locator(CELLS).nth(k).scroll_into_view_if_needed()
        first, last = (page.locator(CELLS).nth(k).bounding_box() for k in (start, end - 1))
        page.set_viewport_size({**size, "height": round(last["y"] + last["height"] - first["y"]) + 140})
        page.locator(CELLS).nth(start).evaluate("cell => cell.scrollIntoView()")
        page.screenshot(path=SCREENSHOTS / name / f"{number:02}-{notebook.cells[start].id}.png")
        page.set_viewport_size(size)


def contents(page):
    """Return the links of the contents list."""
    return page.locator(CELLS).first.locator('li a[href^="#"]').all()


def heading(page, link):
    """Return the heading of the section that a link of the contents list leads to."""
    return page.locator("h2").filter(has_text=link.text_content())


def assert_contents_list_leads_to_headings(page):
    """Check all links of the contents list of a notebook that was just opened in JupyterLab.

    The second click lands. At the first, JupyterLab guesses how high the cells are that it never drew.
    """
    assert len(contents(page)) == 13
    for link in reversed(contents(page)):   # from the last on: what stands above a section has not been drawn yet
        for _ in range(2):
            link.evaluate("link => link.click()")
            page.wait_for_timeout(300)
            page.evaluate("() => new Promise(drawn => requestIdleCallback(drawn))")
        expect(heading(page, link)).to_be_in_viewport(timeout=10_000)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_every_section_in_jupyterlab(page, lab, folder, theme):
    set_in_lab(folder, "themes", theme=f"JupyterLab {theme}")
    notebook = open_in_lab(page, lab, folder, LESSON.name)
    expect(page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]')).to_be_attached()
    if theme == "Light":
        assert_contents_list_leads_to_headings(page)
    photograph_sections(page, notebook, f"lab-{theme.lower()}")
    assert_every_picture_is_drawn(page, notebook)


def type_instead(page, place, line, text):
    """Put text in the place of one line of a cell, key by key, and run the cell."""
    place.locator(".cm-line", has_text=line).click()
    for number, typed in enumerate(text.splitlines()):
        for key in ["Enter", "Shift+Home"] if number else ["End", "Shift+Home", "Shift+Home"]:
            page.keyboard.press(key)   # take away the old line, or what the editor has indented
        page.keyboard.type(typed)
    run(page, place)


def run(page, place):
    """Click into a cell, run it and wait for its end."""
    place.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(place.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))


def test_a_learner_solves_the_first_exercise(page, lab, folder, notebook):
    blank = open_in_lab(page, lab, folder, "blank.ipynb")
    assert_contents_list_leads_to_headings(page)
    exercise, check = (cell(page, blank, cell_id) for cell_id in ("conv-block", "check-conv-block"))
    source = next(cell.source for cell in notebook.cells if cell.id == "conv-block")
    right = re.search(r"### BEGIN SOLUTION\n(.*)\n *### END SOLUTION", source, re.S)[1]
    wrong = right.replace("return next_layer, conv", "return next_layer, next_layer")
    assert wrong != right

    check.locator(".cm-content").click()
    choose(page, "Run", "Run All Above Selected Cell")
    run(page, check)
    expect(check).to_contain_text("conv_block: not attempted")

    type_instead(page, exercise, "raise NotImplementedError()", wrong)
    run(page, check)
    expect(check).to_contain_text("conv_block · skip connection: not yet")

    check.locator(".jp-InputPrompt").click()
    page.keyboard.press("b")   # a new cell below
    blank.cells.insert([cell.id for cell in blank.cells].index("check-conv-block") + 1,
                       nbformat.v4.new_code_cell(id="hint"))
    hint = cell(page, blank, "hint")
    hint.locator(".cm-content").click()
    page.keyboard.type("check_conv_block(conv_block, hint=1)")
    run(page, hint)
    expect(hint).to_contain_text("conv_block · skip connection, hint 1 of")
    page.screenshot(path=SCREENSHOTS / "learner-hint.png")

    type_instead(page, exercise, "return next_layer, next_layer", "    return next_layer, conv")
    run(page, check)
    expect(check).to_contain_text("conv_block: passed   10 / 10")

    check.locator(".cm-content").click()
    choose(page, "Run", "Run Selected Cell and All Below")
    wait_for_all_cells(page)
    assert_no_errors(page)
    assert_drawn(cell(page, blank, "features").locator("img"))
    expect(cell(page, blank, "check-upsampling-block")).to_contain_text("upsampling_block: not attempted")
    photograph_sections(page, blank, "learner")
    expect(cell(page, blank, "score")).to_contain_text(re.compile(r"total +10 / 50"))


# The HTML page.

@pytest.fixture(scope="module")
def html_page(folder):
    """The address of the page that the command of the Makefile makes of the lesson."""
    command = re.search(r"jupyter (nbconvert --to html [^\\]*)\\", (PROJECT / "Makefile").read_text())[1]
    subprocess.run([sys.executable, "-m", *command.split(), LESSON.name, "--output-dir=build"], cwd=folder, check=True)
    return (folder / "build" / LESSON.name).with_suffix(".html").as_uri()


@pytest.mark.parametrize("width", [1280, 390])
def test_html_page(page, html_page, notebook, width):
    page.route(re.compile("^http"), lambda route: route.abort())   # the page must do without the network
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(html_page)
    photograph_sections(page, notebook, f"page-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    for picture in page.locator("img").all():
        assert_drawn(picture)
        box = picture.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width

    names = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("headings => headings.map(heading => heading.tagName)")
    levels = [int(name[1]) for name in names]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(level - before <= 1 for before, level in zip(levels, levels[1:]))
    assert len(contents(page)) == 13
    for link in contents(page):
        link.click()
        expect(heading(page, link)).to_be_in_viewport()


def test_every_picture_is_described(page, html_page):
    page.goto(html_page)
    descriptions = page.locator("img").evaluate_all("all => all.map(image => image.alt)")
    assert descriptions and all(text and "No description" not in text for text in descriptions)
