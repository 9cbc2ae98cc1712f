"""RAMLN step by step: images, chance, seeds, the shuffled control, losses' weights."""

from dataclasses import replace

import pytest
import torch
from ramln_variants import LeastUsed, RawInputs, Shuffled, ThreeSteps, UnitStep
from torch.nn import functional

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.losses import (
    classification_loss,
    quadruplet_set_loss,
    random_quadruplets,
    sample_quadruplets,
)
from zssbir_lib.training import (
    RAMLN,
    Experiment,
    MarginLearner,
    Step,
    build_net,
    draw_batch,
    load_margin_learner,
    named_method,
    new_state,
    prepare_images,
    read_checkpoint,
    run_experiment,
    training_step,
)
from zssbir_lib.training.methods.meta_step import (
    HeadsView,
    LossShape,
    MetaBatch,
    batch_loss,
    part_of,
)
from zssbir_lib.training.methods.ramln import describe_margins

SETTINGS = dict(
    epochs=2,
    steps_per_epoch=4,
    batch_size=24,
    images_per_class=4,
    embedding_size=8,
    margins=dict(warm_up=1, rate=0.05, beta=5.0),
)
METHOD = named_method("ramln", **SETTINGS)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def with_margins(kind=RAMLN, **changes):
    return kind.named(**SETTINGS).changed(margins=changes)


def learner_of(**changes):
    """Return what learns margins from 0.3 on, with the settings' own defaults."""
    size = dict(batch_size=24, images_per_class=4, embedding_size=8)
    return MarginLearner(named_method("ramln", **size, margins=changes), classes=6)


def steps_of(data, method, count=4):
    """Take some steps; return the batches, the state and what each step says."""
    state, batches, told = new_state(method, data), [], []
    for _ in range(count):
        batches.append(draw_batch(state, state.generator))
        told.append(training_step(state, batches[-1]))
    return batches, state, told


def opinionated(learner, std=1.0):
    """Make R(x) say something without learning anything."""
    last = learner.margins.layers[-1]
    torch.nn.init.normal_(last.weight, std=std, generator=generator(1))


def step_of(state):
    """Return the first step of a training, its images not augmented."""
    batch = draw_batch(state, generator())
    images = prepare_images(batch.images, batch.modality, state.net.pixels)
    return Step.of(batch, state.net.pooled(images, batch.modality), images)


def loss_of(state, step):
    return state.method.loss_terms(state.net, step, state.kept)["relation_aware"]


def whole_batch(count=24, size=8, features=128):
    points = functional.normalize(torch.randn(count, size, generator=generator(2)))
    labels, modality = torch.arange(6).repeat_interleave(4), torch.arange(count) % 2
    learner = learner_of()
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
    ("kind", "changes"),
    [
        (RAMLN, dict()),
        (RAMLN, dict(learning="joint")),
        (RAMLN, dict(form="scalar")),
        (RAMLN, dict(scope="all", gradient="first_order")),
        (Shuffled, dict()),
        (UnitStep, dict()),
        (ThreeSteps, dict(inner_rate=1.0)),
        (RawInputs, dict(centred=False)),
        (LeastUsed, dict(slots=1)),
    ],
)
def test_methods_that_differ_in_margins_alone_see_the_same_images(
    tiny_data, reference, kind, changes
):
    batches, state, _ = steps_of(tiny_data, with_margins(kind, **changes))
    expected, its_state = reference
    for one, other in zip(batches, expected, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.modality, other.modality)
    # augmentations are drawn from here too
    assert torch.equal(state.generator.get_state(), its_state.generator.get_state())


def test_random_quadruplets_change_no_image_either(tiny_data, reference):
    batches, state, _ = steps_of(tiny_data, METHOD.changed(sampling="uniform"))
    for one, other in zip(batches, reference[0], strict=True):
        assert torch.equal(one.images, other.images)


def test_chance_within_a_step_is_decided_by_the_draw_of_its_images(tiny_data):
    one, other = (new_state(METHOD, tiny_data, seed) for seed in (0, 1))
    source, again = generator(7), generator(7)
    seeds = []
    for _ in range(3):
        batch, same = draw_batch(one, source), draw_batch(other, again)
        chances = [state.kept.chance for state in (one, other)]
        torch.rand(5, generator=chances[1])  # however much the last step drew
        points = torch.eye(24, 8)
        for state in (one, other):
            step = Step.of(batch, points, points)
            METHOD.meta_batch(state.kept, points, points, step)
        assert torch.equal(chances[0].get_state(), chances[1].get_state())
        assert batch.seed == same.seed
        seeds.append(batch.seed)
    assert len(set(seeds)) == 3


def test_random_quadruplets_come_from_the_chance_of_the_step(tiny_data):
    method = with_margins(form="fixed").changed(sampling="uniform")
    state = new_state(method, tiny_data)
    state.net.eval()
    step = step_of(state)
    loss = loss_of(state, step)
    again = generator(step.seed)
    quadruplets = random_quadruplets(step.labels, step.modality, again)
    points = state.net(step.images, step.modality)
    expected = quadruplet_set_loss(
        points, step.modality, quadruplets, method.margin, method.lam, 5.0
    )
    torch.testing.assert_close(loss, method.metric_weight * expected)


# --- seeds ---------------------------------------------------------------------------


def test_the_seed_decides_the_first_weights_of_the_margins(tiny_data):
    before = torch.get_rng_state()
    states = [new_state(METHOD, tiny_data, seed) for seed in (0, 1, 1)]
    first = [state.kept.margins.layers[0].weight for state in states]
    assert torch.equal(first[1], first[2]) and not torch.equal(first[0], first[1])
    assert torch.equal(torch.get_rng_state(), before)
    other = new_state(named_method("triplet", batch_size=6), tiny_data, seed=3)
    assert other.kept is None  # methods without R(x) take a seed as well


def test_an_experiment_hands_its_seed_to_the_margins(tiny_data, tmp_path):
    split = ZeroShotSplit("four", tuple("abcd"), (), ("e", "f"))
    short = dict(batch_size=16, epochs=1, steps_per_epoch=1)
    method = with_margins(warm_up=50).changed(**short)
    run_experiment(Experiment(tiny_data, split, method, seed=3), tmp_path)
    content = read_checkpoint(tmp_path / "checkpoint.pt")
    _, learner = load_margin_learner(content, method)
    found, expected = (
        one.margins.state_dict()
        for one in (learner, MarginLearner(method, classes=4, seed=3))
    )
    for name in ("layers.0.weight", "layers.2.weight"):
        assert torch.equal(found[name], expected[name])


# --- the shuffled control ------------------------------------------------------------


@pytest.fixture
def resting(monkeypatch):
    """Let R(x) hand out margins, but learn none."""
    monkeypatch.setattr(MarginLearner, "learn", lambda *_: torch.zeros(()))


def opinionated_state(data, kind):
    """Return a state, beyond its warm-up, whose margins differ; and a step."""
    state = new_state(with_margins(kind, warm_up=0), data)
    opinionated(state.kept)
    state.net.eval()
    return state, step_of(state)


@pytest.mark.usefixtures("resting")
def test_shuffled_margins_are_the_same_margins_in_other_hands(tiny_data):
    state, step = opinionated_state(tiny_data, RAMLN)
    shuffled, again = opinionated_state(tiny_data, Shuffled)
    loss, other = loss_of(state, step), loss_of(shuffled, again)
    for name, value in step.observed.items():
        torch.testing.assert_close(again.observed[name], value)
    assert step.observed["margin/std"] > 0.02
    assert abs((loss - other).item()) > 1e-3
    points = state.net(step.images, step.modality)
    read = new_state(METHOD, tiny_data).kept.memory.read(points, step.labels)
    margin = shuffled.kept.margins(points, read)
    order = torch.randperm(24, generator=generator(step.seed))
    places = sample_quadruplets("hard", points, step.labels, step.modality, generator())
    values = [
        3 * quadruplet_set_loss(points, step.modality, places, some, 0.5, 5.0)
        for some in (margin, margin[order])
    ]
    torch.testing.assert_close(loss, values[0])
    torch.testing.assert_close(other, values[1])


@pytest.mark.usefixtures("resting")
def test_shuffling_is_new_at_every_step(tiny_data):
    state, step = opinionated_state(tiny_data, Shuffled)
    losses = []
    for seed in range(3):
        losses.append(loss_of(state, replace(step, seed=seed)).item())
        state.kept.memory.labels.fill_(-1)  # what was written is forgotten
    assert len({round(loss, 6) for loss in losses}) == 3


def test_the_other_variants_do_what_they_are_called(tiny_data):
    def margins_after(kind):
        _, state, _ = steps_of(tiny_data, with_margins(kind, inner_rate=1.0))
        return state.kept.margins.layers[-1].weight.detach()

    plain = margins_after(RAMLN)
    for kind in (UnitStep, ThreeSteps, LeastUsed, RawInputs):
        assert not torch.equal(plain, margins_after(kind)), kind
    raw = new_state(with_margins(RawInputs), tiny_data).kept.margins
    assert not any(name.startswith("standardise") for name, _ in raw.named_buffers())


# --- warm-up and what is learned when ------------------------------------------------


def test_margins_are_learned_after_the_warm_up_in_every_step(tiny_data):
    state = new_state(with_margins(warm_up=3), tiny_data)
    moved = []
    for _ in range(6):
        before = state.kept.margins.layers[-1].weight.detach().clone()
        told = training_step(state, draw_batch(state, state.generator))
        after = state.kept.margins.layers[-1].weight
        moved.append(not torch.equal(before, after))
        assert ("meta" in told) == moved[-1]
    assert moved == [False, False, False, True, True, True]


def test_until_then_margins_are_the_fixed_one_whatever_the_network_says(tiny_data):
    state = new_state(with_margins(warm_up=2), tiny_data)
    opinionated(state.kept)
    stds = []
    for _ in range(4):
        told = training_step(state, draw_batch(state, state.generator))
        stds.append(told["margin/std"])
    assert stds[:2] == [0.0, 0.0] and min(stds[2:]) > 0.01


def test_inputs_are_observed_during_the_warm_up_too(tiny_data):
    _, state, _ = steps_of(tiny_data, with_margins(warm_up=10), count=3)
    scaling = state.kept.margins.standardise
    assert int(scaling.num_batches_tracked) == 3
    assert scaling.running_mean.abs().max() > 0


@pytest.mark.parametrize("form", ["fixed", "scalar", "embedding", "memory"])
def test_the_memory_is_written_where_it_is_read(tiny_data, form):
    _, state, _ = steps_of(tiny_data, with_margins(form=form))
    assert state.kept.step == state.step == 4
    assert bool(state.kept.memory.filled.any()) == (form == "memory")


@pytest.mark.parametrize("form", ["fixed", "scalar"])
def test_other_forms_have_nothing_to_observe_and_train(tiny_data, form):
    _, state, told = steps_of(tiny_data, with_margins(form=form))
    assert state.kept.step == state.step == 4
    moved = told[-1]["margin/mean"] != pytest.approx(0.3, abs=1e-5)
    assert moved == (form == "scalar") and told[-1]["margin/std"] < 1e-6


@pytest.mark.parametrize("margin", [0.9, 0.0])
def test_a_fixed_margin_outside_the_learned_range_is_used(tiny_data, margin):
    method = with_margins(form="fixed").changed(margin=margin)
    _, _, told = steps_of(tiny_data, method, count=2)
    assert told[-1]["margin/mean"] == pytest.approx(margin)


def test_joint_learning_keeps_the_level_of_centred_margins_and_lowers_that_of_others():
    logits, margins = {}, {}
    for centred in (True, False):
        changes = dict(learning="joint", centred=centred, warm_up=0, rate=0.01)
        learner, batch = learner_of(**changes, beta=5.0), whole_batch()
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
    learner = learner_of(form=form)
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
    net, batch = build_net(METHOD, 0, classes=6).eval(), whole_batch()
    view = HeadsView(net, from_pooled=True)
    shape = LossShape(0.3, 7.0, metric, classes)
    found = batch_loss(view, view.weights(), batch, 0.4, shape)
    quadruplets = quadruplet_set_loss(
        net.project(batch.inputs), batch.modality, batch.quadruplets, 0.4, 0.3, 7.0
    )
    named = classification_loss(net.classify(batch.inputs), batch.labels)
    torch.testing.assert_close(found, metric * quadruplets + classes * named)


def test_a_meta_step_takes_the_weights_of_the_method():
    changes = dict(metric_weight=5.0, classification_weight=0.25, lam=0.75)
    method = METHOD.changed(**changes)
    assert method.loss_shape == LossShape(0.75, 5.0, 5.0, 0.25)
    alone = method.changed(losses=("relation_aware",))
    assert alone.loss_shape == LossShape(0.75, 5.0, 5.0, 0.0)
    unclassified = method.changed(margins=dict(classified=False))
    assert unclassified.loss_shape == LossShape(0.75, 5.0, 5.0, 0.0)


def test_the_weight_of_the_metric_loss_counts_in_the_training_too(tiny_data):
    values = []
    for weight in (1.0, 4.0):
        method = with_margins(form="fixed").changed(metric_weight=weight)
        state = new_state(method, tiny_data)
        state.net.eval()
        values.append(method.loss_terms(state.net, step_of(state), state.kept))
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
