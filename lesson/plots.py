"""Draw the lesson's figures: images and masks with a legend of the classes, and one function for each chart."""
import base64
from pathlib import Path

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML
from IPython.display import display as publish
from matplotlib.patches import Patch
from PIL import Image

SPLIT_COLOURS = {"train": "#56B4E9", "validation": "#E69F00", "test": "#CC79A7"}
IN_LEGEND = 0.002  # share of the pixels in view from which on a class stands in a legend
IGNORED = (255, 255, 255)  # the colour of pixels that have no class


def show(place=None):
    """Show the open figure, with its titles as a description for readers who cannot see it.

    Args:
        place: the handle of an earlier output, which the figure replaces; None for a new one.
    """
    figure = plt.gcf()
    titles = [figure.get_suptitle(), *(ax.get_title() for ax in figure.axes)]
    put = place.update if place else publish
    put(figure, metadata={"image/png": {"alt": "; ".join(filter(None, titles))}})
    plt.close(figure)


# Images and masks.

def paint(mask, classes):
    """Return the colours, uint8 (height, width, 3), of a mask of class ids (height, width, 1)."""
    colours = np.full((256, 3), IGNORED, np.uint8)
    colours[classes.index] = classes[["red", "green", "blue"]]
    return colours[np.asarray(mask)[..., 0]]


def overlay(image, mask, classes):
    """Mix an image, uint8 (height, width, 3), half and half with the colours of its mask."""
    return (0.5 * np.asarray(image) + 0.5 * paint(mask, classes)).astype(np.uint8)


def display(images, titles, classes, place=None):
    """Show images and masks, up to five in one row or four in each, with a legend of the larger classes in view.

    Args:
        images: list of arrays (height, width, 3), uint8 or floats from -1 to 1, and masks of class ids (…, 1).
        titles: list of str.
        classes: DataFrame of `lesson.labels.read_labels`.
        place: as `show` takes it.
    """
    columns = len(images) if len(images) <= 5 else 4
    rows, width = -(-len(images) // columns), min(3.9, 11.6 / columns)
    fig, axes = plt.subplots(rows, columns, squeeze=False, layout="constrained",
                             figsize=(width * columns, 0.75 * width * rows + 0.9))
    labels = [np.ravel(image) for image in images if image.shape[-1] == 1]
    for ax, image, title in zip(axes.flat, map(np.asarray, images), titles):
        if image.shape[-1] == 1:
            image = paint(image, classes)
        elif image.dtype != np.uint8:
            image = np.clip(image / 2 + 0.5, 0, 1)
        ax.imshow(image, interpolation="nearest")
        ax.set_title(title)
    for ax in axes.flat:
        ax.axis("off")
    if labels:
        handles = legend_of(np.concatenate(labels), classes)
        fig.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False)
    show(place)


def legend_of(labels, classes):
    """Return a patch for each of the larger classes among some labels, the largest first."""
    shares = np.bincount(labels, minlength=256)[classes.index] / len(labels)
    large = [k for k in np.argsort(-shares) if shares[k] >= IN_LEGEND]
    return [Patch(facecolor=(row.red / 255, row.green / 255, row.blue / 255), edgecolor="grey", label=row.name)
            for row in classes.iloc[large].itertuples()]


def error_map(image, mask, prediction):
    """Return an image from -1 to 1, dark grey where prediction and mask agree, white where they differ."""
    dark = np.repeat(0.4 * np.asarray(image).mean(axis=-1, keepdims=True) - 0.6, 3, axis=-1)
    return np.where(np.asarray(mask) == prediction, dark, 1.0)


def film(path, images, masks, classes):
    """Write a film of frames, each beside its mask and above a legend.

    Args:
        path: of the GIF.
        images: list of uint8 arrays (height, width, 3). masks: list of class ids (height, width, 1).
        classes: as `display` takes it.

    Returns:
        HTML that shows the film.
    """
    fig = plt.figure(figsize=(6.4, 0.7), dpi=80)
    handles = legend_of(np.concatenate([np.ravel(mask) for mask in masks]), classes)
    fig.legend(handles=handles, loc="center", ncols=5, frameon=False, fontsize=8)
    fig.canvas.draw()
    legend = np.asarray(fig.canvas.buffer_rgba())[..., :3]
    plt.close(fig)
    shots = []
    for image, mask in zip(images, masks):
        sides = Image.fromarray(np.concatenate([image, paint(mask, classes)], axis=1))
        sides = sides.resize((legend.shape[1], round(legend.shape[1] * sides.height / sides.width)))
        shots.append(np.concatenate([np.asarray(sides), legend]))
    iio.imwrite(path, np.stack(shots), duration=400, loop=0)
    gif = base64.b64encode(Path(path).read_bytes()).decode()
    return HTML('<img alt="A test drive as a film: left the frame, right its predicted mask, below the legend" '
                f'src="data:image/gif;base64,{gif}">')


# Charts.

def plot_class_shares(classes):
    """Plot the column `share of pixels` of a table of classes as dots on a logarithmic axis."""
    shown = classes[classes["share of pixels"] > 0].sort_values("share of pixels")
    fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    ax.grid(axis="x", color="lightgrey")
    ax.scatter(shown["share of pixels"], shown["name"], s=70, c=shown[["red", "green", "blue"]].to_numpy() / 255,
               edgecolor="grey", zorder=2)
    ax.set(xscale="log", xlabel="share of all pixels (logarithmic)",
           title="How much of the frames does each class fill?")
    show()


def plot_split(frames):
    """Plot the drives in the order of their frames, coloured by the column `split`."""
    fig, ax = plt.subplots(figsize=(10, 1.9), layout="constrained")
    for name, colour in SPLIT_COLOURS.items():
        drives = frames[frames["split"] == name].groupby("drive")
        ax.broken_barh([(drive.index[0], len(drive)) for _, drive in drives], (0, 1), facecolor=colour,
                       edgecolor="white", label=name)
    for number, drive in frames.groupby("drive"):
        ax.text(drive.index[0] + len(drive) / 2, 0.5, number, ha="center", va="center", fontsize=8)
    ax.set(yticks=[], xlabel="frames in the order of their numbers",
           title="Each block is a drive, and its colour the part that it belongs to")
    fig.legend(loc="outside right upper", frameon=False)
    show()


def plot_grids(grids, titles, suptitle):
    """Plot small grids of numbers, (height, width), side by side, with each number in its cell."""
    fig, axes = plt.subplots(1, len(grids), figsize=(2.9 * len(grids), 3.1), layout="constrained", squeeze=False)
    for ax, grid, title in zip(axes.flat, grids, titles):
        grid = np.asarray(grid, float)
        ax.imshow(grid, cmap="Greys", vmin=min(0, grid.min()), vmax=2 * max(1, grid.max()))
        for place, number in np.ndenumerate(grid):
            ax.text(*place[::-1], f"{number:g}", ha="center", va="center", fontsize=9)
        ax.set_title(f"{title}: {grid.shape[0]}×{grid.shape[1]}")
        ax.axis("off")
    fig.suptitle(suptitle)
    show()


def plot_feature_maps(rows, suptitle):
    """Plot the six channels that differ most from place to place, a row for each array (height, width, channels)."""
    chosen = np.argsort(-np.std(rows[0], axis=(0, 1)))[:6]
    fig, axes = plt.subplots(len(rows), 6, figsize=(11.6, 1.95 * len(rows)), layout="constrained", squeeze=False)
    for line, maps in zip(axes, rows):
        for ax, channel in zip(line, chosen):
            ax.imshow(maps[..., channel], cmap="gray", interpolation="nearest")
            ax.set_title(f"{channel}: {maps.shape[0]}×{maps.shape[1]}")
            ax.axis("off")
    fig.suptitle(suptitle)
    show()


def plot_probabilities(probabilities, y_true, losses):
    """Plot the probabilities of each pixel, (height, width, classes), as bars, the true class framed."""
    places = [*np.ndindex(losses.shape)]
    fig, axes = plt.subplots(1, len(places), figsize=(3 * len(places), 2.8), sharey=True, layout="constrained")
    for ax, place in zip(axes, places):
        n_classes = probabilities.shape[-1]
        bars = ax.bar(range(n_classes), probabilities[place], color=["#56B4E9", "#E69F00", "#009E73"][:n_classes])
        bars[y_true[place]].set(edgecolor="black", linewidth=3)
        ax.set(xlabel="class", xticks=range(n_classes), ylim=(0, 1),
               title=f"pixel {', '.join(map(str, place))}: loss {losses[place]:.2f}")
    axes[0].set_ylabel("probability")
    fig.suptitle("The probabilities of each pixel's classes, the true class framed")
    show()


def plot_history(history, best_epoch):
    """Plot loss and accuracy of a training, a DataFrame indexed by epoch, with a ring at the best epoch."""
    fig, axes = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
    for ax, name in zip(axes, ["loss", "accuracy"]):
        ax.plot(history[name], "o-", color=SPLIT_COLOURS["train"], label="training drives")
        ax.plot(history["val_" + name], "s-", color=SPLIT_COLOURS["validation"], label="validation drives")
        ax.plot(best_epoch, history["val_" + name][best_epoch], "o", markersize=14, markerfacecolor="none",
                color="black", label=f"best epoch: {best_epoch}")
        ax.set(xlabel="epoch", ylabel=name, title=f"{name} per pixel")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
    show()


def plot_iou(result, classes, title):
    """Plot the column `IoU` of a table indexed by class names as bars, in the order of its rows."""
    colours = classes.set_index("name").loc[result.index, ["red", "green", "blue"]].to_numpy() / 255
    fig, ax = plt.subplots(figsize=(11, 3.8), layout="constrained")
    bars = ax.bar(result.index, result["IoU"], color=colours, edgecolor="grey")
    ax.bar_label(bars, fmt="%.2f", fontsize=8)
    ax.set(ylabel="IoU", ylim=(0, 1.08), title=title)
    ax.tick_params(axis="x", rotation=60)
    show()


def plot_confusion(confusion, order, names):
    """Plot a confusion matrix, each row as parts of its true class, with the percentages from 10 on.

    Args:
        confusion: counts (n_classes, n_classes). order: list of the class ids to show. names: list of all class names.
    """
    parts = (confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1))[order][:, order]
    fig, ax = plt.subplots(figsize=(9, 7.5), layout="constrained")
    shown = ax.imshow(parts, cmap="viridis", vmin=0, vmax=1)
    for row, column in np.argwhere(parts >= 0.1):
        part = parts[row, column]
        ax.text(column, row, f"{100 * part:.0f}", ha="center", va="center", fontsize=7,
                color="black" if part > 0.6 else "white")
    ax.set(xlabel="predicted class", ylabel="true class",
           title="Confusion matrix on the test drives: percent of each true class (from 10 on)")
    ax.set_xticks(range(len(order)), [names[k] for k in order], rotation=90)
    ax.set_yticks(range(len(order)), [names[k] for k in order])
    fig.colorbar(shown, label="share of the true class's pixels")
    show()


def plot_pairs(table, title):
    """Plot two columns of IoU, indexed by class names, as an open and a filled dot, the largest gain on top."""
    first, second = table.columns
    table = table.loc[(table[second] - table[first]).sort_values().index]
    fig, ax = plt.subplots(figsize=(8, 1 + 0.25 * len(table)), layout="constrained")
    ax.hlines(table.index, table[first], table[second], color="grey")
    for name, colour, fill, size in [(first, "#D55E00", "white", 10), (second, "#0072B2", "#0072B2", 6)]:
        ax.plot(table[name], table.index, "o", color=colour, markerfacecolor=fill, markersize=size, label=name)
    ax.set(xlabel="IoU on the validation drives", title=title)
    fig.legend(loc="outside lower center", ncols=2, frameon=False)
    show()
