"""RAMLN: the meta step, learned margins, and training with them."""

import json

import pytest
import torch
from margins import method_of
from ramln_variants import LeastUsed

from zssbir_lib.losses import (
    hardest_quadruplets,
    quadruplet_set_loss,
    relation_aware_quadruplet_loss,
)
from zssbir_lib.models import MarginNetwork, MemoryRead
from zssbir_lib.records import read_changes
from zssbir_lib.training import (
    RAMLN,
    MarginLearner,
    Step,
    build_net,
    draw_batch,
    exact_meta_gradient,
    first_order_meta_gradient,
    fit,
    named_method,
    new_state,
    prepare_images,
    read_checkpoint,
    restore_state,
)
from zssbir_lib.training.methods.meta_step import (
    HeadsView,
    LossShape,
    MetaBatch,
    meta_losses,
    part_of,
    split_classes,
)

SETTINGS = dict(
    epochs=4,
    steps_per_epoch=4,
    batch_size=24,  # six classes
    images_per_class=4,
    embedding_size=8,
    margin=0.2,
    metric_weight=1.0,
    margins=dict(warm_up=3, rate=0.05),
)
METHOD = named_method("ramln", **SETTINGS)
SIZE, FEATURES = 8, 128


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def with_margins(**changes):
    return METHOD.changed(margins=changes)


def step_of(state):
    """Return the first step of a training, with its batch's images."""
    batch = draw_batch(state, generator())
    images = prepare_images(batch.images, batch.modality, state.net.pixels)
    return Step.of(batch, state.net.pooled(images, batch.modality), images)


def loss_of(state, step):
    return state.method.loss_terms(state.net, step, state.kept)["relation_aware"]


def small_problem(dtype=torch.float64, beta=20.0, classification_weight=1.0):
    """Return a net's heads, margins and the losses of a meta step, on random features.

    Distances are of the order of the margin, so that anchors lie at the corner of the
    hinge, where margins matter.
    """
    net = build_net(METHOD, seed=1, classes=6).to(dtype).eval()
    labels = torch.arange(6).repeat_interleave(4)
    modality = torch.arange(24) % 2
    means = torch.randn(6, FEATURES, generator=generator(1), dtype=dtype)[labels]
    pooled = means + torch.randn(24, FEATURES, generator=generator(2), dtype=dtype)
    points = net.project(pooled).detach()
    read = MemoryRead(
        points.flip(0), torch.rand(24, 3, generator=generator(3)).to(dtype)
    )
    margins = MarginNetwork(SIZE, 0.2).to(dtype)
    torch.nn.init.normal_(margins.layers[-1].weight, std=0.3, generator=generator(4))
    halves = split_classes(labels, generator(5))
    quadruplets = hardest_quadruplets(points, labels, modality)
    whole = MetaBatch(pooled, labels, modality, quadruplets, points, read)
    training, testing = (part_of(whole, half, "hard", generator()) for half in halves)
    view = HeadsView(net, from_pooled=True)
    shape = LossShape(0.5, beta, 1.0, classification_weight)
    losses = meta_losses(view, margins, training, testing, 0.2, shape)
    return losses, view.weights(), dict(margins.named_parameters())


# --- the split -----------------------------------------------------------------------


@pytest.mark.parametrize("classes", [4, 5, 16])
def test_halves_share_no_class_and_leave_none_out(classes):
    labels = torch.arange(classes).repeat(6)[torch.randperm(6 * classes)] + 3
    seen = set()
    for seed in range(20):
        training, testing = split_classes(labels, generator(seed))
        assert not (training & testing).any() and (training | testing).all()
        one, other = set(labels[training].tolist()), set(labels[testing].tolist())
        assert not one & other and len(one) == classes // 2
        seen.add(frozenset(one))
    assert len(seen) > 1


def test_too_few_classes_for_two_halves():
    with pytest.raises(ValueError, match="two for each half; got 3"):
        split_classes(torch.tensor([0, 1, 2]), generator())


# --- the gradient --------------------------------------------------------------------


def test_the_exact_gradient_equals_finite_differences():
    (inner, outer), learner, settings = small_problem()
    gradient, _ = exact_meta_gradient(inner, outer, learner, settings, 0.1)
    assert any(g.abs().max() > 1e-6 for g in gradient.values())
    for name in ("layers.4.weight", "layers.2.weight", "layers.0.weight"):
        place = int(gradient[name].abs().argmax())
        losses = []
        for sign in (1, -1):
            shifted = {n: w.detach().clone() for n, w in settings.items()}
            shifted[name].view(-1)[place] += sign * 1e-5
            _, loss = exact_meta_gradient(inner, outer, learner, shifted, 0.1)
            losses.append(float(loss))
        slope = (losses[0] - losses[1]) / 2e-5
        assert float(gradient[name].flatten()[place]) == pytest.approx(slope, rel=1e-4)


def test_the_first_order_gradient_points_the_same_way():
    (inner, outer), learner, settings = small_problem()
    exact, loss = exact_meta_gradient(inner, outer, learner, settings, 0.1)
    estimate, again = first_order_meta_gradient(inner, outer, learner, settings, 0.1)
    one, other = (
        torch.cat([g.flatten() for g in grads.values()]) for grads in (exact, estimate)
    )
    assert torch.cosine_similarity(one, other, dim=0) > 0.99
    torch.testing.assert_close(loss, again)


@pytest.mark.parametrize("form", [exact_meta_gradient, first_order_meta_gradient])
def test_a_hinge_gives_margins_no_gradient(form):
    (inner, outer), learner, settings = small_problem(beta=None)
    gradient, _ = form(inner, outer, learner, settings, 0.1)
    assert all(not g.any() for g in gradient.values())


def test_the_outer_loss_does_not_contain_the_margins():
    (_, outer), learner, settings = small_problem()
    (_, same), _, _ = small_problem()
    for weight in settings.values():
        weight.data.fill_(7.0)
    assert outer(learner) == same(learner)


def test_heads_alone_or_all_that_is_trained():
    net = build_net(METHOD, seed=0, classes=6)
    heads = set(HeadsView(net, from_pooled=True).weights())
    assert heads == {
        "net.projection.weight",
        "net.projection.bias",
        "net.heads.identity.weight",
    }
    every = HeadsView(net, from_pooled=False).weights()
    assert len(every) == len(list(net.parameters()))


# --- the learner ---------------------------------------------------------------------


@pytest.mark.parametrize("gradient", ["exact", "first_order"])
@pytest.mark.parametrize("scope", ["heads", "all"])
def test_a_meta_step_moves_the_margins_and_not_a_bit_of_the_network(
    tiny_data, gradient, scope
):
    method = with_margins(warm_up=0, gradient=gradient, scope=scope, beta=5.0)
    state = new_state(method, tiny_data)
    net, learner = state.net.train(), state.kept
    step = step_of(state)  # moves BatchNorm's statistics
    loss_of(state, step)  # fills the memory
    before = {n: w.clone() for n, w in net.state_dict().items()}
    margins = {n: w.clone() for n, w in learner.margins.state_dict().items()}

    pooled = net.eval().pooled(step.images, step.modality)
    net.train()
    points = net.project(pooled).detach()
    inputs = pooled.detach() if scope == "heads" else step.images
    learner.learn(net, method.meta_batch(learner, inputs, points, step))
    after = net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(p.grad is None for p in net.parameters())
    assert net.training and all(module.training for module in net.modules())
    moved = learner.margins.state_dict()
    assert any(not torch.equal(margins[name], moved[name]) for name in margins)


def test_with_a_fixed_margin_it_is_the_quadruplet_loss(tiny_data):
    state = new_state(with_margins(form="fixed"), tiny_data)
    state.net.eval()
    step = step_of(state)
    for _ in range(5):  # beyond the warm-up
        loss = loss_of(state, step)
    points = state.net(step.images, step.modality)
    expected = relation_aware_quadruplet_loss(
        points, step.labels, step.modality, 0.2, 0.5, 20.0
    )
    torch.testing.assert_close(loss, expected)
    assert step.observed["margin/low"] == step.observed["margin/high"]


def test_learned_margins_are_used_and_get_no_gradient_from_the_update(tiny_data):
    state = new_state(with_margins(warm_up=0), tiny_data)
    margins = state.kept.margins
    torch.nn.init.normal_(margins.layers[-1].weight, generator=generator(1))
    state.kept.optimiser.param_groups[0]["lr"] = 0.0
    state.net.eval()
    step = step_of(state)
    loss = loss_of(state, step)
    points = state.net(step.images, step.modality)
    empty = MemoryRead(torch.zeros(24, SIZE), torch.zeros(24, 3))
    margin = margins(points, empty)
    expected = quadruplet_set_loss(
        points,
        step.modality,
        hardest_quadruplets(points, step.labels, step.modality),
        margin,
        0.5,
        20.0,
    )
    torch.testing.assert_close(loss, expected)
    for weight in margins.parameters():
        weight.grad = None
    loss.backward()
    assert all(p.grad is None for p in margins.parameters())


def test_margins_trained_on_their_own_loss_shrink(tiny_data):
    joint = with_margins(learning="joint", form="scalar", warm_up=0, rate=0.1)
    learner = MarginLearner(joint, classes=6)
    points = torch.randn(24, SIZE, generator=generator())
    labels, modality = torch.arange(6).repeat_interleave(4), torch.arange(24) % 2
    quadruplets = hardest_quadruplets(points, labels, modality)
    read = learner.memory.read(points, labels)
    batch = MetaBatch(points, labels, modality, quadruplets, points, read)
    before = 0.2
    for _ in range(30):
        learner.learn_jointly(batch)
        after = float(learner.margin(points, read)[0])
        assert after < before
        before = after
    assert after < 0.1


# --- training ------------------------------------------------------------------------


def test_the_history_tells_what_margins_do(tiny_data):
    state = new_state(with_margins(beta=5.0), tiny_data)
    fit(state)
    first, last = state.history[0], state.history[-1]
    assert first["margin/mean"] == pytest.approx(0.2, abs=0.02)
    assert last["margin/mean"] != pytest.approx(0.2, abs=1e-4)
    assert 0.01 - 1e-6 <= last["margin/low"] <= last["margin/high"] <= 0.8 + 1e-6
    assert first["loss"] == pytest.approx(
        first["relation_aware"] + first["classification"], abs=1e-5
    )


@pytest.mark.parametrize("kind", [RAMLN, LeastUsed])
def test_a_training_goes_on_from_its_checkpoint_bit_for_bit(tiny_data, tmp_path, kind):
    method = kind.named(**SETTINGS)
    whole = new_state(method, tiny_data)
    fit(whole)

    class Stop(Exception):
        pass

    half, path = new_state(method, tiny_data), tmp_path / "checkpoint.pt"
    calls = []

    def stop_at_the_third(net):
        calls.append(1)
        if len(calls) == 3:
            raise Stop
        return 0.0

    with pytest.raises(Stop):
        fit(half, stop_at_the_third, path)
    resumed = new_state(method, tiny_data)
    restore_state(resumed, read_checkpoint(path), path)
    assert resumed.step == 8
    fit(resumed)
    for name, weight in whole.net.state_dict().items():
        assert torch.equal(weight, resumed.net.state_dict()[name]), name
    learner, again = whole.kept.state_dict(), resumed.kept.state_dict()
    for part in ("memory", "margins"):
        for name, value in learner[part].items():
            assert torch.equal(value, again[part][name]), name


# --- recipes -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RAMLN, LeastUsed])
def test_a_method_survives_json(kind):
    method = kind.named(**SETTINGS).changed(margins=dict(form="scalar", slots=3))
    again = method_of(json.loads(json.dumps(method.to_dict())))
    assert again == method and type(again) is kind
    with pytest.raises(ValueError, match="method 'mine', which neither the library no"):
        method_of(method.to_dict() | {"method": "mine"})


def test_changes_of_a_record_within():
    texts = ["margins.rate=0.5", "margins.form=scalar", "lam=0.25"]
    changes = read_changes(texts, RAMLN.hints())
    assert changes == {"margins": {"rate": 0.5, "form": "scalar"}, "lam": 0.25}
    method = named_method("ramln", **changes)
    assert (method.margins.rate, method.margins.form) == (0.5, "scalar")
    assert (method.margins.beta, method.lam) == (20.0, 0.25)
    with pytest.raises(
        ValueError, match="margins has no field called 'speed'.*it has: form"
    ):
        read_changes(["margins.speed=1"], RAMLN.hints())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(lam=1.1), "lam must lie between 0 and 1, got 1.1"),
        (dict(margin=0.9), "margin is 0.9, where learned margins start"),
        (dict(margins=dict(form="none")), "margins.form must be one of fixed, scalar"),
        (dict(margins=dict(rate=0.0)), "margins.rate must be above 0, got 0.0"),
        (dict(margins=dict(slots=0)), "margins.slots must be 1 or more, got 0"),
        (dict(margins=dict(low=0.9)), "margins.low must be below margins.high"),
    ],
)
def test_mistakes_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        named_method("ramln", **changes)


def test_a_fixed_margin_may_lie_anywhere():
    assert named_method("ramln", margin=0.9, margins=dict(form="fixed")).margin == 0.9
