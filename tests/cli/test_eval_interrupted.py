"""An evaluation by evidence that is ended in the middle goes on from there, and leaves no process behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from codefavor.errors import SandboxError
from codefavor.sandbox import Sandbox

# Where tests are run in the background, Ctrl-C is ignored from birth.
_COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom codefavor.cli.main import run\nrun()"
)


@pytest.fixture(autouse=True)
def _can_run() -> None:
    try:
        Sandbox(1).close()
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Thirty tasks that are each judged by running both codes many times."""
    path = tmp_path / "tasks.jsonl"
    rows = [
        {
            "instruction": f"Return the numbers above the bound.\n\nassert above{n}([1, 5, 9], {n % 4}) == "
            f"{[x for x in (1, 5, 9) if x > n % 4]}\n",
            "code_a": f"def above{n}(values, bound):\n    return [value for value in values if value > bound]\n",
            "code_b": f"def above{n}(values, bound):\n    return [value for value in values if value >= bound]\n",
            "criterion": "correctness",
            "label": "A",
            "objective": "correctness",
            "cluster": f"c{n}",
        }
        for n in range(30)
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def _command(tasks: Path, run: Path) -> list[str]:
    return [sys.executable, "-c", _COMMAND, "eval", "evidence", "--bench", str(tasks), "--run", str(run)]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_ended_evaluation_goes_on_to_the_same_judgements(
    number: signal.Signals, tasks: Path, tmp_path: Path
) -> None:
    """By Ctrl-C, by a service that stops it, or by nothing that it could notice."""
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    with subprocess.Popen(_command(tasks, broken), stderr=subprocess.PIPE, text=True) as process:
        _wait_for_lines(broken / "judgements.jsonl", 2)
        started = _below(process.pid)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    kept = (broken / "judgements.jsonl").read_bytes().count(b"\n")

    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    assert "Traceback" not in said
    assert number == signal.SIGKILL or said.strip().endswith(
        "codefavor: interrupted; the same command goes on from here"
    )
    assert started
    assert _end(started), "processes of the sandbox are left"
    assert 2 <= kept < 30
    for run in (broken, unbroken):
        subprocess.run(_command(tasks, run), check=True, capture_output=True)
    assert (broken / "judgements.jsonl").read_bytes() == (unbroken / "judgements.jsonl").read_bytes()


def test_a_run_ends_with_the_process_that_asked_for_it() -> None:
    """Where that is killed nobody closes the sandbox, and a sleeper would go on to the end of its wall clock."""
    code = (
        "from codefavor.sandbox import Job, Sandbox\nsandbox = Sandbox(1)\nprint('up', flush=True)\n"
        "sandbox.run(Job('import time\\ntime.sleep(20)'))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)
        started = _below(process.pid)
        began = time.monotonic()
        process.kill()
        assert _end(started)

    assert len(started) > 1
    assert time.monotonic() - began < 10


def _wait_for_lines(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _below(pid: int) -> set[int]:
    """Return the processes that a process started, and those that they started."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


def _end(pids: set[int]) -> bool:
    """Return whether all of them have ended within some seconds; what only waits to be reaped has."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if not any(_lives(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
