"""Colours that carry meaning beyond CARLA's palette: readers who see colours differently must tell them apart."""
import ast
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from lesson import plots

# Simulation of what is seen with full severity: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes (2009), linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def seen(colours, deficiency):
    """Return colours, sRGB (…, 3) from 0 to 1, as they are seen: CIELAB (…, 3)."""
    colours = np.asarray(colours, float)
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055)**2.4)
    linear = np.clip(linear @ np.transpose(DEFICIENCIES[deficiency]), 0, 1)
    xyz = linear @ np.transpose([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                                 [0.0193339, 0.1191920, 0.9503041]]) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def figures():
    """Return the colours, as #RRGGBB, that stand together in `lesson.plots`: by the name of a function or constant."""
    source = Path(plots.__file__).read_text()
    found = {getattr(node, "name", None) or node.targets[0].id:
             sorted(set(re.findall(r"#([0-9A-F]{6})\b", ast.get_source_segment(source, node))))
             for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.Assign))}
    return {name: colours for name, colours in found.items() if colours}


def test_the_lesson_names_colours():
    assert {"SPLIT_COLOURS", "plot_probabilities", "plot_pairs"} <= figures().keys()


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("name, colours", figures().items())
def test_colours_of_a_figure_differ(name, colours, deficiency):
    points = seen([[int(colour[k:k + 2], 16) / 255 for k in (0, 2, 4)] for colour in colours], deficiency)
    for (one, a), (other, b) in itertools.combinations(zip(colours, points), 2):
        assert np.linalg.norm(a - b) > 15, f"#{one} and #{other}"


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_errors_stand_out_from_the_grey_image(deficiency):
    greys = np.linspace(-1, 1, 50)[np.newaxis, :, np.newaxis] * np.ones(3)
    same, other = np.zeros((1, 50, 1), np.uint8), np.ones((1, 50, 1), np.uint8)
    right, wrong = (np.clip(plots.error_map(greys, same, prediction) / 2 + 0.5, 0, 1) for prediction in (same, other))
    distances = np.linalg.norm(seen(right, deficiency)[0][:, np.newaxis] - seen(wrong, deficiency)[0], axis=-1)
    assert distances.min() > 40
