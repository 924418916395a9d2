"""Owns the clean parent of all runs: it takes jobs on descriptor 0, forks a run for each, and answers on descriptor 1.

Runs inside the sandbox on the standard library alone. It never executes foreign code itself; what a run says is passed
on within limits and believed by nobody. After each run nothing of it is left: processes, files, descriptors.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import json
import select
import signal
import struct
import time
from typing import Any

import confine
from run import execute
from scratch import empty

# Loaded once here, so that no run pays for them.
import bisect, collections, copy, datetime, decimal, fractions, functools, heapq, itertools, math, operator, re
import statistics, string, typing, types, random, gc, hashlib, dataclasses, enum, abc, contextlib

_BIG = 64 * 1024 * 1024
_VALGRIND_SPACE = 8 << 30  # of addresses, for its own tables


_wake_in, _wake_out = os.pipe()
"""Becomes readable when a child ends: pidfd does the same, but valgrind does not know it."""


def main() -> None:
    """Serve jobs until there are no more."""
    os.set_blocking(_wake_out, False)
    signal.set_wakeup_fd(_wake_out, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    setup = json.loads(sys.argv[1])
    confine.hide_memory()
    sys.path[:] = [place for place in sys.path if place != os.path.dirname(os.path.abspath(__file__))]
    sys.path += setup["packages_path"]
    for name in setup["preload"]:
        try:
            __import__(name)
        except ImportError:
            pass
    os.chdir(setup["scratch"])
    gc.collect()
    gc.freeze()  # a run need not look through what was here before it
    _send({"ready": True, "layers": _probe(setup)})
    if setup["valgrind"]:
        _serve_from_copies(setup)
    spent = 0.0
    while True:
        job = _receive()
        if job is None:
            os._exit(0)
        answer = _one(job, setup)
        answer["own_cpu"], spent = time.process_time() - spent, time.process_time()
        _send(answer)


def _serve_from_copies(setup: dict[str, Any]) -> None:
    """Serve jobs, each from a copy of this process.

    How memory lies decides what a run executes, and must not tell which jobs were before.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    while True:
        server = os.fork()
        if server == 0:
            signal.signal(signal.SIGCHLD, lambda number, frame: None)
            job = _receive()
            if job is None:
                os._exit(1)
            answer = _one(job, setup, clean=False)
            answer["own_cpu"], answer["scratch"] = time.process_time(), True
            _send(answer)
            os._exit(0)
        _, status = os.waitpid(server, 0)
        _clean(server, setup)
        if status or not empty(setup["scratch"]):
            os._exit(0)  # a new worker takes the next job


def _probe(setup: dict[str, Any]) -> Any:  # noqa: ANN401
    """Say which layers a run really gets, by letting a child take them."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(_probed(setup, writing))
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {}


def _probed(setup: dict[str, Any], writing: int) -> int:
    try:
        found = _confine(setup, {"memory": 1 << 29, "cpu": 5, "disk": 1 << 20, "processes": 4})
        try:
            os.kill(os.getppid(), 0)
            found["signals"] = "the parent can be signalled"
        except OSError:
            found["signals"] = ""
        os.write(writing, json.dumps(found).encode())
    except BaseException as error:
        os.write(writing, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
    return 0


def _confine(setup: dict[str, Any], most: dict[str, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    if setup["user"] is not None and setup["keep_root"]:
        confine.become(setup["user"])
    found["user"] = "" if os.getuid() != 0 and os.geteuid() != 0 else "runs as root"
    found["privileges"] = confine.no_new_privileges()
    memory = most["memory"] + (_VALGRIND_SPACE if setup["valgrind"] else 0)
    found["limits"] = confine.limits(memory, most["cpu"], most["disk"], most["processes"])
    found["landlock"] = confine.landlock(setup["readable"], [setup["scratch"]]) if setup["landlock"] else "not asked"
    found["seccomp"] = confine.seccomp() if setup["seccomp"] else "not asked"
    return found


def _one(job: dict[str, Any], setup: dict[str, Any], clean: bool = True) -> dict[str, Any]:
    """Fork one run, watch it, clean up after it, and return what it said."""
    report_in, report_out = os.pipe()
    out_in, out_out = os.pipe()
    err_in, err_out = os.pipe()
    nonce = os.urandom(8).hex()
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            nothing = os.open("/dev/null", os.O_RDONLY)
            if job["stdin"]:
                reading, writing = os.pipe()
                data = job["stdin"].encode("utf-8", "surrogatepass")[:60_000]
                os.write(writing, data)
                os.close(writing)
                os.dup2(reading, 0)
            else:
                os.dup2(nothing, 0)
            os.dup2(out_out, 1)
            os.dup2(err_out, 2)
            os.dup2(report_out, 3)
            signal.set_wakeup_fd(-1)
            os.closerange(4, 256)
            for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            _confine(setup, job["most"])
            execute(job, 3, nonce)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}".encode())
        os._exit(121)
    for descriptor in (report_out, out_out, err_out):
        os.close(descriptor)
    answer = _watch(child, job, nonce, report_in, out_in, err_in)
    _clean(child, setup if clean else {**setup, "own_processes": False})  # or it would end this process's parent
    for descriptor in (report_in, out_in, err_in):
        os.close(descriptor)
    if clean:
        answer["scratch"] = empty(setup["scratch"])
    return answer


def _watch(child: int, job: dict[str, Any], nonce: str, report: int, out: int, err: int) -> dict[str, Any]:
    texts = {report: bytearray(), out: bytearray(), err: bytearray()}
    most = {report: job["report_bytes"], out: job["output_bytes"], err: job["output_bytes"]}
    seen = dict.fromkeys(texts, 0)
    deadline = time.monotonic() + job["wall_seconds"]
    poll = select.poll()
    for descriptor in (*texts, _wake_in):
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
    poll.register(0, 0)  # its hanging up alone: nobody is there any more to hear of this run
    late = flooded = False
    status: int | None = None
    usage: Any = None
    while status is None and not flooded and not late:
        left = deadline - time.monotonic()
        if left <= 0:
            late = True
            break
        for descriptor, _ in poll.poll(min(left, 1.0) * 1000):
            if descriptor == _wake_in:
                os.read(_wake_in, 4096)
                continue
            if descriptor == 0:
                late = True
                break
            data = os.read(descriptor, 65_536)
            if not data:
                poll.unregister(descriptor)
                continue
            seen[descriptor] += len(data)
            texts[descriptor] += data[: max(0, most[descriptor] - len(texts[descriptor]))]
            flooded = flooded or seen[descriptor] > _BIG
        found, how, used = os.wait4(child, os.WNOHANG)
        if found:
            status, usage = how, used
    if status is None:
        os.kill(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
    for descriptor in texts:  # what was written before the end
        os.set_blocking(descriptor, False)
        try:
            while len(texts[descriptor]) < most[descriptor]:
                data = os.read(descriptor, 65_536)
                if not data:
                    break
                seen[descriptor] += len(data)
                texts[descriptor] += data[: most[descriptor] - len(texts[descriptor])]
        except BlockingIOError:
            pass
    return {
        "frames": _frames(bytes(texts[report]), nonce),
        "stdout": bytes(texts[out]).decode("utf-8", "backslashreplace"),
        "stderr": bytes(texts[err]).decode("utf-8", "backslashreplace"),
        "cut": [seen[descriptor] > most[descriptor] for descriptor in (report, out, err)],
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        "pid": child,
        "late": late,
        "flooded": flooded,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss,
    }


def _frames(data: bytes, nonce: str) -> list[str]:
    """Return the lines that begin with this run's word; what else was written there is noise."""
    start = f'["{nonce}", '.encode()
    return [line[len(start) : -1].decode("utf-8", "replace") for line in data.split(b"\n") if line.startswith(start)]


def _clean(child: int, setup: dict[str, Any]) -> None:
    """End whatever the run left: its group always, and in a process world of our own simply everybody else."""
    for _ in range(200):
        alive = False
        for target, send in ((child, os.killpg), (-1, os.kill)):
            if target == -1 and not setup["own_processes"]:
                continue
            try:
                send(target, signal.SIGKILL)
                alive = True
            except (ProcessLookupError, PermissionError):
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        if not alive:
            return
        time.sleep(0.001)


def _receive() -> Any:  # noqa: ANN401
    head = _exactly(8)
    return None if head is None else json.loads(_exactly(struct.unpack("<Q", head)[0]) or b"null")


def _exactly(size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = os.read(0, min(size - len(data), 1 << 20))
        if not part:
            return None
        data += part
    return bytes(data)


def _send(value: Any) -> None:  # noqa: ANN401
    data = json.dumps(value).encode()
    data = struct.pack("<Q", len(data)) + data
    while data:
        data = data[os.write(1, data) :]


main()
