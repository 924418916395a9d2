"""The sandbox as its callers use it: values, costs, limits, workers."""

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codefavor.errors import SandboxError
from codefavor.sandbox import Job, Limits, Opaque, Sandbox
from codefavor.sandbox.inside.values import encode
from codefavor.sandbox.isolation import Layer, enough, valgrind
from codefavor.sandbox.pool import read_answer
from codefavor.sandbox.values import BadValueError, canonical, decode


@pytest.fixture(scope="module")
def sandbox():  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Two workers."""
    try:
        made = Sandbox(2)
    except SandboxError as error:
        pytest.skip(str(error))
    with made:
        yield made


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner) | st.sets(st.integers()),
    max_leaves=20,
)  # fmt: skip


@given(PLAIN)
def test_values_come_back_as_they_were(value: object) -> None:
    """Type and value: 1, 1.0 and True are three things."""
    part = encode(value)

    assert decode(part) == value
    assert type(decode(part)) is type(value)


@given(st.recursive(st.none() | st.integers() | st.text() | st.floats(allow_nan=False), st.lists, max_leaves=20))
def test_what_a_run_claims_is_never_trusted(part: object) -> None:
    """A run may send any JSON as a value."""
    with suppress(BadValueError):
        decode(part)
    canonical(part)


def test_canonical_texts_tell_equal_values_and_only_those() -> None:
    """Members and keys have no order; types count."""
    assert canonical(encode({3, 1, 2})) == canonical(encode({2, 3, 1}))
    assert canonical(encode({"a": 1, "b": 2})) == canonical(encode({"b": 2, "a": 1}))
    assert canonical(encode(1)) != canonical(encode(True)) != canonical(encode(1.0))
    assert canonical(encode([1])) != canonical(encode((1,)))
    assert canonical(encode(math.nan)) == canonical(encode(-math.nan))


@pytest.mark.parametrize("answer", [None, 3, [], {}, {"frames": ["x", "{", "[]", "3"]}, {"frames": 3}])
def test_an_answer_of_another_shape_is_no_crash(answer: object) -> None:
    """The worker's channel could be broken by what it holds."""
    assert read_answer(Job("x = 1", ("x",)), answer).status == "protocol"


def test_calls_are_told_apart(sandbox: Sandbox) -> None:
    """Each call has its own end, and the next one goes on."""
    code = "import time\ndef f(x):\n    if x == 0:\n        raise KeyError('zero')\n    if x < 0:\n        while True: pass\n    return [x] * x"
    limits = Limits(call_cpu_seconds=0.2)

    outcome = sandbox.run(Job(code, ("f(2)", "f(0)", "f(-1)", "f(1)", "g(1)", "f("), limits=limits))

    assert [call.status for call in outcome.calls] == [
        "returned",
        "raised",
        "timeout",
        "returned",
        "raised",
        "unprepared",
    ]
    assert outcome.calls[0].value == [2, 2]
    assert (outcome.calls[1].exception, outcome.calls[4].exception) == ("KeyError", "NameError")


def test_runs_repeat(sandbox: Sandbox) -> None:
    """Chance is seeded and addresses are left out, so that two runs can be compared."""
    job = Job("import random\nclass C: pass", ("random.random()", "C()", "set('abcdef')", "hash('x')"))

    first, second = sandbox.run(job), sandbox.run(job)

    assert [call.canonical for call in first.calls] == [call.canonical for call in second.calls]
    assert isinstance(first.calls[1].value, Opaque)
    assert "0x" not in first.calls[1].value.text


def test_jobs_run_side_by_side_and_keep_their_numbers(sandbox: Sandbox) -> None:
    """Answers come as they are ready."""
    found = dict(sandbox.run_all([Job("", (f"{number} * 2",)) for number in range(30)]))

    assert [found[number].calls[0].value for number in range(30)] == [2 * number for number in range(30)]


def test_threads_may_share_it(sandbox: Sandbox) -> None:
    """The judge asks from several."""
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(sandbox.run(Job("", ("6 * 7",))).calls[0].value))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [42] * 8


def test_costs_grow_with_the_work(sandbox: Sandbox) -> None:
    """A cost that does not follow the work is no cost."""
    outcome = sandbox.run(Job("def f(n): return sum(range(n))", ("f(10_000)", "f(1_000_000)"), repeat=3, measure=True))

    assert outcome.calls[1].cost > 20 * outcome.calls[0].cost > 0


def test_prepared_arguments_are_fresh_each_time(sandbox: Sandbox) -> None:
    """A code that changes its argument must not be measured on what it left."""
    outcome = sandbox.run(Job("def f(x):\n    x.append(1)\n    return len(x)", ("f(a)",), ("a = [0]",), repeat=5))

    assert outcome.calls[0].value == 2
    assert len(outcome.calls[0].costs) == 5


def test_costs_that_are_none_are_not_believed() -> None:
    """A run may claim to have taken less than nothing."""
    frame = b'{"call": 0, "status": "returned", "value": 1, "costs": [-5, 1e999, 0.25]}'.decode()
    answer = {
        "frames": ['{"code": "ok"}', frame, '{"end": true}'],
        "stdout": "",
        "stderr": "",
        "cut": [0, 0, 0],
        "cpu": 0,
        "peak_kib": 0,
    }

    outcome = read_answer(Job("", ("f()",)), answer)

    assert outcome.calls[0].costs in ((0.25,), ())


@pytest.mark.skipif(valgrind() is None, reason="valgrind is not installed")
def test_instructions_repeat_whatever_was_counted_before(sandbox: Sandbox) -> None:
    """That is what makes a close decision the same on a busy machine."""
    code = "def f(n): return sum(i * i for i in range(n))"

    with Sandbox(1) as another:
        counts = [each.instructions(code, "f(20_000)") for each in (sandbox, sandbox, another, another)]
    more = sandbox.instructions(code, "f(40_000)")

    assert all(counts)
    known = [count for count in counts if count]
    assert max(known) - min(known) < 100
    assert more is not None
    assert 1.9 < more / known[0] < 2.1
    assert sandbox.instructions(code, "f(None)") is None


@pytest.mark.skipif(valgrind() is None, reason="valgrind is not installed")
def test_neither_preparing_nor_what_runs_at_a_fork_counts(sandbox: Sandbox) -> None:
    """A count is of the call alone; code that would hide work in a hook of its own fails where it asks for one."""
    code = "def f(n): return sum(i * i for i in range(n))"
    hooked = f"import os\nos.register_at_fork(before=lambda: sum(range(100_000)))\n{code}"
    plain, prepared = (sandbox.instructions(code, "f(20_000)", each) for each in ("", "sum(range(500_000))"))

    assert plain
    assert prepared == pytest.approx(plain, rel=0.001)
    assert sandbox.instructions(hooked, "f(20_000)") is None


def test_texts_have_the_same_hashes_in_every_worker() -> None:
    """The order of a set of texts is behaviour: two runs of a judge must see the same."""
    said = []
    for _ in range(2):
        with Sandbox(1) as each:
            said.append(each.run(Job("", ("list({'ab', 'cd', 'ef', 'gh', 'ij'})",))).calls[0].value)

    assert said[0] == said[1]


def test_too_little_isolation_is_refused() -> None:
    """Running is refused rather than pretended safe."""
    names = ("namespaces", "unprivileged user", "no new privileges", "landlock", "seccomp")
    every = [Layer(name, True, "") for name in names]

    assert enough(every)
    for missing in ("unprivileged user", "no new privileges", "seccomp"):
        assert not enough([layer for layer in every if layer.name != missing])
    assert not enough([layer for layer in every if layer.name not in ("namespaces", "landlock")])


def test_a_refusal_says_what_is_missing_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence is all a user has."""
    monkeypatch.setattr("codefavor.sandbox.pool.enough", lambda layers: False)

    with pytest.raises(SandboxError, match="install bubblewrap, or give --unsafe"):
        Sandbox(1)
    Sandbox(1, unsafe=True).close()


def test_packages_are_there_on_request_only(sandbox: Sandbox) -> None:
    """What a run can import is decided by its caller."""
    without = sandbox.run(Job("import numpy"))
    with Sandbox(1, packages=["numpy"]) as other:
        given_it = other.run(Job("import numpy as np", ("np.array([1, 2]).sum()", "np.array([1.5])")))

    assert (without.status, without.exception) == ("raised", "ModuleNotFoundError")
    assert [call.value for call in given_it.calls] == [3, [1.5]]
    with pytest.raises(SandboxError, match="the package no_such_thing is not installed here"):
        Sandbox(1, packages=["no_such_thing"])


def test_a_stopped_sandbox_ends_what_runs_and_runs_nothing_more() -> None:
    """Who presses Ctrl-C does not wait for a sleeper's wall clock."""
    with Sandbox(1) as sandbox, ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(sandbox.run, Job("import time\ntime.sleep(15)"))
        time.sleep(0.5)
        began = time.monotonic()
        sandbox.stop()
        with pytest.raises(SandboxError, match="stopped"):
            sleeping.result()
        with pytest.raises(SandboxError, match="stopped"):
            sandbox.run(Job(""))

    assert time.monotonic() - began < 5
