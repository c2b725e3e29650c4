"""The process is prepared when it is asked for, and what works is named."""
import os
import subprocess
import sys

import pandas as pd
import pytest
import tensorflow as tf

from lesson.devices import Devices, fastest_policy

PREPARED = """
import gc, os, sys
before = dict(os.environ)
import lesson.devices, lesson.cache, lesson.cluster
assert dict(os.environ) == before and "tensorflow" not in sys.modules, "an import has changed the process"
lesson.devices.prepare_process()
assert gc.isenabled() and gc.get_freeze_count() > 100_000, "the search for garbage looks at what TensorFlow needs"
print(os.environ["TF_CPU_ALLOCATOR_USE_BFC"])
devices = lesson.devices.use_devices()
import keras
keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 1)]).predict(keras.ops.zeros((1, 8, 8, 3)), verbose=0)
"""


def run(program, **environment):
    """Run a program in a fresh process; return what it wrote to its two streams."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300,
                          env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_starts_quietly_and_gives_the_reason_for_a_gpu_that_is_not_used(tmp_path):
    """TensorFlow finds no GPU here; the system shows one by its own tool."""
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("TensorFlow uses the GPU of this machine")
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA Toy (UUID: GPU-1)'\n")
    tool.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    output, errors = run(PREPARED, PATH=path, CUDA_VISIBLE_DEVICES="0")
    assert errors == ""
    assert output.startswith("true\nthe processor does the work, in ")
    assert "The system shows a GPU (GPU 0: NVIDIA Toy), but TensorFlow cannot use it: \n  " in output
    assert "cuda" in output.lower(), "TensorFlow's own words"
    output, errors = run(PREPARED, PATH=path, CUDA_VISIBLE_DEVICES="-1")
    assert errors == "" and "The system shows" not in output, "hidden on purpose"


def test_workers_share_the_frames_and_the_batch():
    rows = pd.DataFrame({"image": range(15)})
    workers = [Devices(tf.distribute.get_strategy(), worker, 2) for worker in (0, 1)]
    shares = [devices.share(rows) for devices in workers]
    assert [len(share) for share in shares] == [7, 7], "as many steps for each: one of 15 frames is left out"
    assert not set(shares[0]["image"]) & set(shares[1]["image"])
    assert workers[0].batch_size(4) == 2 and not workers[0].whole_batches
    with pytest.raises(ValueError, match=r"BATCH_SIZE is 5, but 2 process\(es\) with 1 device\(s\).*use a multiple"):
        workers[0].batch_size(5)
    assert workers[0].average([1.0, 2.0]) == [1.0, 2.0], "without a team there is nothing to wait for"


@pytest.mark.parametrize("gpus, flags, policy", [
    ([], [], "float32"), ([], ["avx512f"], "float32"), ([], ["avx512_bf16"], "mixed_bfloat16"),
    ([], ["amx_bf16", "avx512_bf16"], "mixed_bfloat16"), ([(8, 9)], [], "mixed_bfloat16"),
    ([(8, 0), (9, 0)], [], "mixed_bfloat16"), ([(9, 0), (7, 5)], ["avx512_bf16"], "mixed_float16"),
    ([(7, 0)], [], "mixed_float16"), ([(6, 1)], ["avx512_bf16"], "float32"), ([(10, 0)], [], "mixed_bfloat16"),
    ([(0, 0)], [], "float32")])   # a GPU that does not say what it can
def test_number_format_follows_the_hardware(gpus, flags, policy):
    found, reason = fastest_policy(gpus, flags)
    assert found == policy
    assert ("GPU" in reason) == bool(gpus)
