"""Who does the work: prepare the process for TensorFlow, and find processors, GPUs and other workers.

TensorFlow is imported inside of the functions: what it is told in `prepare_process` counts only if it comes first.
"""
import ctypes
import gc
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MEET = 300   # s that a worker waits for the others at the start
LOOK = "import tensorflow as tf; tf.config.list_physical_devices('GPU')"


def load_tensorflow():
    """Load TensorFlow and Keras without TensorFlow's first lines, which it writes to the error stream below Python.

    Python's search for garbage, which would take a quarter of the time, pauses meanwhile, and never looks at what is
    there by then: its hundreds of thousands of objects stay to the end.

    Changes this process: the environment variable that says how much TensorFlow writes, and what the search looks at.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stream, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    collects = gc.isenabled()
    gc.disable()
    try:
        import keras  # noqa: F401
        import tensorflow as tf
        tf.config.list_physical_devices()   # looks for GPUs, and complains if there are none
    finally:
        os.dup2(stream, 2)
        os.close(stream)
        os.close(nowhere)
        gc.freeze()
        if collects:
            gc.enable()


def prepare_process():
    """Load TensorFlow so that it starts quietly, and so that its memory stays flat in long trainings.

    Changes this process: environment variables that TensorFlow reads, and on Linux malloc. Call it before anything
    else imports TensorFlow.
    """
    # Tensors come from a pool of TensorFlow's, which may be as large as memory (its own limit is 64 GB), and all else
    # from one arena (-8 is M_ARENA_MAX of malloc.h). By default each thread has its own, and what is free lies in ever
    # more pieces: after 50 epochs a training had 4 to 7 % more memory than after 2.
    os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
    os.environ.setdefault("TF_CPU_BFC_MEM_LIMIT_IN_MB", str(2**30))
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(-8, 1)
    load_tensorflow()
    import tensorflow as tf
    tf.get_logger().setLevel("ERROR")   # it comments on every new network; nothing is wrong


def use_devices():
    """Find who does the work: this processor, its GPUs, or several processes. Print what works, and with which numbers.

    A GPU that the system shows and TensorFlow cannot use is named with TensorFlow's reason.

    Returns:
        Devices. Keras' number format stays as it is: `keras.config.set_dtype_policy(devices.policy)` sets it.

    Raises:
        SystemExit, by SIGALRM: if the workers that the environment variable TF_CONFIG names do not meet.
    """
    import tensorflow as tf
    gpus, team, worker, n_workers = tf.config.list_physical_devices("GPU"), None, 0, 1
    strategy = tf.distribute.get_strategy()   # one device
    if "TF_CONFIG" in os.environ:   # several processes, on one machine or on several
        gpus = gpus[:1]   # one for each worker
        tf.config.set_visible_devices(gpus, "GPU")
        signal.alarm(MEET)   # ends the process even while it waits inside of TensorFlow
        team = tf.distribute.MultiWorkerMirroredStrategy()   # before anything else: later TensorFlow refuses it
        signal.alarm(0)
        worker, n_workers = team.cluster_resolver.task_id, team.num_replicas_in_sync
    elif len(gpus) > 1:
        strategy = tf.distribute.MirroredStrategy()
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    policy, reason = fastest_policy([gpu.get("compute_capability", (0, 0)) for gpu in details], _processor_flags())
    devices = Devices(strategy, worker, n_workers, policy, team)
    names = ", ".join(gpu.get("device_name", "GPU") for gpu in details) or "the processor"
    process = f"process {worker + 1} of {n_workers}: " if n_workers > 1 else ""
    print(f"{process}{names} does the work, in {policy} numbers, because {reason}")
    if not gpus and (unused := _gpu_of_the_system()):
        print(f"The system shows a GPU ({unused}), but TensorFlow cannot use it: {_reason()}")
    return devices


@dataclass(frozen=True)
class Devices:
    """Who does the work.

    Attributes:
        strategy: tf.distribute.Strategy; a network is built in its scope.
        worker: int, which of the processes this is, from 0. n_workers: int, how many there are.
        policy: str, the Keras dtype policy whose numbers the hardware multiplies fastest.
        team: the strategy that joins several processes; None for one.
    """

    strategy: object
    worker: int = 0
    n_workers: int = 1
    policy: str = "float32"
    team: object = None

    @property
    def whole_batches(self):
        """Whether a last batch that is not full must be left out: several GPUs share each batch evenly."""
        return self.strategy.num_replicas_in_sync > 1

    def batch_size(self, total):
        """Return this process's share of a batch.

        Args:
            total: int, frames in a training step of all processes together.

        Raises:
            ValueError: if the processes and their GPUs cannot share it evenly.
        """
        if total % (self.n_workers * self.strategy.num_replicas_in_sync):
            raise ValueError(f"BATCH_SIZE is {total}, but {self.n_workers} process(es) with "
                             f"{self.strategy.num_replicas_in_sync} device(s) each share it evenly: use a multiple")
        return total // self.n_workers

    def share(self, rows):
        """Return this process's share of a table's rows, every n-th, and the same number for each process:
        with one row more a worker would wait for the others forever.
        """
        return rows.iloc[self.worker:len(rows) - len(rows) % self.n_workers:self.n_workers]

    def average(self, values):
        """Return the mean of each value over all processes; each waits here for the others."""
        if self.team is None:
            return values
        import tensorflow as tf

        def reduce(*values):
            return tf.distribute.get_replica_context().all_reduce("MEAN", [tf.identity(value) for value in values])

        return self.team.run(reduce, args=tuple(values))


def fastest_policy(gpus, processor_flags):
    """Choose the number format that the hardware multiplies fastest.

    Of the two formats of 16 bits bfloat16 is the easier one: it has the range of float32, with fewer digits.

    Args:
        gpus: list of the compute capability of each GPU, (major, minor).
        processor_flags: list of the names of the processor's features.

    Returns:
        str, the name of a Keras dtype policy; str, the reason.
    """
    if gpus:
        oldest = min(gpus)
        reason = f"the GPU has compute capability {oldest[0]}.{oldest[1]}"
        if oldest >= (7, 0):
            return "mixed_bfloat16" if oldest >= (8, 0) else "mixed_float16", reason
        return "float32", f"{reason}, which is not faster with 16 bits"
    for flag in ("amx_bf16", "avx512_bf16"):
        if flag in processor_flags:
            return "mixed_bfloat16", f"this processor has {flag}"
    return "float32", "native bfloat16 was not found on this processor"


def _processor_flags():
    """Return the names of the processor's features that TensorFlow may use; none where they are not told."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "DEFAULT").upper() not in ("DEFAULT", "ALL"):
        return []   # oneDNN, which multiplies for TensorFlow, was told to stay below what the processor can
    cpuinfo = Path("/proc/cpuinfo")   # on Linux only
    return cpuinfo.read_text().split() if cpuinfo.exists() else []


def _gpu_of_the_system():
    """Return the name of an NVIDIA GPU that the system shows; None if there is none, or if it is hidden on purpose."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return None
    if program := shutil.which("nvidia-smi"):
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, errors="replace")
        if listed.returncode == 0 and listed.stdout.strip():
            return listed.stdout.splitlines()[0].partition(" (UUID")[0]
    return "/dev/nvidia0" if Path("/dev/nvidia0").exists() else None


def _reason():
    """Return why TensorFlow finds no GPU: what a fresh process, with its log switched on, says of it."""
    import tensorflow as tf
    if not tf.test.is_built_with_cuda():
        return "it was built without CUDA. On Windows, install it inside of WSL 2"
    look = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, errors="replace",
                          env={name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
                          | {"TF_CPP_MIN_LOG_LEVEL": "0"})
    lines = re.findall(r"^.*?\b[^ ]+\.(?:cc|h):\d+\] (.*)", look.stderr, re.MULTILINE)
    told = dict.fromkeys(line for line in lines if re.search("GPU|CUDA|dlopen|driver", line, re.IGNORECASE)
                         and "Unable to register" not in line)   # not a fault: two libraries have the same part
    return "\n  " + "\n  ".join(told) if told else "it does not say why"
