"""What the evaluation refuses, and what it says: the value, and what was expected."""

import math
import re

import numpy as np
import pytest
import torch

from zssbir_lib import evaluation as ev

NAN, INF = math.nan, math.inf
HAND = torch.Generator().manual_seed(0)
QUERY, GALLERY = torch.randn(40, 8, generator=HAND), torch.randn(90, 8, generator=HAND)
OF_QUERY, OF_GALLERY = torch.arange(40) % 6, torch.arange(90) % 6
SETS = (QUERY, GALLERY, OF_QUERY, OF_GALLERY)
PACKED = torch.zeros(40, 8, dtype=torch.uint8)
RESULTS = ev.published_results()
UNSEEN = (ev.LabelledEmbeddings(QUERY, OF_QUERY),) * 2
SEEN = (ev.LabelledEmbeddings(QUERY, OF_QUERY + 10),) * 2
ENCODER = ev.fit_itq(GALLERY, 4)
CONSTANT = torch.ones(50, 8)


def with_rows(value, *rows, of=QUERY):
    """Return embeddings with some rows spoilt."""
    spoilt = of.clone()
    spoilt[list(rows)] = value
    return spoilt


def evaluate(position=0, value=QUERY, **options):
    """Evaluate with one argument replaced."""
    sets = *SETS[:position], value, *SETS[position + 1 :]
    return ev.evaluate_retrieval(*sets, **options)


def compare(first, second, labels=None, *options, **more):
    tables, pairs = {"method": first, "baseline": second}, [("method", "baseline")]
    return ev.compare_methods(tables, pairs, labels, *options, **more)


def spread(shape, labels, modality):
    classes = torch.arange(labels)
    return ev.embedding_spread(torch.rand(shape), classes, torch.ones(modality))


def confuse(retrieved, query, classes=2):
    return ev.confusion_matrix(torch.tensor(retrieved), torch.tensor(query), classes)


RANKING = [
    (lambda: evaluate(0, np.zeros((40, 8))), "query is a ndarray: expected a tensor"),
    (lambda: ev.expand_queries(QUERY, GALLERY.numpy(), 3), "gallery is a ndarray"),
    (lambda: ev.rank_gallery(QUERY, GALLERY.numpy(), 3), "(torch.from_numpy makes one"),
    (lambda: evaluate(0, torch.zeros(40)), "query has shape (40,): expected (items,"),
    (lambda: evaluate(0, torch.zeros(0, 8)), "query is empty"),
    (lambda: evaluate(1, torch.zeros(0, 8)), "gallery is empty, shape (0, 8)"),
    (lambda: evaluate(1, torch.zeros(90, 7)), "query has 8 columns and gallery 7"),
    (lambda: evaluate(1, GALLERY.long()), "gallery has type torch.int64: expected"),
    (lambda: evaluate(1, GALLERY.to("meta")), "query is on cpu and gallery on meta"),
    (lambda: evaluate(0, with_rows(NAN, 5, 9)), "query has 2 of 40 rows with NaN"),
    (lambda: evaluate(0, with_rows(INF, 0)), "values, the first is row 0"),
    (lambda: evaluate(0, with_rows(1e30, 3)), "too large values, the first is row 3"),
    (lambda: evaluate(2, OF_QUERY[1:]), "query_labels has 39 entries for 40 rows"),
    (lambda: evaluate(3, OF_GALLERY[1:]), "gallery_labels has 89 entries for 90 rows"),
    (lambda: evaluate(2, OF_QUERY.float()), "query_labels has type torch.float32"),
    (lambda: evaluate(2, [0] * 40), "query_labels must be a tensor of shape (N,)"),
    (lambda: evaluate(2, OF_QUERY + 77), "none of the 40 queries has a photo of its"),
    (
        lambda: evaluate(distance="manhattan"),
        "unknown distance 'manhattan': choose one of",
    ),
    (lambda: evaluate(distance="hamming"), "query holds values that are not binary"),
    (lambda: evaluate(ks=(100, 0)), "a cut-off in ks is 0: expected a whole number"),
    (lambda: evaluate(ks=(2.5,)), "a cut-off in ks is 2.5: expected a whole number"),
    (lambda: evaluate(ties="random"), "unknown ties 'random': choose one of ('block'"),
    (
        lambda: evaluate(average="median"),
        "unknown average 'median': choose one of ('micro'",
    ),
    (lambda: ev.per_query_metrics(*SETS, chunk_size=0), "chunk_size is 0: expected a"),
    (lambda: ev.rank_gallery(QUERY, GALLERY, k=91), "k is 91: choose from 1 to 90, th"),
    (lambda: ev.rank_gallery(PACKED, GALLERY > 0, 1, "hamming"), "pack both (uint8) o"),
    *(
        (
            lambda n=n: ev.smooth_gallery(GALLERY, n),
            f"neighbours is {n}: choose from 1 to",
        )
        for n in (0, -1, 91)
    ),
    (lambda: ev.smooth_gallery(with_rows(NAN, 3)), "query has 1 of 40 rows with NaN"),
    (lambda: ev.centre_modalities(QUERY, with_rows(NAN, 3)), "gallery has 1 of 40 row"),
    (lambda: ev.average_precision([0, 0]), "the ranking has no relevant photo"),
    (lambda: ev.average_precision([1, 0], 0), "k is 0: look at least at 1 photo"),
    (lambda: ev.average_precision([]), "k is 0: look at least at 1 photo of a non-emp"),
    (lambda: ev.precision_at([1, 2], 1), "the ranking holds 2: expected only 0 and 1"),
    (lambda: ev.average_precision([1], 1, "recall"), "unknown divisor 'recall': choos"),
]
PROTOCOLS = [
    (lambda: ev.generalised_with_seen_sample(*UNSEEN, *UNSEEN), "label 0 stands for a"),
    (lambda: ev.generalised_with_seen_gallery(*UNSEEN, UNSEEN[0]), "after the unseen"),
    (lambda: ev.generalised_with_seen_sample(*UNSEEN, *SEEN, 0), "fraction is 0: expe"),
    (lambda: ev.generalised_with_seen_sample(*UNSEEN, *SEEN, 5), "cannot draw 200 of"),
    (lambda: ev.LabelledEmbeddings(QUERY, OF_GALLERY), "40 embeddings with 90 labels"),
]
CODES = [
    (lambda: ev.fit_itq(torch.rand(16, 20), 16), "16 images are too few for 16 bits"),
    (lambda: ev.fit_itq(torch.rand(1, 20), 1), "1 images are too few for 1 bits"),
    (lambda: ev.fit_itq(CONSTANT, 16), "embeddings of 8 numbers give no 16 bits"),
    (lambda: ev.fit_itq(CONSTANT, 0), "bits is 0: expected a whole number from 1"),
    (lambda: ev.fit_itq(torch.rand(50), 4), "gallery has shape (50,): expected (items"),
    (lambda: ev.fit_itq(CONSTANT.long(), 4), "gallery has type torch.int64"),
    (lambda: ev.fit_itq(torch.rand(0, 8), 4), "gallery is empty"),
    (lambda: ev.fit_itq(CONSTANT / 3, 4), "same embedding: the network collapsed"),
    (lambda: ev.fit_itq(CONSTANT + 1e-7 * torch.rand(50, 8), 4), "network collapsed"),
    (lambda: ev.fit_itq(with_rows(INF, 9), 4), "gallery has 1 of 40 rows with NaN"),
    (lambda: ev.fit_itq(GALLERY, 4, -1), "iterations is -1: expected a whole number"),
    (lambda: ev.fit_itq(GALLERY, 4, update="svd"), "unknown update 'svd': choose one"),
    (lambda: ev.retrieval_codes(QUERY[:, 1:], GALLERY, 4), "have 7 numbers and the co"),
    (lambda: ev.retrieval_codes(QUERY[:0], GALLERY, 4), "query is empty"),
    (lambda: ev.retrieval_codes(with_rows(NAN, 0), GALLERY, 4), "query has 1 of 40 ro"),
    (lambda: ENCODER.encode(QUERY, torch.zeros(7)), "centre has shape (7,): expected"),
    (lambda: ENCODER.encode(QUERY, torch.zeros(1, 8)), "centre has shape (1, 8)"),
    (lambda: ev.pack_codes(QUERY), "codes are torch.float32 of shape (40, 8): expecte"),
    (lambda: ev.pack_codes(QUERY[0] > 0), "codes are torch.bool of shape (8,)"),
    (lambda: ev.unpack_codes(QUERY, 16), "packed codes are torch.float32 of shape"),
    (lambda: ev.unpack_codes(PACKED[:, :2], 8), "bits is 8 for codes of 2 bytes"),
    (lambda: ev.unpack_codes(PACKED[:, :2], 17), "bits is 17 for codes of 2 bytes"),
]
SPREAD = [
    (lambda: ev.domain_gap(QUERY, QUERY[:, :4]), "expected (M, D) and (N, D) with the"),
    (lambda: ev.domain_gap(QUERY[0], QUERY[0]), "sketches have shape (8,) and photos"),
    (lambda: ev.domain_gap(QUERY[:0], QUERY), "sketches have shape (0, 8)"),
    (lambda: ev.domain_gap(0 * QUERY, 0 * QUERY + 1), "the embeddings collapsed"),
    (lambda: spread((4, 2), 3, 4), "labels must have shape (4,), one for each embeddi"),
    (lambda: spread((4, 2), 4, 5), "modality must have shape (4,), one for each"),
    (lambda: spread((1, 2), 1, 1), "embeddings must be (N, D) with N 2 or more, got ("),
    (lambda: spread((0, 2), 0, 0), "with N 2 or more, got (0, 2)"),
    (lambda: spread((4,), 4, 4), "with N 2 or more, got (4,)"),
    *(
        (
            lambda v=v: ev.embedding_spread(with_rows(v, 3), OF_QUERY, OF_QUERY % 2),
            "an embedding is NaN or infinite",
        )
        for v in (NAN, INF)
    ),
    *(
        (lambda x=x: ev.embedding_spread(x, OF_QUERY, OF_QUERY % 2), "the same point")
        for x in (torch.full((40, 3), 0.3), torch.full((40, 4), 0.7).double())
    ),
    (lambda: confuse([0, 1], [0, 1]), "has shape (2,) and query_labels (2,)"),
    (lambda: confuse([[0, 1]], [0, 1]), "expected (Q, K) and (Q,)"),
    (lambda: confuse([[0, 2]], [0]), "retrieved_labels run from 0 to 2: expected 0 to"),
    (lambda: confuse([[0, 1]], [-1]), "query_labels run from -1 to -1"),
    (lambda: confuse([[], []], [0, 1]), "no retrieved photos: give one query"),
    (lambda: ev.mutual_confusion(torch.zeros(2, 3)), "has shape (2, 3): expected (C,"),
    (lambda: ev.most_confused_pair(torch.eye(3)), "no class is confused with another"),
]
TWO = [0.1, 0.2]
STATISTICS = [
    (lambda: ev.mean_interval([]), "expected one finite number or more, got []"),
    (lambda: ev.mean_interval([1.0, NAN]), "expected one finite number or more"),
    (lambda: ev.mean_interval([1.0], 95), "confidence must lie between 0 and 1, got 9"),
    (lambda: ev.paired_interval([1.0], TWO), "1 values and 2 baselines are no pairs"),
    (lambda: ev.bootstrap_interval([]), "values has shape (1, 0)"),
    (lambda: ev.bootstrap_interval([TWO]), "values have shape (1, 2): expected one a"),
    (lambda: ev.bootstrap_interval([NAN, NAN]), "values is NaN throughout: no query h"),
    (lambda: ev.bootstrap_interval([0.1, INF]), "values holds an infinite value"),
    (lambda: ev.bootstrap_interval(TWO, [1]), "labels have shape (1,) for 2 queries"),
    (lambda: ev.bootstrap_interval(TWO, None, 95), "confidence must lie between 0 and"),
    (lambda: ev.bootstrap_interval(TWO, draws=0), "draws is 0: expected a whole numbe"),
    (lambda: ev.bootstrap_interval(TWO, draws=1e4), "draws is 10000.0: expected a who"),
    (lambda: compare([[1, 2]], [[1]]), "method has shape (1, 2) and baseline (1, 1)"),
    (lambda: compare([0.5], [0.4]), "method has shape (1,): expected (seeds, queries)"),
    (lambda: compare([[], []], [[], []]), "method has shape (2, 0)"),
    (lambda: compare([[NAN, 1]], [[1, 1]]), "query 0 is NaN for one of method and"),
    (lambda: compare([TWO, [0.1, NAN]], [TWO, TWO]), "query 1 of method is NaN for so"),
    (lambda: compare([[NAN]], [[NAN]]), "method is NaN throughout"),
    (lambda: compare([[-INF]], [[1.0]]), "method holds an infinite value"),
    (lambda: compare([TWO], [TWO], [1], "seeds"), "labels have shape (1,) for 2 queri"),
    (lambda: compare([TWO], [TWO], [1, 2, 3]), "labels have shape (3,) for 2 queries"),
    (lambda: compare([TWO], [TWO], None, "years"), "unknown over 'years': choose one"),
    (lambda: compare([TWO], [TWO], None, "seeds", 1), "confidence must lie between 0"),
    (lambda: compare([TWO], [TWO], draws=0), "draws is 0: expected a whole number"),
    (lambda: ev.compare_methods({"a": [TWO]}, [], None), "no pairs to compare: give"),
    (lambda: ev.compare_methods({"a": [TWO]}, [("a", "b")], None), "no scores of 'b'"),
    (lambda: ev.sign_flip_test([1.0], draws=0), "draws is 0: expected a whole number"),
    (lambda: ev.sign_flip_test(TWO, [1]), "labels have shape (1,) for 2 queries"),
    (lambda: ev.pooled_spread([]), "no method has two seeds: run it with two seeds"),
    (lambda: ev.share_of_pairs_apart([[0.1], [0.2]], 0.1), "no method has two seeds"),
    (lambda: ev.pooled_spread([[0.1, NAN]]), "a score is NaN or infinite: leave out r"),
    (lambda: ev.share_of_pairs_apart([[0.1, INF]], 0.1), "a score is NaN or infinite"),
    (lambda: ev.share_of_pairs_apart([TWO], -1), "difference is -1: expected a finite"),
    (lambda: ev.chance_of_difference(0.01, NAN), "difference is nan: expected a finit"),
    (lambda: ev.chance_of_difference(-0.01, 0.1), "spread is -0.01: expected a finite"),
    (lambda: ev.chance_of_difference(INF, 0.1), "spread is inf: expected a finite siz"),
    (lambda: ev.chance_of_difference(0.01, 0.1, 0), "runs is 0: expected a whole numb"),
    (lambda: ev.chance_of_difference(0.01, 0.1, 1, 0), "draws is 0: expected a whole"),
    (lambda: ev.chance_to_see(-0.1, 0.1, 3), "difference is -0.1: expected a finite s"),
    (lambda: ev.chance_to_see(0.1, 0.1, 1), "runs is 1: expected a whole number from"),
    (lambda: ev.chance_to_see(0.1, 0.1, 3, 95), "confidence must lie between 0 and 1"),
    (lambda: ev.smallest_visible_difference(0.1, 3, 80), "power must lie between 0 an"),
    (lambda: ev.smallest_visible_difference(0.1, 2.5), "runs is 2.5: expected a whole"),
    (lambda: ev.select_results(RESULTS, dataset="x"), "no field 'dataset' to select b"),
    (lambda: ev.select_results(RESULTS, source="table-9"), "no source 'table-9': choo"),
]
TABLE = RANKING + PROTOCOLS + CODES + SPREAD + STATISTICS


@pytest.mark.parametrize(("call", "message"), TABLE, ids=[text for _, text in TABLE])
def test_what_has_no_meaning_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        call()
    assert "\n" not in str(caught.value)
