"""Which anchors help other classes: against finite differences and the closed form."""

import math

import pytest
import torch
from torch.func import functional_call

from zssbir_lib.losses import quadruplet_violations
from zssbir_lib.models import ScalarMargin
from zssbir_lib.training import (
    anchor_pushes,
    build_net,
    describe_pushes,
    named_method,
    new_state,
    pushes_of_batches,
    virtual_step,
)
from zssbir_lib.training.methods.margin_report import AnchorPushes, drawn_halves
from zssbir_lib.training.methods.meta_step import (
    HeadsView,
    LossShape,
    batch_loss,
    meta_losses,
)

METHOD = named_method("ramln", batch_size=24, images_per_class=4, embedding_size=8)
SHAPE, RATE, MARGIN = LossShape(0.5, 5.0, 3.0, 1.0), 0.1, 0.3


@pytest.fixture(scope="module")
def problem(tiny_data):
    """Return a network and the halves of a batch, in double precision."""
    net = build_net(METHOD, seed=1, classes=6).eval()
    chance = torch.Generator().manual_seed(0)
    halves = drawn_halves(net, new_state(METHOD, tiny_data), chance)
    return net.double(), *(in_double(half) for half in halves)


def in_double(half):
    parts = {n: getattr(half, n).double() for n in ("inputs", "embeddings")}
    return type(half)(**(vars(half) | parts))


def test_a_push_is_what_a_finite_difference_says(problem):
    net, training, testing = problem
    found = anchor_pushes(net, training, testing, MARGIN, SHAPE, RATE)
    view = HeadsView(net, from_pooled=True)

    def after(margins):
        def inner(learner, settings):
            return batch_loss(view, learner, training, settings["margins"], SHAPE)

        learner = {n: w.detach().requires_grad_() for n, w in view.weights().items()}
        stepped = virtual_step(inner, learner, {"margins": margins}, RATE)
        return batch_loss(view, stepped, testing, MARGIN, SHAPE).item()

    assert found.push.abs().max() > 1e-5 and found.push.shape == (12,)
    for place in range(12):
        ends = []
        for sign in (1, -1):
            margins = torch.full((12,), MARGIN, dtype=torch.float64)
            margins[place] += sign * 1e-5
            ends.append(after(margins))
        slope = (ends[0] - ends[1]) / 2e-5
        assert float(found.push[place]) == pytest.approx(-slope, rel=1e-3, abs=1e-9)


def test_an_alignment_is_the_agreement_of_two_gradients(problem):
    """The closed form, up to what all anchors of a modality share."""
    net, training, testing = problem
    found = anchor_pushes(net, training, testing, MARGIN, SHAPE, RATE)
    view = HeadsView(net, from_pooled=True)
    learner = {n: w.detach().requires_grad_() for n, w in view.weights().items()}

    def inner(one, settings):
        return batch_loss(view, one, training, MARGIN, SHAPE)

    stepped = virtual_step(inner, learner, {}, RATE)
    loss = batch_loss(view, stepped, testing, MARGIN, SHAPE)
    outer = torch.autograd.grad(loss, list(stepped.values()))
    points, _ = functional_call(view, learner, (training.inputs, training.modality))
    violations, _ = quadruplet_violations(points, training.quadruplets, 0.0, 0.5)
    torch.testing.assert_close(found.violation, violations.detach())
    for place in range(12):
        own = torch.autograd.grad(
            violations[place],
            list(learner.values()),
            retain_graph=True,
            materialize_grads=True,
        )
        agreement = sum((a * b).sum() for a, b in zip(outer, own, strict=True))
        share = SHAPE.metric_weight / 2 / 6  # two directions of six anchors
        expected = float(RATE * share * agreement)
        assert float(found.alignment[place]) == pytest.approx(expected, rel=1e-6)


def test_where_the_hinge_is_flat_an_alignment_is_not_known(problem):
    net, training, testing = problem
    steep = LossShape(0.5, 400.0, 3.0, 1.0)
    found = anchor_pushes(net, training, testing, MARGIN, steep, RATE)
    far = (found.violation + MARGIN).abs() > 0.05
    assert far.any() and found.alignment[far].isnan().all()


def test_pushes_repeat_with_their_seed_and_use_every_batch(tiny_data, problem):
    net = build_net(METHOD, seed=1, classes=6).eval()
    before = {n: w.clone() for n, w in net.state_dict().items()}
    states = [new_state(METHOD, tiny_data) for _ in range(3)]
    seeds = zip(states, (0, 0, 1), strict=True)
    found = [pushes_of_batches(net, state, 2, seed) for state, seed in seeds]
    assert all(part.shape == (24,) for part in found[0])
    assert torch.equal(found[0].push, found[1].push)
    assert not torch.equal(found[0].push, found[2].push)
    after = net.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_pushes_are_described_by_hand():
    found = describe_pushes(
        AnchorPushes(
            violation=torch.tensor([0.1, 0.2, 0.3, 0.4]),
            push=torch.tensor([1.0, 3.0, 2.0, 9.0]),
            alignment=torch.tensor([-1.0, 2.0, 1.0, math.nan]),
        )
    )
    # the last is left out: ranks 1 2 3 of violations, 1 3 2 of the others
    expected = {"known_share": 0.75, "aligned_share": 2 / 3, "alignment/violation": 0.5}
    assert found == pytest.approx(expected | {"push/violation": 0.5})


def test_margins_are_enforced_on_some_classes_and_judged_on_others(problem):
    net, training, testing = problem
    view = HeadsView(net, from_pooled=True)
    weights = {n: w.detach() for n, w in view.weights().items()}
    margins = ScalarMargin(MARGIN).double()
    settings = dict(margins.named_parameters())
    inner, outer = meta_losses(view, margins, training, testing, 0.2, SHAPE)
    judged = batch_loss(view, weights, testing, 0.2, SHAPE)
    assert torch.equal(outer(weights), judged)
    assert not torch.equal(judged, batch_loss(view, weights, training, 0.2, SHAPE))
    margin = margins(training.embeddings, training.read)
    enforced = batch_loss(view, weights, training, margin, SHAPE)
    assert torch.equal(inner(weights, settings), enforced)
