"""Command line: python -m render --drives 2 --out FOLDER."""

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from . import frames, scenes


def size_of(text):
    """Read a size like 256x192."""
    width, height = (int(part) for part in text.lower().split("x"))
    if min(width, height) < 16:
        raise ValueError
    return width, height


def main():
    """Render the frames that are still missing."""
    parser = argparse.ArgumentParser(prog="python -m render", description="Render driving frames with exact masks.")
    parser.add_argument("--drives", type=int, default=2, help="how many drives (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for CameraRGB, CameraMask and manifest.csv")
    parser.add_argument("--size", type=size_of, default=(256, 192), help="width and height (default: 256x192)")
    parser.add_argument("--pretraining", action="store_true", help="drives for pretraining: other seeds, 2 frames each")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="side by side (default: %(default)s)")
    args = parser.parse_args()
    collection = scenes.PRETRAINING if args.pretraining else scenes.EMBEDDED
    if not 1 <= args.drives <= len(collection.seeds):
        parser.error(f"--drives must be from 1 to {len(collection.seeds)}, not {args.drives}")
    frames.prepare(args.out, collection, args.size)
    todo = {drive: len(frames.missing(args.out, collection, drive)) for drive in range(args.drives)}
    total, each = args.drives * collection.frames, 50 * args.processes
    with tqdm(total=total, initial=total - sum(todo.values()), unit="frame", smoothing=0.02) as progress:
        drives = [drive for drive in todo if todo[drive]]
        for first in range(0, len(drives), each):  # Blender keeps a little of every drive: processes start anew
            render_side_by_side(drives[first : first + each], args, collection, progress)
    frames.write_manifest(args.out, collection, args.drives)


def render_side_by_side(drives, args, collection, progress):
    """Render the drives in several processes."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(args.processes, spawn, initializer=frames.begin_process) as pool:
        jobs = [pool.submit(frames.render_drive, args.out, collection, drive, args.size) for drive in drives]
        try:
            for job in as_completed(jobs):
                progress.update(job.result())
        except BaseException:  # what is not begun is given up; what is rendered stays
            pool.shutdown(wait=False, cancel_futures=True)
            raise


if __name__ == "__main__":
    main()
