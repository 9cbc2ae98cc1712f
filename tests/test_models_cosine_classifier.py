"""A classifier on the sphere: by hand, its range, what it ignores, its gradient."""

import math

import pytest
import torch

from zssbir_lib.models import EmbeddingNet, classifier
from zssbir_lib.models.heads import CosineClassifier
from zssbir_lib.training import build_net, named_method


def by_hand() -> CosineClassifier:
    classifier = CosineClassifier(2, 3, scale=10.0)
    with torch.no_grad():
        classifier.weight.copy_(torch.tensor([[2.0, 0.0], [0.0, 0.5], [-1.0, -1.0]]))
    return classifier


def test_by_hand():
    logits = by_hand()(torch.tensor([[3.0, 0.0], [5.0, 5.0]]))
    half = math.sqrt(0.5)
    expected = [[10, 0, -10 * half], [10 * half, 10 * half, -10]]
    assert torch.allclose(logits, torch.tensor(expected), atol=1e-5)


@torch.no_grad()
def test_lengths_mean_nothing():
    classifier = by_hand()
    embeddings = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    logits = classifier(embeddings)
    assert logits.abs().max() <= 10 + 1e-5
    assert torch.allclose(classifier(embeddings * 7), logits, atol=1e-5)
    classifier.weight.mul_(3)
    assert torch.allclose(classifier(embeddings), logits, atol=1e-5)


def test_gradient_turns_and_never_stretches():
    classifier = by_hand().double()
    embeddings = torch.tensor([[1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(classifier(embeddings), torch.tensor([2]))
    loss.backward()
    assert (embeddings.grad * embeddings).sum().abs() < 1e-12
    assert (classifier.weight.grad * classifier.weight).sum(1).abs().max() < 1e-12
    inputs = torch.tensor([[1.0, 2.0], [-3.0, 0.5]], dtype=torch.float64)
    assert torch.autograd.gradcheck(classifier, (inputs.requires_grad_(),))


def test_an_embedding_of_zeros_is_no_nan():
    assert torch.equal(by_hand()(torch.zeros(1, 2)), torch.zeros(1, 3))


def test_scale_must_be_positive():
    with pytest.raises(ValueError, match="scale must be above 0, got 0"):
        CosineClassifier(2, 3, 0)
    with pytest.raises(ValueError, match="scale must be above 0, got -1"):
        classifier(2, 3, scale=-1)


@pytest.mark.parametrize(("seen", "width"), [("pooled", 128), ("embedding", 16)])
def test_head_of_a_network(seen, width):
    heads = {"identity": classifier(width, 7, scale=4.0), "soft": 11}
    net = EmbeddingNet("small", 16, heads, classifier_input=seen)
    assert net.heads["identity"].weight.shape == (7, width)
    assert isinstance(net.heads["soft"], torch.nn.Linear)
    assert net.classify(torch.randn(3, 128)).abs().max() <= 4 + 1e-5


def test_recipes_choose_it():
    linear = build_net(named_method("mathm"), seed=0, classes=5)
    assert isinstance(linear.heads["identity"], torch.nn.Linear)
    method = named_method("mathm", classifier_scale=8.0)
    assert build_net(method, seed=0, classes=5).heads["identity"].scale == 8.0
    with pytest.raises(ValueError, match="classifier_scale must be 0 or more, got -1"):
        named_method("mathm", classifier_scale=-1.0)
