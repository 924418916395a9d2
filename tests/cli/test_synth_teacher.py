"""`codefavor synth` with a teacher: a real SDK in a process of its own, a real server, kills, faults and a budget."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from tests.llm.server import ProviderServer
from tests.synthesis.teachers import WRITERS, attempts, commits, finish, instructions, number_in, teacher, turn_of

from codefavor.jsonl import read_json, read_records, write_records
from codefavor.llm.cost import LEDGER, Entry
from codefavor.records import Attempt, PreferencePair, Rejection

KEY = "sk-live-0123456789abcdefghij"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A teacher of many characters."""
    with ProviderServer(answer=teacher).running() as running:
        running.finish = finish
        yield running


@pytest.fixture
def commits_file(tmp_path: Path) -> Path:
    """A file of 100 commits."""
    write_records(tmp_path / "commits.jsonl", commits(100))
    return tmp_path / "commits.jsonl"


def words(server: ProviderServer, source: Path, run: Path, *more: str, verb: str = "commit-instruct") -> list[str]:
    """Return the words of a run with a teacher on the local server."""
    who = "--model" if verb == "attempts" else "--teacher"
    asked = ["synth", verb, str(source), who, "openai:gpt-4o", "--base-url", f"{server.url}/v1"]
    return [*asked, "--run", str(run), *more]


def outcomes(run: Path) -> tuple[list[PreferencePair], list[Rejection]]:
    """Return the pairs and rejections of a run."""
    return list(read_records(run / "pairs.jsonl", PreferencePair)), list(
        read_records(run / "rejections.jsonl", Rejection)
    )


def expected_reason(n: int) -> str | None:
    """Return what must come of the commit with this number."""
    if n % 13 in (0, 1):
        return {0: "no-improvement", 1: "unclear"}[n % 13]
    name = list(WRITERS)[n % len(WRITERS)]
    first = next(each for each in range(100) if list(WRITERS)[each % len(WRITERS)] == name and each % 13 > 1)
    return None if name == "repeats itself" and n == first else WRITERS[name][1]


def test_every_commit_ends_as_a_pair_or_as_a_rejection_with_its_reason(
    codefavor: Command, server: ProviderServer, commits_file: Path, tmp_path: Path
) -> None:
    """Whatever the teacher's character; and each turn follows on the one before."""
    run = tmp_path / "run"
    done = codefavor(*words(server, commits_file, run, "--json"), OPENAI_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    pairs, rejections = outcomes(run)

    reasons = {f"c{n}": expected_reason(n) for n in range(100)}
    assert {each.id: each.reason for each in rejections} == {row: reason for row, reason in reasons.items() if reason}
    assert [(each.meta or {})["row"] for each in pairs] == [row for row, reason in reasons.items() if reason is None]
    counts = orjson.loads(done.stdout)
    assert counts["pairs"] + sum(counts["rejected"].values()) == counts["rows"] == 100
    assert counts["requests"] == len(server.log)
    first = next(each for each in pairs if (each.meta or {})["row"] == "c2")
    commit = next(each for each in commits(100) if each.id == "c2")
    assert (first.method, first.teacher, first.language) == ("commit-instruct", "openai:gpt-4o", "python")
    assert first.source == f"example/rows@{commit.commit}:rows/total_2.py"
    assert (first.meta or {})["license"] == "mit"
    assert all("#" not in each.improved_code for each in pairs)
    assert "code is sent to 127.0.0.1" in done.stderr


def test_turns_come_in_order_and_carry_what_was_said(
    codefavor: Command, server: ProviderServer, commits_file: Path, tmp_path: Path
) -> None:
    """Many conversations are in flight, each at its own turn."""
    server.delay = 0.02
    codefavor(*words(server, commits_file, tmp_path / "run", "--concurrency", "20"), OPENAI_API_KEY=KEY)
    turns: dict[int, list[str]] = defaultdict(list)
    for seen in server.log:
        turns[number_in(seen.prompt)].append(turn_of(seen.prompt))

    assert server.most_in_flight > 5
    assert all(each == ["explain", "decide", "write"][: len(each)] for each in turns.values())
    for seen in server.log:
        roles = [each["role"] for each in seen.body["messages"]]
        assert roles == ["user", "assistant", "user", "assistant", "user"][: len(roles)]
        assert {"explain": 1, "decide": 3, "write": 5}[turn_of(seen.prompt)] == len(roles)


def test_a_finished_run_asks_nothing_again_and_a_higher_limit_only_what_is_new(
    codefavor: Command, server: ProviderServer, commits_file: Path, tmp_path: Path
) -> None:
    """The first rows were paid for."""
    run = tmp_path / "run"
    codefavor(*words(server, commits_file, run, "--limit", "40"), OPENAI_API_KEY=KEY)
    first = len(server.log)
    codefavor(*words(server, commits_file, run, "--limit", "40"), OPENAI_API_KEY=KEY)
    assert len(server.log) == first
    codefavor(*words(server, commits_file, run), OPENAI_API_KEY=KEY)
    longer = (run / "pairs.jsonl").read_bytes()
    asked = Counter(seen.prompt for seen in server.log)
    codefavor(*words(server, commits_file, tmp_path / "whole"), OPENAI_API_KEY=KEY)

    assert set(asked.values()) == {1}
    assert longer == (tmp_path / "whole" / "pairs.jsonl").read_bytes()


def test_rows_that_could_not_be_asked_are_asked_by_the_next_run(
    codefavor: Command, commits_file: Path, tmp_path: Path
) -> None:
    """They are rejections until then, and the command says so."""
    run = tmp_path / "run"
    with ProviderServer(answer=teacher).running() as server:
        server.finish = finish
        first = codefavor(*words(server, commits_file, run, "--limit", "10"), OPENAI_API_KEY=KEY)
        assert first.returncode == 0, first.stderr
        rows = (run / "rejections.jsonl").read_bytes().splitlines(keepends=True)
        unbroken = (run / "pairs.jsonl").read_bytes()
        kept = (run / "replies.jsonl").read_bytes().splitlines(keepends=True)
        (run / "replies.jsonl").write_bytes(b"".join(kept[:-2]))
        broken = Rejection(id="c9", reason="not-asked", detail="busy").to_json() + b"\n"
        progress = read_json(run / "progress.json")
        (run / "rejections.jsonl").write_bytes(b"".join([*rows, broken]))
        progress["offsets"]["rejections.jsonl"] += len(broken)
        (run / "progress.json").write_bytes(orjson.dumps(progress))
        before = len(server.log)
        again = codefavor(*words(server, commits_file, run, "--limit", "10"), OPENAI_API_KEY=KEY)

    assert again.returncode == 0, again.stderr
    assert 1 <= len(server.log) - before <= 2
    assert (run / "rejections.jsonl").read_bytes() == b"".join(rows)
    assert (run / "pairs.jsonl").read_bytes() == unbroken


def test_a_question_the_server_will_not_take_is_a_rejection_and_a_shortfall(
    codefavor: Command, commits_file: Path, tmp_path: Path
) -> None:
    """Exit status 1; nothing is lost, and what is wrong is said."""
    run = tmp_path / "run"
    with ProviderServer(answer=teacher, status=400).running() as server:
        done = codefavor(*words(server, commits_file, run, "--limit", "3"), OPENAI_API_KEY=KEY)

    assert done.returncode == 1
    assert "3 of 3 rows could not be asked; the same command asks them again" in done.stderr
    assert [each.reason for each in outcomes(run)[1]] == ["not-asked"] * 3


def test_equal_rows_are_paid_for_once(codefavor: Command, server: ProviderServer, tmp_path: Path) -> None:
    """A fork repeats the commits of its origin."""
    source = tmp_path / "commits.jsonl"
    row = next(each for each in commits(3) if each.id == "c2")
    write_records(source, [row, row.model_copy(update={"id": "fork", "repo": "example/fork"})])
    done = codefavor(*words(server, source, tmp_path / "run"), OPENAI_API_KEY=KEY)

    assert done.returncode == 0, done.stderr
    assert len(server.log) == 3
    assert [(each.id, each.reason) for each in outcomes(tmp_path / "run")[1]] == [("fork", "duplicate-row")]


def test_a_budget_stops_the_run_and_a_higher_one_goes_on(
    codefavor: Command, server: ProviderServer, commits_file: Path, tmp_path: Path
) -> None:
    """What was answered is not asked again."""
    run = tmp_path / "run"
    small = codefavor(*words(server, commits_file, run, "--budget-usd", "0.2"), OPENAI_API_KEY=KEY)
    assert small.returncode == 1
    assert "a higher --budget-usd" in small.stderr
    large = codefavor(*words(server, commits_file, run, "--budget-usd", "50"), OPENAI_API_KEY=KEY)

    assert large.returncode == 0, large.stderr
    assert set(Counter(seen.prompt for seen in server.log).values()) == {1}
    pairs, rejections = outcomes(run)
    assert len(pairs) + len(rejections) == 100


def test_turns_go_through_the_batch_api_at_half_the_price(
    codefavor: Command, server: ProviderServer, commits_file: Path, tmp_path: Path
) -> None:
    """One batch a turn, and the same pairs."""
    few = ["--limit", "12"]
    whole = codefavor(*words(server, commits_file, tmp_path / "whole", *few, "--json"), OPENAI_API_KEY=KEY)
    server.log.clear()
    done = codefavor(*words(server, commits_file, tmp_path / "run", *few, "--batch", "--json"), OPENAI_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    paid, half = orjson.loads(whole.stdout), orjson.loads(done.stdout)

    assert (len(server.batches), len(server.log)) == (3, 0)
    assert half["cost_usd"] == pytest.approx(paid["cost_usd"] / 2)
    for name in ("pairs.jsonl", "rejections.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_dry_run_sends_nothing_and_needs_no_key(codefavor: Command, commits_file: Path) -> None:
    """Three turns a commit at most, each longer than the one before."""
    done = codefavor("synth", "commit-instruct", commits_file, "--teacher", "openai:gpt-4o", "--dry-run", "--json")
    estimate = orjson.loads(done.stdout)

    assert (estimate["rows"], estimate["requests"]) == (100, 300)
    assert estimate["input_tokens"] > 3 * 100 * 150
    assert 0 < estimate["cost_usd"] < estimate["cost_usd_at_most"]


def test_without_a_place_for_what_is_paid_nothing_is_asked(codefavor: Command, commits_file: Path) -> None:
    """It would be lost."""
    done = codefavor("synth", "commit-instruct", commits_file, "--teacher", "openai:gpt-4o", OPENAI_API_KEY=KEY)

    assert done.returncode == 2
    assert "give --run DIR" in done.stderr


def test_own_prompts_are_used_and_another_run(
    codefavor: Command, server: ProviderServer, commits_file: Path, tmp_path: Path
) -> None:
    """Their hashes are in the manifest, so a folder cannot mix two wordings."""
    run, own = tmp_path / "run", tmp_path / "own"
    own.mkdir()
    (own / "commit-explain.txt").write_text("Explain this commit. {change} {message} {path} Be short.\n")
    done = codefavor(*words(server, commits_file, run, "--limit", "2", "--prompts", str(own)), OPENAI_API_KEY=KEY)
    other = codefavor(*words(server, commits_file, run, "--limit", "2"), OPENAI_API_KEY=KEY)
    (own / "commit-explain.txt").write_text("Explain this commit. {message} {path}")
    broken = codefavor(*words(server, commits_file, run, "--prompts", str(own)), OPENAI_API_KEY=KEY)

    assert done.returncode == 0, done.stderr
    assert server.log[0].prompt.endswith("Be short.")
    assert other.returncode == 2
    assert "another input 'prompts/commit-explain.txt'" in other.stderr
    assert broken.returncode == 2
    assert "has no place for {change}" in broken.stderr


def test_drafts_are_criticised(codefavor: Command, server: ProviderServer, tmp_path: Path) -> None:
    """From instructions to attempts to pairs, by three commands' worth of files."""
    write_records(tmp_path / "instructions.jsonl", instructions(30))
    drafts, run = tmp_path / "drafts", tmp_path / "run"
    first = codefavor(*words(server, tmp_path / "instructions.jsonl", drafts, verb="attempts"), OPENAI_API_KEY=KEY)
    assert first.returncode == 0, first.stderr
    rows = list(read_records(drafts / "attempts.jsonl", Attempt))
    assert [(row.model, row.instruction) for row in rows] == [
        ("openai:gpt-4o", each.instruction) for each in instructions(30)
    ]
    done = codefavor(*words(server, drafts / "attempts.jsonl", run, verb="critic-evol"), OPENAI_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    pairs, rejections = outcomes(run)

    assert [each.reason for each in rejections] == ["good-enough"] * 5
    assert len(pairs) == 25
    assert {(each.method, each.teacher, (each.meta or {})["draft"]) for each in pairs} == {
        ("critic-evol", "openai:gpt-4o", "openai:gpt-4o")
    }


def test_a_critic_sees_five_examples_in_an_order_of_the_rows_own(
    codefavor: Command, server: ProviderServer, tmp_path: Path
) -> None:
    """The same in every run, whatever is asked beside it."""
    source = tmp_path / "attempts.jsonl"
    write_records(source, attempts(20))
    codefavor(*words(server, source, tmp_path / "a", verb="critic-evol"), OPENAI_API_KEY=KEY)
    first = {number_in(seen.prompt): seen.prompt for seen in server.log}
    server.log.clear()
    write_records(source, reversed(list(attempts(20))))
    codefavor(*words(server, source, tmp_path / "b", verb="critic-evol"), OPENAI_API_KEY=KEY)

    assert {number_in(seen.prompt): seen.prompt for seen in server.log} == first
    assert all(prompt.count("[GOOD_ENOUGH]") == 5 for prompt in first.values())
    assert len({prompt.split("Now the attempt")[0] for prompt in first.values()}) > 15


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["commit-instruct", "critic-evol"])
def test_killed_at_ten_random_moments_and_resumed_it_is_the_same_run(
    codefavor: Command, tmp_path: Path, verb: str
) -> None:
    """The same bytes as an unbroken run, and no turn that was answered is asked again."""
    chance = random.Random(3)
    source = tmp_path / "rows.jsonl"
    write_records(source, commits(150) if verb == "commit-instruct" else attempts(150))
    with ProviderServer(answer=teacher, delay=0.05).running() as server:
        server.finish = finish
        more = ["--concurrency", "4"]
        whole = codefavor(*words(server, source, tmp_path / "whole", *more, verb=verb), OPENAI_API_KEY=KEY)
        assert whole.returncode == 0, whole.stderr
        server.log.clear()
        run = tmp_path / "run"
        for _ in range(10):
            process = subprocess.Popen(
                [sys.executable, "-m", "codefavor", *words(server, source, run, *more, verb=verb)],
                env={**os.environ, "OPENAI_API_KEY": KEY},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            before = len(server.log)
            deadline = time.monotonic() + 60
            while len(server.log) <= before + chance.randrange(20) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.2)
            process.send_signal(signal.SIGKILL)
            process.wait()
        last = codefavor(*words(server, source, run, *more, verb=verb), OPENAI_API_KEY=KEY)
        assert last.returncode == 0, last.stderr

    for name in ("pairs.jsonl", "rejections.jsonl", "manifest.json"):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    answered = Counter(row.id for row in read_records(run / LEDGER, Entry) if row.event == "answered")
    assert set(answered.values()) == {1}
    # What was in flight when the process died may have reached the server; nothing else was asked twice.
    twice = sum(count - 1 for count in Counter(seen.prompt for seen in server.log).values())
    assert twice <= 10 * 4


@pytest.mark.slow
def test_every_row_ends_once_while_three_requests_in_ten_fail(codefavor: Command, tmp_path: Path) -> None:
    """The same files as with a server that never fails."""
    source = tmp_path / "rows.jsonl"
    write_records(source, commits(60))
    with ProviderServer(answer=teacher).running() as good:
        good.finish = finish
        codefavor(*words(good, source, tmp_path / "good"), OPENAI_API_KEY=KEY)
    with ProviderServer(answer=teacher, faults=0.3, hang=3).running() as bad:
        bad.finish = finish
        done = codefavor(
            *words(bad, source, tmp_path / "bad", "--timeout", "1", "--concurrency", "60"), OPENAI_API_KEY=KEY
        )

    assert done.returncode == 0, done.stderr
    for name in ("pairs.jsonl", "rejections.jsonl"):
        assert (tmp_path / "good" / name).read_bytes() == (tmp_path / "bad" / name).read_bytes()
