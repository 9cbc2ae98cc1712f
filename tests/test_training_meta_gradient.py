"""The meta-gradient: exact against finite differences, first order against exact."""

import pytest
import torch
from torch.nn.functional import softplus

from zssbir_lib.training import (
    exact_meta_gradient,
    first_order_meta_gradient,
    virtual_step,
)

GENERATOR = torch.Generator().manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, generator=GENERATOR, dtype=torch.float64)


SLOPES, TARGET = normal(5, 3), normal(4, 3)
LEARNER = {"w": 0.3 * normal(3), "b": 0.3 * normal(5)}
SETTINGS = {"margin": torch.full((5,), 0.1, dtype=torch.float64), "lam": normal(1)}


def violations(learner, settings):
    moved = SLOPES @ torch.tanh(learner["w"]) + learner["b"] * settings["lam"].sigmoid()
    return moved + settings["margin"]


def smooth(learner, settings):
    return softplus(violations(learner, settings), beta=5).mean()


def hinge(learner, settings):
    return torch.relu(violations(learner, settings)).mean()


def outer(learner):
    return (TARGET @ torch.tanh(learner["w"])).square().sum() + learner["b"].sum().exp()


def after(settings, steps=1):
    """Return the outer loss after some steps, each with a fresh graph."""
    learner = {n: w.clone().requires_grad_() for n, w in LEARNER.items()}
    for _ in range(steps):
        learner = virtual_step(smooth, learner, settings, 0.5)
    return float(outer(learner).detach())


@pytest.mark.parametrize("steps", [1, 3])
def test_the_exact_gradient_equals_finite_differences(steps):
    gradient, loss = exact_meta_gradient(smooth, outer, LEARNER, SETTINGS, 0.5, steps)
    assert float(loss) == pytest.approx(after(SETTINGS, steps), abs=1e-12)
    for name, values in SETTINGS.items():
        for place in range(len(values)):
            ends = []
            for sign in (1, -1):
                shifted = {n: v.clone() for n, v in SETTINGS.items()}
                shifted[name][place] += sign * 1e-6
                ends.append(after(shifted, steps))
            slope = (ends[0] - ends[1]) / 2e-6
            assert float(gradient[name][place]) == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize(("small_step", "cosine"), [(1e-2, 0.999), (1e-4, 1 - 1e-9)])
def test_the_first_order_form_points_the_same_way(small_step, cosine):
    exact, _ = exact_meta_gradient(smooth, outer, LEARNER, SETTINGS, 0.5)
    estimate, loss = first_order_meta_gradient(
        smooth, outer, LEARNER, SETTINGS, 0.5, small_step
    )
    one, other = (torch.cat(list(g.values())) for g in (exact, estimate))
    assert torch.cosine_similarity(one, other, dim=0) >= cosine
    torch.testing.assert_close(one, other, rtol=0.02, atol=1e-6)
    assert float(loss) == pytest.approx(after(SETTINGS), abs=1e-12)


@pytest.mark.parametrize("form", [exact_meta_gradient, first_order_meta_gradient])
def test_a_hinge_gives_no_gradient_to_a_margin(form):
    settings = {"margin": SETTINGS["margin"]}

    def with_hinge(learner, margins):
        return hinge(learner, margins | {"lam": SETTINGS["lam"]})

    gradient, _ = form(with_hinge, outer, LEARNER, settings, 0.5)
    assert torch.equal(gradient["margin"], torch.zeros(5, dtype=torch.float64))


@pytest.mark.parametrize("form", [exact_meta_gradient, first_order_meta_gradient])
def test_neither_learner_nor_settings_are_changed(form):
    before = {n: w.clone() for n, w in (LEARNER | SETTINGS).items()}
    gradient, _ = form(smooth, outer, LEARNER, SETTINGS, 0.5)
    for name, weight in (LEARNER | SETTINGS).items():
        assert torch.equal(weight, before[name])
        assert weight.grad is None and not weight.requires_grad
    assert set(gradient) == set(SETTINGS)


def test_nothing_to_gain_is_a_gradient_of_zero():
    flat, loss = first_order_meta_gradient(
        smooth, lambda learner: 0.0 * learner["w"].sum(), LEARNER, SETTINGS, 0.5
    )
    assert all(not g.any() for g in flat.values())
    assert loss == 0


def test_a_margin_grows_where_enforcing_it_lowers_the_outer_loss():
    """One weight, one anchor: a step down w + margin lowers w; helped, then harmed."""
    learner = {"w": torch.zeros(1, dtype=torch.float64)}
    settings = {"margin": torch.zeros(1, dtype=torch.float64)}

    def inner(one, other):
        return softplus(one["w"] + other["margin"]).sum()

    def helped_by_less(one):
        return one["w"].sum()

    def harmed_by_less(one):
        return -one["w"].sum()

    helped, _ = exact_meta_gradient(inner, helped_by_less, learner, settings, 1)
    harmed, _ = exact_meta_gradient(inner, harmed_by_less, learner, settings, 1)
    # d outer / d margin = -step * sigmoid'(0) = -1/4
    assert float(helped["margin"]) == pytest.approx(-0.25)
    assert float(harmed["margin"]) == pytest.approx(0.25)
