"""The figures: what is drawn (data, titles, marks), and what is refused."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from zssbir_lib import display
from zssbir_lib.display.arrays import as_picture


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def frame_colour(axes):
    return to_hex(axes.spines["left"].get_edgecolor()).upper()


def pictures(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(
        0, 256, (*shape, 3, 8, 8), dtype=torch.uint8, generator=generator
    )


# --- style ---------------------------------------------------------------------------


def test_house_style_is_loaded():
    assert plt.rcParams["figure.dpi"] == 110
    assert not plt.rcParams["axes.spines.top"]
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert len(set(cycle)) == 7
    assert cycle[0].lstrip("#").upper() == "0072B2"


def test_colours_and_marks_never_coincide():
    colours = {
        display.SKETCH_COLOUR,
        display.PHOTO_COLOUR,
        display.CORRECT_COLOUR,
        display.WRONG_COLOUR,
    }
    assert len(colours) == 4
    assert display.CORRECT_MARK != display.WRONG_MARK
    assert display.SKETCH_MARKER != display.PHOTO_MARKER


# --- saving --------------------------------------------------------------------------


def test_saving_twice_gives_the_same_bytes_and_leaves_no_other_file(tmp_path):
    folder = tmp_path / "new" / "figures"
    for name in ("first", "second"):
        figure = display.interval_plot(["a"], [0.5], [0.4], [0.6])
        assert display.save_figure(figure, name, folder) is None
    first, second = sorted(folder.iterdir())
    assert (first.name, second.name) == ("first.png", "second.png")
    assert first.read_bytes() == second.read_bytes()
    assert b"Software" not in first.read_bytes()


def test_failed_save_keeps_the_old_figure(tmp_path, monkeypatch):
    figure = display.interval_plot(["a"], [0.5], [0.4], [0.6])
    display.save_figure(figure, "curve", tmp_path)
    before = (tmp_path / "curve.png").read_bytes()

    def half_written(file, **_):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", half_written)
    with pytest.raises(OSError, match="disk full"):
        display.save_figure(figure, "curve", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["curve.png"]
    assert (tmp_path / "curve.png").read_bytes() == before


@pytest.mark.parametrize("name", ["", "a/b", "curve.png", ".."])
def test_figure_name_must_be_plain(tmp_path, name):
    with pytest.raises(ValueError, match="plain name without folder and ending"):
        display.save_figure(plt.figure(), name, tmp_path)


# --- images --------------------------------------------------------------------------


def test_picture_moves_channels_last():
    image = pictures(1)[0]
    np.testing.assert_array_equal(as_picture(image), image.permute(1, 2, 0).numpy())
    assert as_picture(np.zeros((1, 4, 5))).shape == (4, 5)
    assert as_picture([[0.0, 1.0]]).shape == (1, 2)


def test_picture_refuses_channels_last_and_normalised_values():
    with pytest.raises(ValueError, match=r"shape \(8, 8, 3\).*channels first"):
        as_picture(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="-2 to 1.*undo the normalisation"):
        as_picture(torch.tensor([[-2.0, 1.0]]))
    with pytest.raises(ValueError, match="nan"):
        as_picture(torch.tensor([[float("nan"), 1.0]]))


def test_grey_pictures_run_from_black_to_white():
    figure = display.image_grid([torch.full((4, 4), 200, dtype=torch.uint8)])
    assert figure.axes[0].images[0].get_clim() == (0, 255)
    figure = display.image_grid([torch.full((4, 4), 0.2)])
    assert figure.axes[0].images[0].get_clim() == (0, 1)


def test_image_grid_draws_in_order_and_hides_the_rest():
    images = pictures(5)
    figure = display.image_grid(images, list("abcde"), columns=3, title="Five")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == list("abcde")
    assert figure.get_suptitle() == "Five"
    assert len(figure.axes) == 6
    for axes, image in zip(shown, images, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), as_picture(image))


def test_image_grid_refuses_nothing_and_wrong_titles():
    with pytest.raises(ValueError, match="0 images"):
        display.image_grid([])
    with pytest.raises(ValueError, match="0 columns"):
        display.image_grid(pictures(2), columns=0)
    with pytest.raises(ValueError, match="titles has 1 entries, expected 2"):
        display.image_grid(pictures(2), ["one"])


# --- the retrieval panel -------------------------------------------------------------


def test_retrieval_panel_marks_right_and_wrong_by_frame_and_by_mark():
    queries, results = pictures(2), pictures(2, 3)
    correct = torch.tensor([[True, False, True], [False, False, True]])
    figure = display.retrieval_panel(queries, results, correct, title="Two queries")
    assert len(figure.axes) == 8
    grid = np.array(figure.axes).reshape(2, 4)
    for row in range(2):
        sketch = grid[row, 0]
        assert frame_colour(sketch) == display.SKETCH_COLOUR
        assert not sketch.texts
        np.testing.assert_array_equal(
            sketch.images[0].get_array(), as_picture(queries[row])
        )
        for rank in range(3):
            axes, is_right = grid[row, rank + 1], bool(correct[row, rank])
            colour, mark = (
                (display.CORRECT_COLOUR, display.CORRECT_MARK)
                if is_right
                else (display.WRONG_COLOUR, display.WRONG_MARK)
            )
            assert frame_colour(axes) == colour
            assert [text.get_text() for text in axes.texts] == [mark]
            np.testing.assert_array_equal(
                axes.images[0].get_array(), as_picture(results[row, rank])
            )
    assert [axes.get_title() for axes in grid[0]] == ["sketch", "1", "2", "3"]


def test_retrieval_panel_writes_names_below():
    figure = display.retrieval_panel(
        pictures(1), pictures(1, 2), [[1, 0]], ["mug"], [["mug", "hot air balloon"]]
    )
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert labels == ["mug", "mug", "hot air\nballoon"]


def test_marks_are_in_the_font(recwarn):
    display.retrieval_panel(pictures(1), pictures(1, 2), [[1, 0]]).canvas.draw()
    assert not [str(warning.message) for warning in recwarn]


def test_retrieval_panel_refuses_numbers_that_do_not_fit():
    queries, results, correct = pictures(2), pictures(2, 3), np.ones((2, 3), bool)
    with pytest.raises(ValueError, match="queries has 1 entries, expected 2"):
        display.retrieval_panel(queries[:1], results, correct)
    with pytest.raises(ValueError, match=r"results\[0\] has 2 entries, expected 3"):
        display.retrieval_panel(queries, results[:, :2], correct)
    with pytest.raises(ValueError, match="query_names has 1 entries"):
        display.retrieval_panel(queries, results, correct, ["mug"])
    with pytest.raises(ValueError, match=r"result_names\[1\] has 1 entries"):
        names = [["a", "b", "c"], ["a"]]
        display.retrieval_panel(queries, results, correct, result_names=names)
    with pytest.raises(ValueError, match=r"shape \(3,\); expected \(Q, K\)"):
        display.retrieval_panel(queries, results, correct[0])


# --- curves --------------------------------------------------------------------------


def test_training_curves_draw_loss_and_the_epochs_that_were_validated():
    history = [
        {"loss": 0.2, "validation": None},
        {"loss": 0.1, "validation": 0.3},
        {"loss": 0.05, "validation": 0.25},
    ]
    figure = display.training_curves(history, title="It falls")
    left, right = figure.axes
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(left.lines[0].get_ydata(), [0.2, 0.1, 0.05])
    np.testing.assert_array_equal(right.lines[0].get_xdata(), [2, 3])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [0.3, 0.25])
    assert [text.get_text() for text in right.texts] == ["best: 0.300"]
    assert right.texts[0].xy == (2, 0.3)
    assert figure.get_suptitle() == "It falls"
    assert (left.get_xlabel(), left.get_ylabel()) == ("epoch", "training loss")


def test_training_curves_without_validation_are_one_panel():
    assert len(display.training_curves([{"loss": 1.0}, {"loss": 0.5}]).axes) == 1


def test_training_curves_refuse_an_empty_history_and_a_missing_loss():
    with pytest.raises(ValueError, match="history is empty"):
        display.training_curves([])
    with pytest.raises(ValueError, match=r"epoch 2 has no 'loss'; it has \['time'\]"):
        display.training_curves([{"loss": 1.0}, {"time": 2.0}])


def test_interval_plot_draws_dots_bars_and_numbers():
    figure = display.interval_plot(
        ["random", "triplet"],
        torch.tensor([0.07, 0.47]),
        [0.05, 0.45],
        np.array([0.09, 0.50]),
        title="Training helps",
    )
    (axes,) = figure.axes
    dots, caps, bars = axes.containers[0]
    np.testing.assert_allclose(dots.get_xdata(), [0.07, 0.47])
    ends = [segment[:, 0] for segment in bars[0].get_segments()]
    np.testing.assert_allclose(ends, [[0.05, 0.09], [0.45, 0.50]], atol=1e-6)
    assert [text.get_text() for text in axes.texts] == ["0.070", "0.470"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "random",
        "triplet",
    ]
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first name stands on top
    assert "95 % interval" in axes.get_xlabel()
    assert axes.get_title(loc="left") == "Training helps"


def test_interval_plot_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="lows has 1 entries, expected 2"):
        display.interval_plot(["a", "b"], [0.1, 0.2], [0.1], [0.3, 0.3])
    with pytest.raises(ValueError, match=r"b: mean 0.5 lies outside .*\[0.1, 0.3\]"):
        display.interval_plot(["a", "b"], [0.2, 0.5], [0.1, 0.1], [0.3, 0.3])
    with pytest.raises(ValueError, match="no results"):
        display.interval_plot([], [], [], [])


# --- the map of embeddings -----------------------------------------------------------


def test_principal_plane_keeps_distances_of_flat_points_and_is_never_mirrored():
    generator = torch.Generator().manual_seed(1)
    flat = torch.randn(20, 2, generator=generator, dtype=torch.float64) * 3
    turn, _ = torch.linalg.qr(
        torch.randn(5, 5, generator=generator, dtype=torch.float64)
    )
    embeddings = flat @ turn[:2] + 7
    plane = torch.from_numpy(display.principal_plane(embeddings))
    torch.testing.assert_close(torch.cdist(plane, plane), torch.cdist(flat, flat))
    torch.testing.assert_close(plane.mean(dim=0), torch.zeros(2, dtype=torch.float64))
    assert plane.var(dim=0)[0] > plane.var(dim=0)[1]
    shuffled = display.principal_plane(embeddings.flip(0))
    np.testing.assert_allclose(shuffled, plane.flip(0), atol=1e-9)


def test_principal_plane_refuses_a_single_dimension():
    with pytest.raises(ValueError, match=r"shape \(4, 1\); expected \(N, D\)"):
        display.principal_plane(torch.zeros(4, 1))


def test_embedding_map_uses_triangles_for_sketches_and_circles_for_photos():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [5.0, 5.0]])
    figure = display.embedding_map(
        points, [0, 0, 0, 1], [0, 1, 1, 0], ["mug", "cat"], title="Apart"
    )
    (axes,) = figure.axes
    drawn = [scatter.get_offsets().tolist() for scatter in axes.collections]
    assert drawn == [[[0, 0]], [[1, 0], [1, 2]], [[5, 5]]]
    corners = [len(scatter.get_paths()[0].vertices) for scatter in axes.collections]
    assert corners[0] == corners[2] == 4 < corners[1]  # triangles are closed: 4 points
    named = {text.get_text(): tuple(text.xy) for text in axes.texts}
    assert named == {"mug": (1.0, 1.0), "cat": (5.0, 5.0)}
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["sketch", "photo"]
    assert axes.get_title(loc="left") == "Apart"


def test_embedding_map_refuses_what_does_not_fit():
    points = torch.zeros(2, 2)
    with pytest.raises(ValueError, match=r"shape \(2, 3\).*principal_plane"):
        display.embedding_map(torch.zeros(2, 3), [0, 0], [0, 1], ["mug"])
    with pytest.raises(ValueError, match="labels has 1 entries, expected 2"):
        display.embedding_map(points, [0], [0, 1], ["mug"])
    with pytest.raises(ValueError, match="labels run from 0 to 1, but .* 1 class"):
        display.embedding_map(points, [0, 1], [0, 1], ["mug"])
    with pytest.raises(ValueError, match=r"modality contains \[2\]"):
        display.embedding_map(points, [0, 0], [0, 2], ["mug"])
