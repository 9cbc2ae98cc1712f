"""The commands `margins` and `spread` on a study of RAMLN, end to end."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from zssbir_lib.cli import main, margins, spread
from zssbir_lib.cli.options import read_changes
from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.evaluation import embedding_spread
from zssbir_lib.training import (
    build_method,
    describe_image_margins,
    embed,
    fit,
    load_margin_learner,
    load_trained_net,
    margins_of_images,
    named_recipe,
    new_state,
    read_checkpoint,
    save_checkpoint,
)

SPLIT = ZeroShotSplit("four", tuple("abcd"), (), ("e", "f"))
RECIPE = named_recipe(
    "ramln",
    epochs=1,
    steps_per_epoch=3,
    batch_size=16,
    images_per_class=4,
    embedding_size=8,
    margins=dict(warm_up=1, rate=0.05, beta=5.0),
)
ROWS = {
    "learned-quick": RECIPE,
    "bid-qua-quick": replace(RECIPE, margins=replace(RECIPE.margins, form="fixed")),
    "mathm-quick": named_recipe(
        "mathm", batch_size=16, images_per_class=4, embedding_size=8
    ),
}
SEEDS = {"learned-quick": (0, 1), "bid-qua-quick": (0,), "mathm-quick": (0,)}


@pytest.fixture(scope="module")
def runs(tiny_data, tmp_path_factory):
    """Write the checkpoints of a small study; return its folder."""
    folder = tmp_path_factory.mktemp("study")
    seen = SPLIT.apply(tiny_data).seen
    for row, recipe in ROWS.items():
        for seed in SEEDS[row]:
            path = folder / row / SPLIT.name / f"seed-{seed}"
            path.mkdir(parents=True)
            state = new_state(recipe, seed, sketches=32, classes=4)
            if row == "learned-quick":
                fit(state, build_method(seen, recipe, seed=seed))
            elif row == "bid-qua-quick":
                state.method_state = build_method(seen, recipe).state_dict()
            about = {"split": asdict(SPLIT)}
            save_checkpoint(state, path / "checkpoint.pt", about)
    return folder


@pytest.fixture
def words(tiny_data, runs, tmp_path, monkeypatch):
    for command in (margins, spread):
        monkeypatch.setattr(command, "read_data", lambda *_: tiny_data)
    return ["--runs", str(runs), "--out", str(tmp_path / "o.json")]


def contents(runs, row):
    places = [runs / row / SPLIT.name / f"seed-{seed}" for seed in SEEDS[row]]
    return [read_checkpoint(place / "checkpoint.pt") for place in places]


def failing(capsys, *words):
    assert main(list(words)) == 2
    errors = capsys.readouterr().err.strip()
    assert len(errors.splitlines()) == 1, errors
    return errors


def test_margins_of_a_study_are_described(words, runs, tiny_data, tmp_path, capsys):
    assert main(["margins", *words]) == 0
    content = json.loads((tmp_path / "o.json").read_text())
    rows = {one["row"]: one["margins"] for one in content["rows"]}
    assert list(rows) == sorted(ROWS)
    assert rows["mathm-quick"] == {}  # it has no quadruplets
    assert not {"mean", "std", "class_share"} & set(rows["bid-qua-quick"])  # all alike
    assert {one["split"] for one in content["rows"]} == {"four"}
    seen = SPLIT.apply(tiny_data).seen
    for place, saved in enumerate(contents(runs, "learned-quick")):
        images = margins_of_images(*load_margin_learner(saved), seen, "embedding")
        assert len(images.margin) == 64
        for name, value in describe_image_margins(images).items():
            found = rows["learned-quick"][name]["values"][place]
            assert found == pytest.approx(value, abs=1e-5), name
    learned = rows["learned-quick"]
    assert learned["std"]["mean"] > 1e-3 and learned["std"]["low"] is not None
    assert content["versions"]["torch"] and str(tmp_path) not in json.dumps(content)


def test_the_terminal_shows_rows_that_learn_and_where_the_rest_is(
    words, tmp_path, capsys
):
    assert main(["margins", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not any(line.startswith("mathm-quick") for line in lines)
    (line,) = (line for line in lines if line.startswith("learned-quick "))
    assert "four" in line
    learned = json.loads((tmp_path / "o.json").read_text())["rows"][1]["margins"]
    for name in margins.SHOWN:
        assert f"{name} {learned[name]['mean']:.3f}" in line
    assert lines[-1] == f"written: {tmp_path / 'o.json'}"


def test_spread_measures_the_unseen_classes_of_every_row(
    words, runs, tiny_data, tmp_path, capsys
):
    assert main(["spread", *words]) == 0
    rows = json.loads((tmp_path / "o.json").read_text())["rows"]
    assert [one["row"] for one in rows] == sorted(ROWS)
    unseen = SPLIT.apply(tiny_data).unseen
    sets = (unseen.sketches, unseen.photos)
    for one in rows:
        for place, saved in enumerate(contents(runs, one["row"])):
            net, _ = load_trained_net(saved)
            expected = embedding_spread(
                torch.cat([embed(net, images) for images in sets]),
                torch.cat([images.labels for images in sets]),
                torch.tensor([0] * 16 + [1] * 16),
            )
            for name, value in expected.items():
                found = one["spread"][name]["values"][place]
                assert found == pytest.approx(value, abs=1e-5)
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.parametrize("command", ["margins", "spread"])
def test_mistakes_are_one_clear_line(words, command, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    errors = failing(capsys, command, *words, "--runs", str(tmp_path / "empty"))
    assert "give the --runs folder of an ablation" in errors
    path = tmp_path / "own" / "row" / "split" / "seed-0"
    path.mkdir(parents=True)
    own = ("--runs", str(tmp_path / "own"))
    save_checkpoint(new_state(RECIPE, 0, 32, classes=4), path / "checkpoint.pt")
    errors = failing(capsys, command, *words, *own)
    assert "seed-0/checkpoint.pt does not say on which split it was trained" in errors
    (path / "checkpoint.pt").write_bytes(b"PK nothing")
    assert "is damaged or no checkpoint" in failing(capsys, command, *words, *own)
    assert not (tmp_path / "o.json").exists()


@pytest.mark.parametrize("command", ["margins", "spread"])
def test_both_options_are_needed(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--out", "x.json"])
    assert stop.value.code == 2
    assert "--runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("margins.shuffled=true", {"shuffled": True}),
        ("margins.unit_step=True", {"unit_step": True}),
        ("margins.centred=false", {"centred": False}),
        ("margins.inner_steps=3", {"inner_steps": 3}),
        ("margins.form=embedding", {"form": "embedding"}),
        ("margins.inner_rate=5", {"inner_rate": 5.0}),
    ],
)
def test_settings_of_margins_are_read_in_their_type(text, value):
    changes = read_changes([text])
    assert changes == {"margins": value}
    ((name, expected),) = value.items()
    found = getattr(named_recipe("ramln", **changes).margins, name)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("margins.every=often", "--set every needs a value of type int, got 'often'"),
        ("margins.shuffled=1", "--set shuffled needs a value of type bool, got '1'"),
        ("margins=fixed", "--set cannot change margins"),
        ("margins.=3", "--set takes NAME=VALUE with a field of the recipe"),
    ],
)
def test_settings_that_cannot_be_read_are_named(text, message):
    with pytest.raises(ValueError, match=message):
        read_changes([text])


@pytest.mark.parametrize("command", ["margins", "spread"])
def test_rows_are_chosen_by_name(command, words, tmp_path):
    assert main([command, *words, "--rows", "mathm-quick,learned-quick"]) == 0
    content = json.loads((tmp_path / "o.json").read_text())
    assert {one["row"] for one in content["rows"]} == {"mathm-quick", "learned-quick"}


def test_a_row_that_is_not_there_is_named(words, capsys):
    error = failing(capsys, "margins", *words, "--rows", "learned")
    assert "no row is called 'learned'; there are bid-qua-quick, learned-quick" in error
