"""Command line: python -m render --drives 2 --out DIR."""

import argparse
import csv
import hashlib
import os
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from . import look, scenes
from .stage import Stage, quiet


def number(drive, time):
    """Return a frame's number; drives lie 300 apart, so that a gap of more than 200 separates them."""
    return 300 * (drive + 1) + time


def paths(out, name):
    """Return where a frame's picture and mask are kept."""
    return out / "CameraRGB" / f"{name:06d}.png", out / "CameraMask" / f"{name:06d}.png"


def save(picture, path):
    """Write a PNG under another name first, so that a file that exists is complete."""
    part = path.with_suffix(".part")
    Image.fromarray(picture).save(part, "PNG", optimize=True)
    os.replace(part, path)


def store(picture, ids, places):
    """Store a picture box-filtered and a mask by nearest neighbour at half size, as RGBA."""
    half = (picture.shape[1] // 2, picture.shape[0] // 2)
    picture = np.asarray(Image.fromarray(picture).resize(half, Image.BOX))
    ids = np.asarray(Image.fromarray(ids).resize(half, Image.NEAREST))
    opaque, none = np.full_like(ids, 255), np.zeros_like(ids)
    save(np.dstack([ids, none, none, opaque]), places[1])
    save(np.dstack([picture, opaque]), places[0])


def write_manifest(out, drives):
    """List every finished frame with its checksums."""
    digest = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()  # noqa: E731
    with open(out / "manifest.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["frame", "drive", "seed", "scene", "weather", "sha256_rgb", "sha256_mask"])
        for drive in range(drives):
            kind, weather = scenes.plan(drive)
            for time in range(scenes.FRAMES):
                places = paths(out, number(drive, time))
                if all(place.exists() for place in places):
                    row = [f"{number(drive, time):06d}", drive, scenes.seed_of(drive), kind, weather]
                    table.writerow(row + [digest(place) for place in places])


def main():
    """Render the frames that are still missing."""
    parser = argparse.ArgumentParser(prog="python -m render", description="Render embedded driving frames.")
    parser.add_argument("--drives", type=int, default=2, help="how many drives (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for CameraRGB, CameraMask and manifest.csv")
    args = parser.parse_args()
    for folder in ("CameraRGB", "CameraMask"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    todo = {
        d: [t for t in range(scenes.FRAMES) if not paths(args.out, number(d, t))[0].exists()]
        for d in range(args.drives)
    }
    progress = tqdm(
        total=args.drives * scenes.FRAMES,
        initial=args.drives * scenes.FRAMES - sum(map(len, todo.values())),
        unit="frame",
    )
    for index, times in todo.items():
        if not times:
            continue
        drive = scenes.compose(index)
        with quiet():
            stage = Stage(drive.world, drive.light)
        for time in times:
            progress.set_description(f"drive {index}, {drive.kind}, {drive.light.name}")
            with quiet():
                light, depth, ids, pose = stage.render(time, drive.views[time])
            picture = look.finish(light, depth, ids, pose, drive.look, drive.seed * 100 + time)
            store(picture, ids, paths(args.out, number(index, time)))
            progress.update()
    progress.close()
    write_manifest(args.out, args.drives)


if __name__ == "__main__":
    main()
