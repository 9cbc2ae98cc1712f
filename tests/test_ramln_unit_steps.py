"""Virtual steps of unit length: what they forget, their gradient, where it is zero."""

from functools import partial

import pytest
import torch
from torch.nn.functional import softplus

from zssbir_lib.training import (
    exact_meta_gradient,
    first_order_meta_gradient,
    virtual_step,
)
from zssbir_lib.training.methods.meta_step import scaled_to_one

FORMS = (exact_meta_gradient, first_order_meta_gradient)
UNIT = partial(exact_meta_gradient, unit=True)
ALL_FORMS = {"exact": FORMS[0], "first order": FORMS[1], "unit": UNIT}
GENERATOR = torch.Generator().manual_seed(3)


def normal(*shape):
    return torch.randn(*shape, generator=GENERATOR, dtype=torch.float64)


SLOPES, TARGET = normal(6, 3), normal(4, 3)
LEARNER = {"w": 0.3 * normal(3), "b": 0.3 * normal(2, 3)}
SETTINGS = {"margin": 0.2 * normal(6), "lam": normal(1)}
RATE = 0.4


def inner(learner, settings):
    moved = SLOPES @ torch.tanh(learner["w"]) + learner["b"].flatten() * SETTINGS["lam"]
    shared = settings["lam"].sigmoid() * learner["b"].square().sum()
    return softplus(moved + settings["margin"], beta=4).mean() + shared


def outer(learner):
    return (TARGET @ torch.tanh(learner["w"])).square().sum() + learner["b"].sum().exp()


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def copies(weights):
    return {name: weight.clone().requires_grad_() for name, weight in weights.items()}


def after(settings, steps=1, loss=inner):
    """Return the outer loss after some unit steps, with fresh weights in each."""
    learner = copies(LEARNER)
    for _ in range(steps):
        learner = virtual_step(loss, learner, settings, RATE, unit=True)
    return float(outer(learner).detach())


def whole(gradient):
    return torch.cat([part.flatten() for part in gradient.values()])


# --- the step ------------------------------------------------------------------------


def test_a_unit_step_is_as_long_as_its_size_whatever_the_loss():
    for factor in (1.0, 1e-4, 300.0):
        learner = copies(LEARNER)
        stepped = virtual_step(
            lambda one, other, f=factor: f * inner(one, other),
            learner,
            SETTINGS,
            RATE,
            unit=True,
        )
        gaps = {n: (stepped[n] - learner[n]).detach() for n in learner}
        assert float(whole(gaps).norm()) == pytest.approx(RATE)


@pytest.mark.parametrize("factor", [1e-6, 0.1, 1e5])
def test_scaling_the_inner_loss_leaves_the_stepped_weights_where_they_are(factor):
    def scaled(learner, settings):
        return factor * inner(learner, settings)

    for unit in (True, False):
        one, other = (
            virtual_step(loss, copies(LEARNER), SETTINGS, RATE, unit)
            for loss in (inner, scaled)
        )
        same = [torch.allclose(one[n], other[n], rtol=0, atol=1e-12) for n in LEARNER]
        assert all(same) == unit
    plain, _ = exact_meta_gradient(
        inner, outer, LEARNER, SETTINGS, RATE, steps=2, unit=True
    )
    again, _ = exact_meta_gradient(
        scaled, outer, LEARNER, SETTINGS, RATE, steps=2, unit=True
    )
    torch.testing.assert_close(whole(plain), whole(again))


def test_a_unit_step_by_hand():
    """Down x + m y, with the gradient (1, m) of length 1.25."""
    learner, settings = {"x": numbers(0.0), "y": numbers(0.0)}, {"m": numbers(0.75)}

    def tilted(one, other):
        return (one["x"] + other["m"] * one["y"]).sum()

    stepped = virtual_step(tilted, copies(learner), settings, 2.0, unit=True)
    assert float(stepped["x"].detach()) == pytest.approx(-2 * 0.8)
    assert float(stepped["y"].detach()) == pytest.approx(-2 * 0.6)
    gradient, loss = exact_meta_gradient(
        tilted, lambda one: one["y"].sum(), learner, settings, 2.0, unit=True
    )
    assert float(loss) == pytest.approx(-1.2)
    # d/dm of -2 m / sqrt(1 + m^2) is -2 / (1 + m^2)^1.5 = -2 / 1.953125
    assert float(gradient["m"]) == pytest.approx(-1.024, abs=1e-6)


def test_parts_of_a_gradient_are_scaled_together():
    parts = scaled_to_one((numbers(3.0), numbers(0.0, 4.0)))
    assert [part.tolist() for part in parts] == [[0.6], [0.0, 0.8]]
    zeros = scaled_to_one((torch.zeros(2), torch.zeros(3)))
    assert all(not part.any() for part in zeros)


# --- its gradient --------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_exact_gradient_of_unit_steps_equals_finite_differences(steps):
    gradient, loss = exact_meta_gradient(
        inner, outer, LEARNER, SETTINGS, RATE, steps, unit=True
    )
    assert float(loss) == pytest.approx(after(SETTINGS, steps), abs=1e-12)
    assert whole(gradient).abs().max() > 1e-3
    for name, values in SETTINGS.items():
        for place in range(len(values)):
            ends = []
            for sign in (1, -1):
                shifted = {n: v.clone() for n, v in SETTINGS.items()}
                shifted[name][place] += sign * 1e-6
                ends.append(after(shifted, steps))
            slope = (ends[0] - ends[1]) / 2e-6
            assert float(gradient[name][place]) == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("steps", [2, 3])
def test_several_unit_steps_are_not_one_longer_step(steps):
    _, one = exact_meta_gradient(
        inner, outer, LEARNER, SETTINGS, steps * RATE, unit=True
    )
    _, several = exact_meta_gradient(
        inner, outer, LEARNER, SETTINGS, RATE, steps, unit=True
    )
    assert abs(float(one - several)) > 1e-4


def test_a_unit_step_has_another_gradient_than_a_plain_one():
    plain, unit = (
        exact_meta_gradient(inner, outer, LEARNER, SETTINGS, RATE, unit=one)[0]
        for one in (False, True)
    )
    assert not torch.allclose(whole(plain), whole(unit), rtol=0.05)


def test_a_setting_that_only_scales_the_loss_has_no_gradient():
    fixed = {"margin": SETTINGS["margin"], "lam": SETTINGS["lam"]}

    def scaled(learner, settings):
        return settings["scale"].exp().sum() * inner(learner, fixed)

    settings = {"scale": numbers(0.3)}
    plain, unit = (
        exact_meta_gradient(scaled, outer, LEARNER, settings, RATE, unit=one)[0]
        for one in (False, True)
    )
    assert abs(plain["scale"]) > 0.01
    assert abs(unit["scale"]) < 1e-12


def test_with_one_weight_a_margin_cannot_turn_the_step():
    """A plain step grows with the margin, see the tests of the plain meta-gradient."""
    learner, settings = {"w": numbers(0.0)}, {"margin": numbers(0.0)}

    def corner(one, other):
        return softplus(one["w"] + other["margin"]).sum()

    gradient, loss = exact_meta_gradient(
        corner, lambda one: one["w"].sum(), learner, settings, 1.0, unit=True
    )
    assert float(gradient["margin"]) == pytest.approx(0.0, abs=1e-9)
    assert float(loss) == pytest.approx(-1.0)


# --- where there is nothing to step down ---------------------------------------------


@pytest.mark.parametrize("form", list(ALL_FORMS.values()), ids=list(ALL_FORMS))
def test_a_flat_inner_loss_moves_nothing_and_gives_zeros(form):
    def flat(learner, settings):
        return 0.0 * learner["w"].sum() + settings["margin"].sum()

    gradient, loss = form(flat, outer, LEARNER, SETTINGS, RATE)
    assert torch.equal(whole(gradient), torch.zeros(7, dtype=torch.float64))
    assert float(loss) == pytest.approx(float(outer(LEARNER)), abs=1e-12)


@pytest.mark.parametrize("form", list(ALL_FORMS.values()), ids=list(ALL_FORMS))
def test_settings_that_the_inner_loss_ignores_get_zeros(form):
    settings = SETTINGS | {"unused": normal(2)}
    gradient, _ = form(inner, outer, LEARNER, settings, RATE)
    assert gradient["unused"].tolist() == [0.0, 0.0]
    assert gradient["margin"].abs().max() > 1e-3


@pytest.mark.parametrize("form", list(ALL_FORMS.values()), ids=list(ALL_FORMS))
def test_weights_that_the_losses_ignore_stay_and_do_not_count(form):
    more = LEARNER | {"unused": normal(4)}
    one, _ = form(inner, outer, LEARNER, SETTINGS, RATE)
    other, _ = form(inner, outer, more, SETTINGS, RATE)
    torch.testing.assert_close(whole(one), whole(other))


def test_neither_learner_nor_settings_are_changed_by_unit_steps():
    before = {n: w.clone() for n, w in (LEARNER | SETTINGS).items()}
    UNIT(inner, outer, LEARNER, SETTINGS, RATE)
    for name, weight in (LEARNER | SETTINGS).items():
        assert torch.equal(weight, before[name])
        assert weight.grad is None and not weight.requires_grad
