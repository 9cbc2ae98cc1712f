"""Small tables for the terminal."""

from typing import Any

from zssbir_lib.evaluation.representations import REPRESENTATIONS
from zssbir_lib.training.cells import PROTOCOLS


def print_metrics(metrics: dict[str, Any]) -> None:
    """Print one line a metric: fractions with four decimals, counts as they are."""
    for name, value in metrics.items():
        text = f"{value:.4f}" if isinstance(value, float) else str(value)
        print(f"  {name:<24} {text}")


def print_cells(cells: dict[str, dict[str, float]], metric: str = "map@all") -> None:
    """Print one metric of a network: a line a protocol, a column a representation."""
    print(f"  {metric:<24}", *(f"{name:>6}" for name in REPRESENTATIONS))
    for protocol in PROTOCOLS:
        values = (cells[f"{protocol}/{name}"][metric] for name in REPRESENTATIONS)
        print(f"  {protocol:<24}", *(f"{value:>6.3f}" for value in values))
