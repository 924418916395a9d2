"""Owns measuring how fast replies are read, beside one plain regular expression that finds a result line.

    python benchmarks/reading_speed.py

Each row is one reply, read over and over; the figure is the median of several rounds, in microseconds of CPU time.
The plain expression reads far fewer shapes: the last column says whether it agrees with what the reply says.
"""

import re
import statistics
import time
from collections.abc import Callable
from typing import Final

from codefavor.formats.reading import read

_FEEDBACK: Final = """\
Both implementations return the sorted list, and both handle an empty input without an error.

**Code A** copies the list in every round of its loop, so its running time grows with the square of the input. It also
keeps a second list of indices that is never read again, which makes the intent harder to follow.

**Code B** sorts once with the built-in function and then walks over the result with a single index. It allocates
nothing besides the result, and its names say what they hold. A small drawback is the bare exception for a missing key;
a more specific one would help whoever has to debug it later.

For the criterion of efficiency the difference is decisive: on ten thousand items the first needs seconds, where the
second needs milliseconds. Neither relies on anything outside the standard library, and both fit on one screen.
"""
_REPLIES: Final = {
    "a letter": "B",
    "a result line": "Better code: B",
    "feedback, result line": f"{_FEEDBACK}\nBetter code: B",
    "feedback, a sentence": f"{_FEEDBACK}\nAll in all, Code B is better.",
    "JSON": '{"feedback": "It sorts once and copies nothing.", "winner": "code_b"}',
    "thinking, result line": f"<think>{_FEEDBACK * 4}A is better?</think>\nBetter code: B",
    "changed mind": "Better code: A\n\nActually, B handles the empty list, so the answer is B.",
}
_PLAIN: Final = re.compile(r"(?:better code|answer|winner)\W*(?:is\W*)?(?:code[ _])?([AB])\b", re.IGNORECASE)


def plain(reply: str) -> str | None:
    """Return what the plain expression finds first."""
    found = _PLAIN.search(reply)
    return found[1].upper() if found else None


def microseconds(work: Callable[[], object], rounds: int = 9) -> float:
    """Return the median CPU time of one call."""
    times = []
    for _ in range(rounds):
        count = 0
        before = time.process_time()
        while time.process_time() - before < 0.02:
            for _ in range(20):
                work()
            count += 20
        times.append((time.process_time() - before) / count * 1e6)
    return statistics.median(times)


def main() -> None:
    print(f"{'reply':24}{'chars':>7}{'reader µs':>11}{'plain µs':>10}  plain agrees")
    for name, reply in _REPLIES.items():
        if read(reply).choice != "B":
            raise SystemExit(f"{name} was misread: {read(reply)}")
        ours, theirs = microseconds(lambda r=reply: read(r)), microseconds(lambda r=reply: plain(r))  # type: ignore[misc]
        print(f"{name:24}{len(reply):>7}{ours:>11.1f}{theirs:>10.1f}  {'yes' if plain(reply) == 'B' else 'no'}")


if __name__ == "__main__":
    main()
