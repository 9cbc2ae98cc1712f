"""The figures by a script: pictures, captions with what was measured, and errors."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from noise_folder import write_noise_folder
from paper_figures.ablation_figure import read_table
from paper_figures.data_figure import finding
from paper_figures.lookalike_figure import drawn_classes, judged
from paper_figures.material import PICTURE_SIZE, take_pictures
from paper_figures.topk_figure import choose_queries
from paper_figures.tsne_figure import keep, shown
from paper_figures.words import and_list, distinct_names, method_name, with_section

import figures
from figures import full_name
from zssbir_lib.cli import main
from zssbir_lib.data import ImageSet
from zssbir_lib.evaluation import LabelledEmbeddings
from zssbir_lib.modality import PHOTO

SHORT = ("batch_size=4", "epochs=1", "steps_per_epoch=1")
ROWS = ("triplet-smoke", "triplet-quick")
MODELS = ("--ours", ROWS[0], "--beside", ROWS[1])
ALL = ("f07_ablation", "f07_data", "f07_lookalikes", "f07_topk", "f07_tsne")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Train two rows with three seeds for a step on tiny images; return options."""
    folder = write_noise_folder(tmp_path_factory.mktemp("images"))
    data = ("--data", str(folder), "--split", str(folder / "split.json"))
    runs = tmp_path_factory.mktemp("runs")
    path = runs / "two.toml"
    path.write_text('[rows.triplet]\nmethod = "triplet"')
    words = ["study", str(path), *data, "--profiles", "smoke,quick", "--seeds", "3"]
    words += [word for change in SHORT for word in ("--set", change)]
    words += [
        "--weights",
        "none",
        "--device",
        "cpu",
        "--runs",
        str(runs),
        "--out",
        str(runs / "out.json"),
    ]
    assert main(words) == 0
    return [*data, "--runs", str(runs), "--device", "cpu"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Write a table of two rows on two splits, three seeds each."""
    rows = [
        {"row": row, "split": split, "cells": {cell: {"map@all": {"values": values}}}}
        for split, gain in (("one", 0.1), ("two", 0.0))
        for row, values in (
            ("triplet:smoke", [0.5 + gain, 0.52 + gain, 0.51 + gain]),
            ("triplet:quick", [0.5, 0.5, 0.52]),
        )
        for cell in ("zero_shot/real",)
    ]
    path = tmp_path_factory.mktemp("table") / "table.json"
    path.write_text(json.dumps({"rows": rows}))
    return path


@pytest.fixture(scope="module")
def drawn(study, table, tmp_path_factory):
    """Draw every figure; return the folder."""
    out = tmp_path_factory.mktemp("figures")
    words = [*study, *MODELS, "--table", str(table), "--out", str(out)]
    assert figures.main(words) == 0
    return out


def sections(folder):
    """Return the sections of the page of captions by name."""
    _, *rest = re.split(r"^## (.+)$", (folder / "README.md").read_text(), flags=re.M)
    return dict(zip(rest[::2], rest[1::2], strict=True))


def failing(capsys, *words):
    """Run the command, expecting one line of error; return it."""
    assert figures.main(list(words)) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1 and ": error: " in error
    return error


def test_every_figure_has_a_picture_and_a_section(drawn):
    assert sorted(path.name for path in drawn.iterdir()) == sorted(
        ["README.md", *(f"{name}.png" for name in ALL)]
    )
    captions = sections(drawn)
    assert list(captions) == list(ALL)
    for name, caption in captions.items():
        assert re.search(rf"!\[.{{30,}}\]\({name}\.png\)", caption)
        assert "commit " in caption


def test_captions_say_what_the_runs_measured(drawn, study):
    runs = study[study.index("--runs") + 1]
    captions = sections(drawn)
    for row in ROWS:
        path = f"{runs}/{row}/split/seed-0/metrics.json"
        with open(path, encoding="utf-8") as file:
            score = json.load(file)["metrics"]["map@all"]
        # both unseen classes are among the seven, so the score is that of the run
        assert f"mAP@all {score:.3f}" in captions["f07_tsne"]
        if row == ROWS[0]:
            assert f"mAP@all is {score:.3f} in the first" in captions["f07_topk"]
    assert "2 unseen classes with 16 sketches and 16 photos" in captions["f07_data"]
    assert "the 2 other seeds of each" in captions["f07_lookalikes"]
    assert all(f"by {row}, " in captions["f07_lookalikes"] for row in ROWS)


def test_differences_stand_in_a_table_with_their_intervals(drawn):
    caption = sections(drawn)["f07_ablation"]
    (row,) = re.findall(r"^\| triplet:quick \| (.+) \| (.+) \|$", caption, flags=re.M)
    # by hand: 0.10, 0.12, 0.09 more on split one; t(2) = 4.303
    half = 4.3027 * np.std([10, 12, 9], ddof=1) / np.sqrt(3)
    low, high = 31 / 3 - half, 31 / 3 + half
    assert row[0] == f"+10.3 [{low:+.1f}, {high:+.1f}] *"
    assert row[1].startswith("+0.3 [") and not row[1].endswith("*")


def test_one_figure_leaves_the_rest_and_repeats_to_the_byte(drawn, study, capsys):
    before = {path.name: path.read_bytes() for path in drawn.iterdir()}
    page = drawn / "README.md"
    page.write_text(page.read_text().replace("# Figures", "My words.\n\n# Figures", 1))
    words = [*study, *MODELS, "--only", "tsne,f07_data"]
    assert figures.main([*words, "--out", str(drawn)]) == 0
    assert "f07_tsne: t-SNE" in capsys.readouterr().out
    after = {path.name: path.read_bytes() for path in drawn.iterdir()}
    assert after.pop("README.md").startswith(b"My words.\n\n# Figures")
    before.pop("README.md")
    assert after == before


def test_without_runs_only_the_data_are_drawn(study, tmp_path, capsys):
    assert figures.main([*study[:4], "--out", str(tmp_path)]) == 0
    assert list(sections(tmp_path)) == ["f07_data"]
    printed = capsys.readouterr().out
    assert "f07_tsne is left out: it needs --runs" in printed
    assert "f07_ablation is left out: it needs --table" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--only", "tsne,cat"), "no figure is called 'cat'; choose from f07_data"),
        (("--only", "ablation"), "f07_ablation needs --table"),
        (("--only", "topk", "--ours", "x"), "no row 'x' on split 'split' in .*triplet"),
        (("--only", "topk", "--seed", "9"), "no seed 9; there are: 0, 1, 2"),
        (("--only", "tsne", "--beside", ROWS[0]), "are both 'triplet-smoke': choose"),
    ],
)
def test_what_cannot_be_drawn(study, tmp_path, capsys, words, message):
    line = failing(capsys, *study, *MODELS, "--out", str(tmp_path), *words)
    assert re.search(message, line)
    assert list(tmp_path.iterdir()) == []


def test_rows_of_two_studies_are_refused(study, tmp_path, capsys):
    runs = tmp_path / "runs"
    shutil.copytree(study[study.index("--runs") + 1], runs)
    path = runs / ROWS[1] / "split" / "seed-0" / "checkpoint.pt"
    content = torch.load(path, weights_only=True)
    content["about"]["split"]["seen"] = ("a", "b", "c")
    torch.save(content, path)
    words = ("--runs", str(runs), "--only", "tsne", "--out", str(tmp_path / "out"))
    line = failing(capsys, *study[:4], *MODELS, *words)
    assert "was trained on other classes than row 'triplet-smoke'" in line


def test_a_named_figure_without_runs(tmp_path, capsys):
    line = failing(capsys, "--only", "tsne", "--out", str(tmp_path))
    assert "f07_tsne needs --runs" in line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", 'is not a JSON file with "rows"'),
        ("{}", 'is not a JSON file with "rows"'),
        ('{"rows": []}', "has no rows"),
        ('{"rows": [{"row": "a", "split": "b"}]}', "a row lacks 'cells'"),
    ],
)
def test_files_that_are_no_table(tmp_path, content, message):
    path = tmp_path / "table.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_table(path)


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no table at"):
        read_table(tmp_path / "table.json")


def test_a_row_of_one_split_only_is_left_out(tmp_path):
    cells = {"zero_shot/real": {"map@all": {"values": [0.5]}}}
    rows = [("a", "one"), ("b", "one"), ("b", "two")]
    entries = [{"row": row, "split": split, "cells": cells} for row, split in rows]
    path = tmp_path / "table.json"
    path.write_text(json.dumps({"rows": entries}))
    assert {split: list(found) for split, found in read_table(path).items()} == {
        "one": ["b"],
        "two": ["b"],
    }


def test_ours_must_be_in_the_table(study, table, tmp_path, capsys):
    words = ("--only", "ablation", "--table", str(table), "--out", str(tmp_path))
    assert "the table has no row 'combined-quick'" in failing(capsys, *words)


def test_queries_are_chosen_by_rank_alone():
    scores = np.array([0.2, np.nan, 0.9, 0.5, 0.9, 0.4])
    # from best to worst: 2, 4, 3, 5, 0
    assert choose_queries(scores).tolist() == [2, 4, 3, 5, 0]
    assert choose_queries(np.array([0.7])).tolist() == [0] * 5


def test_kept_classes_are_numbered_anew():
    images = LabelledEmbeddings(
        torch.arange(8.0).reshape(4, 2), torch.tensor([5, 1, 5, 0])
    )
    kept = keep(images, [1, 5])
    assert kept.labels.tolist() == [0, 1, 1]
    assert kept.embeddings[:, 0].tolist() == [2, 0, 4]


def test_points_shown_are_the_same_for_every_model():
    labels = torch.arange(2).repeat_interleave(70)
    one = LabelledEmbeddings(torch.arange(140.0)[:, None], labels)
    two = LabelledEmbeddings(1000 + torch.arange(140.0)[:, None], labels)
    points, classes, modality = shown(one, one, seed=3)
    assert len(points) == 4 * 60
    assert classes.bincount().tolist() == modality.bincount().tolist() == [120, 120]
    torch.testing.assert_close(shown(two, two, seed=3)[0], points + 1000)
    assert not torch.equal(shown(one, one, seed=4)[0], points)


def test_a_large_matrix_is_cut_to_its_most_confused_classes():
    confusion = torch.eye(40) * 0.9
    confusion[30, 31] = confusion[31, 30] = 0.5
    confusion[2, 39] = 0.4
    classes = drawn_classes(confusion, (30, 31))
    assert len(classes) == 25
    assert {2, 30, 31, 39} <= set(classes) and classes == sorted(classes)
    assert drawn_classes(confusion[:5, :5], (0, 1)) == [0, 1, 2, 3, 4]


def test_seeds_of_the_search_do_not_judge_it():
    assert judged([0.9, 0.2, 0.3]) == [0.2, 0.3]
    assert judged([0.9, 0.2]) == [0.9, 0.2]  # one other seed has no interval


def test_pictures_are_shrunk_but_never_enlarged():
    pixels = torch.arange(4, dtype=torch.uint8)[:, None, None, None] * 60
    for size, expected in ((32, 32), (200, PICTURE_SIZE)):
        images = ImageSet(
            pixels.expand(-1, 3, size, size).contiguous(), torch.zeros(4).long(), PHOTO
        )
        taken = take_pictures(images, torch.tensor([3, 1]))
        assert taken.shape == (2, 3, expected, expected)
        assert taken.dtype == torch.uint8
        assert taken[:, 0, 0, 0].tolist() == [180, 60]


def test_the_finding_names_the_spread():
    counts = {"a": (3, 7), "b": (1200, 7)}
    assert (
        finding({"seen": counts, "unseen": {"c": (3, 7)}})
        == "Every class has 3 to 1,200 sketches and 7 photos"
    )


def test_sections_are_replaced_in_place_and_new_ones_sorted():
    page = "# Page\n\nMine.\n\n## b\n\nold b\n\n## d\n\nold d\n"
    page = with_section(page, "b", "new b\n\n### part")
    assert page == "# Page\n\nMine.\n\n## b\n\nnew b\n\n### part\n\n## d\n\nold d\n"
    page = with_section(page, "c", "c")
    assert re.findall(r"^## (.)$", page, flags=re.M) == ["b", "c", "d"]
    assert with_section(page, "c", "c") == page
    assert with_section("", "a", "text") == "## a\n\ntext\n"


def test_readable_names():
    assert method_name("bid-tri-quick") == method_name("bid-tri:book") == "Bid-Tri"
    assert method_name("pretrained") == "pretrained, untrained"
    assert method_name("bid-qua-0.3-quick") == "bid-qua-0.3-quick"
    rows = ("mathm-quick", "mathm-book", "ramln-quick")
    assert [*distinct_names(rows).values()] == ["mathm-quick", "mathm-book", "RAMLN"]
    assert and_list(["a"]) == "a"
    assert and_list(["a", "b", "c"]) == "a, b and c"
    assert full_name("data") == full_name("f07_data") == "f07_data"
