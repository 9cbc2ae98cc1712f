"""Forgetting: what accuracy and probe mean, and what the script writes."""

import forgetting
import pytest
import torch
from teacher import teacher_accuracy

from zssbir_lib.data import load_pretraining_photos
from zssbir_lib.models import EmbeddingNet, load_teacher
from zssbir_lib.training import (
    build_net,
    load_fresh_pretraining_photos,
    measure_forgetting,
    named_method,
    new_state,
    save_checkpoint,
)
from zssbir_lib.training.forgetting import (
    PretrainingPhotos,
    photos_in_range,
    probe_accuracy,
)
from zssbir_lib.training.tables import read_results

UNTRAINED = named_method("untrained")
CLASSES = 8


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Keep drawn photos of this file apart from the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("ZSSBIR_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def photos(cache):
    """Return new photos of a few pretraining classes: 6 to fit on, 4 to measure."""
    names = load_teacher().class_names[:CLASSES]  # labels are the teacher's outputs
    drawn = load_pretraining_photos(names, photos=10, seed=1)
    return PretrainingPhotos(
        photos_in_range(drawn, 10, 0, 6), photos_in_range(drawn, 10, 6, 10)
    )


@pytest.fixture(scope="module")
def untrained():
    return build_net(UNTRAINED, seed=0).eval()


def random_net() -> EmbeddingNet:
    return build_net(named_method("untrained", weights="none"), seed=0).eval()


# --- the probe -----------------------------------------------------------------------


def features(count: int, spread: float, seed: int):
    """Return features around three corners, and which corner."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    noise = torch.randn(count, 5, generator=generator)
    return torch.eye(3, 5)[labels] + spread * noise, labels


def test_a_probe_tells_separable_classes_apart():
    known, labels = features(60, 0.05, seed=0)
    new, answers = features(30, 0.05, seed=1)
    assert probe_accuracy(known, labels, new, answers) == 1.0
    wrong = (answers + 1) % 3
    assert probe_accuracy(known, labels, new, wrong) == 0.0
    some = torch.where(torch.arange(30) < 6, wrong, answers)
    assert probe_accuracy(known, labels, new, some) == pytest.approx(24 / 30)


def test_a_probe_finds_nothing_in_noise():
    known, labels = features(300, 50.0, seed=0)
    new, answers = features(300, 50.0, seed=1)
    assert abs(probe_accuracy(known, labels, new, answers) - 1 / 3) < 0.12


def test_a_probe_does_not_mind_the_scale_or_a_dead_feature():
    known, labels = features(90, 0.6, seed=2)
    new, answers = features(90, 0.6, seed=3)
    plain = probe_accuracy(known, labels, new, answers)
    assert 1 / 3 < plain < 1
    scales = torch.tensor([1e-3, 1.0, 50.0, 1e3, 7.0])
    scaled = probe_accuracy(known * scales + 5, labels, new * scales + 5, answers)
    assert scaled == pytest.approx(plain, abs=0.03)
    dead = torch.full((90, 1), 0.3)
    with_dead = probe_accuracy(
        torch.cat((known, dead), 1), labels, torch.cat((new, dead), 1), answers
    )
    assert with_dead == pytest.approx(plain, abs=0.03)


# --- a network -----------------------------------------------------------------------


def test_an_untrained_student_has_forgotten_nothing(untrained, photos):
    teacher = load_teacher()
    found = measure_forgetting(untrained, teacher, photos)
    assert set(found) == {"old_classifier", "probe"}
    expected = teacher_accuracy(teacher, photos.test)
    assert found["old_classifier"] == pytest.approx(expected, abs=1e-6)
    assert expected > 0.5
    assert found["probe"] > 0.5


def test_a_random_network_knows_nothing(photos):
    teacher, net = load_teacher(), random_net()
    found = measure_forgetting(net, teacher, photos)
    assert found["old_classifier"] < 0.3


def test_a_probe_finds_what_the_old_classifier_no_longer_reads(photos):
    net, teacher = build_net(UNTRAINED, seed=0).eval(), load_teacher()
    before = measure_forgetting(net, teacher, photos)
    with torch.no_grad():  # the same features, each under another number
        last = net.backbone.blocks[-1]
        for parameter in (last[0].weight, last[1].weight, last[1].bias):
            parameter.copy_(parameter.flip(0))
        for statistic in (last[1].running_mean, last[1].running_var):
            statistic.copy_(statistic.flip(0))
    after = measure_forgetting(net, teacher, photos)
    assert after["old_classifier"] < 0.3 < before["old_classifier"]
    assert after["probe"] == pytest.approx(before["probe"], abs=0.07)


def test_the_soft_head_is_measured_where_there_is_one(photos):
    method = named_method("sbtknet", losses=("knowledge",))
    net, teacher = build_net(method, seed=0, classes=3), load_teacher()
    found = measure_forgetting(net, teacher, photos)
    assert found["soft_head"] == found["old_classifier"] > 0.5  # it starts as a copy
    with torch.no_grad():
        net.heads["soft"].weight.fill_(0)
        net.heads["soft"].bias.copy_(torch.arange(66).float().flip(0))  # always class 0
    changed = measure_forgetting(net, teacher, photos)
    assert changed["soft_head"] == pytest.approx(1 / CLASSES)
    assert changed["old_classifier"] == found["old_classifier"]


def test_measuring_changes_neither_weights_nor_mode(photos):
    net = build_net(UNTRAINED, seed=0).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    measure_forgetting(net, load_teacher(), photos)
    assert net.training
    after = net.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_fresh_photos_are_new_and_not_shared(cache):
    fresh = load_fresh_pretraining_photos(probe=2, test=1)
    names = load_teacher().class_names
    assert torch.equal(fresh.probe.labels, torch.arange(66).repeat_interleave(2))
    assert torch.equal(fresh.test.labels, torch.arange(66))
    every = [
        *fresh.probe.images[torch.arange(132)],
        *fresh.test.images[torch.arange(66)],
    ]
    assert len({image.numpy().tobytes() for image in every}) == 198
    trained_on = load_pretraining_photos(names[:5], photos=3)
    old = {image.numpy().tobytes() for image in trained_on.images[torch.arange(15)]}
    assert not old & {image.numpy().tobytes() for image in every}


# --- the script ----------------------------------------------------------------------


@pytest.fixture
def cached(cache, monkeypatch):
    monkeypatch.setenv("ZSSBIR_CACHE", str(cache))  # of soft labels


def save_fresh(method, folder, data, seed=0):
    """Write the checkpoint of a training that has not begun."""
    folder.mkdir(parents=True)
    save_checkpoint(new_state(method, data, seed), folder / "checkpoint.pt")


@pytest.mark.usefixtures("cached")
def test_the_script_measures_every_row(
    photos, tiny_data, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(forgetting, "load_fresh_pretraining_photos", lambda: photos)
    methods = {
        "all-three-quick": named_method("sbtknet"),
        "random-quick": named_method("triplet", weights="none"),
    }
    for row, method in methods.items():
        for seed in range(2):
            folder = tmp_path / "runs" / row / "tiny" / f"seed-{seed}"
            save_fresh(method, folder, tiny_data, seed)
    out = tmp_path / "forgetting.json"
    assert forgetting.main(["--runs", str(tmp_path / "runs"), "--out", str(out)]) == 0
    content = read_results(out)
    before, taught, random = content["rows"]
    assert (before["row"], taught["row"]) == ("before", "all-three-quick")
    assert (random["row"], random["split"]) == ("random-quick", "tiny")
    start = before["accuracy"]["old_classifier"]["mean"]
    accuracy = taught["accuracy"]
    # not trained yet: as before, in each of its heads and for each seed
    assert accuracy["old_classifier"]["values"] == pytest.approx([start] * 2, abs=1e-5)
    assert accuracy["soft_head"]["values"] == pytest.approx([start] * 2, abs=1e-5)
    assert random["accuracy"]["old_classifier"]["mean"] < 0.3 < start
    assert content["versions"]["torch"] and str(tmp_path) not in out.read_text()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == [
        "before",
        "all-three-quick",
        "random-quick",
    ]
    assert f"old_classifier {start:.3f}" in lines[0] and "soft_head" in lines[1]
    assert lines[-1].startswith("written: ")


def test_networks_that_the_shipped_teacher_did_not_start_are_refused(
    tiny_data, tmp_path
):
    method = named_method("triplet", "mobilenet_v2", "smoke", weights="none")
    save_fresh(method, tmp_path / "run", tiny_data)
    with pytest.raises(ValueError, match="is a mobilenet_v2: forgetting is measured"):
        forgetting.load_small_net(tmp_path / "run" / "checkpoint.pt")
