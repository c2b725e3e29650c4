"""The classes of CARLA's releases, by name and colour."""
import colorsys
from pathlib import Path

import numpy as np
import pandas as pd

LABELS = pd.read_csv(Path(__file__).parents[1] / "data" / "labels.csv")
FAMILIES = {len(labels): labels.set_index("id") for _, labels in LABELS.groupby("carla")}  # by their number of ids
RELEASES = {n_classes: labels["carla"].iloc[0] for n_classes, labels in FAMILIES.items()}
MAX_ID = max(FAMILIES) - 1
WHICH_CLASSES = (
    "Set N_CLASSES in the notebook's parameter cell (--classes for lesson.check) to "
    + ", ".join(f"{n_classes} for CARLA {releases}" for n_classes, releases in RELEASES.items())
    + ", or to the number of your own classes.\nTo tell: road is id 7 in the first two, of which only the second has "
      "ids above 12 (sky is 13); in the third, road is id 1 (sky is 11).")


def read_labels(n_classes):
    """Read the names and colours of the classes from `labels.csv`.

    Args:
        n_classes: int; 13, 23 and 29 are those of CARLA's releases, any other count gets numbered names.

    Returns:
        DataFrame, one row a class, its index the class id: `name` (str), `red`, `green`, `blue` (int, 0 to 255).
        Source: CARLA's documentation of the semantic segmentation camera.
    """
    if n_classes in FAMILIES:
        return FAMILIES[n_classes].drop(columns="carla")
    hues = [colorsys.hsv_to_rgb(0.618 * k % 1, 0.6, 0.9) for k in range(n_classes)]
    colours = pd.DataFrame(np.rint(255 * np.array(hues)).astype(int), columns=["red", "green", "blue"])
    colours.insert(0, "name", [f"class {k}" for k in range(n_classes)])
    return colours.rename_axis("id")
