"""Which queries and which gallery each protocol uses."""

import pytest
import torch

from zssbir_lib.evaluation import (
    LabelledEmbeddings,
    evaluate_retrieval,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    zero_shot,
)


def images(count, first_label, classes=3, seed=0):
    """Draw images of neighbouring labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = first_label + torch.arange(count) % classes
    features = torch.randn(count, 4, generator=generator) + labels[:, None]
    return LabelledEmbeddings(features, labels)


UNSEEN = (images(20, 0), images(50, 0, seed=1))
SEEN = (images(60, 10, seed=2), images(80, 10, seed=3))


def test_zero_shot_is_the_unseen_classes_alone():
    sets = zero_shot(*UNSEEN)
    expected = evaluate_retrieval(
        UNSEEN[0].embeddings, UNSEEN[1].embeddings, UNSEEN[0].labels, UNSEEN[1].labels
    )
    assert sets.evaluate() == expected
    assert "map@5/min" in sets.evaluate(distance="cosine", ks=(5,))


def test_seen_sample_is_a_fifth_of_the_unseen_sets_in_both():
    sets = generalised_with_seen_sample(*UNSEEN, *SEEN)
    assert (len(sets.query), len(sets.gallery)) == (20 + 4, 50 + 10)
    assert torch.equal(sets.query.embeddings[:20], UNSEEN[0].embeddings)
    assert torch.equal(sets.gallery.labels[:50], UNSEEN[1].labels)
    assert (sets.query.labels[20:] >= 10).all()
    assert (sets.gallery.labels[50:] >= 10).all()
    drawn = {tuple(row) for row in sets.gallery.embeddings[50:].tolist()}
    assert len(drawn) == 10  # without replacement
    assert drawn <= {tuple(row) for row in SEEN[1].embeddings.tolist()}


def test_the_seed_decides_the_sample():
    first, again = (generalised_with_seen_sample(*UNSEEN, *SEEN) for _ in range(2))
    other = generalised_with_seen_sample(*UNSEEN, *SEEN, seed=1)
    assert torch.equal(first.query.embeddings, again.query.embeddings)
    assert torch.equal(first.gallery.embeddings, again.gallery.embeddings)
    assert not torch.equal(first.gallery.embeddings, other.gallery.embeddings)


def test_the_sample_does_not_touch_the_global_random_state():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    generalised_with_seen_sample(*UNSEEN, *SEEN)
    assert torch.rand(1) == expected


def test_embeddings_and_labels_are_sampled_together():
    labels = torch.arange(30)
    paired = LabelledEmbeddings(labels[:, None].float(), labels)
    drawn = paired.sample(12, torch.Generator().manual_seed(0))
    assert torch.equal(drawn.embeddings[:, 0].long(), drawn.labels)


def test_seen_gallery_gets_in_the_way_of_unseen_queries():
    sets = generalised_with_seen_gallery(*UNSEEN, SEEN[1])
    assert (len(sets.query), len(sets.gallery)) == (20, 130)
    values, alone = sets.evaluate(), zero_shot(*UNSEEN).evaluate()
    assert values["queries"] == 20
    assert values["map@all"] <= alone["map@all"]


def test_seen_photos_at_the_queries_push_every_relevant_photo_down():
    sketches = LabelledEmbeddings(torch.zeros(1, 2), torch.tensor([0]))
    photos = LabelledEmbeddings(torch.ones(1, 2), torch.tensor([0]))
    seen = LabelledEmbeddings(torch.zeros(3, 2), torch.tensor([5, 6, 7]))
    sets = generalised_with_seen_gallery(sketches, photos, seen)
    assert sets.evaluate()["map@all"] == pytest.approx(1 / 4)


def test_all_images_can_be_drawn():
    images = LabelledEmbeddings(torch.arange(6.0).view(3, 2), torch.tensor([4, 5, 6]))
    drawn = images.sample(3, torch.Generator().manual_seed(0))
    assert sorted(drawn.labels.tolist()) == [4, 5, 6]
    for label, row in zip(
        drawn.labels.tolist(), drawn.embeddings.tolist(), strict=True
    ):
        assert row == images.embeddings[label - 4].tolist()
    with pytest.raises(ValueError, match="cannot draw 4 of 3"):
        images.sample(4, torch.Generator())
