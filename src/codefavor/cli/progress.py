"""Owns how progress looks: rate and time left on standard error for work over two seconds, nothing off a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from codefavor.runs import Progress, silent

_SHOW_AFTER = 2.0
_EVERY = 0.2


@contextmanager
def progress(title: str, unit: str = "") -> Iterator[Progress]:
    """Give a callback that draws one line: title, share, rate, time left, note.

    >>> with progress("mining") as report:
    ...     report(1, 2)
    """
    if not sys.stderr.isatty():
        yield silent
        return
    began = time.monotonic()
    last = 0.0
    first: int | None = None
    shown = False

    def report(done: int, total: int | None = None, note: str = "") -> None:
        nonlocal last, first, shown
        now = time.monotonic()
        if first is None:
            first = done  # a resumed run did not do these now, so they say nothing of its speed
        finished = total is not None and done >= total
        if now - began < _SHOW_AFTER or (now - last < _EVERY and not finished):
            return
        last, shown = now, True
        rate = (done - first) / max(now - began, 1e-9)
        parts = [title, f"{done:,}" if total is None else f"{done:,}/{total:,} ({done / max(total, 1):.0%})"]
        parts.append(f"{rate:,.1f} {unit}/s" if unit else f"{rate:,.1f}/s")
        if total is not None and rate > 0 and not finished:
            parts.append(f"{duration((total - done) / rate)} left")
        if note:
            parts.append(note)
        sys.stderr.write("\r\x1b[K" + "  ".join(parts))
        sys.stderr.flush()

    try:
        yield report
    finally:
        if shown:
            sys.stderr.write(f"\r\x1b[K{title}: {duration(time.monotonic() - began)}\n")
            sys.stderr.flush()


def duration(seconds: float) -> str:
    """Return a time span in the two units that matter.

    >>> duration(7), duration(192), duration(3 * 3600 + 61)
    ('7 s', '3 min 12 s', '3 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
