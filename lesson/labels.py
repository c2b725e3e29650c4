"""The classes of CARLA's releases and of one's own: names, colours, and which ones match."""
import colorsys
from pathlib import Path

import numpy as np
import pandas as pd

from lesson.errors import FrameError

CHANNELS = ["red", "green", "blue"]
_LABELS = pd.read_csv(Path(__file__).parents[1] / "data" / "labels.csv", dtype={"carla": str})
TABLES = {release: table.set_index("id").drop(columns="carla")
          for release, table in _LABELS.groupby("carla", sort=False)}
FAMILIES = {len(table): table for table in TABLES.values()}  # by their number of ids; of several palettes the last
_RELEASES = {n: [release for release, table in TABLES.items() if len(table) == n] for n in FAMILIES}
RELEASES = {n: "-".join([*dict.fromkeys((some[0].split("-")[0], some[-1].split("-")[-1]))])
            for n, some in _RELEASES.items()}
MAX_ID = max(FAMILIES) - 1
WHICH_CLASSES = (
    "Set N_CLASSES in the notebook's parameter cell (--classes for lesson.check) to "
    + ", ".join(f"{n_classes} for CARLA {releases}" for n_classes, releases in RELEASES.items())
    + ", or to the number of your own classes.\nTo tell: road is id 7 in the first two, of which only the second has "
      "ids above 12 (sky is 13); in the others, road is id 1 (sky is 11), and only the last has id 29.")


def read_labels(n_classes, folder=None):
    """Read the names and colours of the classes.

    Args:
        n_classes: int; 13, 23, 29 and 30 are those of CARLA's releases, any other count gets numbered names.
        folder: path of a folder whose `labels.csv`, if it has one, names classes of one's own: columns `id` and `name`,
            and if you like `red`, `green`, `blue`.

    Returns:
        DataFrame, one row a class, its index the class id: `name` (str), `red`, `green`, `blue` (int, 0 to 255).
        Source: CARLA's documentation of the semantic segmentation camera, and of its palettes `CityScapesPalette.h`.

    Raises:
        FrameError: if the folder's `labels.csv` has no such columns, or an id twice or out of range.
    """
    if n_classes in FAMILIES:
        labels = FAMILIES[n_classes].drop(columns="name_23")
    else:
        hues = [colorsys.hsv_to_rgb(0.618 * k % 1, 0.6, 0.9) for k in range(n_classes)]
        labels = pd.DataFrame(np.rint(255 * np.array(hues)).astype(int), columns=CHANNELS).rename_axis("id")
        labels.insert(0, "name", [f"class {k}" for k in range(n_classes)])
    own = _read_own(folder, n_classes)
    if own is not None:
        labels["name"] = own["name"].reindex(labels.index).fillna(pd.Series([f"class {k}" for k in labels.index]))
        for channel in own.columns.intersection(CHANNELS):
            labels.loc[own.index, channel] = own[channel]
    return labels


def _read_own(folder, n_classes):
    """Return a folder's own table of labels by id, or None."""
    path = Path(folder or "nowhere") / "labels.csv"
    if folder is None or not path.is_file():
        return None
    try:
        own = pd.read_csv(path, skipinitialspace=True, keep_default_na=False)  # `None` is a name
        if "carla" in own:  # the tables of this project
            return None
        own = own.astype({"id": int, "name": str} | {channel: int for channel in own.columns.intersection(CHANNELS)})
    except (KeyError, ValueError, OSError) as error:  # pandas' own are ValueErrors
        raise FrameError(f"{path} cannot be read: {error}. Expected a line `id,name` or `id,name,red,green,blue`, then "
                         "a line for each class, such as `1,Road`.") from None
    wrong = own["id"][own["id"].duplicated() | ~own["id"].between(0, n_classes - 1)]
    if len(wrong):
        raise FrameError(f"{path} has the id {wrong.iloc[0]} twice or out of range. Expected each id from 0 to "
                         f"{n_classes - 1} once: N_CLASSES is {n_classes}.")
    return own.set_index("id")


def matching_23(table):
    """Return which of the 23 classes of CARLA 0.9.10-0.9.13 matches each class of another table.

    Args:
        table: int, a number of classes, or str, a release as `labels.csv` names it.

    Returns:
        int array (n_classes,): the id in the table of 23 classes; -1 where none matches, as for classes of one's own.
    """
    if isinstance(table, str) and table not in TABLES:
        raise ValueError(f"No release {table!r}. Expected one of {', '.join(TABLES)}.")
    labels = TABLES.get(table, FAMILIES.get(table))
    if labels is None:
        return np.full(table, -1)
    ids = {name: k for k, name in FAMILIES[23]["name"].items()}
    return labels["name_23"].map(ids).to_numpy()
