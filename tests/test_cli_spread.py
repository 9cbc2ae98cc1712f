"""The command that measures how the embeddings of trained networks spread."""

import json
from dataclasses import asdict

import pytest
import torch

from zssbir_lib.cli import main, spread
from zssbir_lib.evaluation import embedding_spread
from zssbir_lib.training import embed, named_recipe, new_state, save_checkpoint

NAMES = ("distance", "rank", "class_share", "modality_share")


@pytest.fixture
def words(tiny_data, tiny_split, tmp_path, monkeypatch):
    """Write two untrained networks of a gated row, and return the words."""
    monkeypatch.setattr(spread, "read_data", lambda *_: tiny_data)
    recipe = named_recipe("mathm", embedding_size=8)
    for seed in range(2):
        path = tmp_path / "runs" / "cross-quick" / "tiny" / f"seed-{seed}"
        path.mkdir(parents=True)
        state = new_state(recipe, seed, sketches=16, classes=2)
        torch.nn.init.ones_(state.net.backbone.gates[4].tag.weight[:60])
        about = {"split": asdict(tiny_split)}
        save_checkpoint(state, path / "checkpoint.pt", about)
    arguments = ["spread", "--runs", tmp_path / "runs", "--out", tmp_path / "s.json"]
    return [str(word) for word in arguments]


def test_the_command_measures_the_unseen_classes(
    words, tiny_data, tiny_split, tmp_path, capsys
):
    assert main(words) == 0
    content = json.loads((tmp_path / "s.json").read_text())
    (row,) = content["rows"]
    assert (row["row"], row["split"]) == ("cross-quick", "tiny")
    unseen = tiny_split.apply(tiny_data).unseen
    sets = (unseen.sketches, unseen.photos)
    recipe = named_recipe("mathm", embedding_size=8)
    for seed in range(2):
        net = new_state(recipe, seed, sketches=16, classes=2).net
        torch.nn.init.ones_(net.backbone.gates[4].tag.weight[:60])
        expected = embedding_spread(
            torch.cat([embed(net, images) for images in sets]),
            torch.cat([images.labels for images in sets]),
            torch.tensor([0] * 16 + [1] * 16),
        )
        for name in NAMES:
            value = row["spread"][name]["values"][seed]
            assert value == pytest.approx(expected[name], abs=1e-5)
    mean = row["spread"]["rank"]["mean"]
    assert content["versions"]["torch"] and str(tmp_path) not in json.dumps(content)
    lines = capsys.readouterr().out.splitlines()
    assert f"rank {mean:.3f}" in lines[0] and lines[0].startswith("cross-quick ")
    assert lines[-1].startswith("written: ")


def test_mistakes_of_the_command_are_one_clear_line(words, tmp_path, capsys):
    def failing(*words):
        assert main(list(words)) == 2
        errors = capsys.readouterr().err.strip()
        assert len(errors.splitlines()) == 1
        return errors

    (tmp_path / "empty").mkdir()
    assert "give the --runs folder" in failing(
        *words, "--runs", str(tmp_path / "empty")
    )
    state = new_state(named_recipe("mathm"), 0, sketches=16, classes=2)
    save_checkpoint(state, next((tmp_path / "runs").glob("*/*/*/checkpoint.pt")))
    assert "does not say on which split" in failing(*words)
    assert not (tmp_path / "s.json").exists()
