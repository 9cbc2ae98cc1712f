"""Methods on the command line: their options, what they train, what they refuse."""

import json

import pytest
from command_line import run_failing

from zssbir_lib.cli import evaluate, fit, main
from zssbir_lib.cli.main import build_parser
from zssbir_lib.cli.options import read_method
from zssbir_lib.training import METHODS, named_method

SHORT = ("epochs=1", "steps_per_epoch=2", "batch_size=12", "embedding_size=8")
CLASSES = ("images_per_class=4",)


def changes(*texts):
    return [word for text in texts for word in ("--set", text)]


@pytest.fixture(autouse=True)
def tiny(tiny_data, tmp_path, monkeypatch):
    """Let the commands read the tiny data, and keep soft labels to this test."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    for command in (evaluate, fit):
        monkeypatch.setattr(command, "read_data", lambda *_: tiny_data)


@pytest.fixture
def words(tmp_path):
    """Return the first words of a short training on four seen classes."""
    split = tmp_path / "tiny.json"
    split.write_text(json.dumps({"seen": list("abcd"), "unseen": ["e", "f"]}))
    words = ["fit", "--split", str(split), "--profile", "smoke", *changes(*SHORT)]
    return [*words, "--out", str(tmp_path / "run")]


@pytest.fixture
def mathm(words):
    return [*words, "--method", "mathm", *changes(*CLASSES)]


@pytest.fixture
def sbtknet(words):
    return [*words, "--method", "sbtknet"]


def content_of(path):
    return json.loads((path / "metrics.json").read_text())


def parsed(*words):
    """Return the method that the words of `fit` describe."""
    return read_method(build_parser().parse_args(["fit", *words]))


# --- what words mean -----------------------------------------------------------------


@pytest.mark.parametrize("name", list(METHODS))
@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2"])
def test_a_method_by_name_is_the_named_method(name, backbone):
    words = ("--method", name, "--backbone", backbone, "--weights", "a.pth")
    try:
        expected = named_method(name, backbone, weights="a.pth")
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)[:30]):
            parsed(*words)
    else:
        assert parsed(*words) == expected
    assert parsed("--method", name) == named_method(name)


def test_settings_reach_the_method():
    plain = parsed("--method", "mathm")
    assert plain == named_method("mathm")
    chosen = changes("terms=cross,within", "weighting=released")
    method = parsed("--method", "mathm", *chosen, "--set", "losses=modality_aware")
    expected = dict(terms=("cross", "within"), weighting="released")
    assert method == plain.changed(losses=("modality_aware",), **expected)
    assert not parsed("--method", "mathm", "--set", "gates=false").recipe.gates
    placed = parsed("--method", "ramln", *changes("margins.form=scalar", "lam=0.25"))
    assert placed == named_method("ramln", margins=dict(form="scalar"), lam=0.25)


@pytest.mark.parametrize("name", ["triplet", "sbtknet", "mathm", "ramln"])
def test_fields_are_listed_with_values_and_meanings(name, capsys):
    assert main(["fit", "--method", name, "--fields"]) == 0  # without --out
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[0]: line for line in lines if line.startswith("  ")}
    method = named_method(name)
    for field in METHODS[name].hints():
        within = [one for one in listed if one.startswith(f"{field}.")]
        assert field in listed or within, field
    assert "42" in listed.get("batch_size", "") or name != "triplet"
    assert "true" not in listed  # names alone
    assert f"{method.margin}" in listed["margin"]
    assert "distance" in listed["margin"]  # the unit
    assert "one_cycle | cosine" in listed["schedule"]  # the choices
    assert "augmentation.edges" in listed
    assert ("margins.form" in listed) == (name == "ramln")


def test_fields_that_are_changed_are_listed_changed(capsys):
    words = ("--method", "mathm", "--profile", "book", "--set", "margin=0.7")
    assert main(["fit", *words, "--fields"]) == 0
    listed = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert " 0.7 " in listed["margin"] and " book " in listed["profile"]


# --- trainings -----------------------------------------------------------------------


def test_fit_trains_mathm_and_evaluate_repeats_its_numbers(mathm, tmp_path):
    extra = changes("frozen_epochs=1", "epochs=2", "terms=hybrid")
    assert main([*mathm, *extra, "--generalised"]) == 0
    content = content_of(tmp_path / "run")
    recipe = content["recipe"]
    assert (recipe["method"], recipe["terms"]) == ("mathm", ["hybrid"])
    names = {
        f"hybrid/{n}" for n in ("loss", "weight", "active", "positive", "negative")
    }
    for record in content["history"]:
        shown = {name for name in record if "/" in name}
        assert shown == names and {*recipe["losses"], "loss"} < set(record)
        total = record["modality_aware"] + record["classification"]
        assert record["loss"] == pytest.approx(total, rel=1e-5)
    words = ["evaluate", "--checkpoint", tmp_path / "run" / "checkpoint.pt"]
    words += ["--out", tmp_path / "again.json", "--generalised"]
    assert main([str(word) for word in words]) == 0
    again = json.loads((tmp_path / "again.json").read_text())
    for name in ("metrics", "metrics_by_feature", "generalised"):
        assert again[name] == content[name]


def test_fit_trains_sbtknet_and_its_losses_may_be_chosen(sbtknet, tmp_path):
    assert main(sbtknet) == 0
    content = content_of(tmp_path / "run")
    losses = content["recipe"]["losses"]
    assert losses == ["quadruplet", "classification", "knowledge"]
    assert set(losses) < set(content["history"][0])
    sbtknet[sbtknet.index("--out") + 1] = str(tmp_path / "part")
    assert main([*sbtknet, "--set", "losses=classification,knowledge"]) == 0
    content = content_of(tmp_path / "part")
    assert content["recipe"]["losses"] == ["classification", "knowledge"]
    assert content["recipe"]["feature"] == "pooled"
    assert content["metrics"] == content["metrics_by_feature"]["pooled"]


def test_the_smoke_profile_trains_on_the_world(tmp_path, monkeypatch):
    monkeypatch.undo()  # the world as it is drawn
    words = ["fit", "--method", "mathm", "--profile", "smoke"]
    words += [*changes("epochs=1", "steps_per_epoch=2"), "--out", str(tmp_path / "run")]
    assert main(words) == 0
    content = content_of(tmp_path / "run")
    method = named_method("mathm", profile="smoke", epochs=1, steps_per_epoch=2)
    assert content["recipe"] == method.to_dict()
    assert content["metrics"]["map@all"] > 0.3  # it starts from the teacher


def test_a_method_of_ones_own_is_trained_by_its_file(words, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from dataclasses import dataclass\nfrom zssbir_lib.training import Triplet\n\n"
        "@dataclass(frozen=True)\nclass Far(Triplet):\n"
        '    """Far apart.\n\n    Attributes:\n        push: how far.\n    """\n\n'
        "    push: float = 2.0\n\n"
        "    def loss_terms(self, net, step, kept=None):\n"
        "        terms = super().loss_terms(net, step, kept)\n"
        "        return {'far': self.push * terms['triplet']}\n"
    )
    assert main([*words, "--method", f"{path}:Far", "--set", "push=3"]) == 0
    content = content_of(tmp_path / "run")
    assert (content["recipe"]["method"], content["recipe"]["push"]) == ("Far", 3.0)
    (record,) = content["history"]
    assert record["far"] == record["loss"]
    words = ["evaluate", "--checkpoint", str(tmp_path / "run" / "checkpoint.pt")]
    assert main([*words, "--out", str(tmp_path / "again.json")]) == 0
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["metrics"] == content["metrics"]


# --- mistakes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["terms=outer"], "each of terms must be one of within, hybrid, cross; got"),
        (["terms=cross,cross"], "each once; got cross, cross"),
        (["weighting=even"], "weighting must be one of"),
        (["weighting=intendd"], "did you mean 'intended'?"),
        (["losses=quadruplet"], "'quadruplet'"),
        (["gates=maybe"], "--set gates needs a value of type bool"),
        (["frozen_epochs=half"], "--set frozen_epochs needs a value of type int"),
        (["images_per_class=5"], "change batch_size or images_per_class"),
        (["batch_size=20"], "needs 5 seen classes and there are 4"),
        (["projection_start=svd"], "projection_start must be one of random, classif"),
        (["frozen_blocks=5"], "the first 5 get none (frozen_blocks) and the backbone"),
        (
            ["projection_start=classifier", "embedding_size=67"],
            "size is 67, expected 1 to 66",
        ),
        (
            ["losses=modality_aware", "gates=false", "frozen_epochs=1"],
            "frozen_epochs is 1, but there is no new layer",
        ),
    ],
)
def test_a_mistake_with_mathm_is_one_clear_line(
    mathm, texts, message, capsys, tmp_path
):
    assert message in run_failing(capsys, *mathm, *changes(*texts))
    assert not (tmp_path / "run" / "metrics.json").exists()


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--method", "triplet", *changes("losses=quadruplet")], "called 'losses'"),
        (["--method", "triplet", *changes("weighting=sum")], "called 'weighting'"),
        (changes("terms=cross"), "the recipe has no field called 'terms'"),
        (changes("losses=hinge"), "'hinge'"),
        (changes("losses=triplet,quadruplet"), "both triplet and quadruplet"),
        (changes("losses=knowledge,knowledge"), "each once; got knowledge, knowledge"),
        (["--weights", "none"], "a teacher with random weights knows nothing"),
        (changes("teacher=vgg"), "teacher must be 'start' or ARCHITECTURE:SOURCE"),
        (changes("teacher=vgg:x"), "torchvision has no classifier 'vgg'"),
        (changes("teacher=squeezenet1_1:absent.pth"), "no weights file absent.pth"),
        (changes("attention=maybe"), "--set attention needs a value of type bool"),
        (changes("validation=x"), "validation must be one of classes, sketches"),
        (changes("temperature=0"), "temperature must be above 0, got 0.0"),
    ],
)
def test_a_mistake_with_sbtknet_is_one_clear_line(
    sbtknet, extra, message, capsys, tmp_path
):
    assert message in run_failing(capsys, *sbtknet, *extra)
    assert not (tmp_path / "run" / "metrics.json").exists()
