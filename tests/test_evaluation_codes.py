"""Binary codes of embeddings: learning them from a gallery, and encoding."""

import math

import numpy as np
import pytest
import torch

from zssbir_lib.evaluation import fit_itq, retrieval_codes, unpack_codes
from zssbir_lib.evaluation.codes import principal_directions


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


def test_queries_are_centred_as_asked():
    gallery, query = embeddings(), embeddings(6, seed=1) + 2
    encoder = fit_itq(gallery, bits=16)
    codes, photos = retrieval_codes(query, gallery, 16)
    assert torch.equal(codes, encoder.encode(query))
    assert torch.equal(photos, encoder.encode(gallery))
    codes, photos = retrieval_codes(query, gallery, 16, centring="own")
    assert torch.equal(codes, encoder.encode(query, query.mean(dim=0)))
    assert torch.equal(photos, encoder.encode(gallery))


def test_own_means_take_the_place_of_the_queries_away():
    gallery, query = embeddings(), embeddings(6, seed=1)
    near, _ = retrieval_codes(query, gallery, 16, centring="own")
    far, _ = retrieval_codes(query + 100, gallery, 16, centring="own")
    assert torch.equal(near, far)
    assert not torch.equal(near, retrieval_codes(query + 100, gallery, 16)[0])


def test_one_query_can_be_encoded():
    gallery = embeddings()
    one, _ = retrieval_codes(gallery[:1], gallery, 16)
    all_of_them, _ = retrieval_codes(gallery, gallery, 16)
    assert torch.equal(one, all_of_them[:1])


@pytest.mark.parametrize(
    ("gallery", "bits", "message"),
    [
        (torch.rand(16, 20), 16, "16 images are too few for 16 bits: .* least 17"),
        (torch.rand(1, 20), 1, "1 images are too few for 1 bits"),
        (torch.rand(50, 8), 16, "embeddings of 8 numbers give no 16 bits"),
        (torch.rand(50, 8), 0, "bits is 0: a code has at least 1"),
        (torch.rand(50), 4, r"gallery has shape \(50,\): expected \(items, dimensions"),
        (torch.ones(50, 8).long(), 4, "gallery has type torch.int64"),
        (torch.rand(0, 8), 4, "gallery is empty"),
        (torch.ones(50, 8) / 3, 4, "same embedding: the network collapsed"),
        (torch.ones(50, 8) + 1e-7 * torch.rand(50, 8), 4, "the network collapsed"),
        (torch.tensor([[0.0] * 8] * 9 + [[math.nan] * 8]), 4, "1 of 10 .* is row 9"),
        (torch.tensor([[math.inf] * 8] + [[0.0] * 8] * 9), 4, "1 of 10 .* is row 0"),
    ],
)
def test_galleries_that_give_no_codes_are_refused(gallery, bits, message):
    with pytest.raises(ValueError, match=message) as caught:
        fit_itq(gallery, bits)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        (torch.rand(3, 20), {"centring": "both"}, "unknown centring 'both'"),
        (torch.rand(1, 20), {"centring": "own"}, "a single query minus its own mean"),
        (torch.rand(3, 21), {}, "have 21 numbers and the codes were fitted to 20"),
        (torch.rand(0, 20), {}, "query is empty"),
        (torch.full((3, 20), math.nan), {}, "query has 3 of 3 rows with NaN"),
        (torch.rand(3, 20), {"update": "svd"}, "unknown update 'svd'"),
    ],
)
def test_queries_that_do_not_fit_are_refused(query, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        retrieval_codes(query, torch.rand(50, 20), bits=16, **options)
    assert "\n" not in str(caught.value)


def test_a_centre_of_another_shape_is_refused():
    encoder = fit_itq(embeddings(), bits=16)
    for centre in (torch.zeros(23), torch.zeros(1, 24)):
        with pytest.raises(ValueError, match="centre has shape"):
            encoder.encode(embeddings(3), centre)
