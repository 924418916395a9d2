"""Owns one run: execute the code, evaluate the calls, and say what came of each, from a forked child.

Runs inside the sandbox on the standard library alone. What is needed after the first foreign line is taken into local
names before it, so that code which replaces `time`, `json` or built-ins does not change what is reported.
"""

import gc
import json
import os
import random
import signal
import sys
import time
import _tracemalloc  # the module around it imports much that no run needs
import types
from typing import Any, NoReturn

from values import TooLargeError, encode


class _OutOfTimeError(BaseException):
    """A call used up its CPU time."""


def execute(job: dict[str, Any], report: int, nonce: str) -> NoReturn:
    """Run a job and report frames; never returns normally to code that could be confused by what ran."""
    dumps, exit_now, write = json.dumps, os._exit, os.write
    clock = time.thread_time_ns  # with a timer running, the clock of the whole process moves in ticks
    set_timer, prof, collect, switch_off = signal.setitimer, signal.ITIMER_PROF, gc.collect, gc.disable
    compile_, exec_, eval_, own_type, base_error, size = compile, exec, eval, type, BaseException, len
    memory_error, recursion_error, system_exit, text = MemoryError, RecursionError, SystemExit, str
    encode_value, too_large, out_of_time = encode, TooLargeError, _OutOfTimeError
    trace, untrace, traced = _tracemalloc.start, _tracemalloc.stop, _tracemalloc.get_traced_memory
    fork, wait, counting = os.fork, os.waitpid, job["count"]
    if counting:  # what runs at each fork would count
        del os.register_at_fork, sys.modules["posix"].register_at_fork

    def send(frame: dict[str, Any]) -> None:
        data = (dumps([nonce, frame]) + "\n").encode("utf-8", "replace")
        while data:
            data = data[write(report, data) :]

    def mark(marks: list[int]) -> None:
        """End a copy of this process: as it ends, valgrind says how many instructions it has taken so far."""
        copy = fork()
        if copy == 0:
            exit_now(0)
        wait(copy, 0)
        marks.append(copy)

    def late(number: int, frame: Any) -> None:  # noqa: ANN401
        raise out_of_time

    def described(error: BaseException) -> list[str]:
        name = own_type(error).__name__
        try:
            words = text(error)[:500]
        except base_error:
            words = ""
        return [name[:100], words if own_type(words) is str else ""]

    def status_of(error: BaseException) -> str:
        for kind, status in ((out_of_time, "timeout"), (memory_error, "memory"), (recursion_error, "recursion"),
                             (system_exit, "exited")):  # fmt: skip
            if isinstance(error, kind):
                return status
        return "raised"

    sys.argv = ["candidate.py"]
    sys.setrecursionlimit(3000)
    signal.signal(signal.SIGPROF, late)
    random.seed(job["seed"])
    module = types.ModuleType("__main__" if job["as_main"] else "candidate")
    module.__file__ = "candidate.py"
    sys.modules[module.__name__] = module
    space = module.__dict__
    call_seconds = job["call_cpu_seconds"]
    try:
        code = compile_(job["code"], "candidate.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, recursion_error, memory_error, OverflowError) as error:
        send({"code": "syntax-error", "error": described(error)})
        exit_now(0)
    try:
        set_timer(prof, job["code_cpu_seconds"])
        exec_(code, space)
        set_timer(prof, 0)
    except base_error as error:
        set_timer(prof, 0)
        send({"code": status_of(error), "error": described(error)})
        exit_now(0)
    else:
        send({"code": "ok"})
    prepares = job["prepare"]
    for index, call in enumerate(job["calls"]):
        try:
            if prepares:
                exec_(compile_(prepares[index], "<prepare>", "exec", dont_inherit=True), space)
            evaluated = compile_(call, "<call>", "eval", dont_inherit=True)
        except base_error as error:
            send({"call": index, "status": "unprepared", "error": described(error)})
            continue
        if job["measure"]:
            collect()
            switch_off()
        elif job["trace_memory"]:
            collect()  # so that what is traced is collected at the same places each time
        costs: list[float] = []
        marks: list[int] = []
        frame = {"call": index, "status": "returned", "marks": marks}
        value = None
        for turn in range(job["repeat"]):
            try:
                if turn and prepares:
                    exec_(compile_(prepares[index], "<prepare>", "exec", dont_inherit=True), space)
                if counting:
                    mark(marks)
                set_timer(prof, call_seconds)
                if job["trace_memory"]:
                    trace()
                begin = clock()
                found = eval_(evaluated, space)
                costs.append((clock() - begin) / 1e9)
                set_timer(prof, 0)
                if counting:
                    mark(marks)
                if turn == 0 and job["trace_memory"]:
                    frame["peak"] = traced()[1]
                    untrace()
                if turn == 0:
                    value = found
                found = None
            except base_error as error:
                set_timer(prof, 0)
                untrace()
                frame["status"] = status_of(error)
                frame["error"] = described(error)
                break
            if costs[-1] * (turn + 2) > call_seconds:
                break  # one more might end as a time-out; what was measured stands
        frame["costs"] = costs
        if frame["status"] == "returned" and job["want_values"]:
            try:
                set_timer(prof, call_seconds)
                frame["value"] = encode_value(value)
                data = dumps(frame)
                set_timer(prof, 0)
                if size(data) > job["value_bytes"]:
                    raise too_large
            except base_error as error:
                set_timer(prof, 0)
                frame.pop("value", None)
                frame["status"] = "unencodable" if isinstance(error, Exception) else status_of(error)
                frame["error"] = described(error)
        value = None
        send(frame)
    send({"end": True})
    sys.stdout.flush()
    sys.stderr.flush()
    exit_now(0)
