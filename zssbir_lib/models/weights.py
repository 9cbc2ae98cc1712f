"""Reading pretrained weights, and copying torchvision's into a backbone."""

from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from zssbir_lib.models.backbones import TorchvisionBackbone


def imagenet_state(architecture: str) -> dict[str, Tensor]:
    """Return torchvision's ImageNet weights, downloading them if need be."""
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

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file does not hold a state dict.
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
        backbone: its name, for the message.
        state: state dict with torchvision's key names; the classifier is left out.
        source: where the state came from, for the message.

    Raises:
        ValueError: names or shapes do not fit the backbone.
    """
    if not isinstance(module, TorchvisionBackbone):
        raise ValueError(
            f"weights in {source!r} are for torchvision networks; the backbone "
            f"{backbone!r} takes --weights teacher or none"
        )
    expected = module.torchvision_names()
    given = {k: v for k, v in state.items() if not k.startswith(module.classifier)}
    _check_names(given, expected, backbone, source)
    renamed = {expected[name]: value for name, value in given.items()}
    load_fitting(module, renamed, backbone, source)


def load_fitting(
    module: nn.Module, state: dict[str, Tensor], name: str, source: str
) -> None:
    """Load a state dict; a ValueError says in one line why it does not fit."""
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        detail = str(error).splitlines()[-1].strip()
        raise ValueError(
            f"the weights in {source!r} do not fit {name}: {detail}"
        ) from error


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
