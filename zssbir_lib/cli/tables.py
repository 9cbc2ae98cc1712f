"""Small tables for the terminal."""

from typing import Any


def print_metrics(metrics: dict[str, Any]) -> None:
    """Print one line a metric: fractions with four decimals, counts as they are."""
    for name, value in metrics.items():
        text = f"{value:.4f}" if isinstance(value, float) else str(value)
        print(f"  {name:<24} {text}")
