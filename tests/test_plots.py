"""The lesson's figures: masks in their colours, legends, descriptions, the film."""
import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import pytest

from lesson import plots
from lesson.labels import read_labels

CLASSES = read_labels(23)


@pytest.fixture
def shown(monkeypatch):
    """What is shown: a list of (figure, its metadata)."""
    figures = []
    monkeypatch.setattr(plots, "publish", lambda figure, metadata: figures.append((figure, metadata)))
    return figures


def test_masks_are_painted_and_pixels_without_a_class_are_white():
    mask = np.array([[[7], [13]], [[255], [4]]], np.uint8)
    painted = plots.paint(mask, CLASSES)
    for (row, column), label in np.ndenumerate(mask[..., 0]):
        expected = plots.IGNORED if label == 255 else CLASSES.loc[label, ["red", "green", "blue"]]
        np.testing.assert_array_equal(painted[row, column], np.array(expected, int))
    grey = np.full((2, 2, 3), 100, np.uint8)
    np.testing.assert_array_equal(plots.overlay(grey, mask, CLASSES), (50 + painted / 2).astype(np.uint8))


def test_legend_names_the_larger_classes_in_view_the_largest_first():
    labels = np.repeat([7, 13, 4, 10, 255], [600, 396, 3, 1, 200])
    assert [patch.get_label() for patch in plots.legend_of(labels, CLASSES)] == ["Road", "Sky", "Pedestrian"]


def test_display_shows_images_and_masks_with_titles_as_description(shown):
    image, mask = np.zeros((4, 6, 3), np.uint8), np.full((4, 6, 1), 7, np.uint8)
    plots.display([image, mask, image - 1.0], ["Image", "Mask", "Scaled"], CLASSES)
    [(figure, metadata)] = shown
    assert metadata == {"image/png": {"alt": "Image; Mask; Scaled"}} and not plt.get_fignums()
    drawn = [ax.get_images()[0].get_array() for ax in figure.axes]
    assert [array.shape for array in drawn] == [(4, 6, 3)] * 3 and (drawn[1] == [128, 64, 128]).all()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Road"]


def test_error_map():
    truth, prediction = np.array([[[1], [2]]]), np.array([[[1], [3]]])
    right, wrong = plots.error_map(np.full((1, 2, 3), 0.5), truth, prediction)[0]
    assert np.ptp(right) == 0 and right.max() < 0 and np.all(wrong == 1), "dark grey and white"


def test_film_has_a_legend_below(tmp_path):
    images = [np.full((30, 40, 3), 50 * k, np.uint8) for k in (1, 2)]
    masks = [np.full((30, 40, 1), label, np.uint8) for label in (7, 13)]
    html = plots.film(tmp_path / "drive.gif", images, masks, CLASSES)
    shots = iio.imread(tmp_path / "drive.gif", mode="RGB")
    assert len(shots) == 2 and "alt=" in html.data and "data:image/gif;base64," in html.data
    height = round(shots.shape[2] * 30 / 80)
    assert shots.shape[1] > height
    assert np.abs(shots[0, height // 2, -9].astype(int) - [128, 64, 128]).max() < 12
    assert np.ptp(shots[0, height:]) > 100, "patches and names"


def test_charts_show_all_classes_that_they_are_given(shown):
    classes = CLASSES.assign(**{"share of pixels": np.arange(23) / 253})
    plots.plot_class_shares(classes)
    assert len(shown[-1][0].axes[0].collections[0].get_offsets()) == 22, "a class without pixels has no dot"
    result = classes.set_index("name").iloc[[7, 13]].assign(IoU=[0.9, 0.5])
    plots.plot_iou(result, CLASSES, "IoU")
    assert [bar.get_height() for bar in shown[-1][0].axes[0].patches] == [0.9, 0.5]
    plots.plot_confusion(np.array([[6, 2, 2], [0, 0, 0], [1, 0, 0]]), [0, 2], ["Road", "Sky", "Pole"])
    assert [text.get_text() for text in shown[-1][0].axes[0].texts] == ["60", "20", "100"]
