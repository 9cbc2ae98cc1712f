"""The project's own studies: what their rows are, and what they compare."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from ramln_variants import LeastUsed, RawInputs, Shuffled, ThreeSteps, UnitStep

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.training import MarginSettings, named_method
from zssbir_lib.training.study import plan_runs, read_study

ONE = ZeroShotSplit("one", tuple(f"s{i}" for i in range(40)), (), ("u", "v"))
STUDIES = Path(__file__).resolve().parents[1] / "studies"
NAMES = sorted(path.stem for path in STUDIES.glob("*.toml"))
BASE = named_method("ramln")
FIXED = dict(margins=dict(form="fixed"))


def study_of(name):
    return read_study(STUDIES / f"{name}.toml")


def methods_of(name, backbone="small", **changes):
    """Return the methods of a study by row."""
    study = replace(study_of(name), seeds=1, profiles=["quick"])
    runs = plan_runs(study, [ONE], None, backbone, **changes)
    return {run.row.removesuffix(":quick"): run.method for run in runs}


def kind_of(method):
    return type(method).__name__


def values_of(method):
    """Return a method's settings, those of the recipe and of margins among them."""
    values = asdict(method)
    within = values.pop("recipe") | values.pop("margins", {})
    return values | within


def changed(method, base=BASE):
    """Return the fields in which two methods differ, and the class if it does."""
    one, other = values_of(method), values_of(base)
    names = [name for name in sorted(one) if one[name] != other[name]]
    kind = {} if type(method) is type(base) else {"kind": kind_of(method)}
    return kind | {name: one[name] for name in names}


# --- every study ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_comparisons_are_of_rows_that_exist_each_once(name):
    rows, comparisons = study_of(name).rows, study_of(name).compare
    compared = {row for pair in comparisons for row in pair}
    assert compared == (set(rows) if comparisons else set())
    assert all(row != base for row, base in comparisons)
    assert len({frozenset(pair) for pair in comparisons}) == len(comparisons)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
def test_no_row_stands_under_two_names(name, backbone):
    if name == "combined_search" and backbone != "small":
        pytest.skip("with large backbones MATHM has 4 images a class anyway")
    methods = methods_of(name, backbone)
    assert len(methods) == len(study_of(name).rows)
    assert len({(kind_of(m), str(m)) for m in methods.values()}) == len(methods)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("baseline", "methods")])
@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
def test_every_row_of_a_study_trains_as_long_on_as_many_images(name, backbone):
    methods = methods_of(name, backbone)
    recipes = [method.recipe for method in methods.values()]
    assert len({(r.epochs, r.steps_per_epoch) for r in recipes}) == 1
    images = [
        method.recipe.batch_size * method.images_per_anchor(values_of(method))
        for method in methods.values()
    ]
    assert max(images) - min(images) < 3, images


# --- SBTKNet -------------------------------------------------------------------------


def test_sbtknets_rows_are_those_of_the_papers_table_and_one_more():
    methods = methods_of("sbtknet")
    assert [(m.losses, m.recipe.attention) for m in methods.values()] == [
        (("triplet",), False),
        (("quadruplet",), False),
        (("quadruplet", "classification"), False),
        (("quadruplet", "knowledge"), False),
        (("quadruplet", "classification", "knowledge"), False),
        (("quadruplet", "classification", "knowledge"), True),
        (("classification",), False),
    ]
    assert {kind_of(method) for method in methods.values()} == {"SBTKNet"}
    sizes = {name: method.recipe.batch_size for name, method in methods.items()}
    assert sizes.pop("triplet") == 42 and set(sizes.values()) == {32}
    features = {name: method.recipe.feature for name, method in methods.items()}
    assert features.pop("classification") == "pooled"
    assert set(features.values()) == {"embedding"}


# --- MATHM ---------------------------------------------------------------------------


def test_mathms_rows_are_what_their_names_say():
    methods = methods_of("mathm")
    assert len(methods) == 19
    assert methods["classification+intended"] == named_method("mathm")
    assert methods.pop("triplet") == named_method("triplet")
    assert methods.pop("sbtknet") == named_method("sbtknet")
    for name, method in methods.items():
        assert kind_of(method) == "MATHM" and method.recipe.feature == "embedding"
        parts = name.split("+")
        assert method.recipe.gates == ("no-gates" not in parts), name
        assert ("classification" in method.losses) == ("classification" in parts)
        kind = parts[-1] if parts[-1] != "classification" else None
        assert ("modality_aware" in method.losses) == (kind is not None)
        if kind in ("within", "hybrid", "cross"):
            assert (method.terms, method.weighting) == ((kind,), "sum")
        elif kind is not None:
            assert len(method.terms) == 3 and method.weighting == kind


def test_gates_are_compared_with_nothing_else_changed():
    methods = methods_of("mathm")
    comparisons = study_of("mathm").compare
    pairs = [pair for pair in comparisons if pair[1].startswith("no-gates+")]
    assert len(pairs) == 4
    for row, base in pairs:
        assert methods[row] == methods[base].changed(gates=True)


def test_other_changes_are_shared_by_all_rows():
    methods = methods_of("mathm", margin=0.4, weights="none", weight_decay=0.1)
    recipes = {name: method.recipe for name, method in methods.items()}
    shared = {(r.weights, r.weight_decay) for r in recipes.values()}
    assert shared == {("none", 0.1)}
    assert {method.margin for method in methods.values()} == {0.4}


# --- RAMLN ---------------------------------------------------------------------------


def test_ramlns_rows_are_what_their_names_say():
    methods = methods_of("ramln")
    assert methods.pop("learned") == BASE
    assert changed(methods.pop("classification")) == {"losses": ("classification",)}
    assert changed(methods.pop("bid-tri")) == {"form": "fixed", "lam": 1.0}
    assert changed(methods.pop("scalar")) == {"form": "scalar"}
    joint = {"form": "scalar", "learning": "joint"}
    assert changed(methods.pop("scalar-joint")) == joint
    apart = {"learning": "joint", "centred": False}  # else it could not shrink
    assert changed(methods.pop("memory-joint")) == apart
    assert changed(methods.pop("embedding")) == {"form": "embedding"}
    assert changed(methods.pop("learned-shuffled")) == {"kind": "Shuffled"}
    for margin in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
        method = methods.pop(f"bid-qua-{margin}")
        assert method.margin == margin
        assert changed(method.changed(margin=0.3)) == {"form": "fixed"}
    assert {kind_of(method) for method in methods.values()} == {"MATHM", "SBTKNet"}


def test_rows_of_the_search_change_one_thing_or_say_so():
    methods = methods_of("ramln_search")
    assert methods.pop("learned") == BASE
    for weight in (1.0, 3.0, 10.0):
        method = methods.pop(f"fixed-weight-{weight}")
        assert method.metric_weight == weight
        assert changed(method.changed(metric_weight=3.0)) == {"form": "fixed"}
    fixed = named_method("ramln", **FIXED)
    for name, method in methods.items():
        base = fixed if name.startswith("fixed-") else BASE
        parts = 2 if "+" in name or name == "3-inner-steps" else 1
        assert len(changed(method, base)) == parts, name
    assert changed(methods["uniform"]) == {"sampling": "uniform"}
    three = {"kind": "ThreeSteps", "inner_rate": 1.0}
    assert changed(methods["3-inner-steps"]) == three
    variants = {
        "unit-step": UnitStep,
        "raw-inputs": RawInputs,
        "shuffled": Shuffled,
        "least-used": LeastUsed,
        "3-inner-steps": ThreeSteps,
    }
    assert {n: kind_of(methods[n]) for n in variants} == {
        name: kind.__name__ for name, kind in variants.items()
    }


@pytest.mark.parametrize("name", ["ramln", "ramln_search"])
@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
def test_margins_are_learned_for_most_of_a_training(name, backbone):
    methods = methods_of(name, backbone).values()
    for method in (one for one in methods if hasattr(one, "margins")):
        recipe = method.recipe
        assert recipe.batch_size // method.images_per_class >= 4
        steps = recipe.epochs * recipe.steps_per_epoch
        assert steps > 2 * method.margins.warm_up
        assert recipe.feature == "embedding"


def test_a_setting_of_margins_is_shared_by_rows_that_do_not_choose_it():
    methods = methods_of("ramln", margins=dict(beta=9.0))
    with_margins = [m for m in methods.values() if hasattr(m, "margins")]
    assert len(with_margins) == 14 == len(methods) - 2
    assert {method.margins.beta for method in with_margins} == {9.0}
    expected = replace(BASE.margins, beta=9.0, form="scalar", learning="joint")
    assert methods["scalar-joint"].margins == expected


CHOICES = {
    "form": ("fixed", "scalar", "embedding", "memory"),
    "learning": ("meta", "joint"),
    "gradient": ("exact", "first_order"),
    "scope": ("heads", "all"),
}


@pytest.mark.parametrize("name", list(CHOICES))
def test_every_choice_is_accepted_and_others_are_named(name):
    for choice in CHOICES[name]:
        assert getattr(MarginSettings(**{name: choice}), name) == choice
    message = f"margins.{name} must be one of {', '.join(CHOICES[name])}; got 'none'"
    with pytest.raises(ValueError, match=message):
        MarginSettings(**{name: "none"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(inner_rate=0.0), "margins.inner_rate must be above 0, got 0.0"),
        (dict(inner_rate=float("nan")), "margins.inner_rate must be above 0, got nan"),
        (dict(beta=-1.0), "margins.beta must be above 0, got -1.0"),
        (dict(slots=0), "margins.slots must be 1 or more, got 0"),
        (dict(low=0.8), "below margins.high, and both finite; got 0.8 and 0.8"),
        (dict(high=float("nan")), "both finite; got 0.01 and nan"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        MarginSettings(**changes)


@pytest.mark.parametrize("form", ["scalar", "embedding", "memory"])
@pytest.mark.parametrize("margin", [0.01, 0.8, 0.9, 0.0])
def test_learned_margins_start_within_their_range(form, margin):
    message = f"margin is {margin}, where learned margins start: it must lie between"
    with pytest.raises(ValueError, match=message):
        named_method("ramln", margin=margin, margins=dict(form=form))
    assert named_method("mathm", margin=margin).margin == margin  # learns none


def test_a_method_says_what_only_ramln_reads_for_ramln_alone():
    for name in ("sampling", "lam", "margins"):
        assert f"\n  {name:<22} " in str(BASE)
        assert f"\n  {name:<22} " not in str(named_method("mathm"))


# --- whole methods -------------------------------------------------------------------


@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2"])
def test_rows_of_the_table_are_the_methods_as_they_are(backbone):
    methods = methods_of("methods", backbone)
    for name, method in methods.items():
        called = {"pretrained": "untrained"}.get(name, name)
        assert method == named_method(called, backbone)
    study = study_of("methods")
    assert study.cells and not study.generalised  # scored once, not twice
    assert methods["classification"].recipe.gates
    qua, tri = (methods[name] for name in ("bid-qua", "bid-tri"))
    fixed = named_method("ramln", backbone, **FIXED)
    assert values_of(qua) == values_of(fixed)
    assert values_of(tri) == values_of(fixed.changed(lam=1.0))
    alone = named_method("mathm", backbone, losses=("classification",))
    assert values_of(methods["classification"]) == values_of(alone)
