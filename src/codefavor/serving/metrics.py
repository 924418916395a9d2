"""Owns what a server counts, in the text format that Prometheus reads; never a word of what it was asked."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 180)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class _Histogram:
    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def lines(self, name: str, labels: str = "") -> Iterator[str]:
        total = 0
        before = f"{labels}," if labels else ""
        for bound, count in zip([*map(str, self._bounds), "+Inf"], self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{{before}le="{bound}"}} {total}'
        around = f"{{{labels}}}" if labels else ""
        yield f"{name}_sum{around} {self._sum:.6f}"
        yield f"{name}_count{around} {total}"


class Metrics:
    """Counts of one server; may be told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: dict[str, _Histogram] = {}
        self._batches = _Histogram(_SIZES)
        self._failures = 0
        self.in_flight = 0
        """Requests in work."""
        self.waiting: Callable[[], int] = int
        """Says how many comparisons wait for the judge."""

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request: its route as the server names it, its status and how long it took."""
        with self._lock:
            self._requests[route, status] += 1
            self._seconds.setdefault(route, _Histogram(_SECONDS)).add(seconds)

    def batch(self, size: int) -> None:
        """Count a batch of comparisons."""
        with self._lock:
            self._batches.add(size)

    def failure(self) -> None:
        """Count a failure of the judge."""
        with self._lock:
            self._failures += 1

    def text(self) -> str:
        """Return all counts as Prometheus reads them."""
        with self._lock:
            return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from _head("codefavor_requests_total", "counter", "Requests answered, by route and status.")
        for (route, status), count in sorted(self._requests.items()):
            yield f'codefavor_requests_total{{route="{route}",status="{status}"}} {count}'
        yield from _head("codefavor_request_seconds", "histogram", "Time from a request's head to its answer.")
        for route, seconds in sorted(self._seconds.items()):
            yield from seconds.lines("codefavor_request_seconds", f'route="{route}"')
        yield from _head("codefavor_batch_comparisons", "histogram", "Comparisons handed to the judge at a time.")
        yield from self._batches.lines("codefavor_batch_comparisons")
        yield from _head("codefavor_judge_failures_total", "counter", "Times the judge raised or could not be asked.")
        yield f"codefavor_judge_failures_total {self._failures}"
        yield from _head("codefavor_requests_in_flight", "gauge", "Requests in work.")
        yield f"codefavor_requests_in_flight {self.in_flight}"
        yield from _head("codefavor_comparisons_waiting", "gauge", "Comparisons that wait for the judge.")
        yield f"codefavor_comparisons_waiting {self.waiting()}"


def _head(name: str, kind: str, words: str) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
