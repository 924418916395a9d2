"""Where two codes take the same time, the memory they hold decides, in both orders alike."""

from collections.abc import Iterator

import pytest

from codefavor.judges.evidence import efficiency
from codefavor.judges.evidence.base import Evidence
from codefavor.judges.evidence.efficiency import efficiency_evidence
from codefavor.judges.evidence.memory import memory_evidence
from codefavor.problems.asked import Problem, read_problem
from codefavor.records import Comparison
from codefavor.sandbox import Job, Sandbox, SandboxError


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        opened = Sandbox(1)
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error}")
    with opened:
        yield opened


ASKED = "Return the sum of the squares.\n\nassert squares([3, 1, 2]) == 14\n"
FLAT = "def squares(v):\n    t = 0\n    for x in v:\n        t += x * x\n    return t\n"
LINEAR = "def squares(v):\n    held = []\n    for x in v:\n        held.append(x * x)\n    return sum(held)\n"
QUADRATIC = FLAT.replace("t = 0", "held = bytearray(len(v) * len(v))\n    t = 0")
STEPS = [(size, f"v = list(range({size}))") for size in (256, 1024, 2048, 4096)]


def _read(a: str, b: str) -> Problem:
    return read_problem(ASKED, a, b)


def _told(a: str, b: str, sandbox: Sandbox, decides: bool = True) -> list[Evidence]:
    return memory_evidence(_read(a, b), "squares(v)", "longer arguments", STEPS, decides, sandbox)


@pytest.mark.parametrize("more", [LINEAR, QUADRATIC])
def test_what_holds_less_is_favoured(more: str, sandbox: Sandbox) -> None:
    """Nothing kept against a list or a square of bytes."""
    (here,), (there,) = _told(FLAT, more, sandbox), _told(more, FLAT, sandbox)

    assert (here.favours, there.favours) == ("A", "B")
    assert here.as_json() == there.swapped().as_json() | {"says": here.as_json()["says"]}
    assert here.rule == "memory"
    assert here.details["unit"] == "bytes"
    assert "peak memory at size 4,096" in here.says


def test_the_growth_of_memory_is_told(sandbox: Sandbox) -> None:
    """A square of bytes grows as the square, and nothing does not grow."""
    (item,) = _told(FLAT, QUADRATIC, sandbox)

    assert "0.0 for A and 2.0 for B" in item.as_json()["says"]
    assert "16.8 MB for B against under 0.1 MB for A" in item.as_json()["says"]


def test_where_time_has_decided_memory_is_told_only(sandbox: Sandbox) -> None:
    """A reader may weigh it himself."""
    (item,) = _told(FLAT, QUADRATIC, sandbox, decides=False)

    assert item.favours is None


@pytest.mark.parametrize("code", [FLAT, LINEAR, QUADRATIC])
def test_the_same_code_holds_the_same(code: str, sandbox: Sandbox) -> None:
    """And so says nothing."""
    assert _told(code, code, sandbox) == []


def test_twice_as_much_of_the_same_growth_is_no_clear_difference(sandbox: Sandbox) -> None:
    """Lists are given room to grow; that much is chance."""
    twice = LINEAR.replace("return sum(held)", "other = list(held)\n    return sum(other)")

    assert _told(LINEAR, twice, sandbox) == []


def test_a_code_that_does_not_return_says_nothing(sandbox: Sandbox) -> None:
    """There is no peak to compare."""
    assert _told(FLAT, "def squares(v):\n    raise ValueError\n", sandbox) == []


def test_peaks_repeat(sandbox: Sandbox) -> None:
    """Whatever else the machine does: this is what makes them fit to decide."""
    job = Job(LINEAR, ("squares(list(range(5000)))",), trace_memory=True, want_values=False)
    peaks = {sandbox.run(job).calls[0].peak_bytes for _ in range(3)}

    assert len(peaks) == 1
    assert peaks.pop() > 100_000


def test_without_tracing_there_is_no_peak(sandbox: Sandbox) -> None:
    """Tracing would slow down what is timed."""
    assert sandbox.run(Job(LINEAR, ("squares([1])",))).calls[0].peak_bytes == 0


def test_arguments_are_not_counted(sandbox: Sandbox) -> None:
    """Both codes are given the same."""
    job = Job(FLAT, ("squares(v)",), ("v = list(range(100_000))",), trace_memory=True, want_values=False)

    assert sandbox.run(job).calls[0].peak_bytes < 10_000


def test_equal_time_leaves_it_to_memory(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps, and one of them keeps what it made; counting is put aside for a draw that holds anywhere."""
    monkeypatch.setattr(efficiency, "_count", lambda *_: [])
    monkeypatch.setattr(efficiency, "_CLEAR", 50.0)
    monkeypatch.setattr(efficiency, "_LEANING", 50.0)

    for a, b, side in ((FLAT, LINEAR, "A"), (LINEAR, FLAT, "B")):
        comparison = Comparison(id="x", instruction=ASKED, code_a=a, code_b=b, criterion="efficiency")
        evidence = efficiency_evidence(comparison, _read(a, b), sandbox)

        assert [(item.rule, item.favours) for item in evidence] == [("memory", side)]
