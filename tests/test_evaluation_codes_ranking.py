"""Packed codes: packing, distances, and rankings with ties as one block."""

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

GOLDEN = Path(__file__).parent / "goldens" / "metrics" / "m5_hamming64.npz"


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


def test_near_points_have_near_codes():
    _, gallery, _, _ = labelled(photos=400, size=24)
    codes = fit_itq(gallery, bits=24).encode(gallery)
    real = torch.pdist(gallery - gallery.mean(dim=0))
    pairs = torch.triu_indices(400, 400, offset=1)
    binary = hamming(codes, codes)[pairs[0], pairs[1]]
    assert torch.corrcoef(torch.stack([real, binary.double()]))[0, 1] > 0.5


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


def test_codes_retrieve_nearly_as_well_as_the_embeddings():
    *sets, query_labels, gallery_labels = labelled(queries=50, photos=300)
    real = evaluate_retrieval(*sets, query_labels, gallery_labels)["map@all"]
    codes = retrieval_codes(*sets, bits=32)
    binary = evaluate_retrieval(
        *codes, query_labels, gallery_labels, distance="hamming"
    )["map@all"]
    chance = 1 / 5
    assert chance + 0.6 * (real - chance) < binary < real


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pack_codes(torch.rand(3, 8)), "codes are torch.float32 of shape"),
        (lambda: pack_codes(torch.ones(8).bool()), r"of shape \(8,\): expected bool"),
        (lambda: unpack_codes(torch.ones(3, 2), 16), "packed codes are torch.float32"),
        (lambda: unpack_codes(torch.ones(3, 2).byte(), 8), "bits is 8 for .* 2 bytes"),
        (lambda: unpack_codes(torch.ones(3, 2).byte(), 17), "bits is 17 for codes"),
    ],
)
def test_codes_of_another_form_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
