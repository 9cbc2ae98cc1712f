"""SBTKNet's three losses against hand values, loops, reference values and PyTorch."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from zssbir_lib.losses import (
    class_soft_labels,
    classification_loss,
    knowledge_preservation_loss,
    quadruplet_loss,
    triplet_loss,
)

GOLDEN = Path(__file__).parent / "goldens" / "losses"
GOLDEN /= "sbtknet_quadruplet_unit_float64.npz"
PARTS = ("a", "p", "np", "ns")


def random_rows(rows: int, columns: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64)


def random_unit(rows: int, seed: int) -> torch.Tensor:
    return functional.normalize(random_rows(rows, 5, seed), dim=1)


def random_labels(rows: int, classes: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(classes, (rows,), generator=generator)


# --- quadruplet ----------------------------------------------------------------------


def test_quadruplet_loss_by_hand():
    # squared distances of the two anchors to: positive 4 and 1, photo negative 1 and 4,
    # sketch negative 9 and 1; margin 0.5.
    # photo hinges 4-1+0.5 = 3.5 and 1-4+0.5 -> 0; sketch hinges 4-9+0.5 -> 0 and
    # 1-1+0.5 = 0.5; their sum over 2 x 2 hinges: 4 / 4 = 1
    anchor = torch.zeros(2, 1)
    positive, photo_negative, sketch_negative = (
        torch.tensor(values)[:, None]
        for values in ([2.0, 1.0], [1.0, 2.0], [3.0, -1.0])
    )
    loss = quadruplet_loss(anchor, positive, photo_negative, sketch_negative, 0.5)
    assert loss.shape == () and float(loss) == 1.0


def test_quadruplet_loss_equals_a_loop():
    a, p, n, s = (random_unit(9, seed) for seed in range(4))
    total = 0.0
    for i in range(9):
        near = float(((a[i] - p[i]) ** 2).sum())
        for negative in (n[i], s[i]):
            total += max(0.0, near - float(((a[i] - negative) ** 2).sum()) + 0.2)
    assert float(quadruplet_loss(a, p, n, s)) == pytest.approx(total / 18, abs=1e-12)


def golden_inputs() -> tuple[dict[str, np.ndarray], list[torch.Tensor]]:
    golden = dict(np.load(GOLDEN))
    inputs = [torch.from_numpy(golden[f"in_{part}"]) for part in PARTS]
    return golden, inputs


def test_quadruplet_value_and_gradients_equal_the_reference():
    golden, inputs = golden_inputs()
    for rows in inputs:
        rows.requires_grad_()
    loss = quadruplet_loss(*inputs)
    loss.backward()
    assert loss.item() == pytest.approx(float(golden["out_value"]), abs=1e-10)
    for part, rows in zip(PARTS, inputs, strict=True):
        gradient = rows.grad.numpy()
        np.testing.assert_allclose(
            gradient, golden[f"out_autograd_{part}"], rtol=0, atol=1e-10
        )
        np.testing.assert_allclose(
            gradient, golden[f"out_numgrad_{part}"], rtol=0, atol=1e-6
        )


def test_the_reference_tells_sketch_and_photo_negatives_apart():
    golden, (a, p, n, s) = golden_inputs()
    # with the paper's misprint (the photo negative twice) the value is another one
    misprinted = float(quadruplet_loss(a, p, n, n))
    assert abs(misprinted - float(golden["out_value"])) > 1e-3
    assert 0 < golden["out_active_terms"] < 24


def test_central_differences_of_the_quadruplet_loss_equal_the_reference():
    golden, inputs = golden_inputs()
    step = 1e-6
    for part, rows in zip(PARTS, inputs, strict=True):
        for row, column in ((0, 0), (5, 3), (11, 5)):
            kept, sides = rows[row, column].item(), []
            for sign in (1, -1):
                rows[row, column] = kept + sign * step
                sides.append(float(quadruplet_loss(*inputs)))
            rows[row, column] = kept
            slope = (sides[0] - sides[1]) / (2 * step)
            expected = golden[f"out_numgrad_{part}"][row, column]
            assert slope == pytest.approx(expected, abs=1e-6)


def test_equal_negatives_make_it_the_triplet_loss_in_value_and_gradient():
    seeds = (4, 5, 6)
    first = [random_unit(8, seed).requires_grad_() for seed in seeds]
    second = [random_unit(8, seed).requires_grad_() for seed in seeds]
    triplet = triplet_loss(*first, margin=0.3)
    quadruplet = quadruplet_loss(*second, second[2], margin=0.3)
    assert triplet > 0  # some hinges are active, or the gradients would be zero
    torch.testing.assert_close(quadruplet, triplet)
    triplet.backward()
    quadruplet.backward()
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(other.grad, one.grad)


def test_the_two_negatives_have_equal_rights():
    a, p, n, s = (random_unit(6, seed) for seed in range(4))
    torch.testing.assert_close(quadruplet_loss(a, p, n, s), quadruplet_loss(a, p, s, n))
    both = (triplet_loss(a, p, n) + triplet_loss(a, p, s)) / 2
    torch.testing.assert_close(quadruplet_loss(a, p, n, s), both)


def test_a_kept_margin_silences_one_negative_and_not_the_other():
    anchor, positive = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    far = torch.tensor([[-1.0, 0.0]], requires_grad=True)
    near = torch.tensor([[1.0, 0.1]], requires_grad=True)
    quadruplet_loss(anchor, positive, far, near).backward()
    assert far.grad.abs().max() == 0
    # d/ds of half the hinge -|a - s|^2: (a - s)
    torch.testing.assert_close(near.grad, (anchor - near).detach())


def test_quadruplet_gradient_check_in_double_precision():
    inputs = [random_unit(3, seed).requires_grad_() for seed in (7, 8, 9, 10)]
    assert torch.autograd.gradcheck(
        lambda *rows: quadruplet_loss(*rows, margin=5.0), inputs
    )


@pytest.mark.parametrize("margin", [-0.1, float("nan")])
def test_bad_margin_of_quadruplets_is_refused(margin):
    a = random_unit(2, 0)
    with pytest.raises(ValueError, match="margin must be 0 or more"):
        quadruplet_loss(a, a, a, a, margin)


def test_bad_shapes_of_quadruplets_are_refused():
    two, three = random_unit(2, 0), random_unit(3, 0)
    for place in range(1, 4):
        inputs = [two] * 4
        inputs[place] = three
        with pytest.raises(ValueError, match=r"\(2, 5\) and \(3, 5\)"):
            quadruplet_loss(*inputs)
    with pytest.raises(ValueError, match="batch is empty"):
        quadruplet_loss(*torch.empty(4, 0, 5))


# --- classification ------------------------------------------------------------------


def test_classification_loss_by_hand():
    # probabilities 1/8, 3/8, 4/8; labels 2 and 1: the mean of log 2 and log 8/3
    logits = torch.log(torch.tensor([[1.0, 3.0, 4.0], [1.0, 3.0, 4.0]]))
    expected = (math.log(2) + math.log(8 / 3)) / 2
    loss = classification_loss(logits, torch.tensor([2, 1]))
    assert loss.shape == () and float(loss) == pytest.approx(expected, abs=1e-6)


def test_classification_loss_equals_a_loop():
    logits, labels = 3 * random_rows(11, 7, seed=0), random_labels(11, 7, seed=1)
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total += math.log(sum(math.exp(value) for value in row)) - row[label]
    loss = float(classification_loss(logits, labels))
    assert loss == pytest.approx(total / 11, abs=1e-10)


@pytest.mark.parametrize("classes", [1, 2, 45])
def test_zero_logits_cost_the_logarithm_of_the_number_of_classes(classes):
    logits = torch.zeros(6, classes, dtype=torch.float64)
    loss = classification_loss(logits, random_labels(6, classes, seed=2))
    assert float(loss) == pytest.approx(math.log(classes), abs=1e-12)


def test_classification_gradient_is_softmax_minus_one_hot_over_the_batch():
    logits, labels = random_rows(5, 4, seed=3).requires_grad_(), random_labels(5, 4, 4)
    classification_loss(logits, labels).backward()
    expected = (logits.softmax(1) - functional.one_hot(labels, 4)) / 5
    torch.testing.assert_close(logits.grad, expected.detach())
    assert torch.autograd.gradcheck(
        lambda rows: classification_loss(rows, labels), [logits]
    )


def test_a_shift_of_all_logits_of_an_image_changes_nothing():
    logits, labels = random_rows(5, 4, seed=5), random_labels(5, 4, seed=6)
    shifted = logits + torch.tensor([[1.0], [-200.0], [3.0], [0.0], [500.0]])
    torch.testing.assert_close(
        classification_loss(shifted, labels), classification_loss(logits, labels)
    )


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (torch.zeros(3), torch.zeros(3).long(), r"must be \(B, K\), got shape \(3,\)"),
        (torch.zeros(2, 3, 1), torch.zeros(2).long(), r"got shape \(2, 3, 1\)"),
        (torch.zeros(0, 3), torch.zeros(0).long(), "the batch is empty"),
        (
            torch.zeros(2, 3),
            torch.zeros(3).long(),
            r"int64 of shape \(2,\), one .*got torch.int64 of shape \(3,\)",
        ),
        (
            torch.zeros(2, 3),
            torch.zeros(2, 1).long(),
            r"got torch.int64 of shape \(2, 1\)",
        ),
        (torch.zeros(2, 3), torch.zeros(2), r"got torch.float32 of shape \(2,\)"),
        (
            torch.zeros(2, 3),
            torch.tensor([0, 3]),
            "run from 0 to 3, but there are 3 logits: expected 0 to 2",
        ),
        (torch.zeros(2, 3), torch.tensor([-100, 1]), "labels run from -100 to 1"),
    ],
)
def test_classification_says_what_is_wrong(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        classification_loss(logits, labels)


# --- soft labels ---------------------------------------------------------------------


def test_soft_labels_by_hand():
    activations = torch.log(torch.tensor([[1.0, 3.0], [4.0, 1.0]]))
    expected = torch.tensor([[0.25, 0.75], [0.8, 0.2]])
    torch.testing.assert_close(class_soft_labels(activations), expected)
    # a temperature of 1/2 squares the odds: 1 : 9 and 16 : 1
    sharp = torch.tensor([[0.1, 0.9], [16 / 17, 1 / 17]])
    torch.testing.assert_close(class_soft_labels(activations, 0.5), sharp)


def test_soft_labels_are_distributions_in_the_order_of_the_activations():
    activations = 5 * random_rows(4, 9, seed=7)
    for temperature in (0.3, 1.0, 20.0):
        labels = class_soft_labels(activations, temperature)
        torch.testing.assert_close(labels.sum(1), torch.ones(4).double())
        assert torch.equal(labels.argsort(1), activations.argsort(1))


def test_temperature_flattens_soft_labels():
    activations = random_rows(3, 6, seed=8)
    entropies = [
        float(-(q * q.log()).sum(1).mean())
        for q in (class_soft_labels(activations, t) for t in (0.5, 1.0, 2.0, 1e6))
    ]
    assert entropies == sorted(entropies)
    assert entropies[-1] == pytest.approx(math.log(6), abs=1e-9)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_bad_temperature_is_refused(temperature):
    with pytest.raises(ValueError, match=f"must be above 0, got {temperature}"):
        class_soft_labels(torch.zeros(2, 3), temperature)


def test_activations_that_are_no_table_are_refused():
    with pytest.raises(ValueError, match=r"must be \(B, K\), got shape \(4,\)"):
        class_soft_labels(torch.zeros(4))
    with pytest.raises(ValueError, match="is empty"):
        class_soft_labels(torch.zeros(0, 4))


# --- knowledge preservation ----------------------------------------------------------


def test_knowledge_loss_by_hand():
    # probabilities 1/4, 3/4 and 4/5, 1/5; soft labels 1/2, 1/2 and 1, 0
    logits = torch.log(torch.tensor([[1.0, 3.0], [4.0, 1.0]]))
    soft_labels = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    first = 0.5 * math.log(4) + 0.5 * math.log(4 / 3)
    expected = (first + math.log(5 / 4)) / 2
    loss = knowledge_preservation_loss(logits, soft_labels)
    assert loss.shape == () and float(loss) == pytest.approx(expected, abs=1e-6)


def test_knowledge_loss_equals_a_loop():
    logits = 2 * random_rows(6, 8, seed=9)
    soft_labels = class_soft_labels(random_rows(6, 8, seed=10))
    total = 0.0
    for row, taught in zip(logits.tolist(), soft_labels.tolist(), strict=True):
        scale = math.log(sum(math.exp(value) for value in row))
        total -= sum(q * (v - scale) for q, v in zip(taught, row, strict=True))
    loss = float(knowledge_preservation_loss(logits, soft_labels))
    assert loss == pytest.approx(total / 6, abs=1e-10)


def test_one_hot_soft_labels_make_it_the_classification_loss():
    logits, labels = random_rows(5, 4, seed=11), random_labels(5, 4, seed=12)
    one_hot = functional.one_hot(labels, 4).double()
    torch.testing.assert_close(
        knowledge_preservation_loss(logits, one_hot),
        classification_loss(logits, labels),
    )


def test_the_least_knowledge_loss_is_the_entropy_of_the_labels():
    soft_labels = class_soft_labels(random_rows(5, 7, seed=13))
    entropy = float(-(soft_labels * soft_labels.log()).sum(1).mean())
    logits = soft_labels.log().requires_grad_()  # a student that says the same
    least = knowledge_preservation_loss(logits, soft_labels)
    assert entropy > 1 and least.item() == pytest.approx(entropy, abs=1e-12)
    least.backward()
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits))
    for seed in range(5):
        other = logits.detach() + 0.1 * random_rows(5, 7, seed)
        assert float(knowledge_preservation_loss(other, soft_labels)) > entropy


def test_knowledge_gradient_is_softmax_minus_label_over_the_batch():
    logits = random_rows(5, 7, seed=14).requires_grad_()
    soft_labels = class_soft_labels(random_rows(5, 7, seed=15))
    knowledge_preservation_loss(logits, soft_labels).backward()
    expected = (logits.softmax(1) - soft_labels) / 5
    torch.testing.assert_close(logits.grad, expected.detach())
    assert torch.autograd.gradcheck(
        lambda rows: knowledge_preservation_loss(rows, soft_labels), [logits]
    )


@pytest.mark.parametrize("photos_only", [False, True])
@pytest.mark.parametrize("language_model", [False, True])
def test_knowledge_loss_equals_sakes_own_code(shared, photos_only, language_model):
    path = shared / "goldens" / "losses" / "sake_kd_float64.npz"
    if not path.is_file():
        pytest.skip("no ../shared/goldens/losses: SAKE's reference values missing")
    golden = {name: torch.from_numpy(a) for name, a in np.load(path).items()}
    photos = golden["in_tag"][:, 0] == 1
    assert 0 < photos.sum() < len(photos)
    chosen = photos if photos_only else torch.ones_like(photos)
    # SAKE adds 0.3 times a language model's similarities to the teacher's logits
    help_from_words = 0.3 * golden["in_cid_mask"] if language_model else 0
    taught = class_soft_labels(golden["in_teacher"] + help_from_words)
    student = golden["in_student"].requires_grad_()
    loss = knowledge_preservation_loss(student[chosen], taught[chosen])
    loss.backward()
    names = {(0, 0): "plain", (1, 0): "masked", (0, 1): "pos_only"}
    case = names.get((photos_only, language_model), "masked_pos")
    assert loss.item() == pytest.approx(float(golden[f"out_{case}_value"]), abs=1e-10)
    gradient = golden[f"out_{case}_grad"]
    torch.testing.assert_close(student.grad, gradient, atol=1e-10, rtol=0)


def test_soft_labels_may_be_off_by_rounding_only():
    logits = torch.zeros(1, 2)
    near = torch.tensor([[0.5, 0.50005]])
    assert float(knowledge_preservation_loss(logits, near)) > 0.69
    with pytest.raises(ValueError, match="sums to 1.001"):
        knowledge_preservation_loss(logits, torch.tensor([[0.5, 0.501]]))


@pytest.mark.parametrize(
    ("logits", "soft_labels", "message"),
    [
        (torch.zeros(3), torch.ones(3) / 3, r"must be \(B, K\), got shape \(3,\)"),
        (torch.zeros(0, 3), torch.zeros(0, 3), "the batch is empty"),
        (
            torch.zeros(2, 3),
            torch.ones(2, 4) / 4,
            r"one shape \(B, K\), got \(2, 3\) and \(2, 4\)",
        ),
        (
            torch.zeros(2, 2),
            torch.tensor([[0.5, 0.5], [1.5, -0.5]]),
            "row 1 of .* sums to 1 with a minimum of -0.5; apply class_soft_labels",
        ),
        (
            torch.zeros(2, 2),
            torch.tensor([[2.0, 3.0], [0.5, 0.5]]),
            "row 0 of the soft labels is no distribution: it sums to 5 with a minimum",
        ),
        (torch.zeros(1, 2), torch.tensor([[float("nan"), 1.0]]), "sums to nan"),
    ],
)
def test_knowledge_says_what_is_wrong(logits, soft_labels, message):
    with pytest.raises(ValueError, match=message):
        knowledge_preservation_loss(logits, soft_labels)
