"""Owns the workers: clean parents inside the isolation, kept warm, replaced when one breaks."""

import json
import math
import os
import queue
import re
import select
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

import orjson

from codefavor.errors import SandboxError
from codefavor.runs import note_cpu
from codefavor.sandbox.cgroup import ControlGroup
from codefavor.sandbox.inside.scratch import empty
from codefavor.sandbox.isolation import Layer, Start, enough, layers_of, start, valgrind
from codefavor.sandbox.job import CallOutcome, Job, Limits, Outcome
from codefavor.sandbox.values import BadValueError, canonical, decode

_START_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 20.0
"""How long after a run's own time is up its worker may take to say so, before it is taken for dead."""
_CODE_STATUSES: Final = frozenset({"ok", "syntax-error", "raised", "timeout", "memory", "exited", "recursion"})
_CALL_STATUSES: Final = frozenset({"raised", "timeout", "memory", "exited", "recursion", "unencodable", "unprepared"})


COUNTING: Final = Limits(wall_seconds=60.0, cpu_seconds=30.0, call_cpu_seconds=20.0)
"""Enough for a call of one CPU second."""


_permitted: list[str] = []


def permit_unsafe(reason: str) -> None:
    """Let this process run code even where too little holds: a person said so, such as by `--unsafe`."""
    _permitted.append(reason)


_STOPPED: Final = "the sandbox was stopped"


class Sandbox:
    """Runs code that nobody trusts, on warm workers. A context manager; safe to use from several threads.

    What is contained, and what is not, is in docs/sandbox.md.

    Args:
        workers: runs at once; the machine's cores by default.
        packages: importable packages that runs may use beside the standard library.
        unsafe: run even where too little holds; also permitted by `permit_unsafe`.
        with_bubblewrap: False leaves bubblewrap out although it is there; for measuring and testing the rest.

    Raises:
        SandboxError: this machine cannot hold such code (and `unsafe` is not given), or a package is missing.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        packages: Sequence[str] = (),
        unsafe: bool = False,
        with_bubblewrap: bool = True,
    ) -> None:
        self._packages, self._with_bubblewrap = tuple(packages), with_bubblewrap
        self._size = workers or os.cpu_count() or 1
        self._stopped = False
        self._idle: queue.Queue[_Worker] = queue.Queue()
        self._counting: queue.Queue[_Worker] = queue.Queue()
        first = _Worker(0, self._packages, with_bubblewrap)
        self.layers: tuple[Layer, ...] = first.layers
        """Which layers hold here, as found by a run of our own."""
        if not enough(self.layers) and not (unsafe or _permitted):
            first.close()
            lacking = "; ".join(f"{layer.name}: {layer.detail}" for layer in self.layers if not layer.holds)
            raise SandboxError(
                f"this machine cannot hold code that nobody trusts ({lacking}); "
                "install bubblewrap, or give --unsafe to run it all the same"
            )
        self._all = [first]
        self._idle.put(first)
        self._unstarted = list(range(1, self._size))
        self._uncounted = list(range(self._size))

    def run(self, job: Job) -> Outcome:
        """Run one job and return what came of it; nothing that the code does makes this raise.

        Raises:
            SandboxError: a worker does not start, or the sandbox was stopped.
        """
        worker = self._take()
        try:
            return worker.run(job)
        finally:
            self._idle.put(worker)

    def run_all(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        """Yield (index, outcome) as each is ready, on all workers."""
        with ThreadPoolExecutor(self._size) as pool:
            numbers: dict[Future[Outcome], int] = {}
            waiting = iter(enumerate(jobs))
            for number, job in waiting:
                numbers[pool.submit(self.run, job)] = number
                if len(numbers) >= 2 * self._size:
                    yield from self._ready(numbers)
            while numbers:
                yield from self._ready(numbers)

    @staticmethod
    def _ready(numbers: "dict[Future[Outcome], int]") -> Iterator[tuple[int, Outcome]]:
        done, _ = wait(numbers, return_when=FIRST_COMPLETED)
        for future in done:
            yield numbers.pop(future), future.result()

    def instructions(self, code: str, call: str, prepare: str = "", limits: Limits = COUNTING) -> int | None:
        """Return how many processor instructions one evaluation of a call takes; None where it does not return.

        The same code and call give the same number on one machine, whatever else it does; another's C library may take
        a per cent more or less. Counting takes a third of a second and twenty times the call's own CPU time.

        Args:
            code: what defines what is called.
            call: a Python expression.
            prepare: statements that run before it and do not count.
            limits: of the run; times are those of counting.

        Raises:
            SandboxError: valgrind is not installed, a worker does not start, or the sandbox was stopped.
        """
        tool = valgrind()
        if tool is None:
            raise SandboxError(
                "instructions are counted by valgrind, which is not installed (apt-get install valgrind)"
            )
        worker = self._take(self._counting, self._uncounted, tool)
        try:
            # What evaluating takes by itself is told by a call of nothing; the first of all does more than every other.
            before = ("pass", "pass", prepare or "pass")
            run = worker.run(Job(code, ("None", "None", call), before, 1, True, False, limits=limits))
        finally:
            self._counting.put(worker)
        nothing, counted = run.calls[1:]
        if counted.status != "returned" or not nothing.instructions or not counted.instructions:
            return None
        return max(1, counted.instructions - nothing.instructions)

    def _take(
        self, idle: "queue.Queue[_Worker] | None" = None, unstarted: list[int] | None = None, tool: str | None = None
    ) -> "_Worker":
        if self._stopped:
            raise SandboxError(_STOPPED)
        idle = self._idle if idle is None else idle
        unstarted = self._unstarted if unstarted is None else unstarted
        try:
            return idle.get_nowait()
        except queue.Empty:
            pass
        try:
            number = unstarted.pop()
        except IndexError:
            return idle.get()
        worker = _Worker(number, self._packages, self._with_bubblewrap, tool)
        self._all.append(worker)
        return worker

    def stop(self) -> None:
        """End what other threads are running: they, and whoever asks later, get a SandboxError."""
        self._stopped = True
        for worker in self._all:
            worker.stop()

    def close(self) -> None:
        """End the workers; their CPU time then counts as that of waited-for children."""
        for worker in self._all:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_COUNTS: Final = re.compile(rb"==(\d+)== I +refs: +([\d,]+)")


class _LostError(Exception):
    """The worker broke, or did not answer in time."""


class _Worker:
    """One warm parent inside the isolation; starts anew by itself when it breaks."""

    def __init__(
        self, number: int, packages: Sequence[str], with_bubblewrap: bool, valgrind: str | None = None
    ) -> None:
        self._number, self._packages, self._with_bubblewrap = number, packages, with_bubblewrap
        self._valgrind = valgrind
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._start: Start | None = None
        self._said = b""
        self._group: ControlGroup | None = None
        self.layers: tuple[Layer, ...] = ()
        self._open()

    def _open(self) -> subprocess.Popen[bytes]:
        self._start = how = start(self._number, self._packages, self._with_bubblewrap, self._valgrind)
        counting = "-counting" if self._valgrind else ""
        # With bubblewrap the worker is ours until it drops its rights; without, it could not join a group of root's.
        self._group = ControlGroup(f"codefavor-{os.getpid()}-{id(self)}{counting}") if how.user is None else None
        command = self._group.command(how.command) if self._group else how.command
        try:
            self._process = process = subprocess.Popen(
                [*command, json.dumps(how.setup)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                cwd="/",
                bufsize=0,
                start_new_session=True,
                user=how.user,
                group=how.user,
                extra_groups=None if how.user is None else [],
            )
        except OSError as error:
            self._forget()
            raise SandboxError(
                f"a sandbox worker does not start: {error.strerror} ({how.command[0]}); without bubblewrap an "
                "unprivileged user must be able to run this interpreter"
            ) from None
        try:
            hello = self._receive(process, _START_SECONDS)
        except _LostError:
            process.kill()
            said = (process.stderr.read() if process.stderr else b"").decode("utf-8", "replace").strip()
            self._forget()
            reason = said.splitlines()[-1] if said else "it ended without a word"
            raise SandboxError(f"a sandbox worker does not start: {reason}") from None
        found = hello.get("layers") if isinstance(hello, dict) else None
        found = found if isinstance(found, dict) else {}
        self.layers = layers_of(
            how, {**found, "cgroup": self._group.reason if self._group else "the worker is not root's"}
        )
        return process

    def run(self, job: Job) -> Outcome:
        process = self._process
        if self._stopped:
            raise SandboxError(_STOPPED)
        if process is None or process.poll() is not None:
            self._forget()
            process = self._open()
        seconds = job.limits.wall_seconds
        try:
            self._send(process, {**_asked(job), "count": self._valgrind is not None})
            answer = self._receive(process, seconds + _GRACE_SECONDS)
        except _LostError:
            self._kill()
            if self._stopped:
                raise SandboxError(_STOPPED) from None
            return _ended(job, "killed", "the run broke its worker")
        if self._stopped:
            raise SandboxError(_STOPPED)
        outcome = read_answer(job, answer)
        if not isinstance(answer, dict) or not answer.get("scratch"):
            self._kill()  # what it left cannot be removed; the next run gets a new worker
            return outcome
        if self._start is not None and self._start.scratch is None:
            # bubblewrap ends without waiting for what it started, so the system does not add this up.
            note_cpu(outcome.cpu_seconds + _number(answer, "own_cpu"))
        return self._counted(process, outcome, answer) if self._valgrind else outcome

    def _counted(self, process: subprocess.Popen[bytes], outcome: Outcome, answer: dict[str, Any]) -> Outcome:
        """Return the outcome with what valgrind said of the copies that the run let end before and after each call."""
        assert process.stderr is not None
        last = re.compile(rb"==%d== I +refs: " % int(answer.get("pid", 0)))
        deadline = time.monotonic() + _GRACE_SECONDS
        while last.search(self._said) is None:
            ready, _, _ = select.select([process.stderr], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(process.stderr.fileno(), 65_536) if ready else b""
            if not part:
                return outcome
            self._said += part
        said = {int(pid): int(count.replace(b",", b"")) for pid, count in _COUNTS.findall(self._said)}
        self._said = b""
        calls = list(outcome.calls)
        for frame in map(_loads, answer["frames"]):
            match frame:
                case {"call": int(number), "marks": [int(first), int(second)]} if number in range(len(calls)):
                    if first in said and second in said and not calls[number].instructions:
                        taken = said[second] - said[first]
                        calls[number] = replace(calls[number], instructions=taken)
        return replace(outcome, calls=tuple(calls))

    def _send(self, process: subprocess.Popen[bytes], value: dict[str, Any]) -> None:
        data = orjson.dumps(value)
        assert process.stdin is not None
        try:
            process.stdin.write(struct.pack("<Q", len(data)))
            view = memoryview(data)
            while view:
                view = view[process.stdin.write(view) :]
        except (OSError, ValueError):  # ValueError: closed by `stop`
            raise _LostError from None

    def _receive(self, process: subprocess.Popen[bytes], seconds: float) -> Any:  # noqa: ANN401
        deadline = time.monotonic() + seconds
        head = self._exactly(process, 8, deadline)
        try:
            return orjson.loads(self._exactly(process, struct.unpack("<Q", head)[0], deadline))
        except orjson.JSONDecodeError:
            raise _LostError from None

    @staticmethod
    def _exactly(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
        assert process.stdout is not None
        if size > 1 << 30:
            raise _LostError
        data = bytearray()
        while len(data) < size:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(process.stdout.fileno(), min(size - len(data), 1 << 20)) if ready else b""
            if not part:
                raise _LostError
            data += part
        return bytes(data)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self._forget()

    def stop(self) -> None:
        """Hang up, upon which the process ends what it runs and itself; what waits for its answer is refused one."""
        self._stopped = True
        if (process := self._process) is not None and process.stdin is not None:
            process.stdin.close()

    def close(self) -> None:
        """Let the worker end by itself, so that its CPU time is counted; kill it where it does not."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._forget()

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            process.wait()
        if self._start is not None and self._start.scratch is not None and empty(str(self._start.scratch)):
            self._start.scratch.rmdir()
        if self._group is not None:
            self._group.close()


def _number(answer: Any, key: str) -> float:  # noqa: ANN401
    value = answer.get(key) if isinstance(answer, dict) else None
    return float(value) if isinstance(value, int | float) else 0.0


def _asked(job: Job) -> dict[str, Any]:
    most = job.limits
    return {
        "code": job.code.encode("utf-8", "replace").decode(),
        "calls": [call.encode("utf-8", "replace").decode() for call in job.calls],
        "prepare": list(job.prepare),
        "repeat": job.repeat,
        "measure": job.measure,
        "trace_memory": job.trace_memory,
        "want_values": job.want_values,
        "stdin": job.stdin.encode("utf-8", "replace").decode(),
        "as_main": job.as_main,
        "seed": job.seed,
        "call_cpu_seconds": most.call_cpu_seconds,
        "code_cpu_seconds": most.cpu_seconds,
        "value_bytes": most.value_bytes,
        "wall_seconds": most.wall_seconds,
        "output_bytes": most.output_bytes,
        "report_bytes": 4 * most.value_bytes + 4096 * (len(job.calls) + 2),
        "most": {
            "memory": most.memory_mb << 20,
            "cpu": max(1, round(most.cpu_seconds + 0.5)),
            "disk": most.disk_mb << 20,
            "processes": most.processes,
        },
    }


def _ended(job: Job, status: Any, message: str) -> Outcome:  # noqa: ANN401
    return Outcome(status=status, calls=(CallOutcome("not-run"),) * len(job.calls), message=message)


def read_answer(job: Job, answer: Any) -> Outcome:  # noqa: ANN401 (whatever a worker sent)
    """Return the outcome a worker's answer stands for; an answer of another shape is status "protocol"."""
    try:
        return _read_answer(job, answer)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return _ended(job, "protocol", "the run's answer cannot be read")


def _read_answer(job: Job, answer: Any) -> Outcome:  # noqa: ANN401
    frames = [frame for text in answer["frames"] if isinstance(frame := _loads(text), dict)]
    code = next((frame for frame in frames if "code" in frame), None)
    ended = any("end" in frame for frame in frames)
    calls = _calls(job, frames)
    status, name, words = _status(job, answer, code, ended, calls)
    return Outcome(
        status=status,
        calls=tuple(calls),
        stdout=str(answer["stdout"]),
        stderr=str(answer["stderr"]),
        exception=name,
        message=words,
        cut=bool(answer["cut"][1] or answer["cut"][2]),
        cpu_seconds=float(answer["cpu"]),
        peak_mb=float(answer["peak_kib"]) / 1024,
    )


def _loads(text: str) -> Any:  # noqa: ANN401
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _calls(job: Job, frames: Sequence[dict[str, Any]]) -> list[CallOutcome]:
    calls = [CallOutcome("not-run")] * len(job.calls)
    for frame in frames:
        number = frame.get("call")
        # The first word on a call counts; code that adds frames of its own comes too late.
        if not isinstance(number, int) or not 0 <= number < len(calls) or calls[number].status != "not-run":
            continue
        costs = tuple(cost for cost in map(float, frame.get("costs") or ()) if 0 <= cost < math.inf)
        peak = max(0, int(frame.get("peak") or 0))
        error = frame.get("error") or ["", ""]
        name, words = str(error[0]), str(error[1])
        if frame.get("status") == "returned":
            if not job.want_values:
                calls[number] = CallOutcome("returned", costs=costs, peak_bytes=peak)
                continue
            try:
                value, text = decode(frame["value"]), canonical(frame["value"])
                calls[number] = CallOutcome("returned", value, text, costs=costs, peak_bytes=peak)
            except (BadValueError, KeyError):
                calls[number] = CallOutcome("unencodable", message="the value cannot be read", costs=costs)
        elif frame.get("status") in _CALL_STATUSES:
            calls[number] = CallOutcome(frame["status"], exception=name, message=words, costs=costs)
    return calls


def _status(
    job: Job, answer: dict[str, Any], code: dict[str, Any] | None, ended: bool, calls: list[CallOutcome]
) -> tuple[Any, str, str]:
    """Return the status of the run, and the exception's name and words; the call it ended in is given its reason."""
    if code is not None and code["code"] in _CODE_STATUSES and (ended or code["code"] != "ok"):
        error = code.get("error") or ["", ""]
        return code["code"], str(error[0]), str(error[1])
    if answer["late"]:
        how, words = "timeout", f"no end within {job.limits.wall_seconds:g} s"
    elif answer["flooded"]:
        how, words = "output", "more output than is read"
    elif answer["signal"] in (24, 25):  # SIGXCPU, SIGXFSZ
        how = "timeout" if answer["signal"] == 24 else "output"
        words = "used up its CPU time" if how == "timeout" else "wrote a file past the limit"
    elif answer["signal"] == 9 and answer["cpu"] >= job.limits.cpu_seconds:
        how, words = "timeout", "used up its CPU time"
    elif answer["signal"]:
        how, words = "killed", f"ended by signal {answer['signal']}"
    else:
        how, words = "exited", f"ended itself with status {answer['exit']}"
    if code is None or code["code"] != "ok":
        return how, "", words
    for number, call in enumerate(calls):
        if call.status == "not-run":
            status: Any = how if how in ("timeout", "exited") else "memory" if "memory" in words else "exited"
            calls[number] = CallOutcome(status, message=words)
            break
    return how, "", words
