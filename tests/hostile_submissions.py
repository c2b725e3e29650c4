"""Submissions that try to get out of their process, or to points that they have not earned.

Each is bounded by itself, so that a leak would harm nobody: files in one folder, sockets to 127.0.0.1, few forks.
"""
import dataclasses
import inspect
import json

from tests.zoo import RIGHT

EXERCISES = "conv_block", "upsampling_block", "unet_model", "pixel_crossentropy", "iou_per_class"
PASSED = ("passed",) * 5
IMPORTS = """\
%matplotlib inline
import ctypes, fcntl, gc, json, mmap, os, pickle, shutil, signal, socket, stat, subprocess, sys, threading, time
import builtins
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from keras.layers import Concatenate, Conv2D, Conv2DTranspose, Dropout, Input, MaxPooling2D, concatenate
!pip install nothing
"""


def answer(name):
    """Return the source of a right answer."""
    fn = next(fn for exercise, fn in RIGHT if exercise == name)
    return inspect.getsource(fn).split("\n", 1)[1]  # without the decorator


def notebook(*cells):
    """Return the bytes of a notebook."""
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
              "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def submission(*cells, **functions):
    """Return a notebook with some cells, then the right answers, some of them replaced; None leaves one out."""
    sources = {name: answer(name) for name in EXERCISES} | functions
    return notebook(IMPORTS, *cells, *(source for source in sources.values() if source is not None))


# Attacks: each returns whether it had success. WORLD is set by the test; the attack is part of a right submission.
# ruff: noqa: F821

def writes_a_file():
    with open(WORLD["folder"] + "/new", "w") as file:
        file.write("here")
    return True


def makes_an_empty_file():
    os.close(os.open(WORLD["folder"] + "/empty", os.O_CREAT))
    return True


def empties_a_file():
    os.close(os.open(WORLD["folder"] + "/canary", os.O_RDONLY | os.O_TRUNC))
    return True


def deletes_a_file():
    os.unlink(WORLD["folder"] + "/delete me")
    return True


def deletes_the_class():
    shutil.rmtree(WORLD["folder"] + "/tree")
    return True


def renames_a_file():
    os.replace(WORLD["folder"] + "/rename me", WORLD["folder"] + "/renamed")
    return True


def makes_a_symlink():
    os.symlink("/etc/passwd", WORLD["folder"] + "/link")
    return True


def opens_a_file_to_everybody():
    os.chmod(WORLD["folder"] + "/canary", 0o700)
    return True


def fills_its_own_folder():
    with open("filler", "wb") as file:
        for _ in range(50):
            file.write(bytes(1 << 20))
    return True


def writes_to_shared_memory():
    with open("/dev/shm/" + WORLD["name"], "w") as file:
        file.write("here")
    return True


def keeps_shared_memory():
    return ctypes.CDLL(None).shmget(WORLD["port"], 4096, 0o1666) >= 0


def reads_the_expected_results():
    return "unet_filters" in open(WORLD["project"] + "/outputs.py").read()


def reads_the_solved_notebook():
    return "BEGIN SOLUTION" in open(WORLD["project"] + "/Image_segmentation_Unet.ipynb").read()


def lists_the_project():
    return "outputs.py" in os.listdir(WORLD["project"])


def reads_another_submission():
    return "def" in open(WORLD["other"]).read()


def imports_the_expected_results():
    sys.path.insert(0, WORLD["project"])
    import outputs
    return bool(outputs.unet_filters)


def reads_the_memory_of_its_parent():
    with open(f"/proc/{os.getppid()}/mem", "rb") as file:
        line = next(line for line in open(f"/proc/{os.getppid()}/maps") if " r" in line)
        file.seek(int(line.split("-")[0], 16))
        return len(file.read(64)) == 64


def reads_the_memory_of_its_parent_by_a_system_call():
    line = next(line for line in open(f"/proc/{os.getppid()}/maps"))
    here = ctypes.create_string_buffer(64)
    parts = [(ctypes.c_void_p * 2)(where, 64) for where in (ctypes.addressof(here), int(line.split("-")[0], 16))]
    return ctypes.CDLL(None).process_vm_readv(os.getppid(), parts[0], 1, parts[1], 1, 0) == 64


def traces_a_process():
    return ctypes.CDLL(None).ptrace(16, WORLD["victim"], 0, 0) == 0


def kills_a_process():
    os.kill(WORLD["victim"], signal.SIGTERM)
    return True


def kills_its_parent():
    os.kill(os.getppid(), signal.SIGTERM)
    return True


def kills_by_a_file_signal():
    one, other = os.pipe()
    fcntl.fcntl(one, 10, signal.SIGTERM)  # F_SETSIG
    fcntl.fcntl(one, fcntl.F_SETOWN, WORLD["victim"])
    fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC)
    os.write(other, b"now")
    return True


def limits_another_process():
    import resource
    resource.prlimit(WORLD["victim"], resource.RLIMIT_NOFILE, (3, 3))
    return True


def connects_by_tcp():
    socket.create_connection(("127.0.0.1", WORLD["port"]), timeout=5).close()
    return True


def sends_by_udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", WORLD["port"]))
    return True


def connects_to_an_abstract_socket():
    socket.socket(socket.AF_UNIX).connect("\0" + WORLD["name"])
    return True


def forks():
    forked = 0
    for _ in range(20):
        if os.fork() == 0:
            os._exit(0)
        forked += 1
    return forked == 20


def forks_below_python():
    pid = ctypes.CDLL(None).fork()
    if pid == 0:
        os._exit(0)
    return pid > 0


def starts_a_program():
    return subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout == b"1\n"


def becomes_another_program():
    os.execv("/bin/sh", ["sh", "-c", f"echo here > {WORLD['folder']}/new"])


def raises_its_limits():
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    return True


def starts_hundreds_of_threads():
    threading.stack_size(1 << 16)
    go, threads = threading.Event(), []
    try:
        for _ in range(600):
            threads.append(threading.Thread(target=go.wait, args=(5,)))
            threads[-1].start()
        return True
    finally:
        go.set()


def finds_expected_numbers_in_memory():
    return any(type(item) is dict and "unet_filters" in item or type(item) is dict and "expected" in item
               and "position" in item for item in gc.get_objects())


def finds_the_checks():
    return any(name in sys.modules for name in ("outputs", "grading.results", "grading.marking", "test_utils"))


def finds_the_environment():
    return "SECRET_OF_THE_TEACHER" in os.environ or b"SECRET_OF_THE_TEACHER" in open("/proc/self/environ", "rb").read()


def finds_the_first_environment():
    libc = ctypes.CDLL(None)
    libc.getauxval.restype = ctypes.c_ulong
    end = libc.getauxval(31)  # AT_EXECFN: the program's name, which lies behind the first environment
    return any(word in ctypes.string_at(end - 3000, 3000) for word in (b"SECRET_OF_THE_TEACHER", b"/personal/home"))


def finds_another_connection():
    def is_connection(number):
        try:
            return stat.S_ISSOCK(os.fstat(number).st_mode) or stat.S_ISFIFO(os.fstat(number).st_mode)
        except OSError:
            return False
    return any(is_connection(number) for number in range(100) if number != 3)


def forges_result_files():
    for path in (WORLD["json"], WORLD["csv"], "results.json"):
        with open(path, "w") as file:
            file.write("[]")
    return True


ATTACKS = [fn for name, fn in list(globals().items())
         if inspect.isfunction(fn) and name not in ("answer", "notebook", "submission")]
LINUX_ONLY = {writes_to_shared_memory, reads_the_memory_of_its_parent, finds_the_environment,
              finds_the_first_environment, traces_a_process,
              reads_the_memory_of_its_parent_by_a_system_call, kills_by_a_file_signal, limits_another_process,
              connects_to_an_abstract_socket, keeps_shared_memory, forks_below_python, becomes_another_program}
OF_A_DEBUGGER = {reads_the_memory_of_its_parent, reads_the_memory_of_its_parent_by_a_system_call, traces_a_process}
OF_WHAT_IS_EXPECTED = {finds_expected_numbers_in_memory, finds_the_checks}
TRIED = """
def tried(attack):
    try:
        return attack()
    except (Exception, SystemExit) as error:
        return False
"""


def with_attack(attack, world):
    """Return exercises 4 and 5, right unless the attack has success."""
    wrong_if_done = answer("iou_per_class").replace("        return", """\
        if DONE:
            return 0 * union
        return""")
    return submission(f"WORLD = {world!r}", TRIED, inspect.getsource(attack), f"DONE = tried({attack.__name__})",
                      conv_block=None, upsampling_block=None, unet_model=None, iou_per_class=wrong_if_done)


def program_of(attack, world):
    """Return a program that does an attack without any lockdown, and prints whether it had success."""
    lines = [f"WORLD = {world!r}", IMPORTS.splitlines()[1]]
    if attack in OF_WHAT_IS_EXPECTED:
        lines.append("sys.path.insert(0, WORLD['project']); import outputs")
    return "\n".join([*lines, inspect.getsource(attack), f"print({attack.__name__}(), flush=True)"])


# Submissions that harm themselves, or reach for points.

@dataclasses.dataclass
class Hostile:
    """A submission: the bytes of its file, the status of each exercise, its points, what some message says."""
    name: str
    content: bytes
    statuses: tuple
    points: int
    says: str = ""


def first_line(exercise, *lines):
    """Return the right answer to an exercise with some lines before all others."""
    head, body = answer(exercise).split(":\n", 1)
    return {exercise: "\n    ".join([f"{head}:", *lines]) + f"\n{body}"}


def ones(*lines):
    """Return a wrong answer to exercise 5 that does something else before."""
    return {"iou_per_class": "\n    ".join(["def iou_per_class(confusion):", *lines, "return np.ones(len(confusion))"])}


def block(last):
    """Return the right answer to exercise 1 with one more step at the end."""
    return {"conv_block": answer("conv_block").replace("    if drop", f"    conv = {last}\n    if drop")}


ERROR_AT = {name: (*PASSED[:number], *("error",) * (5 - number)) for number, name in enumerate(EXERCISES)}
ERROR, NOT_YET = (*PASSED[:4], "error"), (*PASSED[:4], "not yet")
FORGED = {"exercise": "iou_per_class", "status": "passed", "points": 10, "max_points": 10}
PICKLE = """
class Evil:
    def __reduce__(self):
        return os.system, ("echo here > " + WORLD["folder"] + "/pickled",)
"""
YES = """
class Yes(np.ndarray):
    __eq__ = __ge__ = __le__ = lambda *given: True
    __array_ufunc__ = lambda *given, **named: True
"""
FAKE = """
class Fake(layers.Conv2D):
    def call(self, x):
        return 0 * super().call(x)

Fake.__name__, Fake.__module__ = "Conv2D", "keras.src.layers.convolutional.conv2d"
"""
READY = """
def pixel_crossentropy(y_true, logits):
    sys.setprofile(None)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(y_true, tf.int32), logits)
"""


def hostile_submissions(world):
    """Return the list of Hostile."""
    where = f"WORLD = {world!r}"
    listed = [
        # What ends, hangs or grows.
        ("endless loop", submission(**first_line(
            "unet_model", "signal.signal(signal.SIGTERM, signal.SIG_IGN); end = time.time() + 300",
            "while time.time() < end: pass")), ERROR_AT["unet_model"], 20, "longer than 30 s"),
        ("sleep where it is defined", submission(
            conv_block=answer("conv_block").replace("dropout_prob=0", "dropout_prob=time.sleep(300)", 1)),
         ERROR_AT["conv_block"], 0, "longer than 30 s"),
        ("million layers", submission(**block("[conv := layers.Identity()(conv) for _ in range(10 ** 6)][-1]")),
         ERROR_AT["conv_block"], 0, "longer than 30 s|memory"),
        ("hangs where nothing is needed", submission("while True: pass", "time.sleep(300)", "x = os._exit(0)",
                                                     "history = [None for _ in iter(int, 1)]"), PASSED, 50),
        ("os._exit", submission(**first_line("pixel_crossentropy", "os._exit(0)")), ERROR_AT["pixel_crossentropy"], 30,
         "ended the program"),
        ("sys.exit", submission(**first_line("pixel_crossentropy", "sys.exit(0)")),
         (*PASSED[:3], "error", "passed"), 40, "SystemExit"),
        ("crash", submission(**first_line("iou_per_class", "ctypes.string_at(1)")), ERROR, 40, "ended the program"),
        ("recursion", submission(**first_line("iou_per_class", "return iou_per_class(confusion)")), ERROR, 40,
         r"RecursionError.*\nline \d+ of iou_per_class: (def|return) iou_per_class"),
        ("recursion below Python", submission(**first_line(
            "iou_per_class", "sys.setrecursionlimit(10 ** 9); nested = []",
            "for _ in range(10 ** 6): nested = [nested]", "repr(nested)")), ERROR, 40, "ended the program|Error"),
        ("large array", submission(**first_line("iou_per_class", "np.ones(1 << 29)")), ERROR, 40, "MemoryError"),
        ("large shared memory", submission(**first_line("iou_per_class", "mmap.mmap(-1, 4 << 30)")), ERROR, 40,
         "OSError"),
        ("billion filters", submission(**block("Conv2D(10 ** 9, 3)(conv) if n_filters > 200 else conv")),
         ("error", "passed", "waits", "passed", "passed"), 30),
        ("output flood", submission(**first_line(
            "iou_per_class", "for _ in range(300): print('x' * 10 ** 5); sys.stderr.write('y' * 10 ** 5)")),
         PASSED, 50),
        ("million values", submission(iou_per_class="def iou_per_class(confusion):\n    return np.zeros(10 ** 6)"),
         NOT_YET, 40, "1,000,000 values"),
        ("nested brackets", submission("(" * 10 ** 5, "[" * 10 ** 4 + "]" * 10 ** 4, "-" * 10 ** 5 + "1"), PASSED, 50),
        # What is handed back.
        ("flood of the result", submission(**first_line(
            "iou_per_class", "for _ in range(100): os.write(3, bytes(10 ** 6))")), ERROR, 40, "more than 2 MiB"),
        ("forged result", submission(**ones(f"os.write(3, json.dumps({FORGED}).encode() + b'\\n')")), ERROR, 40,
         "refused"),
        ("pickle", submission(where, PICKLE, **ones("os.write(3, pickle.dumps(Evil()) + b'\\n')")), ERROR, 40,
         "refused"),
        ("nested result", submission(**ones("os.write(3, b'[' * 10 ** 6 + b'\\n')")), ERROR, 40, "refused"),
        ("empty line", submission(**ones("os.write(3, b'\\n')")), ERROR, 40, "refused"),
        ("closed connection", submission(**ones("os.close(3)")), ERROR, 40, "ended the program"),
        ("patched json", submission(**ones(f"json.dumps = lambda *a, **b: '{json.dumps(FORGED)}'")), ERROR, 40,
         "refused"),
        ("patched runner", submission(**ones(
            "sys.modules['grading.sandbox.runner'].pack = lambda call: {'points': 10}")), NOT_YET, 41),
        ("control characters", submission(iou_per_class="def iou_per_class(confusion):\n"
                                          "    raise ValueError('\\x1b[2J\\u202e\\ud800\\x07 red')"), ERROR, 40, "red"),
        # What is patched.
        ("patched test_utils", submission(**ones(
            "sys.modules['test_utils'] = sys.modules['outputs'] = sys.modules['grading.results'] = sys")), NOT_YET, 41),
        ("patched builtins", submission(**ones("builtins.all = builtins.any = builtins.isinstance = lambda *a: True")),
         ERROR, 40),
        ("patched comparison", submission(**ones("np.isclose = np.allclose = np.array_equal = lambda *a, **b: True")),
         NOT_YET, 41),
        ("always equal", submission(YES, iou_per_class="def iou_per_class(confusion):\n"
                                    "    return np.ones(len(confusion)).view(Yes)"), NOT_YET, 41),
        ("patched Keras", submission(upsampling_block=answer("upsampling_block").replace(
            "[up, contractive_input]", "[contractive_input, up]").replace(
            "    up =", "    layers.Layer.__eq__ = keras.KerasTensor.__eq__ = lambda *a: True\n"
                         "    keras.Model.get_config = lambda self: {}\n    up =", 1)),
         ("passed", "not yet", "waits", "passed", "passed"), 38, "come first"),
        ("swapped by a patch", submission(upsampling_block=answer("upsampling_block").replace(
            "[up, contractive_input]", "[contractive_input, up]").replace(
            "    up =", "    Concatenate.get_config = lambda self: {'axis': 3}\n    up =", 1)),
         ("passed", "not yet", "waits", "passed", "passed"), 38, "come first"),
        # What is built.
        ("Lambda", submission(**block("layers.Lambda(lambda t: os._exit(0), output_shape=conv.shape[1:])(conv)")),
         ERROR_AT["conv_block"], 0, "ended the program"),
        ("Lambda that does nothing", submission(**block("layers.Lambda(lambda t: t)(conv)")), PASSED, 50),
        ("class under another name", submission(FAKE, **block("Fake(n_filters, 3, padding='same')(conv)")),
         ("not yet", "passed", "waits", "passed", "passed"), 34, "a layer class of your own"),
        ("ready-made loss", submission(pixel_crossentropy=READY), (*PASSED[:3], "not yet", "passed"), 40, "ready-made"),
        ("ready-made loss as an item", submission(
            "LOSS = {}\nLOSS[0] = tf.nn.sparse_softmax_cross_entropy_with_logits", pixel_crossentropy=READY.replace(
                "tf.nn.sparse_softmax_cross_entropy_with_logits(", "LOSS[0](")),
         (*PASSED[:3], "not yet", "passed"), 40, "ready-made"),
        # What is no submission, and what is harmless.
        ("=1+1", submission(), PASSED, 50),
        ("a sound function above a broken line", submission(
            iou_per_class=answer("iou_per_class") + "\n\nTABLE['a'] = = 3\n"), PASSED, 50),
        ("cell that became Markdown", submission(iou_per_class=None).replace(b'"cells": [', b'"cells": ['
         b'{"cell_type": "markdown", "metadata": {}, "source": "def iou_per_class(confusion):\\n    pass"}, ', 1),
         (*PASSED[:4], "not attempted"), 40, "cell 1 defines it, but is Markdown"),
        ("settings put in later", submission(
            "HE = {'padding': 'same'}\nHE['kernel_initializer'] = 'he_normal'", conv_block=answer("conv_block").replace(
                'padding="same", kernel_initializer="he_normal"', "**HE")), PASSED, 50),
        ("settings added by a method", submission(
            "HE = {'padding': 'same'}\nHE.update(kernel_initializer='he_normal')", "np.save('x', time.sleep(300))",
            "HE2 = []\nHE2.append(time.sleep(300))", conv_block=answer("conv_block").replace(
                'padding="same", kernel_initializer="he_normal"', "**HE")), PASSED, 50),
        ("no functions", notebook("print('hello')"), ("not attempted",) * 5, 0),
        ("only two", submission(conv_block=None, upsampling_block=None, unet_model=None), ("not attempted",) * 3
         + ("passed",) * 2, 20),
    ]
    return [Hostile(*entry) for entry in listed]


UNREADABLE = {"not json": b"PK\x03\x04 this is an archive", "empty": b"", "blank": b" \n", "a list": b"[1, 2]",
              "another json": b'{"cells": {"a": 1}}', "nested": b"[" * 10 ** 6, "not text": bytes(range(256)) * 50}
