"""RAMLN: the meta step, learned margins, and training with them."""

import json
from dataclasses import replace

import pytest
import torch

from zssbir_lib.cli.options import read_changes
from zssbir_lib.losses import (
    hardest_quadruplets,
    quadruplet_set_loss,
    relation_aware_quadruplet_loss,
)
from zssbir_lib.models import MarginNetwork, MemoryRead
from zssbir_lib.training import (
    Recipe,
    build_method,
    build_student,
    fit,
    named_recipe,
    new_state,
    prepare_images,
    read_checkpoint,
    restore_state,
)
from zssbir_lib.training.methods.ramln.learner import MarginLearner
from zssbir_lib.training.methods.ramln.meta_gradient import (
    exact_meta_gradient,
    first_order_meta_gradient,
)
from zssbir_lib.training.methods.ramln.meta_step import (
    HeadsView,
    LossShape,
    MetaBatch,
    meta_losses,
    part_of,
    split_classes,
)
from zssbir_lib.training.recipes.margin_settings import MarginSettings

RECIPE = named_recipe(
    "ramln",
    epochs=4,
    steps_per_epoch=4,
    batch_size=24,  # six classes
    images_per_class=4,
    embedding_size=8,
    margin=0.2,
    metric_weight=1.0,
    margins=dict(warm_up=3, rate=0.05),
)
SIZE, FEATURES = 8, 128


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def with_margins(**changes):
    return replace(RECIPE, margins=replace(RECIPE.margins, **changes))


def fresh(recipe=RECIPE, seed=0):
    return new_state(recipe, seed, sketches=48, classes=6)


def small_problem(dtype=torch.float64, beta=20.0, classification_weight=1.0):
    """Return a net's heads, margins and the losses of a meta step, on random features.

    Distances are of the order of the margin, so that anchors lie at the corner of the
    hinge, where margins matter.
    """
    net = build_student(RECIPE, seed=1, classes=6).to(dtype).eval()
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
    net = build_student(RECIPE, seed=0, classes=6)
    heads = set(HeadsView(net, from_pooled=True).weights())
    assert heads == {
        "net.projection.weight",
        "net.projection.bias",
        "net.heads.identity.weight",
    }
    every = HeadsView(net, from_pooled=False).weights()
    assert len(every) == len(list(net.parameters()))


# --- the learner ---------------------------------------------------------------------


def taken(method, net):
    """Return a batch, its images, pooled features and points."""
    batch = method.draw(generator())
    images = prepare_images(batch.images, batch.modality, net.pixels)
    return batch, images


@pytest.mark.parametrize("gradient", ["exact", "first_order"])
@pytest.mark.parametrize("scope", ["heads", "all"])
def test_a_meta_step_moves_the_margins_and_not_a_bit_of_the_network(
    tiny_data, gradient, scope
):
    recipe = with_margins(warm_up=0, gradient=gradient, scope=scope, beta=5.0)
    method, net = build_method(tiny_data, recipe), fresh(recipe).net
    net.train()
    batch, images = taken(method, net)
    method.losses(
        net, net.pooled(images, batch.modality), images, batch
    )  # fills the memory; moves BatchNorm's statistics
    before = {n: w.clone() for n, w in net.state_dict().items()}
    margins = {n: w.clone() for n, w in method.learner.margins.state_dict().items()}

    modality = batch.modality
    pooled = net.eval().pooled(images, modality)
    net.train()
    points = net.project(pooled).detach()
    inputs = pooled.detach() if scope == "heads" else images
    method._learn(net, method.meta_batch(inputs, points, batch))
    after = net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(p.grad is None for p in net.parameters())
    assert net.training and all(module.training for module in net.modules())
    moved = method.learner.margins.state_dict()
    assert any(not torch.equal(margins[name], moved[name]) for name in margins)


def test_with_a_fixed_margin_it_is_the_quadruplet_loss(tiny_data):
    recipe = with_margins(form="fixed")
    method, net = build_method(tiny_data, recipe), fresh(recipe).net.eval()
    batch, images = taken(method, net)
    for _ in range(5):  # beyond the warm-up
        loss = method.losses(net, net.pooled(images, batch.modality), images, batch)[
            "relation_aware"
        ]
    expected = relation_aware_quadruplet_loss(
        net(images, batch.modality), batch.labels, batch.modality, 0.2, 0.5, 20.0
    )
    torch.testing.assert_close(loss, expected)
    assert method.observed["margin/low"] == method.observed["margin/high"]


def test_learned_margins_are_used_and_get_no_gradient_from_the_update(tiny_data):
    method, net = build_method(tiny_data, with_margins(warm_up=0)), fresh().net.eval()
    last = method.learner.margins.layers[-1]
    torch.nn.init.normal_(last.weight, generator=generator(1))
    method.learner.optimiser.param_groups[0]["lr"] = 0.0
    batch, images = taken(method, net)
    loss = method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "relation_aware"
    ]
    points = net(images, batch.modality)
    empty = MemoryRead(torch.zeros(24, SIZE), torch.zeros(24, 3))
    margin = method.learner.margins(points, empty)
    expected = quadruplet_set_loss(
        points,
        batch.modality,
        hardest_quadruplets(points, batch.labels, batch.modality),
        margin,
        0.5,
        20.0,
    )
    torch.testing.assert_close(loss, expected)
    for weight in method.learner.margins.parameters():
        weight.grad = None
    loss.backward()
    assert all(p.grad is None for p in method.learner.margins.parameters())


def test_margins_trained_on_their_own_loss_shrink(tiny_data):
    learner = MarginLearner(
        MarginSettings(learning="joint", form="scalar", warm_up=0, rate=0.1),
        start=0.2,
        lam=0.5,
        size=SIZE,
        classes=6,
    )
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
    recipe = with_margins(beta=5.0)
    state = fresh(recipe)
    fit(state, build_method(tiny_data, recipe))
    first, last = state.history[0], state.history[-1]
    assert first["margin/mean"] == pytest.approx(0.2, abs=0.02)
    assert last["margin/mean"] != pytest.approx(0.2, abs=1e-4)
    assert 0.01 - 1e-6 <= last["margin/low"] <= last["margin/high"] <= 0.8 + 1e-6
    assert first["loss"] == pytest.approx(
        first["relation_aware"] + first["classification"], abs=1e-5
    )


@pytest.mark.parametrize("writing", ["rare", "least_used"])
def test_a_training_goes_on_from_its_checkpoint_bit_for_bit(
    tiny_data, tmp_path, writing
):
    recipe = with_margins(writing=writing)
    whole = fresh(recipe)
    fit(whole, build_method(tiny_data, recipe))

    class Stop(Exception):
        pass

    half, path = fresh(recipe), tmp_path / "checkpoint.pt"
    calls = []

    def stop_at_the_third(net):
        calls.append(1)
        if len(calls) == 3:
            raise Stop
        return 0.0

    with pytest.raises(Stop):
        fit(half, build_method(tiny_data, recipe), stop_at_the_third, path)
    resumed = fresh(recipe)
    restore_state(resumed, read_checkpoint(path), path)
    assert resumed.step == 8
    fit(resumed, build_method(tiny_data, recipe))
    for name, weight in whole.net.state_dict().items():
        assert torch.equal(weight, resumed.net.state_dict()[name]), name
    learner, again = whole.method_state["learner"], resumed.method_state["learner"]
    for part in ("memory", "margins"):
        for name, value in learner[part].items():
            assert torch.equal(value, again[part][name]), name


# --- recipes -------------------------------------------------------------------------


def test_a_recipe_survives_json():
    recipe = with_margins(form="scalar", every=3)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_changes_of_a_record_within():
    texts = ["margins.rate=0.5", "margins.form=scalar", "lam=0.25"]
    changes = read_changes(texts)
    assert changes == {"margins": {"rate": 0.5, "form": "scalar"}, "lam": 0.25}
    recipe = named_recipe("ramln", **changes)
    assert (recipe.margins.rate, recipe.margins.form, recipe.lam) == (
        0.5,
        "scalar",
        0.25,
    )
    assert recipe.margins.beta == 20.0
    with pytest.raises(ValueError, match="a field of the recipe: 'speed=1'"):
        read_changes(["margins.speed=1"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(lam=1.1), "lam must lie between 0 and 1, got 1.1"),
        (dict(margin=0.9), "margin is 0.9, where learned margins start"),
        (dict(margins=dict(form="none")), "margins.form must be one of fixed, scalar"),
        (dict(margins=dict(rate=0.0)), "margins.rate must be above 0, got 0.0"),
        (dict(margins=dict(every=0)), "margins.every must be 1 or more, got 0"),
        (dict(margins=dict(low=0.9)), "margins.low must be below margins.high"),
        (
            dict(margins=dict(gradient="first_order", inner_steps=2)),
            "of one virtual step",
        ),
    ],
)
def test_mistakes_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        named_recipe("ramln", **changes)


def test_a_fixed_margin_may_lie_anywhere():
    assert named_recipe("ramln", margin=0.9, margins=dict(form="fixed")).margin == 0.9
