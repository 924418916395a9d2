"""Owns the checks of both recipes from end to end: history and instructions, a real SDK, replies of every shape."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.llm.server import ProviderServer
from tests.synthesis.shapes import ENDS, answer, instructions, shape_of
from tests.synthesis.teachers import finish, turn_of

from codefavor.errors import SandboxError
from codefavor.jsonl import read_all, read_rows, write_records
from codefavor.llm.asking import key_of
from codefavor.llm.client import Sampling
from codefavor.records import Attempt, Commit, Instruction, PreferencePair, Rejection
from codefavor.sandbox import Sandbox
from codefavor.synthesis.acceptance import REASONS

KEY = "sk-live-0123456789abcdefghij"
MODEL = "openai:gpt-4o"
REPOSITORY = Path(__file__).parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]


class Teacher(ProviderServer):
    """A server whose answers depend on the whole conversation."""

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__(answer=self._answer, delay=delay)
        self.finish = finish

    def _answer(self, prompt: str) -> str:
        # The request that is being answered is the last in the log with this prompt.
        seen = next(each for each in reversed(self.log) if each.prompt == prompt)
        return answer(seen.body["messages"])


@pytest.fixture
def teacher() -> Iterator[Teacher]:
    """A teacher that answers at once."""
    with Teacher().running() as running:
        assert isinstance(running, Teacher)
        yield running


@pytest.fixture
def own_commits(codefavor: Command, tmp_path: Path) -> Path:
    """What the last commits of this very repository did to functions."""
    depth = subprocess.run(
        ["git", "-C", str(REPOSITORY), "rev-list", "--count", "HEAD"], capture_output=True, text=True, check=False
    )
    if depth.returncode or int(depth.stdout) < 50:
        pytest.skip("this is no clone with a history")
    out = tmp_path / "commits.jsonl"
    done = codefavor("mine", "git", REPOSITORY, "--per", "function", "--limit", "80", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def words(server: ProviderServer, verb: str, source: Path, run: Path, *more: str) -> list[str]:
    """Return the words of a run with the local server."""
    who = "--model" if verb == "attempts" else "--teacher"
    return ["synth", verb, str(source), who, MODEL, "--base-url", f"{server.url}/v1", "--run", str(run), *more]


def ended(run: Path) -> tuple[list[PreferencePair], list[Rejection]]:
    """Return the pairs and rejections of a run."""
    return read_all(run / "pairs.jsonl", PreferencePair), read_all(run / "rejections.jsonl", Rejection)


def check_ends(rows: list[str], counts: dict[str, Any], run: Path) -> None:
    """Check that every row ended once, for a reason that is documented, and that the command counted so."""
    pairs, rejections = ended(run)
    assert Counter([str((each.meta or {})["row"]) for each in pairs] + [each.id for each in rejections]) == Counter(
        rows
    )
    assert {each.reason for each in rejections} <= set(REASONS)
    assert counts["rows"] == len(rows)
    assert counts["pairs"] == len(pairs)
    assert counts["rejected"] == dict(Counter(each.reason for each in rejections))


def check_talks(server: ProviderServer) -> None:
    """Check that the turns of each conversation came in order, and that each carried all that was said before."""
    talks: dict[str, list[list[dict[str, str]]]] = defaultdict(list)
    for seen in server.log:
        messages = seen.body["messages"]
        talks[hashlib.sha256(messages[0]["content"].encode()).hexdigest()].append(messages)
    for turns in talks.values():
        asked = [turn_of(messages[-1]["content"]) for messages in turns]
        # A turn that was in flight when the process was killed may come again; none comes early.
        assert [name for index, name in enumerate(asked) if name not in asked[:index]] == [
            "explain", "decide", "write"
        ][: len(set(asked))]  # fmt: skip
        for messages in turns:
            said = [messages[:place] for place in range(1, len(messages), 2)]
            assert [each["content"] for each in messages[1::2]] == [answer(before) for before in said]


def test_this_repositorys_history_becomes_pairs_and_rejections(
    codefavor: Command, teacher: Teacher, own_commits: Path, tmp_path: Path
) -> None:
    """From `mine git` to pairs, with every shape of reply on the way."""
    commits = read_all(own_commits, Commit)
    run = tmp_path / "run"
    done = codefavor(*words(teacher, "commit-instruct", own_commits, run, "--json"), OPENAI_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    pairs, rejections = ended(run)

    check_ends([each.id for each in commits], orjson.loads(done.stdout), run)
    check_talks(teacher)
    assert set(Counter(seen.prompt for seen in teacher.log).values()) == {1}
    assert len(pairs) > 10
    assert {ENDS[name] for name in ENDS} | {"no-improvement"} <= {each.reason for each in rejections}
    # A shape that leaves something out never makes a pair.
    shapes = {seen.body["messages"][0]["content"]: shape_of(seen.body["messages"]) for seen in teacher.log}
    wrote = [seen for seen in teacher.log if turn_of(seen.body["messages"][-1]["content"]) == "write"]
    broken = Counter(ENDS.get(shapes[seen.body["messages"][0]["content"]]) for seen in wrote)
    found = Counter(each.reason for each in rejections)
    assert all(found[reason] >= count for reason, count in broken.items() if reason)
    assert len(pairs) <= broken[None]
    assert {(each.method, each.teacher) for each in pairs} == {("commit-instruct", MODEL)}


def test_instructions_become_attempts_and_verified_pairs(codefavor: Command, teacher: Teacher, tmp_path: Path) -> None:
    """A second attempt that fails what the first one met is turned away, and what ran says so."""
    _can_run()
    write_records(tmp_path / "instructions.jsonl", instructions(60))
    drafts, run = tmp_path / "drafts", tmp_path / "run"
    first = codefavor(
        *words(teacher, "attempts", tmp_path / "instructions.jsonl", drafts, "--json"), OPENAI_API_KEY=KEY
    )
    attempts, refused = read_all(drafts / "attempts.jsonl", Attempt), read_all(drafts / "rejections.jsonl", Rejection)
    counts = orjson.loads(first.stdout)

    assert counts["attempts"] + sum(counts["rejected"].values()) == counts["rows"] == 60
    assert {each.reason for each in refused} == {"refused", "cut"}
    done = codefavor(
        *words(teacher, "critic-evol", drafts / "attempts.jsonl", run, "--verify", "--json"), OPENAI_API_KEY=KEY
    )
    assert done.returncode == 0, done.stderr
    pairs, rejections = ended(run)
    counts = orjson.loads(done.stdout)
    check_ends([each.id for each in attempts], counts, run)
    assert counts["verified"] == {"verified": len(pairs)}
    assert all(each.verified for each in pairs)
    seen = (pairs[0].meta or {})["verification"]
    assert (seen["examples"], seen["naive_meets"], seen["improved_meets"]) == (2, 1, 2)
    worse = [each for each in rejections if each.reason == "fails-examples"]
    assert worse
    assert all("0 of 2, and the naive code 1" in each.detail for each in worse)


def test_a_finished_run_is_verified_without_asking_again(codefavor: Command, teacher: Teacher, tmp_path: Path) -> None:
    """What was paid for does not depend on whether it is run."""
    _can_run()
    rows = [
        Attempt(instruction=each.instruction, response=answer([{"content": each.instruction}]), model=MODEL, id=f"a{n}")
        for n, each in enumerate(instructions(30))
        if "```" in answer([{"content": each.instruction}])
    ]
    source, run = tmp_path / "attempts.jsonl", tmp_path / "run"
    write_records(source, rows)
    codefavor(*words(teacher, "critic-evol", source, run), OPENAI_API_KEY=KEY)
    plain, asked = ended(run), len(teacher.log)
    again = codefavor(*words(teacher, "critic-evol", source, run, "--verify"), OPENAI_API_KEY=KEY)
    pairs, rejections = ended(run)
    contradicted = {each.id for each in rejections if each.reason == "fails-examples"}

    assert again.returncode == 0, again.stderr
    assert "verification: " in again.stdout
    assert len(teacher.log) == asked
    assert contradicted
    assert [each.id for each in pairs] == [each.id for each in plain[0] if (each.meta or {})["row"] not in contradicted]
    assert all(each.verified is not None for each in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["commit-instruct", "attempts", "critic-evol"])
def test_killed_at_random_moments_the_recipes_end_as_if_never_killed(
    codefavor: Command, own_commits: Path, tmp_path: Path, verb: str
) -> None:
    """The same record files, and by the server's own log no turn that was kept is asked again."""
    _can_run()
    chance = random.Random(verb)
    source = own_commits
    if verb != "commit-instruct":
        source = tmp_path / "rows.jsonl"
        rows: list[Instruction] = instructions(80)
        if verb == "critic-evol":
            drafts = [answer([{"content": each.instruction}]) for each in rows]
            rows = [
                Attempt(instruction=each.instruction, response=draft, model=MODEL, id="")
                for each, draft in zip(rows, drafts, strict=True)
            ]
        write_records(source, rows)
    more = ["--concurrency", "4", *(["--verify"] if verb != "attempts" else [])]
    with Teacher(delay=0.1).running() as server:
        whole = codefavor(*words(server, verb, source, tmp_path / "whole", *more), OPENAI_API_KEY=KEY)
        assert whole.returncode == 0, whole.stderr
        server.log.clear()
        run, kills = tmp_path / "run", []
        for _ in range(6):
            process = subprocess.Popen(
                [sys.executable, "-m", "codefavor", *words(server, verb, source, run, *more)],
                env={**os.environ, "OPENAI_API_KEY": KEY},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            before, deadline = len(server.log), time.monotonic() + 60
            wanted = before + chance.randrange(12)
            while process.poll() is None and len(server.log) <= wanted and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.3)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kept = {row["id"] for _, row in read_rows(run / "replies.jsonl")} if run.exists() else set()
            kills.append((len(server.log), kept))
        last = codefavor(*words(server, verb, source, run, *more, "--json"), OPENAI_API_KEY=KEY)
        assert last.returncode == 0, last.stderr

    out = "attempts.jsonl" if verb == "attempts" else "pairs.jsonl"
    for name in (out, "rejections.jsonl", "manifest.json"):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    asked = [key_of(MODEL, seen.body["messages"], Sampling(max_tokens=4096)) for seen in server.log]
    every = {row["id"] for _, row in read_rows(run / "replies.jsonl")}
    assert set(asked) == every
    assert any(kept for _, kept in kills)
    for place, kept in kills:
        assert not kept & set(asked[place:])
    counts = orjson.loads(last.stdout)
    assert counts["rows"] == counts[out.removesuffix(".jsonl")] + sum(counts["rejected"].values())
    if verb == "commit-instruct":
        check_talks(server)


def _can_run() -> None:
    try:
        Sandbox(1).close()
    except SandboxError as error:
        pytest.skip(str(error))
