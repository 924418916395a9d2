"""Owns what is seen of a call in the sandbox: result, exception, what became of the arguments, what was printed."""

import math
from typing import Any, Final

from codefavor.sandbox import CallOutcome, Opaque

HARNESS: Final = '''
import contextlib, gc, io, itertools, sys, time, types

class Stand(types.SimpleNamespace):
    """An object that has the attributes a function reads."""

notes = []

class Noting:
    """A function given as an argument, or a method of a stand-in, whose calls are noted."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *positional, **named):
        if len(notes) < 100:
            notes.append(plain([positional, named]))
        return self.function(*positional, **named)

def plain(value, depth=0):
    kind = type(value)
    if kind is Noting:
        return "function"
    if value is None or kind in (bool, int, float, complex, str, bytes, bytearray) or depth > 6:
        return value
    if kind in (list, tuple, set, frozenset):
        return kind(plain(item, depth + 1) for item in value)
    if kind is dict:
        return {key: plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, io.StringIO):
        return ["StringIO", value.getvalue(), value.tell()]
    if isinstance(value, types.FunctionType):
        return "function"
    if hasattr(value, "__next__") or kind in (map, filter, zip, range):
        return [kind.__name__, [plain(item, depth + 1) for item in itertools.islice(value, 400)]]
    if kind.__name__ in ("dict_keys", "dict_values", "dict_items"):
        return [kind.__name__, [plain(item, depth + 1) for item in value]]
    inside = getattr(value, "__dict__", None)
    if type(inside) is dict and not isinstance(value, (type, types.ModuleType)):
        base = next((part(value) for part in (dict, list, tuple, set, str, int) if isinstance(value, part)), None)
        return [kind.__name__, plain(base, depth + 1), {key: plain(item, depth + 1) for key, item in inside.items()}]
    return value

def fresh(value):
    """Return an equal value of objects of its own, as read by a program: equal literals may be one object."""
    if type(value) is str and len(value) > 1:
        return "".join(list(value))
    if type(value) is int and value > 256:
        return int(str(value))
    if type(value) in (list, tuple):
        return type(value)(fresh(item) for item in value)
    if type(value) is dict:
        return {fresh(key): fresh(item) for key, item in value.items()}
    return value

def drain(result):
    if isinstance(result, types.CoroutineType):
        try:
            for _ in range(100):
                result.send(None)
        except StopIteration as end:
            return end.value
        finally:
            result.close()
        raise RuntimeError("the coroutine waits for something")
    return result

def observe(function, make):
    arguments, named = fresh(make())
    before = plain([arguments, named])
    notes.clear()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            outcome = ["returned", plain(drain(function(*arguments, **named)))]
    except RecursionError:
        outcome = ["raised", "RecursionError"]
    except Exception as error:
        outcome = ["raised", type(error).__name__]
    after = plain([arguments, named])
    unchanged = repr(after) == repr(before)
    kept.append(unchanged and "_iterator'" not in repr(before))
    return [*outcome, None if unchanged else after, printed.getvalue(), list(notes)]

def lines(function, make):
    seen = set()
    def trace(frame, event, argument):
        if frame.f_code.co_filename != "candidate.py":
            return None
        seen.add(frame.f_lineno)
        return trace
    sys.settrace(trace)
    try:
        observe(function, make)
    finally:
        sys.settrace(None)
    return sorted(seen)

def spend(function, makings):
    for arguments, named in makings:
        result = drain(function(*arguments, **named))
        if hasattr(result, "__next__"):
            for _ in result:
                pass

measured, kept = [], []

def arguments_of(make, repeat, again):
    """Return arguments for so many calls: the same ones again, where no call changes them."""
    return [make()] * repeat if again else [make() for _ in range(repeat)]

def race(first, second, make):
    """Note the least CPU time of a call of either function, taken in turns; what was known when time ran out stays.

    Once the second costs three times as much, nothing larger is asked.
    """
    clock, again = time.thread_time_ns, all(kept)
    if measured and measured[1] is not None and measured[1] > max(3 * measured[0], 0.0002):
        return
    measured[:] = [None, None, 0, 0]
    best = [None, None]
    repeat, ends = 1, clock() + 60_000_000
    for turn in range(24):
        for which, function in enumerate((first, second)):
            begin = clock()
            makings = arguments_of(make, repeat, again)
            making = 0 if again else (clock() - begin) / repeat
            gc.collect()
            gc.disable()
            begin = clock()
            spend(function, makings)
            took = (clock() - begin) / repeat
            gc.enable()
            best[which] = took if best[which] is None else min(best[which], took)
            measured[which] = best[which] / 1e9
        measured[2:] = [repeat, measured[3] + 1]
        if turn == 0 or min(best) * repeat < 1_000_000:
            least = max(1, min(400, int(1_500_000 / max(min(best), 1)), int(8_000_000 / max(making, 1))))
            if least > repeat:
                repeat, best = least, [None, None]
                measured[3] = 0
        if turn >= 4 and clock() > ends:
            break

'''
OPENING: Final = (
    f"_codefavor = {{}}\nexec({HARNESS!r}, _codefavor)\n"
    "_Stand, _noting = _codefavor['Stand'], _codefavor['Noting']\nimport io as _io\n"
)


def with_harness(prelude: str, code: str) -> tuple[str, int]:
    """Return the text to execute, and the number of lines before the code."""
    before = prelude + OPENING
    return before + code, before.count("\n")


def crashed(call: CallOutcome, refusals: frozenset[str]) -> bool:
    """Return whether a call says nothing: it did not end, or raised what its code never raises itself.

    Args:
        call: of `observe`.
        refusals: the exceptions that the code raises on purpose.
    """
    if call.status != "returned" or not isinstance(call.value, list) or len(call.value) != 5:
        return True
    return bool(call.value[0] == "raised" and call.value[1] not in refusals)


def effect(call: CallOutcome) -> str:
    """Return a text that is equal for calls whose results cannot be told apart, whatever they were called with."""
    return repr(call.value) if call.status == "returned" else call.status


def same(one: CallOutcome, other: CallOutcome, with_calls: bool = True) -> bool:
    """Return whether two calls did the same.

    Args:
        one: of `observe`.
        other: of `observe`, on the same input.
        with_calls: whether it matters how often, and with what, the functions given as arguments were called.
    """
    if one.status != other.status:
        return False
    if one.status != "returned" or one.canonical == other.canonical:
        return True
    return alike(one.value, other.value) if with_calls else alike(one.value[:4], other.value[:4])


def alike(one: Any, other: Any) -> bool:  # noqa: ANN401 (any value)
    """Return whether two values are equal in type and content; floats to nine digits, for sums may change their order.

    >>> alike([0.1 + 0.2], [0.3]), alike(1, True), alike((1,), [1])
    (True, False, False)
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    return bool(one == other)


def came(call: CallOutcome) -> str:
    """Return what came of an observed call, in a few words.

    >>> came(CallOutcome("returned", value=["raised", "KeyError", None, "", []]))
    'raises KeyError'
    """
    if call.status != "returned":
        return {"timeout": "does not end in time", "memory": "runs out of memory"}.get(call.status, call.status)
    how, what, _, printed, _ = call.value
    if how == "raised":
        return f"raises {what}"
    text = what.text if isinstance(what, Opaque) else _text(what)
    said = f"gives {text}"
    if printed:
        said += f", prints {printed!r}"
    return _cut(said)


def difference(one: CallOutcome, other: CallOutcome) -> tuple[str, str]:
    """Return what came of two calls that differ, so that the difference can be seen."""
    first, second = came(one), came(other)
    if first != second or one.status != "returned" or other.status != "returned":
        return first, second
    if one.value[2] != other.value[2]:
        return _left(one), _left(other)
    first, second = (_cut(f"calls what it is given with {_text(call.value[4])}") for call in (one, other))
    return first, second


def _left(call: CallOutcome) -> str:
    after = call.value[2]
    return "leaves its arguments as they were" if after is None else _cut(f"leaves its arguments as {_text(after[0])}")


def _text(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # Python writes out no number of more than a few thousand digits
        return f"a very large {type(value).__name__}"


def _cut(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:120]}…"
