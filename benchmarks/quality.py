"""How soon is a recipe how good, on drives that it never saw? python -m benchmarks.quality REAL_FRAMES [RECIPE...]

Trains the graded network with each recipe on the same folds of real drives, one after the other, and evaluates it
after every epoch on the drives that the fold keeps away; the network that comes with the lesson also as it comes. The
clock starts at the list of files and stands still during evaluation. Nothing is chosen by the drives that are kept
away: what counts is the last epoch.
"""
import argparse
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from benchmarks.lesson import EMBEDDED, LESSON, RESULTS, machine, open_lesson, write
from benchmarks.recipes import RECIPES, train
from lesson.labels import read_labels
from lesson.recordings import find_frames

N_FOLDS, SEED, N_CLASSES = 3, 7, 23
LOOKS = {"lab": ("#D55E00", "s-"), "lesson": ("#000000", "D-"), "long": ("#0072B2", "o-"), "short": ("#009E73", "^-"),
         "shipped, as it comes": ("#CC79A7", "--"), "shipped, fine-tuned": ("#56B4E9", "v-")}
MAIN = [*LOOKS]   # trained on all folds, compared and drawn


def summarise(runs):
    """Return a table with one row a recipe: the scores of the last epoch, as mean and spread over the folds."""
    last = pd.DataFrame([{"recipe": r["recipe"], "fold": r["fold"], "processor": r["machine"]["processor"],
                          "epochs": len(r["epochs"]) if r["frames"] else 0, **r["epochs"][-1],
                          "mirror": r["with the mirror image"]["mean IoU"]} for r in runs])
    long_iou = last[last["recipe"] == "long"].set_index("fold")["mean IoU"]
    last["against long"] = last["mean IoU"] - last["fold"].map(long_iou)   # on the same folds
    groups = last.groupby("recipe", sort=False)
    return pd.DataFrame({
        "folds": groups.size(), "epochs": groups["epochs"].first(), "minutes": groups["seconds"].mean() / 60,
        "pixel accuracy": groups["pixel accuracy"].mean(), "± accuracy": groups["pixel accuracy"].std(),
        "mean IoU": groups["mean IoU"].mean(), "± IoU": groups["mean IoU"].std(),
        "with mirror image": groups["mirror"].mean(), "against long": groups["against long"].mean(),
        "processor": groups["processor"].unique().str.join(", ")})


def whole(runs):
    """Return the curves of the main recipes that were trained on all folds: dict to one table a fold."""
    curves = {name: [pd.DataFrame(r["epochs"]).assign(frames=r["frames"] * np.arange(1, 1 + len(r["epochs"])))
                     for r in runs if r["recipe"] == name] for name in MAIN}
    return {name: folds for name, folds in curves.items() if len(folds) == N_FOLDS}


def beside_the_lab(runs, name):
    """Return whether a recipe was measured on the machine that the lab's was: only then times are compared."""
    machines = [r["machine"] for r in runs if r["recipe"] in ("lab", name)]
    return all(machine == machines[0] for machine in machines)


def compare(runs):
    """Return, as a table, when our recipes reach what the lab's has at its end: by fold, and on their mean."""
    curves, rows = whole(runs), {}
    for name in [name for name in curves if name != "lab"]:
        alike = beside_the_lab(runs, name) and not RECIPES[name].shipped   # its hours beforehand are not counted
        for fold in (*range(N_FOLDS), "mean"):
            lab, ours = (sum(curves[recipe]) / N_FOLDS if fold == "mean" else curves[recipe][fold]
                         for recipe in ("lab", name))
            goal, seconds = lab[["mean IoU", "seconds"]].iloc[-1]
            reached = ours["seconds"][ours["mean IoU"] >= goal].min() if alike else np.nan   # nan if never
            rows[name, fold] = {
                "lab's mean IoU": goal, "lab's seconds": seconds, "reached after": reached,
                "lab's time / that": seconds / reached, "mean IoU, times the lab's": ours["mean IoU"].iloc[-1] / goal,
                "accuracy, beside the lab's": ours["pixel accuracy"].iloc[-1] - lab["pixel accuracy"].iloc[-1]}
    return pd.DataFrame(rows).T.rename_axis(["recipe", "fold"])


def by_class(runs, iou_per_class):
    """Return a table with one row a class: its share of all pixels, and its IoU over all folds, recipe by recipe."""
    totals = {name: sum(np.array(r["confusion"]) for r in runs if r["recipe"] == name) for name in whole(runs)}
    table = pd.DataFrame({name: iou_per_class(total) for name, total in totals.items()},
                         index=read_labels(N_CLASSES)["name"])
    table.insert(0, "share of pixels", totals["lab"].sum(axis=1) / totals["lab"].sum())
    return table[table["share of pixels"] > 0].sort_values("share of pixels", ascending=False)


def draw(runs, path):
    """Draw quality against the frames that were learned from: one line for each recipe and fold."""
    fig, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    for ax, name in zip(axes, ["mean IoU", "pixel accuracy"]):
        for recipe, curves in whole(runs).items():
            colour, style = LOOKS[recipe]
            for fold, curve in enumerate(curves):
                look = {"color": colour, "alpha": 0.8, "label": recipe if not fold else None}
                if curve["frames"].any():
                    ax.plot(curve["frames"], curve[name], style, markersize=3, **look)
                else:
                    ax.axhline(curve[name].iloc[-1], linestyle=style, **look)
        ax.set(xscale="log", xlabel="frames seen in training (logarithmic)", ylabel=name,
               title=f"{name} on drives kept away, one line a fold")
        ax.xaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:,g}")
        ax.xaxis.set_minor_formatter(plt.NullFormatter())
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
    fig.savefig(path, dpi=100)


def main():
    """Train, write the results after each run, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.splitlines()[0])
    parser.add_argument("real", help="folder of real frames: CameraRGB/ and CameraMask/")
    parser.add_argument("recipes", nargs="*", metavar="RECIPE",
                        help=f"any of: {', '.join(RECIPES)}; if none is named: {', '.join(MAIN)}")
    parser.add_argument("--folds", nargs="+", type=int, choices=range(N_FOLDS), default=range(N_FOLDS))
    arguments = parser.parse_args()
    if unknown := set(arguments.recipes) - set(RECIPES):
        parser.error(f"no recipe of this name: {', '.join(sorted(unknown))}")

    frames, embedded = find_frames(arguments.real), find_frames(EMBEDDED)
    drives = np.random.default_rng(SEED).permutation(frames["drive"].unique())
    stored = RESULTS / "quality.json"
    runs = json.loads(stored.read_text())["runs"] if stored.exists() else []
    lesson = open_lesson(N_CLASSES)
    for fold in arguments.folds:
        held = frames["drive"].isin(drives[fold::N_FOLDS])
        for name in arguments.recipes or MAIN:
            print(f"{name}, fold {fold}: {(~held).sum()} frames to learn from, {held.sum()} kept away", flush=True)
            result = {"recipe": name, "fold": fold, "machine": machine(),
                      **train(lesson, RECIPES[name], frames[~held], embedded, frames[held])}
            runs = [r for r in runs if (r["recipe"], r["fold"]) != (name, fold)] + [result]
            runs.sort(key=lambda r: ([*RECIPES].index(r["recipe"]), r["fold"]))
            write("quality", {"runs": runs})
    print(summarise(runs).round(3).to_string(na_rep=""))
    if "lab" in whole(runs):
        print(compare(runs).round(3).to_string(), by_class(runs, lesson.iou_per_class).round(4).to_string(), sep="\n\n")
        draw(runs, LESSON.parent / "images" / "quality.png")


if __name__ == "__main__":
    main()
