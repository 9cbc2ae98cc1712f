"""RAMLN step by step: images, chance, seeds, the shuffled control, losses' weights."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.losses import (
    classification_loss,
    quadruplet_set_loss,
    random_quadruplets,
    sample_quadruplets,
)
from zssbir_lib.training import (
    Experiment,
    build_method,
    build_student,
    named_recipe,
    new_state,
    prepare_images,
    read_checkpoint,
    run_experiment,
    training_step,
)
from zssbir_lib.training.methods.ramln.learner import MarginLearner, build_margins
from zssbir_lib.training.methods.ramln.meta_step import (
    HeadsView,
    LossShape,
    MetaBatch,
    batch_loss,
    part_of,
)
from zssbir_lib.training.methods.ramln.method import describe_margins, loss_shape
from zssbir_lib.training.recipes.margin_settings import MarginSettings

RECIPE = named_recipe(
    "ramln",
    epochs=2,
    steps_per_epoch=4,
    batch_size=24,
    images_per_class=4,
    embedding_size=8,
    margins=dict(warm_up=1, rate=0.05, beta=5.0),
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def with_margins(**changes):
    return replace(RECIPE, margins=replace(RECIPE.margins, **changes))


def started(data, recipe, seed=0):
    return new_state(recipe, seed, 48, classes=6), build_method(data, recipe, seed=seed)


def steps_of(data, recipe, count=4):
    """Take some steps; return the batches, the state and the method."""
    state, method = started(data, recipe)
    batches = []
    for _ in range(count):
        batches.append(method.draw(state.generator))
        training_step(state, method, batches[-1])
    return batches, state, method


def opinionated(method, std=1.0):
    """Make R(x) say something without learning anything."""
    last = method.learner.margins.layers[-1]
    torch.nn.init.normal_(last.weight, std=std, generator=generator(1))
    return method


def seen_by(net, method):
    batch = method.draw(generator())
    return batch, prepare_images(batch.images, batch.modality, net.pixels)


def whole_batch(count=24, size=8, features=128):
    points = functional.normalize(torch.randn(count, size, generator=generator(2)))
    labels, modality = torch.arange(6).repeat_interleave(4), torch.arange(count) % 2
    learner = MarginLearner(MarginSettings(), 0.3, 0.5, size, classes=6)
    return MetaBatch(
        torch.randn(count, features, generator=generator(3)),
        labels,
        modality,
        sample_quadruplets("hard", points, labels, modality, generator()),
        points,
        learner.memory.read(points, labels),
    )


# --- the images of a training --------------------------------------------------------


@pytest.fixture(scope="module")
def reference(tiny_data):
    return steps_of(tiny_data, with_margins(form="fixed"))[:2]


@pytest.mark.parametrize(
    "changes",
    [
        dict(),
        dict(learning="joint"),
        dict(form="scalar", every=2),
        dict(shuffled=True),
        dict(inner_steps=2, unit_step=True),
        dict(scope="all", gradient="first_order"),
        dict(writing="least_used", slots=1),
    ],
)
def test_recipes_that_differ_in_margins_alone_see_the_same_images(
    tiny_data, reference, changes
):
    batches, state, _ = steps_of(tiny_data, with_margins(**changes))
    expected, its_state = reference
    for one, other in zip(batches, expected, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.modality, other.modality)
    # augmentations are drawn from here too
    assert torch.equal(state.generator.get_state(), its_state.generator.get_state())


def test_random_quadruplets_change_no_image_either(tiny_data, reference):
    batches, state, _ = steps_of(tiny_data, replace(RECIPE, sampling="uniform"))
    for one, other in zip(batches, reference[0], strict=True):
        assert torch.equal(one.images, other.images)


def test_chance_within_a_step_is_decided_by_the_draw_of_its_images(tiny_data):
    one, other = (build_method(tiny_data, RECIPE, seed=seed) for seed in (0, 1))
    source, again = generator(7), generator(7)
    seeds = []
    for _ in range(3):
        batch, same = one.draw(source), other.draw(again)
        torch.rand(5, generator=other.chance)  # however much the last step drew
        points = torch.eye(len(batch.labels))
        for method in (one, other):
            method.meta_batch(points, points, batch)
        assert torch.equal(one.chance.get_state(), other.chance.get_state())
        assert batch.seed == same.seed
        seeds.append(batch.seed)
    assert len(set(seeds)) == 3


def test_random_quadruplets_come_from_the_chance_of_the_step(tiny_data):
    recipe = replace(with_margins(form="fixed"), sampling="uniform")
    state, method = started(tiny_data, recipe)
    net = state.net.eval()
    batch, images = seen_by(net, method)
    again = generator(batch.seed)
    loss = method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "relation_aware"
    ]
    quadruplets = random_quadruplets(batch.labels, batch.modality, again)
    points = net(images, batch.modality)
    expected = quadruplet_set_loss(
        points, batch.modality, quadruplets, recipe.margin, recipe.lam, 5.0
    )
    torch.testing.assert_close(loss, recipe.metric_weight * expected)


# --- seeds ---------------------------------------------------------------------------


def test_the_seed_decides_the_first_weights_of_the_margins(tiny_data):
    before = torch.get_rng_state()
    methods = [build_method(tiny_data, RECIPE, seed=seed) for seed in (0, 1, 1)]
    first = [method.learner.margins.layers[0].weight for method in methods]
    assert torch.equal(first[1], first[2]) and not torch.equal(first[0], first[1])
    assert torch.equal(torch.get_rng_state(), before)
    other = build_method(tiny_data, named_recipe("triplet", batch_size=6), seed=3)
    assert other.state_dict() == {}  # methods without R(x) take a seed as well


def test_an_experiment_hands_its_seed_to_the_margins(tiny_data, tmp_path):
    split = ZeroShotSplit("four", tuple("abcd"), (), ("e", "f"))
    recipe = replace(
        with_margins(warm_up=50), batch_size=16, epochs=1, steps_per_epoch=1
    )
    run_experiment(Experiment(tiny_data, split, recipe, seed=3), tmp_path)
    state = read_checkpoint(tmp_path / "checkpoint.pt")["method_state"]["learner"]
    expected = build_margins(recipe.margins, recipe.margin, 8, seed=3).state_dict()
    for name in ("layers.0.weight", "layers.2.weight"):
        assert torch.equal(state["margins"][name], expected[name])


# --- the shuffled control ------------------------------------------------------------


def losses_of_a_step_that_learns_nothing(data, **changes):
    """Return method, loss and what decides it, at a step between two meta steps."""
    recipe = with_margins(warm_up=0, every=2, **changes)
    state, method = started(data, recipe)
    opinionated(method).learner.step = 1
    net = state.net.eval()
    batch, images = seen_by(net, method)
    chance = generator(batch.seed)
    loss = method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "relation_aware"
    ]
    return method, loss, net(images, batch.modality), batch, chance


def test_shuffled_margins_are_the_same_margins_in_other_hands(tiny_data):
    plain, loss, points, batch, _ = losses_of_a_step_that_learns_nothing(tiny_data)
    method, other, _, _, chance = losses_of_a_step_that_learns_nothing(
        tiny_data, shuffled=True
    )
    for name, value in plain.observed.items():
        torch.testing.assert_close(method.observed[name], value)
    assert plain.observed["margin/std"] > 0.02
    assert abs((loss - other).item()) > 1e-3
    read = build_method(tiny_data, RECIPE).learner.memory.read(points, batch.labels)
    margin = method.learner.margins(points, read)
    order = torch.randperm(24, generator=chance)
    places = sample_quadruplets(
        "hard", points, batch.labels, batch.modality, generator()
    )
    values = [
        3 * quadruplet_set_loss(points, batch.modality, places, some, 0.5, 5.0)
        for some in (margin, margin[order])
    ]
    torch.testing.assert_close(loss, values[0])
    torch.testing.assert_close(other, values[1])


def test_shuffling_is_new_at_every_step(tiny_data):
    method, first, *_ = losses_of_a_step_that_learns_nothing(tiny_data, shuffled=True)
    state, _ = started(tiny_data, RECIPE)
    net = state.net.eval()
    batch, images = seen_by(net, method)
    method.learner.memory.labels.fill_(-1)
    losses = []
    pooled = net.pooled(images, batch.modality)
    for seed in range(3):
        method.learner.step = 1
        values = method.losses(net, pooled, images, replace(batch, seed=seed))
        losses.append(values["relation_aware"].item())
        method.learner.memory.labels.fill_(-1)  # what was written is forgotten
    assert len({round(loss, 6) for loss in losses}) == 3


# --- warm-up and what is learned when ------------------------------------------------


def test_margins_are_learned_after_the_warm_up_once_in_so_many_steps(tiny_data):
    state, method = started(tiny_data, with_margins(warm_up=3, every=2))
    moved = []
    for _ in range(8):
        before = method.learner.margins.layers[-1].weight.detach().clone()
        training_step(state, method, method.draw(state.generator))
        after = method.learner.margins.layers[-1].weight
        moved.append(not torch.equal(before, after))
        assert ("meta" in method.observed) == moved[-1]
    assert moved == [False, False, False, False, True, False, True, False]


def test_until_then_margins_are_the_fixed_one_whatever_the_network_says(tiny_data):
    state, method = started(tiny_data, with_margins(warm_up=2, every=100))
    opinionated(method)
    stds = []
    for _ in range(4):
        training_step(state, method, method.draw(state.generator))
        stds.append(float(method.observed["margin/std"]))
    assert stds[:2] == [0.0, 0.0] and min(stds[2:]) > 0.01


def test_inputs_are_observed_during_the_warm_up_too(tiny_data):
    _, _, method = steps_of(tiny_data, with_margins(warm_up=10), count=3)
    scaling = method.learner.margins.standardise
    assert int(scaling.num_batches_tracked) == 3
    assert scaling.running_mean.abs().max() > 0


@pytest.mark.parametrize("form", ["fixed", "scalar", "embedding", "memory"])
def test_the_memory_is_written_where_it_is_read(tiny_data, form):
    _, state, method = steps_of(tiny_data, with_margins(form=form))
    assert method.learner.step == state.step == 4
    assert bool(method.learner.memory.filled.any()) == (form == "memory")


@pytest.mark.parametrize("form", ["fixed", "scalar"])
def test_other_forms_have_nothing_to_observe_and_train(tiny_data, form):
    _, state, method = steps_of(tiny_data, with_margins(form=form))
    assert method.learner.step == state.step == 4
    moved = method.observed["margin/mean"] != pytest.approx(0.3, abs=1e-5)
    assert moved == (form == "scalar") and method.observed["margin/std"] < 1e-6


@pytest.mark.parametrize("margin", [0.9, 0.0])
def test_a_fixed_margin_outside_the_learned_range_is_used(tiny_data, margin):
    recipe = replace(with_margins(form="fixed"), margin=margin)
    _, _, method = steps_of(tiny_data, recipe, count=2)
    assert float(method.observed["margin/mean"]) == pytest.approx(margin)


def test_joint_learning_keeps_the_level_of_centred_margins_and_lowers_that_of_others():
    logits, margins = {}, {}
    for centred in (True, False):
        settings = MarginSettings(
            learning="joint", centred=centred, warm_up=0, rate=0.01, beta=5.0
        )
        learner, batch = MarginLearner(settings, 0.3, 0.5, 8, classes=6), whole_batch()
        for _ in range(5):
            learner.learn_jointly(batch)
        margin = learner.margin(batch.embeddings, batch.read).double()
        share = (margin - 0.01) / 0.79
        logits[centred] = float(torch.log(share / (1 - share)).mean())
        margins[centred] = margin
    share = 0.29 / 0.79
    start = float(torch.log(torch.tensor(share / (1 - share))))
    assert logits[True] == pytest.approx(start, abs=1e-3) and margins[True].max() > 0.31
    assert logits[False] < start - 0.1 and margins[False].mean() < 0.29


@pytest.mark.parametrize(("form", "depends"), [("embedding", False), ("memory", True)])
def test_without_the_memory_margins_know_the_embedding_alone(form, depends):
    batch = whole_batch()
    learner = MarginLearner(MarginSettings(form=form), 0.3, 0.5, 8, classes=6)
    torch.nn.init.normal_(learner.margins.layers[-1].weight, generator=generator(1))
    learner.step = 50
    given = (batch.embeddings, batch.labels)
    before = learner.margin(batch.embeddings, learner.read(*given))
    learner.remember(*given, batch.modality)
    read = learner.read(*given)
    assert read.content.any() == read.statistics.any() == depends
    after = learner.margin(batch.embeddings, read)
    assert torch.equal(before, after) == (not depends)
    moved = learner.margin(batch.embeddings.flip(0), read)
    assert not torch.allclose(after, moved)


# --- weights of losses ---------------------------------------------------------------


@pytest.mark.parametrize(("metric", "classes"), [(1.0, 0.0), (3.0, 1.0), (0.0, 2.0)])
def test_the_losses_of_a_meta_step_have_their_weights(metric, classes):
    net, batch = build_student(RECIPE, 0, classes=6).eval(), whole_batch()
    view = HeadsView(net, from_pooled=True)
    shape = LossShape(0.3, 7.0, metric, classes)
    found = batch_loss(view, view.weights(), batch, 0.4, shape)
    quadruplets = quadruplet_set_loss(
        net.project(batch.inputs), batch.modality, batch.quadruplets, 0.4, 0.3, 7.0
    )
    named = classification_loss(net.classify(batch.inputs), batch.labels)
    torch.testing.assert_close(found, metric * quadruplets + classes * named)


def test_a_meta_step_takes_the_weights_of_the_recipe():
    recipe = replace(RECIPE, metric_weight=5.0, classification_weight=0.25, lam=0.75)
    assert loss_shape(recipe) == LossShape(0.75, 5.0, 5.0, 0.25)
    alone = replace(recipe, losses=("relation_aware",))
    assert loss_shape(alone) == LossShape(0.75, 5.0, 5.0, 0.0)


def test_the_weight_of_the_metric_loss_counts_in_the_training_too(tiny_data):
    values = []
    for weight in (1.0, 4.0):
        recipe = replace(with_margins(form="fixed"), metric_weight=weight)
        state, method = started(tiny_data, recipe)
        batch, images = seen_by(state.net.eval(), method)
        values.append(
            method.losses(
                state.net, state.net.pooled(images, batch.modality), images, batch
            )
        )
    one, four = values
    torch.testing.assert_close(4 * one["relation_aware"], four["relation_aware"])
    torch.testing.assert_close(one["classification"], four["classification"])


# --- parts of a batch ----------------------------------------------------------------


@pytest.mark.parametrize("sampling", ["hard", "uniform"])
def test_quadruplets_of_a_part_are_places_within_it(sampling):
    whole = whole_batch()
    chosen = torch.isin(whole.labels, torch.tensor([1, 4, 5]))
    part = part_of(whole, chosen, sampling, generator())
    assert part.labels.tolist() == whole.labels[chosen].tolist()
    assert torch.equal(part.inputs, whole.inputs[chosen])
    assert torch.equal(part.read.statistics, whole.read.statistics[chosen])
    expected = sample_quadruplets(
        sampling, whole.embeddings[chosen], part.labels, part.modality, generator()
    )
    for one, other in zip(part.quadruplets, expected, strict=True):
        assert torch.equal(one, other) and one.max() < 12


def test_what_a_history_says_of_margins_by_hand():
    found = describe_margins(torch.tensor([0.1, 0.2, 0.6]))
    assert {name: round(float(value), 6) for name, value in found.items()} == {
        "margin/mean": 0.3,
        "margin/std": round(0.07**0.5, 6),  # squares .04, .01, .09 over two
        "margin/low": 0.1,
        "margin/high": 0.6,
    }
