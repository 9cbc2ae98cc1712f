"""Where a backbone's starting weights come from."""

from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from zssbir_lib.models.backbones import TorchvisionBackbone
from zssbir_lib.models.embedding_net import EmbeddingNet
from zssbir_lib.models.teacher import load_teacher

CLASSIFIER_KEYS = {"mobilenet_v2": "classifier.", "resnet50": "fc."}


def initialise_backbone(net: EmbeddingNet, backbone: str, source: str) -> None:
    """Give the backbone its starting weights; the projection stays random.

    Args:
        net: the network; changed in place.
        backbone: the name it was built with, see `build_backbone`.
        source: "none" (random), "teacher" (the photo teacher of the embedded world that
            ships with this package; small backbone only), "imagenet" (torchvision's own
            weights, downloaded once) or a file holding a state dict with torchvision's
            key names.

    Raises:
        ValueError: the source does not fit the backbone; the message says why.
        FileNotFoundError: there is no such file.

    Taught in: notebook 02.
    """
    if source == "none":
        return
    if source == "teacher":
        _start_from_teacher(net, backbone)
    else:
        state = imagenet_state(backbone) if source == "imagenet" else read_state(source)
        load_torchvision_state(net.backbone, backbone, state, source)


def _start_from_teacher(net: EmbeddingNet, backbone: str) -> None:
    """Copy the shipped teacher's backbone."""
    if backbone != "small":
        raise ValueError(
            f"the shipped teacher is a 'small' backbone and cannot start {backbone!r}; "
            "use --weights imagenet, a file, or none"
        )
    net.backbone.load_state_dict(load_teacher().backbone.state_dict())


def imagenet_state(architecture: str) -> dict[str, Tensor]:
    """Return torchvision's ImageNet weights, downloading them if need be.

    Args:
        architecture: a name that torchvision knows, such as "resnet50".

    Raises:
        ValueError: there are none, or they could not be downloaded.
    """
    if architecture not in torchvision.models.list_models(torchvision.models):
        raise ValueError(
            f"there are no ImageNet weights for the backbone {architecture!r}; "
            "use --weights teacher or none"
        )
    try:
        enum = torchvision.models.get_model_weights(architecture).DEFAULT
        return enum.get_state_dict(progress=True, check_hash=True)
    except OSError as error:
        raise ValueError(
            f"the ImageNet weights of {architecture} could not be downloaded "
            f"({error}); give a local file instead: --weights FILE"
        ) from error


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Read a state dict (names to tensors) from a file, executing nothing in it.

    Args:
        path: a file written by `torch.save(model.state_dict(), path)`.

    Returns:
        The names and tensors.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file does not hold a state dict.

    Taught in: notebook 02.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"no weights file {path}: give an existing file, 'imagenet' or 'none'"
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises many kinds
        raise ValueError(f"{path} is not a readable weights file: {error}") from error
    if not isinstance(state, dict) or not all(
        isinstance(value, Tensor) for value in state.values()
    ):
        raise ValueError(f"{path} does not hold a state dict of names to tensors")
    return state


def load_torchvision_state(
    module: nn.Module, backbone: str, state: dict[str, Tensor], source: str
) -> None:
    """Copy a torchvision classifier's weights into a backbone.

    Args:
        module: the backbone; changed in place.
        backbone: its name.
        state: state dict with torchvision's key names; the classifier is left out.
        source: where the state came from, for the message.

    Raises:
        ValueError: names or shapes do not fit the backbone.

    Taught in: notebook 02.
    """
    if not isinstance(module, TorchvisionBackbone):
        raise ValueError(
            f"weights in {source!r} are for torchvision networks; the backbone "
            f"{backbone!r} takes --weights teacher or none"
        )
    expected = torchvision_names(backbone)
    classifier = CLASSIFIER_KEYS[backbone]
    given = {k: v for k, v in state.items() if not k.startswith(classifier)}
    _check_names(given, expected, backbone, source)
    try:
        module.load_state_dict({expected[k]: v for k, v in given.items()})
    except RuntimeError as error:
        detail = str(error).splitlines()[-1].strip()
        raise ValueError(
            f"the weights in {source!r} do not fit {backbone}: {detail}"
        ) from error


def torchvision_names(backbone: str) -> dict[str, str]:
    """Return torchvision's parameter names mapped to the names of our backbone."""
    if backbone == "mobilenet_v2":
        reference = torchvision.models.mobilenet_v2(weights=None).features
        return {f"features.{n}": f"blocks.{n}" for n in reference.state_dict()}
    reference = torchvision.models.resnet50(weights=None)
    places = {"conv1": "0.0", "bn1": "0.1"}  # the stem is block 0
    for layer in range(1, 5):
        for number in range(len(reference.get_submodule(f"layer{layer}"))):
            places[f"layer{layer}.{number}"] = str(len(places) - 1)
    names = {}
    for name in reference.state_dict():
        cut = 2 if name.startswith("layer") else 1  # layer3.0.conv1.weight, bn1.bias
        words = name.split(".")
        first, rest = ".".join(words[:cut]), ".".join(words[cut:])
        if first in places:
            names[name] = f"blocks.{places[first]}.{rest}"
    return names


def _check_names(
    given: dict[str, Tensor], expected: dict[str, str], backbone: str, source: str
) -> None:
    """Raise if the names of a state dict are not those of the backbone."""
    missing = [name for name in expected if name not in given]
    unknown = [name for name in given if name not in expected]
    if missing or unknown:
        example = (missing or unknown)[0]
        raise ValueError(
            f"the weights in {source!r} do not fit {backbone}: {len(missing)} names "
            f"missing, {len(unknown)} unknown (for example {example!r})"
        )
