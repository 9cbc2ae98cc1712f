"""f07_tsne: seven unseen classes as two models place them."""

import torch
from torch import Tensor

from paper_figures.material import Material, TrainedModel
from paper_figures.words import Drawn, and_list, class_name, percent
from zssbir_lib.display import tsne_panels, tsne_plane
from zssbir_lib.evaluation import LabelledEmbeddings, RetrievalSets
from zssbir_lib.modality import PHOTO, SKETCH

CLASSES = 7  # as many as in RAMLN's figure
SHOWN = 60  # images of a class and modality
NEAREST = "p@1"
TITLE = "two models place them (distances on a map mean nothing)"


def draw_tsne(material: Material) -> Drawn:
    """Draw t-SNE maps of the first seven unseen classes, and measure beside them."""
    unseen, seed = material.split.unseen, material.options.seed
    numbers = sorted(range(len(unseen)), key=lambda n: unseen[n])[:CLASSES]
    names = [class_name(unseen[number]) for number in numbers]
    planes, scores = {}, {}
    for model in (material.beside, material.ours):
        sets = material.unseen_sets(model.row, model.seed)
        query, gallery = (keep(one, numbers) for one in (sets.query, sets.gallery))
        scores[model.row] = RetrievalSets(query, gallery).evaluate(ks=(1,))
        points, labels, modality = shown(query, gallery, seed)
        nearest = percent(scores[model.row][NEAREST], 0)
        title = f"{material.names[model.row]}: nearest photo right for {nearest}"
        planes[title] = tsne_plane(points, seed)
    heading = f"{len(names)} unseen classes as {TITLE}"
    figure = tsne_panels(planes, labels, modality, names, heading)
    alt = (
        f"t-SNE maps of sketches and photos of {len(names)} unseen classes, by "
        f"{material.beside.name} and by {material.ours.name}"
    )
    return Drawn(figure, alt, describe(material, names, scores, len(query)))


def keep(images: LabelledEmbeddings, numbers: list[int]) -> LabelledEmbeddings:
    """Keep some classes; numbers[i] becomes class i."""
    parts = [images.labels == number for number in numbers]
    return LabelledEmbeddings(
        torch.cat([images.embeddings[part] for part in parts]),
        torch.cat([torch.full((int(p.sum()),), c) for c, p in enumerate(parts)]),
    )


def shown(
    query: LabelledEmbeddings, gallery: LabelledEmbeddings, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw at most `SHOWN` images of every class and modality, the same by the seed.

    Returns:
        Embeddings (N, D), class numbers (N,) and modality (N,).
    """
    generator = torch.Generator().manual_seed(seed)
    points, labels, modality = [], [], []
    for kind, images in ((SKETCH, query), (PHOTO, gallery)):
        for label in images.labels.unique():
            places = (images.labels == label).nonzero().flatten()
            order = torch.randperm(len(places), generator=generator)[:SHOWN]
            points.append(images.embeddings[places[order]])
            labels.append(images.labels[places[order]])
            modality.append(torch.full((len(order),), kind))
    return torch.cat(points), torch.cat(labels), torch.cat(modality)


def describe(
    material: Material, names: list[str], scores: dict[str, dict], queries: int
) -> str:
    """Return the caption."""
    seed, models = material.options.seed, (material.beside, material.ours)
    measured = and_list([measure(model, scores) for model in models])
    return (
        f"t-SNE (scikit-learn, started from the PCA, seed {seed}) of "
        f"{and_list(names)}: the first {len(names)} of the "
        f"{len(material.split.unseen)} unseen classes of {material.split.name} in "
        f"alphabetical order. At most {SHOWN} sketches (hexagons) and {SHOWN} photos "
        "(crosses) of a class are drawn, the same for both models. Distances on such "
        "a map prove nothing, so the embeddings themselves were scored, all "
        f"{queries} sketches against all photos of these classes: {measured}. One "
        f"training of each (seed {seed}): not a proof that one is better."
    )


def measure(model: TrainedModel, scores: dict[str, dict]) -> str:
    """Say what one model scores."""
    found = scores[model.row]
    return (
        f"by {model.name} the nearest photo is of the sketch's class for "
        f"{percent(found[NEAREST])}, mAP@all {found['map@all']:.3f}"
    )
