"""The report of learned margins: by hand, by loops, degenerate cases, checkpoints."""

import math

import numpy as np
import pytest
import torch

from zssbir_lib.data import ImageSet, SketchPhotoData
from zssbir_lib.training import (
    ImageMargins,
    describe_image_margins,
    embed,
    fit,
    load_margin_learner,
    margins_of_images,
    named_method,
    new_state,
    read_checkpoint,
    save_checkpoint,
)
from zssbir_lib.training.methods.margin_report import (
    class_means,
    query_difficulty,
    rank_correlation,
)

METHOD = named_method(
    "ramln",
    epochs=1,
    steps_per_epoch=4,
    batch_size=24,
    images_per_class=4,
    embedding_size=8,
    margins=dict(warm_up=1, rate=0.05, beta=5.0),
)
CORRELATIONS = (
    "confusability/sketches",
    "confusability/photos",
    "ambiguity/sketches",
    "ambiguity/photos",
)


def images(margin, difficulty, labels, modality):
    numbers = (np.array(part, dtype=float) for part in (margin, difficulty))
    return ImageMargins(*numbers, np.array(labels), np.array(modality))


# Three classes, two sketches each, then two photos each; fractions that are exact.
BY_HAND = images(
    # class means of sketches: 2, 10, 6 (of 32); of photos: 4, 6, 8
    margin=np.array([1, 3, 10, 10, 4, 8, 2, 6, 4, 8, 8, 8]) / 32,
    # of sketches: 2, 4, 6 (of 16); of photos: 6, 4, 2
    difficulty=np.array([1, 3, 2, 6, 9, 3, 6, 6, 3, 5, 1, 3]) / 16,
    labels=[0, 0, 1, 1, 2, 2] * 2,
    modality=[0] * 6 + [1] * 6,
)


def ranks(values):
    """Return ranks from 1, ties share their mean rank."""
    return [
        sum(other < value for other in values)
        + (sum(other == value for other in values) + 1) / 2
        for value in values
    ]


def slow_spearman(one, other):
    """Return the correlation of ranks, by sums."""
    one, other = (ranks([round(v, 12) for v in values]) for values in (one, other))
    means = sum(one) / len(one), sum(other) / len(other)
    gaps = [(a - means[0], b - means[1]) for a, b in zip(one, other, strict=True)]
    both = sum(a * b for a, b in gaps)
    return both / math.sqrt(sum(a * a for a, _ in gaps) * sum(b * b for _, b in gaps))


def slow_description(some):
    """Return shares and correlations by loops over classes."""
    found = {}
    for kind, name in ((0, "sketches"), (1, "photos")):
        classes = {}
        for m, d, label, k in zip(*some, strict=True):
            if k == kind:
                classes.setdefault(label, []).append((m, d))
        means = {c: np.mean(rows, axis=0) for c, rows in classes.items()}
        margins, difficulties = zip(*means.values(), strict=True)
        found[f"confusability/{name}"] = slow_spearman(margins, difficulties)
        gaps = [row - means[c] for c, rows in classes.items() for row in rows]
        found[f"ambiguity/{name}"] = slow_spearman(*zip(*gaps, strict=True))
    return found


# --- the numbers ---------------------------------------------------------------------


def test_a_description_by_hand():
    found = describe_image_margins(BY_HAND)
    assert found["mean"] == found["mean/sketches"] == found["mean/photos"] == 6 / 32
    gaps = [5, 3, 4, 4, 2, 2, 4, 0, 2, 2, 2, 2]  # of 32, from the mean
    variance = sum(gap**2 for gap in gaps) / 12
    assert found["std"] == pytest.approx(variance**0.5 / 32)
    # means of whole classes 3, 8 and 7 about 6
    assert found["class_share"] == pytest.approx((3**2 + 2**2 + 1**2) / 3 / variance)
    assert found["quantile/0.5"] == 7 / 32  # between 6 and 8
    # sketches: ranks of margins 1 3 2, of difficulties 1 2 3: 1 - 6 * 2 / 24
    assert found["confusability/sketches"] == pytest.approx(0.5)
    assert found["confusability/photos"] == pytest.approx(-1.0)
    # sketches: margins -1 1 0 0 -2 2 and difficulties -1 1 -2 2 3 -3, less class means
    # ranks 2 5 3.5 3.5 1 6 and 3 4 2 5 6 1, less 3.5
    both = (-1.5 * -0.5) + (1.5 * 0.5) + (-2.5 * 2.5) + (2.5 * -2.5)
    expected = both / math.sqrt((2 * 1.5**2 + 2 * 2.5**2) * 17.5)
    assert found["ambiguity/sketches"] == pytest.approx(expected)
    # photos: margins -2 2 -2 2 0 0 and difficulties 0 0 -1 1 -1 1
    # ranks 1.5 5.5 1.5 5.5 3.5 3.5 and 3.5 3.5 1.5 5.5 1.5 5.5
    assert found["ambiguity/photos"] == pytest.approx((2 * 2 + 2 * 2) / 16)


@pytest.mark.parametrize("seed", range(3))
def test_correlations_equal_slow_loops_for_uneven_classes(seed):
    random = np.random.default_rng(seed)
    some = ImageMargins(
        random.uniform(0.01, 0.8, 40),
        random.uniform(0, 1, 40),
        random.integers(0, 5, 40) * 3,  # class numbers with gaps
        random.integers(0, 2, 40),
    )
    found = describe_image_margins(some)
    for name, value in slow_description(some).items():
        assert found[name] == pytest.approx(value), name


def test_quantiles_are_those_of_all_images():
    margin = np.arange(101) / 100
    some = images(margin, margin, np.arange(101) % 4, np.arange(101) % 2)
    found = describe_image_margins(some)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert found[f"quantile/{share}"] == pytest.approx(share)


def test_the_order_of_the_images_does_not_matter():
    order = np.random.default_rng(0).permutation(12)
    moved = ImageMargins(*(part[order] for part in BY_HAND))
    assert describe_image_margins(moved) == pytest.approx(
        describe_image_margins(BY_HAND)
    )


def test_correlations_do_not_mind_the_scale_of_the_margins():
    found = describe_image_margins(BY_HAND)
    stretched = describe_image_margins(BY_HAND._replace(margin=5 * BY_HAND.margin - 1))
    for name in (*CORRELATIONS, "class_share"):
        assert stretched[name] == pytest.approx(found[name])
    negated = describe_image_margins(BY_HAND._replace(margin=1 - BY_HAND.margin))
    for name in CORRELATIONS:
        assert negated[name] == pytest.approx(-found[name])


def test_class_means_stand_in_the_place_of_every_image():
    means = class_means(np.array([1.0, 2.0, 3.0, 10.0]), np.array([7, 2, 7, 2]))
    assert means.tolist() == [2.0, 6.0, 2.0, 6.0]


def test_margins_of_classes_alone_and_of_images_alone():
    by_class = BY_HAND._replace(margin=0.1 * (1 + BY_HAND.labels))
    found = describe_image_margins(by_class)
    assert found["class_share"] == pytest.approx(1.0)
    assert found["confusability/sketches"] == pytest.approx(1.0)
    assert found["ambiguity/sketches"] == found["ambiguity/photos"] == 0.0
    within = BY_HAND._replace(margin=0.25 + 0.125 * (-1.0) ** np.arange(12))
    found = describe_image_margins(within)
    assert found["class_share"] == pytest.approx(0.0)
    assert found["confusability/sketches"] == 0.0
    assert found["ambiguity/sketches"] != 0.0


# --- degenerate cases ----------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 1e-8])
def test_margins_that_are_one_number_explain_nothing(noise):
    margin = 0.3 + noise * np.random.default_rng(0).standard_normal(12)
    found = describe_image_margins(BY_HAND._replace(margin=margin))
    assert found["class_share"] == 0.0
    assert [found[name] for name in CORRELATIONS] == [0.0] * 4
    assert found["mean"] == pytest.approx(0.3) and found["std"] < 1e-7
    assert found["quantile/0.05"] == pytest.approx(0.3)


def test_one_image_a_class_is_never_ambiguous():
    some = images([0.1, 0.4, 0.2, 0.3], [0.2, 0.9, 0.5, 0.1], [0, 1] * 2, [0, 0, 1, 1])
    found = describe_image_margins(some)
    assert found["ambiguity/sketches"] == found["ambiguity/photos"] == 0.0
    assert found["confusability/sketches"] == pytest.approx(1.0)
    assert found["confusability/photos"] == pytest.approx(-1.0)


def test_one_class_is_not_confused_with_another():
    some = images([0.1, 0.4, 0.2, 0.3], [0.2, 0.9, 0.5, 0.1], [3] * 4, [0, 0, 1, 1])
    found = describe_image_margins(some)
    assert found["confusability/sketches"] == found["confusability/photos"] == 0.0
    assert found["class_share"] == pytest.approx(0.0)
    assert found["ambiguity/sketches"] == pytest.approx(1.0)


def test_images_all_as_hard_as_each_other_correlate_with_nothing():
    found = describe_image_margins(BY_HAND._replace(difficulty=np.zeros(12)))
    assert [found[name] for name in CORRELATIONS] == [0.0] * 4
    assert found["class_share"] > 0.1


def test_a_rank_correlation_with_values_that_do_not_vary_is_zero():
    values = np.array([0.1, 0.2, 0.3])
    assert rank_correlation(values, values**3) == pytest.approx(1.0)
    assert rank_correlation(values, -values) == pytest.approx(-1.0)
    assert rank_correlation(values, 0.2 + 1e-5 * values) == pytest.approx(1.0)
    assert rank_correlation(values, 0 * values) == 0.0
    assert rank_correlation(0 * values, values) == 0.0
    assert rank_correlation(values[:1], values[:1]) == 0.0


def test_a_difficulty_that_is_not_known_shows_in_its_modality_alone():
    difficulty = BY_HAND.difficulty.copy()
    difficulty[2] = np.nan
    found = describe_image_margins(BY_HAND._replace(difficulty=difficulty))
    plain = describe_image_margins(BY_HAND)
    changed = {n for n in plain if found[n] != pytest.approx(plain[n])}
    assert changed == {"confusability/sketches", "ambiguity/sketches"}
    assert all(math.isnan(found[name]) for name in changed)


# --- difficulty ----------------------------------------------------------------------


def test_difficulty_by_hand():
    gallery = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    found = query_difficulty(
        torch.tensor([[0.0], [5.0], [0.0]]),
        gallery,
        torch.tensor([0, 0, 9]),
        torch.tensor([0, 1, 0, 1]),
    )
    # relevant at ranks 1 and 3, then at 2 and 4; class 9 has no image
    assert found[:2].tolist() == pytest.approx([1 - (1 + 2 / 3) / 2, 1 - 0.5])
    assert math.isnan(found[2])


# --- a training ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tiny_data):
    """Return a state after a few steps with learned margins."""
    return fitted(tiny_data, METHOD)


def fitted(data, method, seed=0):
    state = new_state(method, data, seed)
    fit(state)
    state.net.eval()
    return state


def test_every_seen_image_has_a_margin_and_a_difficulty(trained, tiny_data):
    net, learner = trained.net, trained.kept
    found = margins_of_images(net, learner, tiny_data, "embedding")
    assert found.modality.tolist() == [0] * 48 + [1] * 48
    assert (
        found.labels.tolist() == [*range(6)] * 0 + 2 * tiny_data.photos.labels.tolist()
    )
    sketches, photos = (embed(net, s) for s in (tiny_data.sketches, tiny_data.photos))
    points, labels = torch.cat((sketches, photos)), torch.from_numpy(found.labels)
    margin = learner.margins(points, learner.memory.read(points, labels)).detach()
    assert found.margin == pytest.approx(margin.numpy(), abs=1e-6)
    assert found.margin.std() > 1e-3 and found.margin.dtype == np.float64
    for place in (0, 17, 47, 48, 95):
        query, own = points[place], labels[place]
        gallery, classes = (
            (photos, labels[48:]) if place < 48 else (sketches, labels[:48])
        )
        order = (gallery - query).norm(dim=1).argsort()
        hits = (classes[order] == own).double()
        precision = hits.cumsum(0) / torch.arange(1, 49)
        expected = 1 - float((precision * hits).sum() / hits.sum())
        assert found.difficulty[place] == pytest.approx(expected, abs=1e-3)


def test_a_report_changes_nothing(trained, tiny_data):
    state = trained
    state.net.train()
    before = {n: v.clone() for n, v in state.net.state_dict().items()}
    kept = state.kept
    learned = [m.state_dict() for m in (kept.memory, kept.margins)]
    learned = [{n: v.clone() for n, v in one.items()} for one in learned]
    margins_of_images(state.net, kept, tiny_data, "embedding")
    assert state.net.training
    state.net.eval()
    for one, other in zip(
        (before, *learned),
        (m.state_dict() for m in (state.net, kept.memory, kept.margins)),
        strict=True,
    ):
        assert all(torch.equal(other[name], value) for name, value in one.items())


@pytest.mark.parametrize("changes", [dict(), dict(form="scalar"), dict(slots=3)])
def test_a_learner_is_loaded_as_it_was_saved(tiny_data, tmp_path, changes):
    method = METHOD.changed(margins=changes)
    state = fitted(tiny_data, method, seed=1)
    save_checkpoint(state, tmp_path / "c.pt")
    net, learner = load_margin_learner(read_checkpoint(tmp_path / "c.pt"), method)
    assert learner.step == 4 and learner.warm and not net.training
    assert len(learner.memory.labels) == 2 * 6 * method.margins.slots
    one, other = (
        margins_of_images(*both, tiny_data, "embedding")
        for both in ((net, learner), (state.net, state.kept))
    )
    for mine, theirs in zip(one, other, strict=True):
        assert np.array_equal(mine, theirs)
    momentum = learner.optimiser.state_dict()["state"]
    assert momentum and all(float(part["step"]) == 3 for part in momentum.values())


def test_a_training_within_its_warm_up_has_the_fixed_margin(tiny_data, tmp_path):
    method = METHOD.changed(margins={"warm_up": 9})
    save_checkpoint(fitted(tiny_data, method), tmp_path / "c.pt")
    both = load_margin_learner(read_checkpoint(tmp_path / "c.pt"), method)
    found = margins_of_images(*both, tiny_data, "embedding")
    assert found.margin == pytest.approx(0.3) and found.margin.std() < 1e-7


@pytest.mark.parametrize("name", ["mathm", "sbtknet", "triplet", "untrained"])
def test_a_checkpoint_of_another_method_is_refused_by_name(
    tiny_data, tmp_path, monkeypatch, name
):
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    method = named_method(name, embedding_size=8, batch_size=32)
    save_checkpoint(new_state(method, tiny_data), tmp_path / "c.pt")
    content = read_checkpoint(tmp_path / "c.pt")
    message = f"is of the method '{name}', which learns no margins: give one of"
    with pytest.raises(ValueError, match=message):
        load_margin_learner(content, METHOD)


def test_an_image_without_any_of_its_class_on_the_other_side_has_no_difficulty(
    trained, tiny_data
):
    kept = torch.arange(48)[tiny_data.photos.labels != 2]
    photos = tiny_data.photos.subset(kept)
    assert isinstance(photos, ImageSet)
    few = SketchPhotoData(
        "few", tiny_data.class_names, tiny_data.sketches, photos, image_size=32
    )
    found = margins_of_images(trained.net, trained.kept, few, "embedding")
    unknown = (found.labels == 2) & (found.modality == 0)
    assert np.array_equal(np.isnan(found.difficulty), unknown)
    assert np.isfinite(found.margin).all()
