"""MATHM on the command line: its options, its ablation, and what they refuse."""

import json
from dataclasses import replace

import pytest

from zssbir_lib.cli import ablation, evaluate, fit, main
from zssbir_lib.cli.main import build_parser
from zssbir_lib.cli.options import read_change, read_recipe
from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.training import (
    ABLATIONS,
    Recipe,
    ablation_differences,
    named_recipe,
    plan_ablation,
)

SHORT = ("--set", "epochs=1", "--set", "steps_per_epoch=2", "--set", "batch_size=12")
SHORT += ("--set", "images_per_class=4", "--set", "embedding_size=8")
MATHM = ABLATIONS["mathm"]
ONE = ZeroShotSplit("one", tuple(f"s{i}" for i in range(20)), (), ("u", "v"))


@pytest.fixture
def reads(tiny_data, tmp_path, monkeypatch):
    """Let every command read the tiny data; return the splits they read it for."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    splits = []

    def read(options, split, image_size):
        splits.append(split.name)
        return tiny_data

    for command in (ablation, evaluate, fit):
        monkeypatch.setattr(command, "read_data", read)
    return splits


@pytest.fixture
def split(tmp_path):
    """Write a split of the tiny data with four seen classes."""
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps({"seen": list("abcd"), "unseen": ["e", "f"]}))
    return path


@pytest.fixture
def fit_words(split, tmp_path, reads):
    """Return the words of a short training of MATHM that works."""
    words = ["fit", "--split", str(split), "--profile", "smoke", "--method", "mathm"]
    return [*words, *SHORT, "--out", str(tmp_path / "run")]


@pytest.fixture
def words(split, tmp_path, reads):
    """Return the words of a small ablation that works."""
    arguments = ["ablation", "--method", "mathm", "--split", split, "--seeds", "1"]
    arguments += ["--profiles", "smoke", *SHORT, "--runs", tmp_path / "runs"]
    return [str(word) for word in (*arguments, "--out", tmp_path / "a.json")]


def run_failing(capsys, *words):
    """Run the command line, expecting failure; return its standard error."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code
    errors = capsys.readouterr().err
    assert code == 2
    assert len(errors.strip().splitlines()) == 1, errors
    return errors


# --- fit -----------------------------------------------------------------------------


def parsed(*words):
    return read_recipe(build_parser().parse_args(["fit", "--out", "x", *words]))


def test_terms_weighting_and_losses_reach_the_recipe():
    plain = parsed("--method", "mathm")
    assert plain == named_recipe("mathm")
    chosen = ("--terms", "cross,within", "--weighting", "released")
    recipe = parsed("--method", "mathm", *chosen, "--losses", "modality_aware")
    changes = dict(terms=("cross", "within"), weighting="released")
    assert recipe == replace(plain, losses=("modality_aware",), **changes)
    assert parsed("--method", "mathm", "--set", "gates=false").gates is False


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("images_per_class", "4", 4),
        ("classifier_bias", "true", True),
        ("gates", "False", False),
        ("projection_start", "classifier", "classifier"),
        ("projection_rate", "0.1", 0.1),
        ("frozen_epochs", "2", 2),
    ],
)
def test_new_fields_are_read_in_their_type(name, text, value):
    assert read_change(f"{name}={text}") == (name, value)


def test_fit_trains_mathm_and_evaluate_repeats_its_numbers(fit_words, split, tmp_path):
    extra = ("--set", "frozen_epochs=1", "--set", "epochs=2", "--generalised")
    assert main([*fit_words, *extra, "--terms", "hybrid"]) == 0
    content = json.loads((tmp_path / "run" / "metrics.json").read_text())
    recipe = Recipe.from_dict(content["recipe"])
    assert recipe.method == "mathm" and recipe.terms == ("hybrid",)
    names = {
        f"hybrid/{n}" for n in ("loss", "weight", "active", "positive", "negative")
    }
    for record in content["history"]:
        shown = {name for name in record if "/" in name}
        assert shown == names and {*recipe.losses, "loss"} < set(record)
        total = record["modality_aware"] + record["classification"]
        assert record["loss"] == pytest.approx(total, rel=1e-5)
    checkpoint = ("--checkpoint", tmp_path / "run" / "checkpoint.pt")
    words = (
        "evaluate",
        *checkpoint,
        "--split",
        split,
        "--out",
        tmp_path / "again.json",
    )
    assert main([str(word) for word in (*words, "--generalised")]) == 0
    again = json.loads((tmp_path / "again.json").read_text())
    for name in ("metrics", "metrics_by_feature", "generalised"):
        assert again[name] == content[name]


def test_the_smoke_profile_trains_on_the_world(tmp_path):
    words = ["fit", "--method", "mathm", "--profile", "smoke", "--set", "epochs=1"]
    words += ["--set", "steps_per_epoch=2", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    content = json.loads((tmp_path / "run" / "metrics.json").read_text())
    recipe = named_recipe("mathm", profile="smoke", epochs=1, steps_per_epoch=2)
    assert Recipe.from_dict(content["recipe"]) == recipe
    assert content["metrics"]["map@all"] > 0.3  # it starts from the teacher


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            ["--method", "sbtknet", "--terms", "cross"],
            "--terms is for --method mathm, n",
        ),
        (["--method", "triplet", "--weighting", "sum"], "for --method mathm, not 'tri"),
        (
            ["--terms", "outer"],
            "each of terms must be one of within, hybrid, cross; got",
        ),
        (["--terms", "cross,cross"], "each once; got cross, cross"),
        (["--weighting", "even"], "argument --weighting: invalid choice: 'even'"),
        (["--losses", "quadruplet"], "the method mathm has no loss 'quadruplet'"),
        (["--set", "terms=cross"], "--set cannot change terms: it is chosen by"),
        (["--set", "weighting=sum"], "--set cannot change weighting: it is chosen by"),
        (["--set", "gates=maybe"], "--set gates needs a value of type bool"),
        (
            ["--set", "frozen_epochs=half"],
            "--set frozen_epochs needs a value of type i",
        ),
        (["--set", "images_per_class=5"], "change batch_size or images_per_class"),
        (["--set", "batch_size=20"], "needs 5 seen classes and there are 4"),
        (
            ["--set", "projection_start=svd"],
            "projection_start must be one of random, c",
        ),
        (
            ["--set", "frozen_blocks=5"],
            "the first 5 get none (frozen_blocks) and the backbone has 5",
        ),
        (["--profile", "paper"], "profile for the backbone 'small' must be one of"),
        (
            ["--set", "projection_start=classifier", "--set", "embedding_size=67"],
            "size is 67, expected 1 to 66",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(fit_words, extra, message, capsys, tmp_path):
    assert message in run_failing(capsys, *fit_words, *extra)
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_frozen_epochs_without_anything_new_are_one_clear_line(fit_words, capsys):
    extra = ("--losses", "modality_aware", "--set", "gates=false")
    errors = run_failing(capsys, *fit_words, *extra, "--set", "frozen_epochs=1")
    assert "frozen_epochs" in errors


# --- the plan of the ablation --------------------------------------------------------


def recipes_of(profile="quick", **options):
    runs = plan_ablation([ONE], [profile], 1, method="mathm", **options)
    return {run.row.removesuffix(f":{profile}"): run.recipe for run in runs}


def test_rows_are_what_their_names_say():
    recipes = recipes_of()
    assert list(recipes) == list(MATHM.rows) and len(recipes) == 19
    assert len(set(recipes.values())) == 19  # no row twice under two names
    assert recipes["classification+intended"] == named_recipe("mathm")
    assert recipes.pop("triplet") == named_recipe("triplet")
    assert recipes.pop("sbtknet") == named_recipe("sbtknet")
    for name, recipe in recipes.items():
        assert recipe.method == "mathm"
        parts = name.split("+")
        assert recipe.gates == ("no-gates" not in parts), name
        assert ("classification" in recipe.losses) == ("classification" in parts)
        kind = parts[-1] if parts[-1] != "classification" else None
        assert ("modality_aware" in recipe.losses) == (kind is not None)
        if kind in ("within", "hybrid", "cross"):
            assert (recipe.terms, recipe.weighting) == ((kind,), "sum")
        elif kind is not None:
            assert len(recipe.terms) == 3 and recipe.weighting == kind


@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
def test_every_row_of_a_length_sees_as_many_images(backbone):
    recipes = recipes_of(backbone=backbone)
    per_example = dict(triplet=3, sbtknet=4)
    images = {n: r.batch_size * per_example.get(n, 1) for n, r in recipes.items()}
    assert max(images.values()) - min(images.values()) < 3, images
    assert len({(r.epochs, r.steps_per_epoch) for r in recipes.values()}) == 1
    assert {recipe.feature for recipe in recipes.values()} == {"embedding"}


@pytest.mark.parametrize("method", list(ABLATIONS))
def test_comparisons_are_of_rows_that_exist_each_once(method):
    rows, comparisons = ABLATIONS[method].rows, ABLATIONS[method].comparisons
    assert {name for pair in comparisons for name in pair} == set(rows)
    assert all(row != base for row, base in comparisons)
    assert len({frozenset(pair) for pair in comparisons}) == len(comparisons)
    of_one_method = method.removesuffix("-search").replace("combined", "mathm")
    assert ABLATIONS[method].method == of_one_method


def test_gates_are_compared_with_nothing_else_changed():
    recipes = recipes_of()
    pairs = [pair for pair in MATHM.comparisons if pair[1].startswith("no-gates+")]
    assert len(pairs) == 4
    for row, base in pairs:
        assert recipes[row] == replace(recipes[base], gates=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(weighting="sum"), "rows of an ablation choose the weighting: leave wei"),
        (
            dict(terms=("cross",)),
            "rows of an ablation choose the terms: leave terms out",
        ),
        (dict(gates=False), "rows of an ablation choose the gates: leave gates out"),
        (dict(losses=("modality_aware",)), "choose the losses: leave losses out"),
        (dict(rows=["quadruplet"]), "no row is called 'quadruplet'; choose from class"),
        (dict(rows=["sum", "sum"]), "the row 'sum' is named twice"),
    ],
)
def test_changes_that_the_rows_make_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        recipes_of(**options)


@pytest.mark.parametrize("change", [dict(terms=("within",)), dict(gates=False)])
def test_a_row_cannot_be_changed_into_another(change):
    with pytest.raises(ValueError, match="leave"):
        recipes_of(rows=["intended", "sum"], **change)


def test_an_unknown_method_has_no_ablation():
    with pytest.raises(
        ValueError,
        match="method must be one of sbtknet, mathm, ramln, ramln-search",
    ):
        plan_ablation([ONE], ["quick"], 1, method="triplet")


def test_other_changes_are_shared_by_all_rows():
    recipes = recipes_of(margin=0.4, weights="none", weight_decay=0.1)
    shared = {(r.margin, r.weights, r.weight_decay) for r in recipes.values()}
    assert shared == {(0.4, "none", 0.1)}


# --- the ablation itself -------------------------------------------------------------


def test_an_ablation_from_end_to_end(words, reads, tmp_path, capsys):
    rows = "cross,classification+cross,no-gates+classification+cross,triplet"
    assert main([*words, "--rows", rows]) == 0
    assert reads == ["tiny"] * 4
    content = json.loads((tmp_path / "a.json").read_text())
    assert [one["row"] for one in content["rows"]] == [
        f"{row}:smoke" for row in rows.split(",")
    ]
    compared = {(one["row"], one["minus"]) for one in content["differences"]}
    assert compared == {
        ("classification+cross:smoke", "cross:smoke"),
        ("classification+cross:smoke", "no-gates+classification+cross:smoke"),
        ("cross:smoke", "triplet:smoke"),
    }
    lines = capsys.readouterr().out.splitlines()
    assert sum(" - " in line for line in lines) == 3
    assert main([*words, "--rows", rows]) == 0
    assert len(reads) == 4  # nothing is repeated
    assert json.loads((tmp_path / "a.json").read_text()) == content


def test_differences_use_the_comparisons_they_are_given():
    runs = plan_ablation([ONE], ["quick"], 2, ["cross", "triplet"], method="mathm")
    metrics = {n: 0.5 for n in ("map@all", "map@200/min", "map@200/voc", "p@100")}
    general = {p: {"map@all": 0.5} for p in ("seen_gallery", "seen_sample")}
    results = [{"metrics": metrics, "generalised": general}] * 4
    assert ablation_differences(runs, results) == []  # those of sbtknet
    found = ablation_differences(runs, results, MATHM.comparisons)
    assert {(one["row"], one["minus"]) for one in found} == {
        ("cross:quick", "triplet:quick")
    }


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--method", "triplet"], "argument --method: invalid choice: 'triplet'"),
        (["--rows", "all-three"], "no row is called 'all-three'; choose from classif"),
        (["--set", "gates=false"], "rows of an ablation choose the gates: leave gates"),
        (["--set", "terms=cross"], "--set cannot change terms"),
        (["--set", "method=triplet"], "--set cannot change method"),
    ],
)
def test_a_mistake_is_one_clear_line_before_any_run(
    words, reads, extra, message, tmp_path, capsys
):
    assert message in run_failing(capsys, *words, *extra)
    assert reads == [] and not (tmp_path / "runs").exists()


def test_the_help_lists_the_rows_of_every_method(capsys):
    with pytest.raises(SystemExit):
        main(["ablation", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for method, one in ABLATIONS.items():
        listed = f"{method}: {', '.join(one.rows)}"[:60]  # lines break at hyphens too
        assert listed.replace(" ", "") in text.replace(" ", "")
