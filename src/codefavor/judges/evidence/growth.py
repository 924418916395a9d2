"""Owns how a cost grows with the size of its input."""

import math
from collections.abc import Sequence


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the exponent of a cost's growth, by least squares in logarithms; None for fewer than three points.

    Args:
        points: (size, cost), the last four of which count.

    >>> exponent([(10, 100.0), (20, 400.0), (40, 1600.0)])
    2.0
    >>> exponent([(10, 1.0), (20, 2.0)]) is None
    True
    """
    rows = [(math.log(size), math.log(cost)) for size, cost in points[-4:] if cost > 0]
    if len(rows) < 3:
        return None
    mean_x, mean_y = (sum(axis) / len(rows) for axis in zip(*rows, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in rows)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in rows) / spread if spread else None
    return None if slope is None else round(slope, 6)
