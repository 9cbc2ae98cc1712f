"""Binary codes: learning them from a gallery, encoding, packing, and ranking."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from zssbir_lib.evaluation import (
    evaluate_retrieval,
    fit_itq,
    pack_codes,
    per_query_metrics,
    rank_gallery,
    retrieval_codes,
    unpack_codes,
)
from zssbir_lib.evaluation.codes import principal_directions

GOLDEN = Path(__file__).parent / "goldens" / "metrics" / "m5_hamming64.npz"


def embeddings(count=120, size=24, seed=0):
    """Return embeddings that lie off the origin and vary more in some directions."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, size, generator=generator, dtype=torch.float64)
    return drawn * torch.linspace(2, 0.1, size) + 3


@pytest.mark.parametrize("degrees", [0, 20, 100])
def test_a_turned_square_gets_its_four_corners_back(degrees):
    angle = math.radians(degrees)
    turn = torch.tensor(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    )
    square = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    points = 3 * square @ turn + 5  # centre and size are found as well
    encoder = fit_itq(points, bits=2)
    codes = unpack_codes(encoder.encode(points), 2)
    assert encoder.errors[-1] == pytest.approx(0, abs=1e-9)
    assert len({tuple(code) for code in codes.tolist()}) == 4
    assert torch.equal(codes[0], ~codes[3])  # opposite corners, opposite codes
    assert torch.equal(codes[1], ~codes[2])


def test_encoding_is_centring_projecting_and_turning():
    gallery, query = embeddings(), embeddings(5, seed=1)
    encoder = fit_itq(gallery, bits=16)
    centred = query - gallery.mean(dim=0)
    points = centred @ encoder.directions @ encoder.rotation
    assert torch.equal(unpack_codes(encoder.encode(query), 16), points > 0)
    mean = query.mean(dim=0)
    points = (query - mean) @ encoder.directions @ encoder.rotation
    assert torch.equal(unpack_codes(encoder.encode(query, mean), 16), points > 0)


def test_a_number_of_zero_becomes_a_bit_of_zero():
    encoder = fit_itq(embeddings(), bits=16)
    assert encoder.encode(encoder.mean[None]).tolist() == [[0, 0]]


def test_directions_are_those_of_largest_variance():
    gallery = embeddings()
    mean, directions = principal_directions(gallery, 5)
    torch.testing.assert_close(mean, gallery.mean(dim=0))
    centred = gallery - gallery.mean(dim=0)
    torch.testing.assert_close(
        (centred @ directions).square().sum(dim=0).sqrt(),
        torch.linalg.svdvals(centred)[:5],
    )
    assert (directions.gather(0, directions.abs().argmax(dim=0)[None]) > 0).all()


def test_the_encoder_says_how_the_error_fell():
    encoder = fit_itq(embeddings(), bits=16, iterations=30)
    assert len(encoder.errors) == 31
    assert np.diff(encoder.errors).max() < 1e-12
    released = fit_itq(embeddings(), bits=16, iterations=30, update="released")
    assert released.errors[0] == encoder.errors[0]
    assert released.errors[-1] > encoder.errors[-1]


def test_the_order_of_the_gallery_does_not_matter():
    gallery = embeddings()
    order = torch.randperm(len(gallery), generator=torch.Generator().manual_seed(2))
    codes = fit_itq(gallery, bits=16).encode(gallery)
    shuffled = fit_itq(gallery[order], bits=16).encode(gallery[order])
    assert torch.equal(shuffled, codes[order])


@pytest.mark.parametrize("change", [lambda x: 4 * x, lambda x: x - 1])
def test_scale_and_place_of_the_embeddings_do_not_matter(change):
    gallery = embeddings()
    codes = fit_itq(gallery, bits=16).encode(gallery)
    changed = fit_itq(change(gallery), bits=16).encode(change(gallery))
    assert torch.equal(changed, codes)


def test_mirrored_embeddings_get_the_opposite_codes():
    gallery = embeddings()
    codes = unpack_codes(fit_itq(gallery, bits=16).encode(gallery), 16)
    mirrored = unpack_codes(fit_itq(-gallery, bits=16).encode(-gallery), 16)
    assert torch.equal(mirrored, ~codes)


def test_codes_repeat_and_depend_on_the_seed():
    gallery = embeddings()
    codes = [fit_itq(gallery, 16, seed=seed).encode(gallery) for seed in (0, 0, 1)]
    assert torch.equal(codes[0], codes[1])
    assert not torch.equal(codes[0], codes[2])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_type_of_embedding_is_read_as_it_is(dtype):
    gallery = embeddings().to(dtype)
    codes = fit_itq(gallery, bits=16).encode(gallery)
    wide = fit_itq(gallery.double(), bits=16).encode(gallery.double())
    assert torch.equal(codes, wide)


def test_codes_of_a_search_are_those_of_the_encoder_of_its_gallery():
    gallery, query = embeddings(), embeddings(6, seed=1) + 2
    encoder = fit_itq(gallery, bits=16)
    for few in (query, query[:1]):
        codes, photos = retrieval_codes(few, gallery, 16)
        assert torch.equal(codes, encoder.encode(few))
        assert torch.equal(photos, encoder.encode(gallery))


def test_embeddings_that_need_gradients_are_read():
    gallery = embeddings()
    codes = retrieval_codes(gallery[:3], gallery.clone().requires_grad_(), bits=16)
    assert torch.equal(codes[1], retrieval_codes(gallery[:3], gallery, bits=16)[1])


def test_a_code_does_not_depend_on_how_many_are_encoded():
    gallery = embeddings(5000)
    encoder = fit_itq(gallery, bits=16)
    assert torch.equal(
        encoder.encode(gallery)[4500:4501], encoder.encode(gallery[4500:4501])
    )


# packing and ranking


def hamming(one, other):
    """Return the Hamming distances of packed codes, bit by bit."""
    first, second = (np.unpackbits(codes.numpy(), axis=1) for codes in (one, other))
    return torch.from_numpy((first[:, None] != second[None]).sum(axis=2))


def labelled(queries=9, photos=150, classes=5, size=32):
    """Return queries and gallery around class centres, with labels."""
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(classes, size, generator=generator)
    labels = [torch.arange(count) % classes for count in (queries, photos)]
    sets = [
        centres[one] + torch.randn(len(one), size, generator=generator)
        for one in labels
    ]
    return *sets, *labels


def test_packing_by_hand():
    codes = torch.tensor([[1, 0, 0, 0, 0, 0, 1, 1, 1], [0, 1, 0, 0, 0, 0, 0, 0, 0]])
    packed = pack_codes(codes.bool())
    assert packed.tolist() == [[128 + 2 + 1, 128], [64, 0]]


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 64])
def test_packing_is_undone_by_unpacking(bits):
    generator = torch.Generator().manual_seed(bits)
    codes = torch.randint(2, (20, bits), generator=generator).bool()
    packed = pack_codes(codes)
    assert packed.dtype == torch.uint8
    assert packed.shape == (20, math.ceil(bits / 8))
    assert torch.equal(unpack_codes(packed, bits), codes)


def test_reference_codes_score_the_same_packed_and_unpacked():
    golden = {name: torch.from_numpy(value) for name, value in np.load(GOLDEN).items()}
    packed = golden["in_query_bits"], golden["in_gallery_bits"]
    labels = golden["in_query_labels"], golden["in_gallery_labels"]
    plain = tuple(unpack_codes(codes, 64) for codes in packed)
    assert all(map(torch.equal, map(pack_codes, plain), packed))
    for codes in (packed, plain):
        scores = evaluate_retrieval(*codes, *labels, distance="hamming")
        assert scores["map@all"] == pytest.approx(0.2128, abs=5e-5)


def test_bits_are_in_the_order_of_the_reference(shared):
    arrays = np.load(shared / "goldens" / "metrics" / "m5_hamming64.npz")
    codes = pack_codes(torch.from_numpy(arrays["in_query"]) > 0)
    assert np.array_equal(codes, arrays["in_query_bits"])


@pytest.mark.parametrize("bits", [12, 16])
def test_the_ranking_of_codes_is_that_of_their_distances(bits):
    query, gallery, _, _ = labelled()
    codes = retrieval_codes(query, gallery, bits)
    order = rank_gallery(*codes, k=len(gallery), distance="hamming")
    assert torch.equal(order, hamming(*codes).argsort(dim=1, stable=True))


@pytest.mark.parametrize("bits", [4, 12, 32])
def test_scores_of_codes_equal_brute_force_with_ties_as_one_block(bits):
    *sets, query_labels, gallery_labels = labelled()
    codes = retrieval_codes(*sets, bits)
    values = per_query_metrics(
        *codes, query_labels, gallery_labels, distance="hamming", ks=(10,)
    )
    distances = hamming(*codes)
    for i, label in enumerate(query_labels):
        relevant = (gallery_labels == label).numpy()
        expected = average_precision_score(relevant, -distances[i].numpy())
        assert values["map@all"][i] == pytest.approx(expected, abs=1e-12)
        last = distances[i].sort().values[9]
        before, tied = distances[i] < last, distances[i] == last
        share = (10 - before.sum()) / tied.sum()
        hits = relevant[before].sum() + share * relevant[tied].sum()
        assert values["p@10"][i] == pytest.approx(float(hits) / 10)
