"""Which weights are trained, when and how fast; where the projection starts."""

import pytest
import torch
import torchvision
from training_states import same_weights

from zssbir_lib.models import batch_norms, start_projection
from zssbir_lib.training import (
    MATHM,
    SBTKNet,
    Triplet,
    build_net,
    draw_batch,
    learning_rate_factor,
    new_state,
    training_step,
)
from zssbir_lib.training.schedule import build_optimiser, set_learning_rate

METHOD = MATHM.named(
    epochs=4, steps_per_epoch=4, batch_size=12, images_per_class=4, embedding_size=8
)


@pytest.fixture
def fresh(tiny_data):
    """Return a function that gives the state before a training."""
    seen = tiny_data.restricted_to("abcd")
    return lambda method=METHOD, seed=0: new_state(method, seen, seed)


def copy_of(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


# --- schedules -----------------------------------------------------------------------


def test_one_cycle_rises_then_falls():
    factors = [learning_rate_factor("one_cycle", s, 100, 10) for s in range(100)]
    peak = factors.index(1.0)
    assert peak == 14  # the last of 15 warm-up steps
    assert factors[:15] == sorted(factors[:15])
    assert factors[15:] == sorted(factors[15:], reverse=True)
    assert 0 < factors[-1] < 0.01


def test_cosine_by_hand():
    assert learning_rate_factor("cosine", 0, 10, 5) == 1
    assert learning_rate_factor("cosine", 5, 10, 5) == pytest.approx(0.5)


def test_tenfold_drops_after_every_ten_epochs():
    factors = [learning_rate_factor("tenfold", 3 * e, 75, 3) for e in (0, 9, 10, 20)]
    assert factors == pytest.approx([1, 1, 0.1, 0.01])


def test_the_schedule_is_that_of_the_released_code():
    def factor(epoch, step=0):
        return learning_rate_factor("warm_up_cosine", 200 * epoch + step, 8000, 200, 2)

    printed = {0: 1, 1: 1, 2: 0.01, 3: 0.21, 12: 0.944, 20: 0.664, 30: 0.21}
    printed |= {39: 0.0023} | dict.fromkeys(range(7, 12), 1)
    for epoch, value in printed.items():
        assert factor(epoch) == pytest.approx(value, rel=0.02), epoch
    for epoch in range(40):
        assert factor(epoch) == factor(epoch, 199) > 0  # the same in all its steps
    assert [factor(e) for e in range(2, 7)] == pytest.approx(
        [0.01, 0.21, 0.41, 0.61, 0.81]
    )
    falling = [factor(epoch) for epoch in range(11, 40)]
    assert falling == sorted(falling, reverse=True)


@pytest.mark.parametrize("epochs", [1, 2, 5, 7, 10, 11, 12])
@pytest.mark.parametrize("frozen", [0, 2, 20])
def test_short_trainings_have_a_rate_in_every_epoch(epochs, frozen):
    for step in range(3 * epochs):
        factor = learning_rate_factor("warm_up_cosine", step, 3 * epochs, 3, frozen)
        assert 0 < factor <= 1.0


# --- which weights are trained, and when ---------------------------------------------


def test_backbone_has_its_own_rate():
    method = Triplet.named(weights="none", backbone_rate=0.25, learning_rate=0.8)
    optimiser = build_optimiser(build_net(method, seed=0), method.recipe)
    set_learning_rate(optimiser, 0.5)
    assert [group["lr"] for group in optimiser.param_groups] == [0.1, 0.4]


def test_the_momentum_of_sbtknet_is_used():
    method = SBTKNet.named(optimiser="sgd", weight_decay=5e-4)
    optimiser = build_optimiser(build_net(method, seed=0), method.recipe)
    assert isinstance(optimiser, torch.optim.SGD)
    for group in optimiser.param_groups:
        assert (group["momentum"], group["weight_decay"]) == (0.9, 5e-4)


def groups_by_name(state):
    """Return base rate and frozen by the name of every weight in the optimiser."""
    names = {id(weight): name for name, weight in state.net.named_parameters()}
    found = [
        (names[id(weight)], group["base_rate"], group["frozen"])
        for group in state.optimiser.param_groups
        for weight in group["params"]
    ]
    assert len({name for name, _, _ in found}) == len(found)  # each once
    return {name: (rate, frozen) for name, rate, frozen in found}


@pytest.mark.parametrize("frozen_blocks", [0, 2])
def test_every_trained_weight_is_in_one_group_at_its_rate(fresh, frozen_blocks):
    method = METHOD.changed(frozen_blocks=frozen_blocks, attention=True)
    rates = dict(learning_rate=0.5, backbone_rate=0.1, projection_rate=0.3)
    state = fresh(method.changed(**rates))
    found = groups_by_name(state)
    trained = {n for n, p in state.net.named_parameters() if p.requires_grad}
    assert set(found) == trained
    blocks = {int(n.split(".")[2]) for n in found if n.startswith("backbone.blocks")}
    assert blocks == set(range(frozen_blocks, 5))
    assert sum(".tag." in name for name in found) == 5 - frozen_blocks
    for name, (rate, frozen) in found.items():
        if name.startswith("backbone.") and ".tag." not in name:
            assert (rate, frozen) == (pytest.approx(0.05), True), name
        elif name.startswith("projection."):
            assert (rate, frozen) == (pytest.approx(0.15), True)
        else:  # tags of the gates, attention, classifier
            assert (rate, frozen) == (0.5, False), name


def test_groups_without_weights_are_left_out(fresh):
    method = METHOD.changed(losses=("modality_aware",), gates=False)
    frozen = [group["frozen"] for group in fresh(method).optimiser.param_groups]
    assert frozen == [True, True]
    method = method.changed(frozen_blocks=5)
    assert len(groups_by_name(fresh(method))) == 2  # weight and bias of the projection


def split_weights(net):
    """Return what waits for the frozen epochs, and what is trained from the start."""
    every, waits = copy_of(net), ("backbone.", "projection.")
    frozen = {
        n: w for n, w in every.items() if n.startswith(waits) and ".tag." not in n
    }
    return frozen, {n: w for n, w in every.items() if n not in frozen}


@pytest.mark.parametrize("frozen_blocks", [0, 2])
@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
def test_frozen_epochs_train_only_what_is_new(fresh, optimiser, frozen_blocks):
    method = METHOD.changed(frozen_epochs=1, schedule="warm_up_cosine")
    method = method.changed(frozen_blocks=frozen_blocks, optimiser=optimiser)
    method = method.changed(weight_decay=0.1, learning_rate=0.01)
    state = fresh(method)
    start, new = split_weights(state.net)
    for _ in range(4):
        training_step(state, draw_batch(state))
        assert state.optimiser.param_groups[-1]["lr"] == 0.01
    frozen, moved = split_weights(state.net)
    assert same_weights(frozen, start)  # BatchNorm statistics too
    resting = {n for n in new if torch.equal(moved[n], new[n])}
    assert resting == set()

    training_step(state, draw_batch(state))
    after, _ = split_weights(state.net)
    resting = {n for n in after if torch.equal(after[n], start[n])}
    trained = {n for n, p in state.net.named_parameters() if p.requires_grad}
    assert not resting & trained
    first = tuple(f"backbone.blocks.{block}." for block in range(frozen_blocks))
    assert all(name.startswith(first) for name in resting)
    assert bool(resting) == bool(frozen_blocks)
    assert state.optimiser.param_groups[-1]["lr"] == pytest.approx(1e-4)


@pytest.mark.parametrize("keep", [True, False])
def test_statistics_are_kept_after_the_frozen_epochs_only_where_asked(fresh, keep):
    method = METHOD.changed(frozen_epochs=1, steps_per_epoch=1, keep_batchnorm=keep)
    state = fresh(method)
    steps = []
    for _ in range(3):
        training_step(state, draw_batch(state))
        layers = list(batch_norms(state.net))
        assert all(
            int(layer.num_batches_tracked) == int(layers[0].num_batches_tracked)
            for layer in layers
        )
        steps.append(int(layers[0].num_batches_tracked))
    start = int(next(batch_norms(fresh(method).net)).num_batches_tracked)
    assert steps == [start + n for n in ((0, 0, 0) if keep else (0, 1, 2))]


def test_an_epoch_without_a_length_is_a_pass_over_the_sketches(fresh):
    method = METHOD.changed(steps_per_epoch=None, batch_size=16)
    assert fresh(method).steps_per_epoch == 32 // 8  # 8 sketches a step


# --- the start -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """Write a MobileNetV2 whose classifier has known directions; return path, S, V."""
    path = tmp_path_factory.mktemp("weights") / "mobilenet.pth"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = torchvision.models.mobilenet_v2(weights=None).state_dict()
        left, _ = torch.linalg.qr(torch.randn(1000, 12))
        right, _ = torch.linalg.qr(torch.randn(1280, 12))
    values = 10 * 0.8 ** torch.arange(12)
    state["classifier.1.weight"] = left @ (values[:, None] * right.T)
    torch.save(state, path)
    return path, values, right.T


def from_classifier(path, **changes):
    changes = dict(weights=str(path), embedding_size=5, frozen_blocks=18) | changes
    return MATHM.named("mobilenet_v2", "paper", **changes)


def test_the_projection_starts_on_the_classifiers_main_directions(pretrained):
    path, values, directions = pretrained
    method = from_classifier(path)
    assert method.recipe.projection_start == "classifier"
    first, other = (build_net(method, seed, classes=4) for seed in (0, 1))
    weight = first.projection.weight.detach()
    found = torch.linalg.svd(weight, full_matrices=False)
    expected = values[:5] * values.sum() / values[:5].sum()
    torch.testing.assert_close(found.S, expected, rtol=1e-4, atol=0)
    inside = weight @ directions[:5].T @ directions[:5]
    torch.testing.assert_close(inside, weight, rtol=0, atol=1e-4)
    assert first.projection.bias.abs().max() == 0
    assert not torch.allclose(weight, other.projection.weight)
    gram = weight.T @ weight  # another seed turns, and changes no distance
    turned = other.projection.weight.T @ other.projection.weight
    torch.testing.assert_close(gram, turned, rtol=0, atol=1e-3)
    assert first.projection.weight.requires_grad


def test_a_classifier_that_does_not_fit_is_refused():
    method = METHOD.changed(projection_start="classifier")
    one, again = (build_net(method, 0, 4) for _ in range(2))
    assert same_weights(one.projection, again.projection)  # 8 of 66 directions
    plain = build_net(METHOD, 0, 4)
    assert same_weights(one.heads, plain.heads)
    assert same_weights(one.backbone, plain.backbone)
    method = method.changed(embedding_size=128)
    with pytest.raises(ValueError, match=r"size is 128, expected 1 to 66: a classif"):
        build_net(method, 0, classes=4)
    with pytest.raises(ValueError, match="random weights knows nothing"):
        build_net(method.changed(weights="none"), 0, classes=4)
    net, classifier = build_net(METHOD, seed=0), torch.nn.Linear(64, 10)
    message = "the classifier sees 64 features, the projection 128: take the classifier"
    with pytest.raises(ValueError, match=message):
        start_projection(net, classifier, torch.Generator())
