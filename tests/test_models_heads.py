"""Heads, attention pooling and photo teachers: sizes, starts, slow loops, errors."""

import math

import pytest
import torch
import torchvision
from torch import nn

from zssbir_lib.models import (
    EmbeddingNet,
    Teacher,
    initialise_backbone,
    load_photo_teacher,
    load_teacher,
    save_teacher,
    start_soft_head,
    teacher_classifier,
)
from zssbir_lib.models.backbones import IMAGENET_PIXELS
from zssbir_lib.models.heads import AttentionPooling

HEADS = {"identity": 7, "soft": 11}


def images(size: int = 32) -> torch.Tensor:
    return torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))


def feature_maps(channels: int = 8, height: int = 3, width: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (2, channels, height, width)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def seeded_net(seed: int = 3, **options) -> EmbeddingNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return EmbeddingNet("small", 16, **options).eval()


def same_start(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


# --- heads ---------------------------------------------------------------------------


@pytest.mark.parametrize(("seen", "width"), [("pooled", 128), ("embedding", 16)])
def test_head_sizes(seen, width):
    net = seeded_net(heads=HEADS, classifier_input=seen)
    assert net.heads["identity"].weight.shape == (7, width)
    assert net.heads["soft"].weight.shape == (11, 128)  # always the pooled feature
    pooled = net.pooled(images())
    assert net.classify(pooled).shape == (3, 7)
    assert net.heads["soft"](pooled).shape == (3, 11)


def test_heads_are_layers_numbers_or_what_a_function_of_the_features_returns():
    layer = nn.Linear(128, 7)
    assert seeded_net(heads={"identity": layer}).heads["identity"] is layer
    asked = []

    def heads(features):
        asked.append(features)
        return {"identity": nn.Linear(features, 7), "soft": 11}

    # drawn after backbone and projection: the same weights as those of numbers
    assert same_start(seeded_net(heads=heads), seeded_net(heads=HEADS))
    assert asked == [128]


def test_a_net_has_no_heads_unless_asked():
    plain = seeded_net()
    assert len(plain.heads) == 0 and plain.attention is None
    # the names of the weights are those of earlier checkpoints
    assert {name.split(".")[0] for name in plain.state_dict()} == {
        "backbone",
        "projection",
    }


def test_the_classifier_sees_the_pooled_feature():
    net = seeded_net(heads=HEADS)
    pooled, head = net.pooled(images()), net.heads["identity"]
    torch.testing.assert_close(net.classify(pooled), pooled @ head.weight.T + head.bias)


def test_the_classifier_sees_the_embedding_before_it_is_scaled():
    net = seeded_net(heads=HEADS, classifier_input="embedding")
    pooled, head = net.pooled(images()), net.heads["identity"]
    unscaled = pooled @ net.projection.weight.T + net.projection.bias
    expected = unscaled @ head.weight.T + head.bias
    torch.testing.assert_close(net.classify(pooled), expected)
    assert (unscaled.norm(dim=1) - 1).abs().min() > 0.01  # scaling would show


@pytest.mark.parametrize(("seen", "trained"), [("pooled", False), ("embedding", True)])
def test_the_classifier_trains_the_projection_only_through_the_embedding(seen, trained):
    net = seeded_net(heads=HEADS, classifier_input=seen)
    net.classify(net.pooled(images())).square().sum().backward()
    assert (net.projection.weight.grad is not None) == trained
    assert net.backbone.blocks[0][0].weight.grad.abs().max() > 0


@pytest.mark.parametrize(
    "options",
    [
        dict(heads=HEADS),
        dict(heads={"soft": 5}),
        dict(heads=HEADS, classifier_input="embedding"),
        dict(attention=True),
        dict(heads=HEADS, attention=True),
    ],
)
def test_heads_and_attention_leave_the_other_starting_weights_alone(options):
    plain, net = seeded_net(), seeded_net(**options)
    assert same_start(plain.backbone, net.backbone)
    assert same_start(plain.projection, net.projection)
    other_seed = seeded_net(seed=4, **options)
    assert not same_start(plain.projection, other_seed.projection)


def test_embeddings_do_not_depend_on_heads():
    plain, net = seeded_net(), seeded_net(heads=HEADS)
    assert torch.equal(plain(images()), net(images()))


def test_an_unknown_input_of_the_classifier_is_refused():
    message = "classifier_input must be one of pooled, embedding; got 'pixels'"
    with pytest.raises(ValueError, match=message):
        EmbeddingNet("small", 8, classifier_input="pixels")


# --- attention -----------------------------------------------------------------------


def unsettle(pooling: AttentionPooling) -> AttentionPooling:
    """Give the last convolution random weights, as training does."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in pooling.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return pooling


def test_attention_starts_as_the_plain_mean():
    maps = feature_maps()
    pooling = AttentionPooling(8).double()
    torch.testing.assert_close(pooling(maps), maps.mean(dim=(2, 3)))
    equal = torch.full((2, 3, 4), 1 / 12, dtype=torch.float64)
    torch.testing.assert_close(pooling.weights(maps), equal)


def test_attention_equals_a_loop():
    maps = feature_maps()
    pooling = unsettle(AttentionPooling(8).double())
    first, _, last = pooling.score
    expected = torch.zeros(2, 8, dtype=torch.float64)
    for number in range(2):
        scores = {}
        for y in range(3):
            for x in range(4):
                here = maps[number, :, y, x]
                hidden = torch.relu(first.weight[:, :, 0, 0] @ here + first.bias)
                score = last.weight[0, :, 0, 0] @ hidden + last.bias
                scores[y, x] = math.exp(score.item())
        for (y, x), score in scores.items():
            share = score / sum(scores.values())
            expected[number] += share * maps[number, :, y, x]
    torch.testing.assert_close(pooling(maps), expected, atol=1e-10, rtol=0)
    assert (expected - maps.mean(dim=(2, 3))).abs().max() > 0.1  # no plain mean


def test_attention_weights_are_positive_and_sum_to_one():
    weights = unsettle(AttentionPooling(8).double()).weights(feature_maps())
    assert weights.shape == (2, 3, 4) and (weights > 0).all()
    torch.testing.assert_close(weights.sum(dim=(1, 2)), torch.ones(2).double())
    assert weights.std() > 0.01


def test_attention_by_hand():
    # one channel, two positions with 0 and log 3; the score is the value itself:
    # weights 1/4 and 3/4
    pooling = AttentionPooling(1).double()
    with torch.no_grad():
        pooling.score[0].weight.fill_(1)
        pooling.score[0].bias.fill_(0)
        pooling.score[2].weight.fill_(1)
    maps = torch.tensor([0.0, math.log(3)], dtype=torch.float64).view(1, 1, 1, 2)
    weights = pooling.weights(maps).flatten().tolist()
    assert weights == pytest.approx([0.25, 0.75])
    assert pooling(maps).item() == pytest.approx(0.75 * math.log(3))


def test_equal_positions_are_pooled_to_themselves():
    column = feature_maps(height=1, width=1)
    pooling = unsettle(AttentionPooling(8).double())
    torch.testing.assert_close(pooling(column.expand(-1, -1, 5, 5)), column[..., 0, 0])


def test_gradient_flows_into_features_and_scores():
    maps = feature_maps().requires_grad_()
    pooling = AttentionPooling(8).double()
    pooling(maps).square().sum().backward()
    assert (maps.grad != 0).all()
    assert pooling.score[-1].weight.grad.abs().max() > 0  # the zeros are left at once
    unsettle(pooling)
    pooling.zero_grad()
    pooling(maps).square().sum().backward()
    first, _, last = pooling.score
    for parameter in (first.weight, first.bias, last.weight):
        assert parameter.grad.abs().max() > 0.01
    assert last.bias.grad.abs().max() < 1e-9  # adds the same to every score
    assert torch.autograd.gradcheck(pooling, [maps])


@pytest.mark.parametrize(("name", "size"), [("small", 32), ("mobilenet_v2", 64)])
def test_a_net_with_attention_starts_with_the_features_of_one_without(name, size):
    # in training mode BatchNorm keeps even random features of ordinary size
    net = EmbeddingNet(name, 8, attention=True)
    with torch.no_grad():
        plain = net.backbone(images(size))
        assert plain.abs().mean() > 0.05
        torch.testing.assert_close(net.pooled(images(size)), plain)
        unsettle(net.attention)
        assert (net.pooled(images(size)) - plain).abs().max() > 1e-2


# --- photo teachers ------------------------------------------------------------------


@pytest.fixture(scope="module")
def weights_folder(shared):
    return shared / "data" / "weights"


@pytest.fixture(scope="module")
def mobilenet(weights_folder):
    path = weights_folder / "mobilenet_v2_imagenet.pth"
    return load_photo_teacher("mobilenet_v2", str(path))


@pytest.fixture(scope="module")
def squeezenet(weights_folder):
    path = weights_folder / "squeezenet1_1_imagenet.pth"
    return load_photo_teacher("squeezenet1_1", str(path))


def check_frozen(teacher: nn.Module) -> None:
    assert not any(module.training for module in teacher.modules())
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


@pytest.mark.parametrize("name", ["small", "squeezenet1_1"])
def test_loading_a_teacher_leaves_the_global_random_state_alone(name, request):
    before = torch.get_rng_state()
    if name == "small":
        load_photo_teacher("small", "teacher")
    else:
        folder = request.getfixturevalue("weights_folder")
        load_photo_teacher(name, str(folder / f"{name}_imagenet.pth"))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_shipped_teacher_is_a_photo_teacher():
    teacher = load_photo_teacher("small", "teacher")
    check_frozen(teacher)
    assert same_start(teacher, load_teacher())
    assert teacher(images()).shape == (3, len(teacher.class_names))


def test_a_small_teacher_from_a_file(tmp_path):
    save_teacher(Teacher(("a", "b")), tmp_path / "own.pt")
    teacher = load_photo_teacher("small", str(tmp_path / "own.pt"))
    check_frozen(teacher)
    assert teacher.class_names == ("a", "b")


@pytest.mark.parametrize(
    ("name", "architecture"),
    [("mobilenet", "mobilenet_v2"), ("squeezenet", "squeezenet1_1")],
)
def test_a_torchvision_teacher_says_what_torchvision_says(name, architecture, request):
    teacher = request.getfixturevalue(name)
    check_frozen(teacher)
    assert teacher.pixels == IMAGENET_PIXELS
    assert len(teacher.class_names) == 1000
    assert teacher.class_names[281] == "tabby"
    logits = teacher(images(64))
    assert logits.shape == (3, 1000) and logits.std() > 0.5
    alone = torchvision.models.get_model(architecture, weights=None).eval()
    alone.load_state_dict(teacher.state_dict())
    assert torch.equal(logits, alone(images(64)))


def test_the_last_linear_layer_is_the_classifier(mobilenet, squeezenet):
    small = load_photo_teacher("small", "teacher")
    assert teacher_classifier(small) is small.classifier
    assert teacher_classifier(mobilenet) is mobilenet.classifier[1]
    assert teacher_classifier(squeezenet) is None  # it ends in a convolution
    two = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert teacher_classifier(two) is two[2]


def test_a_student_that_starts_from_the_teacher_gives_the_teachers_logits_exactly():
    teacher = load_photo_teacher("small", "teacher")
    net = EmbeddingNet("small", 8, heads={"soft": len(teacher.class_names)}).eval()
    fresh = net.heads["soft"](net.pooled(images()))
    initialise_backbone(net, "small", "teacher")
    start_soft_head(net.heads["soft"], teacher)
    with torch.no_grad():
        logits = net.heads["soft"](net.pooled(images()))
    assert torch.equal(logits, teacher(images()))
    assert not torch.equal(logits, fresh)


def test_a_student_from_imagenet_gives_the_teachers_logits(mobilenet, weights_folder):
    net = EmbeddingNet("mobilenet_v2", 8, heads={"soft": 1000}).eval()
    source = str(weights_folder / "mobilenet_v2_imagenet.pth")
    initialise_backbone(net, "mobilenet_v2", source)
    start_soft_head(net.heads["soft"], mobilenet)
    with torch.no_grad():
        logits = net.heads["soft"](net.pooled(images(64)))
    torch.testing.assert_close(logits, mobilenet(images(64)), atol=1e-4, rtol=1e-4)


def test_the_soft_head_is_a_copy_that_can_be_trained():
    teacher = load_photo_teacher("small", "teacher")
    net = EmbeddingNet("small", 8, heads={"soft": len(teacher.class_names)})
    start_soft_head(net.heads["soft"], teacher)
    head = net.heads["soft"]
    assert head.weight.requires_grad and head.bias.requires_grad
    with torch.no_grad():
        head.weight.fill_(0)
    assert teacher.classifier.weight.abs().max() > 0


def test_a_soft_head_that_the_teacher_cannot_fill_says_what_to_do(squeezenet):
    small = load_photo_teacher("small", "teacher")
    net = EmbeddingNet("small", 8, heads={"soft": 5})
    message = r"weights \(5, 128\), .* classifier \(66, 128\): start the head fresh"
    with pytest.raises(ValueError, match=message):
        start_soft_head(net.heads["soft"], small)
    with pytest.raises(ValueError, match=r"classifier none: .*\(soft_head=fresh\)"):
        start_soft_head(net.heads["soft"], squeezenet)


def test_a_teacher_that_knows_nothing_or_does_not_exist_is_refused(tmp_path):
    with pytest.raises(ValueError, match="random weights knows nothing; train from"):
        load_photo_teacher("mobilenet_v2", "none")
    with pytest.raises(ValueError, match="no classifier 'squeeze': give a name such"):
        load_photo_teacher("squeeze", "imagenet")
    with pytest.raises(ValueError, match="teacher is a 'small' network, not 'resnet18"):
        load_photo_teacher("resnet18", "teacher")
    with pytest.raises(FileNotFoundError, match="no weights file .*absent.pth"):
        load_photo_teacher("squeezenet1_1", str(tmp_path / "absent.pth"))
    with pytest.raises(FileNotFoundError, match="no teacher weights at absent.pt"):
        load_photo_teacher("small", "absent.pt")


def test_a_file_that_holds_no_small_teacher_is_refused(tmp_path):
    path = tmp_path / "other.pth"
    for content in ({"weight": torch.zeros(1)}, [1, 2]):
        torch.save(content, path)
        with pytest.raises(ValueError, match="other.pth holds no teacher of the embed"):
            load_photo_teacher("small", str(path))


def test_weights_of_another_classifier_are_refused(tmp_path, squeezenet):
    path = tmp_path / "other.pth"
    torch.save(squeezenet.state_dict(), path)
    message = "weights in '.*other.pth' do not fit squeezenet1_0: size mismatch"
    with pytest.raises(ValueError, match=message):
        load_photo_teacher("squeezenet1_0", str(path))


@pytest.mark.parametrize("architecture", ["squeezenet1_1", "mobilenet_v2"])
def test_imagenet_asks_torchvision_for_its_default_weights(architecture, monkeypatch):
    asked = []
    state = torchvision.models.get_model(architecture, weights=None).state_dict()

    def get_state_dict(self, **options):
        asked.append((type(self)["DEFAULT"] is self, options))
        return state

    weights = torchvision.models.get_model_weights(architecture)
    monkeypatch.setattr(weights, "get_state_dict", get_state_dict)
    teacher = load_photo_teacher(architecture, "imagenet")
    assert asked == [(True, {"progress": True, "check_hash": True})]
    assert torch.equal(next(teacher.parameters()), next(iter(state.values())))


def test_imagenet_without_a_network_names_the_remedy(monkeypatch):
    def offline(self, **options):
        raise OSError("name resolution failed")

    weights = torchvision.models.get_model_weights("squeezenet1_1")
    monkeypatch.setattr(weights, "get_state_dict", offline)
    message = "weights of squeezenet1_1 could not be downloaded .*--weights FILE"
    with pytest.raises(ValueError, match=message):
        load_photo_teacher("squeezenet1_1", "imagenet")


def test_a_file_that_is_no_teacher_is_refused(tmp_path):
    path = tmp_path / "teacher.pt"
    path.write_text("not weights")
    with pytest.raises(ValueError, match="teacher.pt is not a readable teacher file"):
        load_photo_teacher("small", str(path))
