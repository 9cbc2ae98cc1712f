"""MATHM's mining and weighting: by hand, slow loops, goldens of the released code."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from zssbir_lib.losses import (
    gradient_weights,
    mine_hardest,
    mining,
    modality_aware_terms,
    modality_aware_triplet_loss,
    smooth_hinge,
)
from zssbir_lib.losses.mining import hardest_in_rows
from zssbir_lib.losses.modality_aware import distances_to

GOLDENS = Path(__file__).parent / "goldens" / "losses"

# Points on a line: class A sketches 0, 0.2 and photos 0.5, 0.9; class B sketches 1.0,
# 1.3 and photos 0.7, 2.0.
POINTS = torch.tensor([0, 0.2, 0.5, 0.9, 1.0, 1.3, 0.7, 2.0], dtype=torch.float64)
LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
MODALITY = torch.tensor([0, 0, 1, 1, 0, 0, 1, 1])
LINE = (POINTS[:, None], LABELS, MODALITY)

MODES = {  # in the released code "basic" is within, "within" is cross
    "basic": dict(terms=("within",), weighting="mean"),
    "partial": dict(terms=("hybrid",), weighting="mean"),
    "within": dict(
        terms=("cross",), weighting="mean"
    ),  # the released flags are swapped
    "all": dict(weighting="mean"),
    "weighted": dict(weighting="released"),
}
# Alone, a term shares the released mean with two detached copies of itself: the value
# is the term's, the gradient a third of it.
DETACHED_COPIES = {"basic": 3, "partial": 3, "within": 3}


def random_batch(seed, count=40, classes=5, dimensions=6):
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(count, dimensions, generator=generator).double()
    labels = torch.randint(classes, (count,), generator=generator)
    modality = torch.randint(2, (count,), generator=generator)
    return functional.normalize(embeddings, dim=1), labels, modality


def slow_terms(embeddings, labels, modality, margin):
    """Return each kind's violations by three nested loops; None without a triplet."""
    count = len(embeddings)
    found = {"within": [], "hybrid": [], "cross": []}
    for a in range(count):
        distance = [float((embeddings[a] - e).norm()) for e in embeddings]
        kinds = {(same, own): [] for same in (0, 1) for own in (0, 1)}
        for j in range(count):
            if j != a:
                same, own = labels[j] == labels[a], modality[j] == modality[a]
                kinds[int(same), int(own)].append(distance[j])
        for term, positive, negative in (
            ("within", kinds[1, 1], kinds[0, 1]),
            ("hybrid", kinds[1, 0], kinds[0, 1]),
            ("cross", kinds[1, 0], kinds[0, 0]),
        ):
            there = positive and negative
            value = max(positive) - min(negative) + margin if there else None
            found[term].append(value)
    return found


def test_hardest_in_rows_by_hand():
    distances = torch.tensor([[1.0, 5.0, 2.0, 3.0], [4.0, 1.0, 2.0, 9.0]])
    positive = torch.tensor([[True, True, False, False], [False] * 4])
    negative = torch.tensor([[False, False, True, True], [True, True, True, False]])
    far, near = hardest_in_rows(distances, positive, negative)
    assert far.tolist() == [1, -1]
    assert near.tolist() == [2, 1]


def test_hardest_in_rows_without_candidates():
    nothing = torch.empty(3, 0)
    far, near = hardest_in_rows(nothing, nothing.bool(), nothing.bool())
    assert far.tolist() == near.tolist() == [-1, -1, -1]


def test_mining_by_hand_on_a_line():
    found = mine_hardest(*LINE)
    assert found.within_positive.tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    photo_at_07 = found.within_negative[6]  # 0.5 and 0.9 are equally near
    assert int(photo_at_07) in (2, 3)
    others = torch.cat([found.within_negative[:6], found.within_negative[7:]])
    assert others.tolist() == [4, 4, 6, 6, 1, 1, 3]
    assert found.cross_positive.tolist() == [3, 3, 0, 0, 7, 7, 5, 4]
    assert found.cross_negative.tolist() == [6, 6, 4, 4, 3, 3, 1, 1]


def test_violations_and_weights_by_hand_on_a_line():
    terms = modality_aware_terms(*LINE, margin=0.2)
    hinges = [float(torch.relu(v.violations).mean()) for v in terms.values()]
    assert hinges == pytest.approx([0.3125, 0.3375, 0.4875])
    smooth = [float(smooth_hinge(v.violations).mean()) for v in terms.values()]
    assert smooth == pytest.approx([0.3125, 0.3400, 0.4876], abs=5e-5)
    weights = gradient_weights(list(terms.values()))
    assert weights.tolist() == pytest.approx([1.4694, 0.8829, 0.8426], abs=5e-5)


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("intended", 1.17028),
        ("released", 1.21422),
        ("sum", 0.3125 + 0.3375 + 0.4875),
        ("mean", (0.3125 + 0.3375 + 0.4875) / 3),
    ],
)
def test_loss_by_hand_on_a_line(weighting, expected):
    loss = modality_aware_triplet_loss(*LINE, weighting=weighting)
    assert float(loss) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("seed", range(4))
def test_terms_equal_slow_loops(seed):
    batch = random_batch(seed, count=14, classes=4)
    slow = slow_terms(*batch, margin=0.3)
    for term, values in modality_aware_terms(*batch, margin=0.3).items():
        expected = slow[term]
        assert values.valid.tolist() == [v is not None for v in expected]
        filled = [0.0 if v is None else v for v in expected]
        assert values.violations.tolist() == pytest.approx(filled, abs=1e-10)


@pytest.mark.parametrize("rows", [1, 5, 14, 100])
@pytest.mark.parametrize("self_pairs", [False, True])
def test_mining_some_anchors_at_a_time_changes_nothing(monkeypatch, rows, self_pairs):
    batch = random_batch(8, count=14, classes=4)
    expected = mine_hardest(*batch, self_pairs)
    slow = slow_terms(*batch, margin=0.3)
    monkeypatch.setattr(mining, "ROWS", rows)
    for found, whole in zip(mine_hardest(*batch, self_pairs), expected, strict=True):
        assert found.tolist() == whole.tolist()
    for term, values in modality_aware_terms(*batch, margin=0.3).items():
        filled = [0.0 if v is None else v for v in slow[term]]
        assert values.violations.tolist() == pytest.approx(filled, abs=1e-10)


def test_gradient_of_the_chosen_distances():
    embeddings = random_batch(9, count=7)[0].requires_grad_()
    generator = torch.Generator().manual_seed(0)
    steps = torch.randint(1, 7, (3, 7), generator=generator)  # never an anchor itself
    chosen = (torch.arange(7) + steps) % 7
    assert torch.autograd.gradcheck(lambda e: distances_to(e, chosen), [embeddings])


def test_chosen_distances_of_near_and_equal_points():
    leaf = torch.full((3, 512), 512**-0.5)  # float32, of length one
    leaf[1, 0] += 1e-4
    leaf.requires_grad_()
    chosen = torch.tensor([[1, 0, 2]])
    distances = distances_to(leaf, chosen)
    assert distances[0].tolist() == pytest.approx([1e-4, 1e-4, 1e-6], rel=1e-4)
    distances.sum().backward()
    assert leaf.grad[:, 0].tolist() == pytest.approx([-2, 2, 0])
    assert float(leaf.grad[:, 1:].abs().max()) == 0


def check_golden(content, mode, norm, margin):
    features = torch.tensor(content["in_features"], requires_grad=True)
    embeddings = functional.normalize(features, dim=1) if norm else features
    labels, tags = (torch.tensor(content[f"in_{n}"]) for n in ("labels", "tags"))
    loss = modality_aware_triplet_loss(
        embeddings, labels, tags, margin=margin, **MODES[mode]
    )
    loss.backward()
    name = f"out_{mode}_norm{norm}_m{margin}"
    assert loss.item() == pytest.approx(float(content[f"{name}_value"]), abs=1e-10)
    expected = content[f"{name}_grad"] * DETACHED_COPIES.get(mode, 1)
    np.testing.assert_allclose(features.grad.numpy(), expected, atol=1e-10)


@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("norm", [0, 1])
@pytest.mark.parametrize("mode", MODES)
def test_goldens_with_classes_that_lack_a_modality(mode, norm, margin):
    with np.load(GOLDENS / "mathm_b32_lonely_float64.npz") as content:
        check_golden(content, mode, norm, margin)


@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("norm", [0, 1])
@pytest.mark.parametrize("mode", MODES)
def test_goldens_of_a_balanced_batch(shared, mode, norm, margin):
    path = shared / "goldens" / "losses" / "mathm_b64_float64.npz"
    with np.load(path) as content:
        check_golden(content, mode, norm, margin)


def test_intended_weights_equalise_the_gradient_mass_above_the_clamp():
    embeddings, labels, modality = random_batch(3)
    terms = modality_aware_terms(embeddings, labels, modality)
    mass, weights = [], gradient_weights(list(terms.values()))
    for weight, values in zip(weights, terms.values(), strict=True):
        each = values.violations.detach().requires_grad_()
        smooth = smooth_hinge(each)[values.valid].mean()
        (weight * smooth).backward()
        mass.append(float(each.grad.sum()))
    assert min(mass) > 0.1
    assert mass == pytest.approx([mass[0]] * 3, rel=1e-9)


def test_the_clamp_bounds_the_weight_of_a_term_at_rest():
    embeddings, labels, modality = random_batch(3)
    values = list(modality_aware_terms(embeddings, labels, modality).values())
    resting = values[0]._replace(violations=values[0].violations - 5)
    weights = gradient_weights([resting, *values[1:]])
    slopes = [
        float(torch.sigmoid(20 * v.violations)[v.valid].mean())
        for v in (resting, *values[1:])
    ]
    assert float(weights[0]) == pytest.approx(sum(slopes) / 3 / 0.1, rel=1e-9)


def test_intended_weights_carry_no_gradient_and_released_ones_do():
    batch = random_batch(5)

    def gradient(weighting):
        leaf = batch[0].clone().requires_grad_()
        modality_aware_triplet_loss(leaf, *batch[1:], weighting=weighting).backward()
        return leaf.grad

    leaf = batch[0].clone().requires_grad_()
    terms = modality_aware_terms(leaf, *batch[1:])
    weights = gradient_weights(list(terms.values())).detach()
    means = [smooth_hinge(v.violations)[v.valid].mean() for v in terms.values()]
    sum(w * m for w, m in zip(weights, means, strict=True)).backward()
    torch.testing.assert_close(gradient("intended"), leaf.grad)
    assert not torch.allclose(gradient("released"), leaf.grad)


@pytest.mark.parametrize("weighting", ["intended", "released", "sum", "mean"])
def test_gradient_check(weighting):
    embeddings, labels, modality = random_batch(6, count=10, classes=2, dimensions=3)
    if weighting == "intended":  # its weights are constants of the batch
        terms = modality_aware_terms(embeddings, labels, modality, margin=1.0)
        fixed = gradient_weights(list(terms.values()))

        def loss(leaf):
            found = modality_aware_terms(leaf, labels, modality, margin=1.0)
            parts = [smooth_hinge(v.violations)[v.valid].mean() for v in found.values()]
            return (fixed * torch.stack(parts)).sum()
    else:

        def loss(leaf):
            return modality_aware_triplet_loss(
                leaf, labels, modality, margin=1.0, weighting=weighting
            )

    assert torch.autograd.gradcheck(loss, [embeddings.requires_grad_()])


def test_anchors_without_a_triplet_are_left_out_of_value_and_gradient():
    # a lonely third class: a single sketch, far from everything
    lonely = torch.cat([LINE[0], torch.tensor([[100.0]]).double()]).requires_grad_()
    labels = torch.cat([LABELS, torch.tensor([2])])
    modality = torch.cat([MODALITY, torch.tensor([0])])
    terms = modality_aware_terms(lonely, labels, modality)
    assert [v.valid.tolist()[-1] for v in terms.values()] == [False] * 3
    loss = modality_aware_triplet_loss(lonely, labels, modality)
    loss.backward()
    assert loss.item() == pytest.approx(1.17028, abs=5e-6)
    assert float(lonely.grad[-1]) == 0


@pytest.mark.parametrize("weighting", ["intended", "released", "sum", "mean"])
def test_a_batch_without_any_triplet_costs_nothing(weighting):
    leaf = torch.randn(4, 3).requires_grad_()
    loss = modality_aware_triplet_loss(
        leaf, torch.zeros(4).long(), torch.tensor([0, 0, 1, 1]), weighting=weighting
    )
    loss.backward()
    assert loss.item() == 0 and float(leaf.grad.abs().max()) == 0


def test_equal_points_have_a_finite_gradient():
    leaf = torch.zeros(8, 3).requires_grad_()
    modality_aware_triplet_loss(leaf, LABELS, MODALITY).backward()
    assert torch.isfinite(leaf.grad).all()


def test_order_of_the_batch_does_not_matter():
    embeddings, labels, modality = random_batch(7)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    for weighting in ("intended", "released", "sum", "mean"):
        torch.testing.assert_close(
            modality_aware_triplet_loss(
                embeddings[order], labels[order], modality[order], weighting=weighting
            ),
            modality_aware_triplet_loss(
                embeddings, labels, modality, weighting=weighting
            ),
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            dict(terms=("within", "all")),
            "each of terms must be one of within, hybrid",
        ),
        (dict(terms=()), "each once; got none"),
        (dict(terms=("cross", "cross")), "each once"),
        (dict(weighting="fair"), "weighting must be one of intended, released, sum"),
        (dict(margin=-0.1), "margin must be 0 or more, got -0.1"),
        (dict(labels=LABELS[:3]), r"labels must have shape \(8,\).*got \(3,\)"),
        (dict(modality=MODALITY[:3]), r"modality must have shape \(8,\)"),
        (dict(embeddings=torch.empty(0, 2)), r"\(B, D\) with B above 0, got \(0, 2\)"),
    ],
)
def test_bad_input_is_refused(change, message):
    arguments = dict(zip(("embeddings", "labels", "modality"), LINE, strict=True))
    with pytest.raises(ValueError, match=message):
        modality_aware_triplet_loss(**(arguments | change))


@pytest.mark.parametrize("few", [1, 40, 2**20])
def test_kinds_at_a_time_change_neither_distances_nor_gradients(monkeypatch, few):
    monkeypatch.setattr("zssbir_lib.losses.modality_aware.FEW_NUMBERS", few)
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    chosen = torch.randint(7, (4, 7), generator=generator)
    expected = (points[chosen] - points).norm(dim=2)
    torch.testing.assert_close(
        distances_to(points, chosen).clamp(min=1e-5), expected.clamp(min=1e-5)
    )
    weights = torch.rand(4, 7, generator=generator, dtype=torch.float64)
    apart = torch.where(chosen == torch.arange(7), 0.0, weights)  # not to itself
    one, other = points.clone().requires_grad_(), points.clone().requires_grad_()
    (apart * distances_to(one, chosen)).sum().backward()
    (apart * ((other[chosen] - other).square().sum(2) + 1e-30).sqrt()).sum().backward()
    torch.testing.assert_close(one.grad, other.grad)


def test_the_mode_all_lets_an_anchor_be_its_own_positive():
    """One sketch and one photo a class: within a modality only oneself is positive."""
    points = [0.0, 1.0, 0.3, 2.0]
    classes, kinds, margin = [0, 0, 1, 1], [0, 1, 0, 1], 0.5

    def nearest(anchor, own):
        gaps = [
            abs(points[anchor] - points[i])
            for i in range(4)
            if classes[i] != classes[anchor] and (kinds[i] == kinds[anchor]) == own
        ]
        return min(gaps)

    total = 0.0
    for anchor in range(4):
        partner = anchor ^ 1  # of its class, in the other modality
        across = abs(points[anchor] - points[partner])
        for positive, own in ((0.0, True), (across, True), (across, False)):
            total += max(0.0, positive - nearest(anchor, own) + margin)
    found = modality_aware_triplet_loss(
        torch.tensor(points)[:, None],
        torch.tensor(classes),
        torch.tensor(kinds),
        margin,
        weighting="mean",
    )
    assert float(found) == pytest.approx(total / 12, abs=1e-5)
