"""The external memory and the margin network."""

import math

import pytest
import torch
from torch.nn import functional

from zssbir_lib.models import (
    ExternalMemory,
    MarginNetwork,
    MemoryRead,
    ScalarMargin,
    write_least_used,
    write_rare,
)
from zssbir_lib.models.memory import (
    DECAY,
    EMPTY,
    GATE,
    SHARPNESS,
    class_centroids,
)

EAST, NORTH = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
NORTH_EAST = functional.normalize(EAST + NORTH, dim=0)


def numbers(*values):
    return torch.tensor(values)


def filled(*entries):
    """Return a memory of 2-d features with one slot an entry (feature, class, kind)."""
    memory = ExternalMemory(len(entries), 2)
    for slot, (feature, label, kind) in enumerate(entries):
        memory.features[slot] = feature
        memory.labels[slot], memory.modality[slot] = label, kind
    return memory


# --- reading -------------------------------------------------------------------------


def test_an_empty_memory_returns_zeros():
    memory = ExternalMemory(4, 2)
    read = memory.read(torch.stack((EAST, NORTH)), numbers(0, 1))
    assert torch.equal(read.content, torch.zeros(2, 2))
    assert torch.equal(read.statistics, torch.zeros(2, 3))
    assert not memory.filled.any()
    assert memory.occupancy(3).tolist() == [[0, 0]] * 3


def test_reading_by_hand():
    memory = filled((EAST, 0, 0), (NORTH, 1, 1))
    read = memory.read(EAST[None], numbers(0))
    share = 1 / (1 + math.exp(-SHARPNESS))  # cosines 1 and 0
    expected = torch.tensor([[share, 1 - share]])
    torch.testing.assert_close(read.content, expected)
    entropy = -(share * math.log(share) + (1 - share) * math.log(1 - share))
    torch.testing.assert_close(
        read.statistics, torch.tensor([[1.0, 0.0, entropy / math.log(2)]])
    )


def test_statistics_where_a_class_has_no_slot_or_all_slots():
    memory = filled((EAST, 0, 0), (NORTH_EAST, 0, 1))
    statistics = memory.read(torch.stack((EAST, EAST)), numbers(0, 7)).statistics
    assert statistics[0, :2].tolist() == [1.0, 0.0]  # no other class is stored
    assert statistics[1, :2].tolist() == [0.0, 1.0]  # its own class is not


def test_empty_slots_are_not_read():
    memory = ExternalMemory(5, 2)
    memory.features[0], memory.labels[0], memory.modality[0] = EAST, 0, 0
    memory.features[1] = 100.0  # rubbish in a slot that is empty
    read = memory.read(NORTH[None], numbers(0))
    assert torch.equal(read.content, EAST[None])
    assert read.statistics[0, 2] == 0  # one slot: nothing to choose from


def test_nothing_flows_back_into_buffers_or_queries():
    memory = filled((EAST, 0, 0), (NORTH, 1, 1))
    queries = torch.stack((EAST, NORTH)).requires_grad_()
    read = memory.read(queries, numbers(0, 1))
    assert not read.content.requires_grad and not read.statistics.requires_grad
    assert list(memory.parameters()) == []
    write_rare(memory, queries, numbers(0, 1), numbers(0, 1))
    assert not memory.features.requires_grad


@pytest.mark.parametrize(("slots", "size"), [(0, 2), (3, 0)])
def test_a_memory_has_slots_and_dimensions(slots, size):
    with pytest.raises(ValueError, match=f"must be 1 or more, got {slots}, {size}"):
        ExternalMemory(slots, size)


# --- writing -------------------------------------------------------------------------


def test_centroids_of_every_class_and_modality():
    features = torch.stack((EAST, NORTH, 3 * NORTH, EAST))
    means, labels, kinds = class_centroids(
        features, numbers(1, 1, 0, 1), numbers(0, 0, 1, 1)
    )
    assert list(zip(labels.tolist(), kinds.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    torch.testing.assert_close(means, torch.stack((NORTH, NORTH_EAST, EAST)))


def test_a_similar_feature_is_merged_and_a_new_one_takes_an_empty_slot():
    memory = ExternalMemory(3, 2)
    write_rare(memory, EAST[None], numbers(0), numbers(0))
    assert memory.labels.tolist() == [0, EMPTY, EMPTY]
    write_rare(memory, NORTH_EAST[None], numbers(0), numbers(0))  # cosine 0.71
    merged = functional.normalize(EAST + NORTH_EAST, dim=0)
    torch.testing.assert_close(memory.features[0], merged)
    write_rare(memory, -EAST[None], numbers(0), numbers(0))  # unlike: rare
    assert memory.labels.tolist() == [0, 0, EMPTY]
    write_rare(memory, EAST[None], numbers(0), numbers(1))  # of the other modality
    assert memory.modality.tolist() == [0, 0, 1]
    assert memory.occupancy(1).tolist() == [[2, 1]]
    assert memory.ages.tolist() == [2, 1, 0]


def test_a_full_memory_gives_up_what_was_written_longest_ago():
    memory = ExternalMemory(2, 2)
    for label, feature in enumerate((EAST, NORTH)):
        write_rare(memory, feature[None], numbers(label), numbers(0))
    write_rare(memory, EAST[None], numbers(0), numbers(0))  # class 0 is fresh again
    write_rare(memory, -NORTH[None], numbers(2), numbers(0))
    assert memory.labels.tolist() == [0, 2]
    assert memory.ages.tolist() == [1, 0]


def test_the_least_used_slot_is_emptied_and_reading_shares_the_rest():
    memory = filled((EAST, 0, 0), (NORTH, 1, 0))
    memory.usage.copy_(torch.tensor([5.0, 1.0]))
    write_least_used(memory, EAST[None], numbers(2), numbers(1))
    read = torch.softmax(SHARPNESS * torch.tensor([1.0, 0.0]), dim=0)
    weights = GATE * read + torch.tensor([0.0, 1 - GATE])
    torch.testing.assert_close(memory.features[0], (1 + weights[0]) * EAST)
    torch.testing.assert_close(memory.features[1], weights[1] * EAST)
    torch.testing.assert_close(
        memory.usage, DECAY * torch.tensor([5.0, 1.0]) + read + weights
    )
    assert memory.labels.tolist() == [0, 2]
    assert memory.modality.tolist() == [0, 1]


def test_least_used_writing_begins_with_empty_slots():
    memory = ExternalMemory(3, 2)
    for label, feature in enumerate((EAST, NORTH, -EAST)):
        write_least_used(memory, feature[None], numbers(label), numbers(0))
        assert int(memory.filled.sum()) == label + 1
    assert memory.labels.tolist() == [0, 1, 2]
    assert torch.isfinite(memory.features).all()


@pytest.mark.parametrize("write", [write_rare, write_least_used])
def test_a_memory_goes_on_from_its_state(write):
    generator = torch.Generator().manual_seed(0)
    whole, half = ExternalMemory(6, 4), ExternalMemory(6, 4)
    for step in range(8):
        features = torch.randn(6, 4, generator=generator)
        given = features, numbers(0, 0, 1, 1, 2, 2), numbers(0, 1, 0, 1, 0, 1)
        write(whole, *given)
        if step == 3:
            half.load_state_dict(whole.state_dict())
        if step > 3:
            write(half, *given)
    for name, buffer in whole.named_buffers():
        assert torch.equal(buffer, half.get_buffer(name)), name


# --- margins -------------------------------------------------------------------------


def some_read(count, size):
    generator = torch.Generator().manual_seed(1)
    return MemoryRead(
        torch.randn(count, size, generator=generator),
        torch.rand(count, 3, generator=generator),
    )


@pytest.mark.parametrize("margins", [MarginNetwork(4, 0.2), ScalarMargin(0.2)])
def test_every_margin_is_the_fixed_one_at_the_start(margins):
    read = some_read(5, 4)
    margin = margins(10 * read.content, read)
    torch.testing.assert_close(margin, torch.full((5,), 0.2))


@pytest.mark.parametrize("bias", [-60.0, 0.0, 60.0])
def test_margins_stay_in_their_range(bias):
    network, read = MarginNetwork(4, 0.2, low=0.1, high=0.6), some_read(5, 4)
    torch.nn.init.normal_(network.layers[-1].weight, std=10.0)
    torch.nn.init.constant_(network.layers[-1].bias, bias)
    margin = network(read.content, read)
    assert (margin >= 0.1 - 1e-6).all() and (margin <= 0.6 + 1e-6).all()
    assert margin.shape == (5,)


def test_the_embedding_receives_no_gradient_from_its_margin():
    network, read = MarginNetwork(4, 0.2), some_read(5, 4)
    torch.nn.init.normal_(network.layers[-1].weight)
    embeddings = torch.rand(5, 4, requires_grad=True)
    network(embeddings, read).sum().backward()
    assert embeddings.grad is None
    assert network.layers[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("build", [lambda s: MarginNetwork(4, s), ScalarMargin])
@pytest.mark.parametrize("start", [0.01, 0.8, -1.0, float("nan")])
def test_a_start_outside_the_range_is_refused(build, start):
    with pytest.raises(ValueError, match="must lie between 0.01 and 0.8, got"):
        build(start)
