"""The checkpoints in the folder of a study."""

from pathlib import Path

from zssbir_lib.training.experiment import CHECKPOINT


def find_checkpoints(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """Return the checkpoints of a study by row and split, seeds in order."""
    cells: dict[tuple[str, str], list[Path]] = {}
    found = folder.glob(f"*/*/seed-*/{CHECKPOINT}")
    for path in sorted(found, key=lambda path: (path.parts[:-2], seed_of(path))):
        row, split = path.parts[-4:-2]
        cells.setdefault((row, split), []).append(path)
    if not cells:
        raise FileNotFoundError(
            f"no {CHECKPOINT} in {folder}/ROW/SPLIT/seed-N: give the --runs folder of "
            "an ablation"
        )
    return cells


def seed_of(path: Path) -> int:
    """Return the seed that a run's folder is named after."""
    return int(path.parent.name.removeprefix("seed-"))
