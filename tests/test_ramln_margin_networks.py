"""R(x): centred margins, standardised inputs, its state; fixed and scalar margins."""

import math
from functools import partial

import pytest
import torch

from zssbir_lib.models import FixedMargin, MarginNetwork, MemoryRead, ScalarMargin

SIZE, INPUTS = 4, 11


def some_inputs(count=16, seed=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(count, n, generator=generator) for n in (SIZE, SIZE, 3)]
    embeddings, content, statistics = (part.to(dtype) for part in parts)
    return embeddings, MemoryRead(content, statistics)


def trained(seed=0, **settings):
    """Return a network whose last layer says something, in double precision."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MarginNetwork(SIZE, 0.3, **settings).double()
        torch.nn.init.normal_(network.layers[-1].weight, std=0.3)
    return network


def logits_of(margin, low=0.01, high=0.8):
    """Undo the squeezing into the range."""
    share = (margin - low) / (high - low)
    return torch.log(share / (1 - share))


# --- centred -------------------------------------------------------------------------


def test_centred_margins_keep_the_level_at_the_mean_of_their_logits():
    network, inputs = trained(), some_inputs()
    margin = network(*inputs).detach()
    assert margin.std() > 0.01  # they do differ
    share = (0.3 - 0.01) / (0.8 - 0.01)
    expected = math.log(share / (1 - share))
    assert float(logits_of(margin).mean()) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("centred", [True, False])
def test_what_all_anchors_share_is_taken_off_only_where_centred(centred):
    network, inputs = trained(centred=centred), some_inputs()
    before = network(*inputs).detach()
    with torch.no_grad():
        network.layers[-1].bias += 3.0
    after = network(*inputs).detach()
    if centred:
        torch.testing.assert_close(before, after)
    else:
        torch.testing.assert_close(logits_of(after), logits_of(before) + 3.0)


def test_differences_between_anchors_are_those_of_the_plain_network():
    inputs = some_inputs()
    centred, plain = (trained(centred=one) for one in (True, False))
    one, other = (logits_of(network(*inputs)) for network in (centred, plain))
    torch.testing.assert_close(one - one[0], other - other[0])


def test_centring_is_over_the_given_batch():
    """The same image gets another margin in other company; alone, the first one."""
    network, (embeddings, read) = trained(), some_inputs()
    half = [embeddings[:8], MemoryRead(*(part[:8] for part in read))]
    assert not torch.allclose(network(embeddings, read)[:8], network(*half))
    alone = network(embeddings[:1], MemoryRead(*(part[:1] for part in read)))
    assert alone.item() == pytest.approx(0.3)


def test_margins_go_with_their_anchors_in_any_order():
    network, (embeddings, read) = trained(), some_inputs()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    moved = network(embeddings[order], MemoryRead(*(part[order] for part in read)))
    torch.testing.assert_close(moved, network(embeddings, read)[order])


def test_the_shared_bias_of_centred_margins_has_no_gradient():
    network, inputs = trained(), some_inputs()
    weights = torch.randn(16, generator=torch.Generator().manual_seed(2)).double()
    margin = network(*inputs)
    slopes = weights / (margin.detach() - 0.01) / (0.8 - margin.detach())
    (margin * slopes).sum().backward()
    assert network.layers[-1].bias.grad.abs() < 1e-9
    assert network.layers[-1].weight.grad.abs().max() > 1e-3


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("standardised", [True, False])
@pytest.mark.parametrize("start", [0.02, 0.3, 0.79])
def test_before_training_every_margin_is_the_start(centred, standardised, start):
    network = MarginNetwork(SIZE, start, centred=centred, standardised=standardised)
    embeddings, read = some_inputs(dtype=torch.float32)
    for _ in range(3):
        network.observe(embeddings, read)
    margin = network(1e3 * embeddings, read)
    torch.testing.assert_close(margin, torch.full((16,), start), rtol=0, atol=1e-6)


# --- standardised --------------------------------------------------------------------


def test_observing_moves_the_running_statistics_by_a_tenth():
    network, (embeddings, read) = trained(), some_inputs()
    network.observe(embeddings, read)
    seen = torch.cat((embeddings, read.content, read.statistics), dim=1)
    scaling = network.standardise
    assert seen.shape[1] == INPUTS
    torch.testing.assert_close(scaling.running_mean, 0.1 * seen.mean(dim=0))
    torch.testing.assert_close(scaling.running_var, 0.9 + 0.1 * seen.var(dim=0))


def test_a_forward_pass_moves_nothing_after_observing_too():
    network, inputs = trained(), some_inputs()
    network.observe(*some_inputs(seed=9))
    before = {n: v.clone() for n, v in network.state_dict().items()}
    for _ in range(3):
        network(*inputs).sum().backward()
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert not network.standardise.training


def test_what_was_observed_changes_the_margins_only_where_standardised():
    for standardised in (True, False):
        network, inputs = trained(standardised=standardised), some_inputs()
        before = network(*inputs)
        embeddings, read = some_inputs(seed=9)
        network.observe(5 * embeddings + 1, read)
        assert torch.equal(before, network(*inputs)) == (not standardised)


def test_standardised_margins_do_not_depend_on_the_units_of_the_inputs():
    margins = []
    for scale, shift in ((1.0, 0.0), (50.0, 7.0)):
        network, (embeddings, read) = trained(), some_inputs(count=200)
        inputs = (
            scale * embeddings + shift,
            MemoryRead(*(scale * part + shift for part in read)),
        )
        for _ in range(300):  # until the statistics are those of the batch
            network.observe(*inputs)
        margins.append(network(*inputs))
    torch.testing.assert_close(*margins, rtol=1e-3, atol=1e-4)
    assert margins[0].std() > 0.01


def test_running_statistics_are_part_of_the_state():
    network, fresh, inputs = trained(), trained(seed=5), some_inputs()
    network.observe(*some_inputs(seed=9))
    assert not torch.allclose(fresh(*inputs), network(*inputs))
    fresh.load_state_dict(network.state_dict())
    assert torch.equal(fresh(*inputs), network(*inputs))
    assert torch.equal(fresh.standardise.running_mean, network.standardise.running_mean)


def test_without_standardising_there_is_no_state_for_it():
    names = set(trained(standardised=False).state_dict())
    assert names == {
        f"layers.{n}.{part}" for n in (0, 2, 4) for part in ("weight", "bias")
    }
    more = set(trained().state_dict()) - names
    assert {"standardise.running_mean", "standardise.running_var"} <= more
    assert not any(n.startswith("standardise") for n, _ in trained().named_parameters())


def test_nothing_flows_back_to_embeddings_by_observing_or_by_a_margin():
    network, (embeddings, read) = trained(), some_inputs()
    embeddings.requires_grad_()
    network.observe(embeddings, read)
    network(embeddings, read).sum().backward()
    assert embeddings.grad is None
    assert not network.standardise.running_mean.requires_grad


# --- margins that do not depend on the input -----------------------------------------


@pytest.mark.parametrize("margin", [0.9, 0.0, 0.3, 2.5])
def test_a_fixed_margin_is_any_number_and_is_never_trained(margin):
    fixed, (embeddings, read) = FixedMargin(margin), some_inputs()
    found = fixed(embeddings, read)
    assert found.shape == (16,) and found.tolist() == pytest.approx([margin] * 16)
    assert not found.requires_grad
    assert not [weight for weight in fixed.parameters() if weight.requires_grad]
    again = FixedMargin(0.7)
    again.load_state_dict(fixed.state_dict())
    assert torch.equal(again(embeddings, read), found)


@pytest.mark.parametrize("logit", [-50.0, 0.0, 50.0])
def test_a_scalar_margin_stays_in_its_range(logit):
    scalar = ScalarMargin(0.3, low=0.1, high=0.6)
    torch.nn.init.constant_(scalar.logit, logit)
    found = scalar(*some_inputs(count=3))
    expected = {-50.0: 0.1, 0.0: 0.35, 50.0: 0.6}[logit]
    assert found.tolist() == pytest.approx([expected] * 3, abs=1e-6)


def test_a_scalar_margin_is_learned_as_one_number():
    scalar = ScalarMargin(0.405)  # the middle of the range: the slope is a quarter
    scalar(*some_inputs(count=5)).sum().backward()
    assert float(scalar.logit.grad) == pytest.approx(5 * 0.79 / 4, rel=1e-4)
    assert len(list(scalar.parameters())) == 1


@pytest.mark.parametrize("low", [0.3, 0.5, float("nan")])
@pytest.mark.parametrize("build", [partial(MarginNetwork, SIZE), ScalarMargin])
def test_bounds_that_do_not_enclose_the_start_are_refused(build, low):
    message = f"the starting margin must lie between {low} and 0.8, got 0.3"
    with pytest.raises(ValueError, match=message):
        build(0.3, low)
