"""Settings of methods: their values by name, what follows from others, what is refused.

`goldens/recipes.json` holds every named recipe: all values, those that a length of a
backbone changes, and those that a method changes beside.
"""

import json
from pathlib import Path

import pytest
import torch

from zssbir_lib.data import Augmentation
from zssbir_lib.training import (
    MATHM,
    METHODS,
    RAMLN,
    MarginSettings,
    Recipe,
    SBTKNet,
    Triplet,
    build_net,
    fit,
    named_method,
    new_state,
)
from zssbir_lib.training.methods.triplet import Untrained

GOLDEN = json.loads((Path(__file__).parent / "goldens" / "recipes.json").read_text())
NAMES = [name for name in GOLDEN if name.split()[0] in METHODS]
OWN = {name for method in METHODS.values() for name in method.own_fields()}
BOTH = ("modality_aware", "classification")
SHORT = ("smoke", "quick", "book")
EVERY_CHOICE = [
    ("triplet",),
    ("quadruplet",),
    ("classification",),
    ("knowledge",),
    ("triplet", "classification"),
    ("quadruplet", "classification", "knowledge"),
]


def flat(values):
    """Return nested values with names such as margins.rate."""
    found = {}
    for name, value in values.items():
        inner = value if isinstance(value, dict) else {None: value}
        found |= {f"{name}.{n}" if n else name: v for n, v in inner.items()}
    return found


# --- values --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_named_methods_have_the_values_of_before(name):
    method, backbone, profile = name.split()
    expected = GOLDEN["all"] | GOLDEN[f"{backbone} {profile}"] | GOLDEN[name]
    expected |= dict(method=method, backbone=backbone, profile=profile)
    found = flat(named_method(method, backbone, profile).to_dict())
    assert found == {name: expected[name] for name in found}
    left_out = {name.partition(".")[0] for name in set(expected) - set(found)}
    assert left_out <= OWN  # only settings of other methods


def test_every_method_is_there_at_every_length():
    assert len(NAMES) == 9 * (3 + 2 * 4)
    with pytest.raises(ValueError, match="backbone 'small' must be one of smoke, quic"):
        named_method("triplet", "small", "paper")


def test_an_object_without_a_recipe_takes_the_quick_one_of_the_small_backbone():
    for kind in METHODS.values():
        assert kind() == kind.named("small", "quick")
        margin = kind(margin=0.5)
        assert margin == kind.named(margin=0.5) != kind()
    assert SBTKNet(losses=("triplet",)).recipe.batch_size == 128 // 3
    assert MATHM(losses=("knowledge",)).recipe.feature == "pooled"


@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
@pytest.mark.parametrize("profile", SHORT)
def test_every_step_sees_as_many_images_whatever_the_losses(backbone, profile):
    methods = [SBTKNet.named(backbone, profile, losses=some) for some in EVERY_CHOICE]
    methods += [kind.named(backbone, profile) for kind in (Triplet, MATHM, RAMLN)]
    counts = set()
    for method in methods:
        own = {name: getattr(method, name) for name in method.own_fields()}
        counts.add(method.recipe.batch_size * method.images_per_anchor(own))
    assert max(counts) - min(counts) <= 2  # a third of an example at most


def test_a_batch_size_that_is_given_stays():
    for losses in EVERY_CHOICE:
        assert SBTKNet.named(batch_size=5, losses=losses).recipe.batch_size == 5


# --- what follows from other settings ------------------------------------------------

SEES_EMBEDDING = dict(classifier_input="embedding")


@pytest.mark.parametrize(
    ("method", "changes", "feature"),
    [
        ("sbtknet", dict(losses=("triplet",)), "embedding"),
        ("sbtknet", dict(losses=("quadruplet", "knowledge")), "embedding"),
        ("sbtknet", dict(losses=("classification",)), "pooled"),
        ("sbtknet", dict(losses=("knowledge",)), "pooled"),
        ("sbtknet", dict(losses=("classification", "knowledge")), "pooled"),
        ("sbtknet", dict(losses=("classification",)) | SEES_EMBEDDING, "embedding"),
        ("sbtknet", dict(losses=("knowledge",)) | SEES_EMBEDDING, "pooled"),
        ("sbtknet", dict(losses=("classification",), feature="embedding"), "embedding"),
        ("sbtknet", dict(feature="pooled"), "pooled"),
        ("mathm", dict(losses=BOTH[:1]), "embedding"),
        ("mathm", dict(losses=BOTH[1:]), "embedding"),
        ("mathm", dict(losses=("knowledge",)), "pooled"),
    ],
)
def test_retrieval_uses_the_embedding_where_a_loss_trains_it(method, changes, feature):
    assert named_method(method, **changes).recipe.feature == feature


@pytest.mark.parametrize(
    ("losses", "watched"),
    [(EVERY_CHOICE[5], "sketches"), (("classification",), "sketches")]
    + [(("triplet",), "classes")],
)
def test_papers_watch_sketches_where_there_is_a_classifier(losses, watched):
    paper = SBTKNet.named("resnet50", "paper", losses=losses)
    assert paper.recipe.validation == watched
    quick = SBTKNet.named("resnet50", losses=losses)
    assert quick.recipe.validation == "classes"


def test_the_projection_starts_from_a_classifier_only_where_the_paper_does_so():
    def start(method, profile="paper", **changes):
        named = named_method(method, "resnet50", profile, **changes)
        return named.recipe.projection_start

    assert start("mathm") == start("mathm", weights="any.pth") == "classifier"
    assert start("mathm", weights="none") == start("mathm", "book") == "random"
    assert start("mathm", "book", projection_start="classifier") == "classifier"
    assert start("sbtknet") == "random"


def test_changes_keep_the_rest_of_a_record_within():
    combined = named_method("combined", augmentation=dict(grey=0.5))
    assert combined.recipe.augmentation == Augmentation(grey=0.5, edges=0.3)
    again = combined.changed(augmentation=dict(grey=0.1), margin=0.4)
    assert again.recipe.augmentation == Augmentation(grey=0.1, edges=0.3)
    assert (again.margin, again.metric_weight) == (0.4, 3.0)
    learned = named_method("ramln", "resnet50", "paper", margins=dict(rate=0.5))
    assert (learned.margins.rate, learned.margins.warm_up) == (0.5, 400)
    assert learned.changed(margins=dict(slots=3)).margins.warm_up == 400


def test_changing_returns_another_object_that_is_checked_again():
    method = Triplet()
    assert method.changed(epochs=3).recipe.epochs == 3 != method.recipe.epochs
    assert hash(method) == hash(Triplet()) and method == Triplet()
    with pytest.raises(ValueError, match="margin must be 0 or more"):
        method.changed(margin=-1.0)


# --- what is refused -----------------------------------------------------------------

FIXED = dict(losses=BOTH[:1], gates=False)


@pytest.mark.parametrize(
    ("method", "changes", "message"),
    [
        ("magic", {}, "no method is called 'magic'; choose one of untrained, trip"),
        ("mathn", {}, "no method is called 'mathn' .did you mean 'mathm'"),
        ("triplet", dict(margin=-1.0), "^margin must be 0 or more, got -1.0"),
        ("triplet", dict(margin="much"), "^margin must be a number, got 'much'"),
        ("triplet", dict(batch_size=0), "batch_size must be 1 or more, got 0"),
        ("triplet", dict(batch_size=2.5), "batch_size must be a whole number, got 2.5"),
        ("triplet", dict(schedule="zigzag"), "schedule must be one of one_cycle"),
        ("triplet", dict(schedule="cosin"), "got 'cosin' .did you mean 'cosine'"),
        ("triplet", dict(colour="red"), "no field called 'colour'; it has: profile, b"),
        ("triplet", dict(epoch=3), "no field called 'epoch' .did you mean 'epochs'"),
        ("triplet", dict(losses=("quadruplet",)), "no field called 'losses'"),
        ("triplet", dict(augmentation=dict(gray=1)), "'gray' .did you mean 'grey'"),
        ("triplet", dict(optimiser="lamb"), "optimiser must be one of adamw, adam, sg"),
        ("triplet", dict(frozen_epochs=1), "no new layer .* set frozen_epochs=0"),
        ("sbtknet", dict(losses=["triplet"]), r"a tuple of names, got \['triplet'\]"),
        (
            "sbtknet",
            dict(losses=("hinge",)),
            "each of losses must be one of triplet, ",
        ),
        ("sbtknet", dict(losses=()), "losses must name one or several of .*; got none"),
        ("sbtknet", dict(losses=("knowledge",) * 2), "each once; got knowledge, knowl"),
        ("sbtknet", dict(losses=("triplet", "quadruplet")), "both .* name one of them"),
        (
            "sbtknet",
            dict(losses=("modality_aware",)),
            "each of losses must be one of ",
        ),
        ("sbtknet", dict(classifier_input="x"), "must be one of pooled, embedding"),
        ("sbtknet", dict(teaching="page"), "teaching must be one of class, item; got"),
        (
            "sbtknet",
            dict(soft_head="x"),
            "soft_head must be one of teacher, fresh;",
        ),
        ("sbtknet", dict(validation="x"), "must be one of classes, sketches; got 'x'"),
        (
            "sbtknet",
            dict(validation="sketches", losses=("quadruplet",)),
            "validation=sketches needs the classification loss; watch classes",
        ),
        ("sbtknet", dict(temperature=0.0), "temperature must be above 0, got 0.0"),
        ("sbtknet", dict(temperature=float("nan")), "temperature must be above 0, got"),
        (
            "sbtknet",
            dict(metric_weight=-1.0),
            "metric_weight must be 0 or more, got",
        ),
        ("sbtknet", dict(classification_weight=-0.1), "n_weight must be 0 or more"),
        ("sbtknet", dict(knowledge_weight=float("nan")), "e_weight must be 0 or more"),
        ("mathm", dict(losses=("triplet",)), "each of losses must be one of modality_"),
        ("mathm", dict(losses="classification"), "a tuple of names, got 'classificat"),
        ("mathm", dict(terms=("outer",)), "each of terms must be one of within, hybri"),
        (
            "mathm",
            dict(terms=()),
            "terms must name one or several of within, .*; got",
        ),
        ("mathm", dict(terms=("cross",) * 2), "each once; got cross, cross"),
        ("mathm", dict(terms=["cross"]), r"terms must be a tuple of names, got \['cro"),
        ("mathm", dict(weighting="even"), "weighting must be one of intended, release"),
        ("mathm", dict(projection_start="svd"), "projection_start must be one of rand"),
        ("mathm", dict(frozen_epochs=-1), "frozen_epochs must be 0 or more, got"),
        ("mathm", dict(projection_rate=-0.1), "projection_rate must be 0 or more, got"),
        ("mathm", dict(images_per_class=1), "with 1 images a class does not hold two"),
        (
            "mathm",
            dict(images_per_class=3, batch_size=12),
            "a batch of 12 with 3 imag",
        ),
        (
            "mathm",
            dict(images_per_class=8, batch_size=12),
            "not hold two or more",
        ),
        (
            "mathm",
            dict(images_per_class=8, batch_size=8),
            "change batch_size or",
        ),
        ("mathm", dict(batch_size=30), "a batch of 30 with 8 images a class does not"),
        (
            "mathm",
            dict(losses=BOTH[:1], validation="sketches"),
            "sketches needs the",
        ),
        ("mathm", FIXED | dict(frozen_epochs=1), "frozen_epochs is 1, but there is no"),
        ("ramln", dict(lam=1.5), "lam must lie between 0 and 1, got 1.5"),
        ("ramln", dict(margin=0.9), "margin is 0.9, where learned margins start: it m"),
        ("ramln", dict(margins=dict(rate=0)), "margins.rate must be above 0, got 0"),
        ("ramln", dict(margins=dict(low=1.0)), "margins.low must be below margins.hig"),
        ("ramln", dict(margins=dict(warmup=1)), "'warmup' .did you mean 'warm_up'"),
        ("ramln", dict(batch_size=24), "needs four classes or more in a batch"),
    ],
)
def test_bad_settings_are_refused(method, changes, message):
    with pytest.raises(ValueError, match=message) as error:
        named_method(method, **changes)
    assert len(str(error.value).splitlines()) == 1


# --- what is shown -------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_method_shows_its_own_fields_and_describes_every_one(method):
    found = named_method(method)
    lines = str(found).splitlines()
    names = [line.split()[0] for line in lines]
    assert names == list(found.to_dict()) and names[0] == "method"
    column = {line.index(line.split()[1], 2 + len(line.split()[0])) for line in lines}
    assert len(column) == 1  # values below each other
    described = found.describe().splitlines()
    shown = {line.split()[0] for line in described}
    assert shown == set(flat(found.to_dict())) - {"method"}
    assert all(len(line.split()) >= 3 for line in described)  # each has a meaning
    special = {"losses", "terms", "weighting", "lam", "margins", "images_per_class"}
    assert special & set(names) == special & set(METHODS[method].own_fields())


@pytest.mark.parametrize("record", [Recipe, MarginSettings])
def test_every_field_of_a_record_is_described(record):
    for name in record.__dataclass_fields__:
        assert f"        {name}: " in record.__doc__, name


# --- the combined recipe trains ------------------------------------------------------


def test_the_combined_recipe_trains_with_all_its_losses(tiny_data):
    size = dict(epochs=1, steps_per_epoch=2, batch_size=12, images_per_class=4)
    state = new_state(named_method("combined", **size), tiny_data.restricted_to("abcd"))
    assert state.net.gated and state.net.heads["identity"].scale == 16
    fit(state)
    assert state.step == 2 and set(BOTH) <= set(state.history[0])


def test_a_method_that_trains_nothing_has_no_sampler(tiny_data):
    state = new_state(Untrained(), tiny_data)
    assert state.sampler is None and state.finished and state.net.trained_on == ()


def test_the_same_seed_builds_the_same_net_and_leaves_global_state_alone():
    method = Triplet.named(weights="none")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (build_net(method, seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.projection.weight, again.projection.weight)
    assert not torch.equal(first.projection.weight, other.projection.weight)
