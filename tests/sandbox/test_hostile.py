"""Programs nobody should run, run: none escapes, each is reported as what it was, and the pool goes on."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.hostile import CANARY, HOSTILE, Hostile

from codefavor.sandbox import Job, Sandbox, SandboxError

GOOD = Job("def double(x):\n    return 2 * x", ("double(21)",))


@dataclass
class Outside:
    """Things outside the sandbox that a run may neither read nor change."""

    folder: Path
    port: int

    def aimed(self, job: Job) -> Job:
        """Return the job with the places of these things filled in."""
        code = job.code.replace("{outside}", str(self.folder)).replace("{port}", str(self.port))
        return replace(job, code=code.replace("{canary}", CANARY))


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A folder with a secret, a unix socket, an abstract one, and a port that listens; all open to everybody."""
    folder = tmp_path_factory.mktemp("outside")
    base = tmp_path_factory.getbasetemp()
    for part in (base.parent, base):  # pytest's own; nothing above them is ours to change
        part.chmod(0o755)
    folder.chmod(0o777)
    (folder / "secret").write_text(CANARY)
    os.environ["SECRET"] = CANARY
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix, socket.socket(socket.AF_UNIX) as abstract:
        tcp.bind(("127.0.0.1", 0))
        unix.bind(str(folder / "socket"))
        abstract.bind(f"\0codefavor-canary-{tcp.getsockname()[1]}")
        for listening in (tcp, unix, abstract):
            listening.listen()
        yield Outside(folder, tcp.getsockname()[1])
    del os.environ["SECRET"]


@pytest.fixture(scope="module", params=["bubblewrap", "without-bubblewrap"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """One worker, so that every program runs where the one before it ran."""
    try:
        made = Sandbox(1, with_bubblewrap=request.param == "bubblewrap")
    except SandboxError as error:
        pytest.skip(str(error))
    if request.param == "bubblewrap" and not made.layers[0].holds:
        made.close()
        pytest.skip(made.layers[0].detail)
    with made:
        yield made


def test_there_are_enough_of_them() -> None:
    """Forty are promised."""
    assert len({program.name for program in HOSTILE}) == len(HOSTILE) >= 40


@pytest.mark.parametrize("program", HOSTILE, ids=lambda program: program.name.replace(" ", "-"))
def test_a_hostile_program_is_contained(program: Hostile, sandbox: Sandbox, outside: Outside) -> None:
    """Nothing outside is read, changed or left running, the report is true, and a good job runs afterwards."""
    outcome = sandbox.run(outside.aimed(program.job))
    after = sandbox.run(GOOD)

    said = outcome.stdout + outcome.stderr
    assert "ESCAPED" not in said
    assert CANARY not in said
    assert outcome.status in program.statuses, (outcome.status, outcome.message, said[:500])
    assert program.says in said
    if program.call_statuses:
        assert outcome.calls[0].status in program.call_statuses
        assert outcome.calls[0].value != 42
    assert len(outcome.stdout) <= 4096
    assert not (outside.folder / "written").exists()
    assert (outside.folder / "secret").read_text() == CANARY
    assert (after.status, after.calls[0].value) == ("ok", 42)
    assert _left_running(sandbox) == []


def _left_running(sandbox: Sandbox) -> list[str]:
    """Return the processes below this one that are neither a worker nor its keeper."""
    found = []
    first = 1_879_048_192 + os.getpid() * 16 % 100_000_000
    ours = range(first, first + 16)  # users that runs of this process take
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            user = entry.stat().st_uid
        except (OSError, ValueError):
            continue
        if user in ours and state != "Z" and sandbox.layers[0].holds:
            found.append(command)
    return found


def test_a_run_finds_nothing_of_the_run_before_it(sandbox: Sandbox) -> None:
    """Files, modules and variables of one run would let it speak to the next."""
    sandbox.run(
        Job("import sys, os\nopen('note', 'w').write('x')\nos.mkdir('d')\nopen('d/f', 'w')\nsys.modules['note'] = 1")
    )

    outcome = sandbox.run(Job("import os, sys", ("os.listdir('.')", "'note' in sys.modules")))

    assert [call.value for call in outcome.calls] == [[], False]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_same_holds_for_an_ordinary_user() -> None:
    """Root and an ordinary user are held by different means."""
    python = "/usr/bin/python3"
    same = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    if same.stdout.strip() != str(tuple(sys.version_info[:2])):
        pytest.skip("no interpreter of this version that an ordinary user can run")
    root = Path(__file__).resolve().parents[2]
    packages = os.pathsep.join(
        [str(root / "src"), str(root), *(path for path in sys.path if path.endswith("site-packages"))]
    )
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", str(Path(__file__))]
    environment = {
        "PYTHONPATH": packages,
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    who: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False, **who)

    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > len(HOSTILE)
