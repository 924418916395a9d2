"""`codefavor eval` with chat models: real SDKs in a process of their own, a real server, kills, faults and secrets."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from tests.llm.server import ProviderServer, by_hash

from codefavor.jsonl import read_json, read_records, write_records
from codefavor.llm.cost import LEDGER, Entry, read_totals
from codefavor.records import BenchmarkTask, Judgement

SECRET = "sk-live-0123456789abcdefghij"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tasks_file(tmp_path: Path) -> Path:
    """A file of 60 tasks, written for the tests."""
    path = tmp_path / "correctness-own.jsonl"
    write_records(
        path,
        (
            BenchmarkTask.model_validate(
                {
                    "instruction": f"Write `double_{number}(x)`, which returns twice x plus {number}.",
                    "code_a": f"def double_{number}(x):\n    return 2 * x + {number}\n",
                    "code_b": f"def double_{number}(x):\n    return x + {number}\n",
                    "criterion": "correctness",
                    "label": "A",
                    "objective": "correctness",
                    "cluster": f"p{number // 2}",
                    "source": "own",
                    "task_id": f"t{number}",
                }
            )
            for number in range(60)
        ),
    )
    return path


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A server that answers at once."""
    with ProviderServer().running() as running:
        yield running


def arguments(server: ProviderServer, tasks: Path, run: Path, *more: str | Path) -> list[str | Path]:
    """Return the words of an evaluation of a model on the local server."""
    judge = ["eval", "openai:gpt-4o", "--base-url", f"{server.url}/v1"]
    return [*judge, "--bench", tasks, "--run", run, *more]


def test_a_run_is_scored_paid_for_and_read_again(
    codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """The summary counts requests and dollars; --reread sends nothing and finds the same."""
    run = tmp_path / "run"
    done = codefavor(*arguments(server, tasks_file, run, "--orders", "both", "--json"), OPENAI_API_KEY=SECRET)
    assert done.returncode == 0, done.stderr
    summary = orjson.loads(done.stdout)
    sent = len(server.log)

    assert summary["usage"]["requests"] == sent == 120
    assert summary["usage"]["input_tokens"] == sum(len(seen.prompt) // 4 for seen in server.log)
    price = summary["usage"]["input_tokens"] * 2.5e-6 + summary["usage"]["output_tokens"] * 10e-6
    assert summary["cost_usd"] == pytest.approx(price)
    assert "code is sent to 127.0.0.1 (openai:gpt-4o)" in done.stderr
    kept = (run / "judgements.jsonl").read_bytes()

    again = codefavor("eval", "--reread", run, "--bench", tasks_file, "--json")
    assert again.returncode == 0, again.stderr
    assert "60 replies read again, 0 with another choice" in again.stderr
    assert (run / "judgements.jsonl").read_bytes() == kept
    assert len(server.log) == sent


def test_read_again_an_answer_costs_what_it_did(
    codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """Prices of one's own are no part of the run; what was paid is. Nor is reading time that the model took."""
    prices = tmp_path / "prices.json"
    prices.write_text('{"openai:gpt-4o": {"input": 7, "output": 70}}')
    run = tmp_path / "run"
    codefavor(*arguments(server, tasks_file, run, "--prices", prices, "--limit", "5"), OPENAI_API_KEY=SECRET)
    before = [(run / name).read_bytes() for name in ("judgements.jsonl", "summary.json")]
    again = codefavor("eval", "--reread", run, "--bench", tasks_file)

    assert again.returncode == 0, again.stderr
    assert [(run / name).read_bytes() for name in ("judgements.jsonl", "summary.json")] == before


KEYS = {
    "openai": {"OPENAI_API_KEY": SECRET},
    "anthropic": {"ANTHROPIC_API_KEY": "ant/secret+0123456789abcdef"},
    "google": {"GOOGLE_API_KEY": "goo/secret+0123456789abcdef"},
    "bedrock": {"AWS_ACCESS_KEY_ID": "AKIA0123456789ABCDEF", "AWS_SECRET_ACCESS_KEY": "aws/secret+0123456789abcdef"},
}


@pytest.mark.parametrize("provider", KEYS)
def test_no_secret_is_ever_written_or_shown(
    provider: str, codefavor: Command, tasks_file: Path, tmp_path: Path
) -> None:
    """A server that repeats the keys in its answers, then in its refusals, gets them into no file and no report."""
    run = tmp_path / "run"
    keys = {**KEYS[provider], "AWS_EC2_METADATA_DISABLED": "true"}
    secrets = list(KEYS[provider].values())
    said = ""
    with ProviderServer(answer=lambda _: f"Keys: {' '.join(secrets)}. Better code: A").running() as server:
        address = [f"{server.url}{'/v1' if provider == 'openai' else ''}", "--region", "us-east-1"]
        words = ["eval", f"{provider}:m", "--base-url", *address, "--bench", tasks_file]
        for more, status in ((["--run", run, "--limit", "4"], None), (["--run", tmp_path / "refused"], 401)):
            server.status = status
            done = codefavor(*words, *more, **keys)
            assert done.returncode == (0 if status is None else 1), done.stderr
            assert "Traceback" not in done.stderr
            said += done.stdout + done.stderr
    done = codefavor("report", run, "--out", tmp_path / "page" / "index.html")
    assert done.returncode == 0, done.stderr
    said += done.stdout + done.stderr

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"manifest.json", "replies.jsonl", "ledger.jsonl", "summary.json", "index.html"} <= {p.name for p in files}
    assert b"Keys: " in (run / "replies.jsonl").read_bytes()
    everything = said.encode() + b"".join(path.read_bytes() for path in files)
    assert not [secret for secret in secrets if secret.encode() in everything]


def test_chat_models_are_told_the_evidence(
    codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """With --with-evidence the question holds what running and scanning the codes showed; without, it does not."""
    for folder, more in (("plain", []), ("evidence", ["--with-evidence"])):
        words = arguments(server, tasks_file, tmp_path / folder, "--limit", "2", *more)
        done = codefavor(*words, OPENAI_API_KEY=SECRET)
        assert done.returncode == 0, done.stderr

    plain, told = server.log[:2], server.log[2:]
    assert len(told) == 2
    assert all(len(after.prompt) > len(before.prompt) for before, after in zip(plain, told, strict=True))
    assert all("What was seen when both codes were run" in seen.prompt for seen in told)
    assert not any("What was seen when both codes were run" in seen.prompt for seen in plain)


def test_judges_stand_side_by_side_in_a_report(codefavor: Command, tasks_file: Path, tmp_path: Path) -> None:
    """Two models on the same tasks: their difference with its interval and McNemar's p, cost, and both exports."""
    runs = [tmp_path / "gpt-4o", tmp_path / "always"]
    for run, answer in zip(runs, (by_hash, lambda _: "Better code: A"), strict=True):
        with ProviderServer(answer=answer).running() as server:
            done = codefavor(*arguments(server, tasks_file, run, "--orders", "both"), OPENAI_API_KEY=SECRET)
            assert done.returncode == 0, done.stderr
    outs = [tmp_path / f"page.{kind}" for kind in ("html", "md", "tex")]
    done = codefavor("report", *runs, *(word for out in outs for word in ("--out", out)))

    assert done.returncode == 0, done.stderr
    page, markdown, latex = (out.read_text() for out in outs)
    assert "McNemar" in page
    assert "McNemar" in markdown
    assert markdown.count("openai:gpt-4o") >= 2
    assert "McNemar" in latex
    assert "\\begin{tabular" in latex


def test_an_address_with_a_password_is_refused_without_repeating_it(codefavor: Command, tasks_file: Path) -> None:
    """It would end up in a manifest."""
    url = "http://me:hunter2hunter2@127.0.0.1:1/v1"
    done = codefavor("eval", "openai:x", "--base-url", url, "--bench", tasks_file, OPENAI_API_KEY=SECRET)

    assert done.returncode == 2
    assert "export the provider's key" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("judge", ["openai:x", "cascade:builtin@1,openai:x"])
def test_a_run_does_not_go_on_with_another_server_of_the_environment(
    judge: str, codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """Half of its answers would be another model's, perhaps."""
    words = ["eval", judge, "--bench", tasks_file, "--run", tmp_path / "run", "--limit", "3"]
    first = codefavor(*words, OPENAI_API_KEY=SECRET, OPENAI_BASE_URL=f"{server.url}/v1")
    assert first.returncode == 0, first.stderr
    other = codefavor(*words, OPENAI_API_KEY=SECRET, OPENAI_BASE_URL="http://127.0.0.1:1/v1")

    assert other.returncode == 2
    assert "base_url" in other.stderr
    kept = read_json(tmp_path / "run" / "manifest.json")["config"]["asking"]
    assert kept.get("servers", {"openai:x": kept})["openai:x"]["base_url"] == f"{server.url}/v1"


def test_a_server_that_is_down_ends_the_run_in_seconds(codefavor: Command, tasks_file: Path, tmp_path: Path) -> None:
    """One sentence, exit 1, and a folder that the next try goes on with."""
    began = time.monotonic()
    down = ["eval", "openai:gpt-4o", "--base-url", "http://127.0.0.1:1/v1", "--bench", tasks_file]
    done = codefavor(*down, "--run", tmp_path / "run", OPENAI_API_KEY=SECRET)

    assert done.returncode == 1
    assert "no connection to 127.0.0.1" in done.stderr.splitlines()[-1]
    assert time.monotonic() - began < 30
    assert "Traceback" not in done.stderr


def test_a_budget_stops_the_run_and_a_higher_one_goes_on(
    codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """What was answered is not asked again."""
    run = tmp_path / "run"
    small = codefavor(*arguments(server, tasks_file, run, "--budget-usd", "0.03"), OPENAI_API_KEY=SECRET)
    assert small.returncode == 1
    assert "a higher --budget-usd" in small.stderr
    first = len(server.log)
    assert 0 < first < 60
    assert read_json(run / "summary.json")["cost_usd"] <= 0.03

    large = codefavor(*arguments(server, tasks_file, run, "--budget-usd", "5"), OPENAI_API_KEY=SECRET)
    assert large.returncode == 0, large.stderr
    assert len(server.log) == 60


def test_a_dry_run_sends_nothing_and_needs_no_key(codefavor: Command, tasks_file: Path) -> None:
    """It says how many requests, tokens and dollars."""
    done = codefavor("eval", "openai:gpt-4o", "--bench", tasks_file, "--orders", "both", "--dry-run", "--json")
    estimate = orjson.loads(done.stdout)

    assert (estimate["requests"], estimate["tasks"]) == (120, 60)
    assert 0 < estimate["cost_usd"] < estimate["cost_usd_at_most"]


def test_log_probabilities_make_a_probability(
    codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """`p_a` is P(A) / (P(A) + P(B)) of the first token."""
    run = tmp_path / "run"
    codefavor(*arguments(server, tasks_file, run, "--scoring", "logprobs", "--limit", "3"), OPENAI_API_KEY=SECRET)
    rows = [orjson.loads(line) for line in (run / "judgements.jsonl").read_bytes().splitlines()]

    assert [round(row["p_a"], 4) for row in rows] == [0.832] * 3


def test_samples_are_joined_by_their_share(codefavor: Command, tasks_file: Path, tmp_path: Path) -> None:
    """Three answers of different words; each is a request of its own."""
    said = iter(["Better code: A", "Better code: B", "Better code: A"] * 10)
    with ProviderServer(answer=lambda _: next(said)).running() as server:
        run = tmp_path / "run"
        more = ["--samples", "3", "--temperature", "0.7", "--limit", "1", "--concurrency", "1"]
        codefavor(*arguments(server, tasks_file, run, *more), OPENAI_API_KEY=SECRET)
    row = orjson.loads((run / "judgements.jsonl").read_bytes())

    assert row["p_a"] == pytest.approx(2 / 3)
    assert row["choice"] == "A"
    assert len(server.log) == 3


def test_greedy_samples_are_refused(codefavor: Command, server: ProviderServer, tasks_file: Path) -> None:
    """They would all be the same."""
    done = codefavor(
        "eval", "openai:x", "--base-url", server.url, "--bench", tasks_file, "--samples", "3", OPENAI_API_KEY=SECRET
    )

    assert done.returncode == 2
    assert "--temperature above 0" in done.stderr


def test_options_of_chat_models_are_refused_elsewhere(codefavor: Command, tasks_file: Path) -> None:
    """They would be ignored."""
    done = codefavor("eval", "builtin", "--bench", tasks_file, "--max-tokens", "5")

    assert done.returncode == 2
    assert "--max-tokens is about chat models, and builtin is none" in done.stderr


def test_judge_asks_a_chat_model(codefavor: Command, server: ProviderServer, tmp_path: Path) -> None:
    """One verdict, with what the model said."""
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("x = 2\n")
    chat = ["--judge", "openai:gpt-4o", "--base-url", f"{server.url}/v1"]
    done = codefavor("judge", "a.py", "b.py", *chat, "--instruction", "Set x to 1.", OPENAI_API_KEY=SECRET)

    assert done.returncode == 0, done.stderr
    assert "is better" in done.stdout
    assert "Both were read with care" in done.stdout


def test_interrupted_it_stops_cleanly_and_says_how_to_go_on(
    codefavor: Command, tasks_file: Path, tmp_path: Path
) -> None:
    """Exit 130, one line, no traceback; the same command asks only what is missing."""
    with ProviderServer(delay=0.3).running() as server:
        words = list(map(str, arguments(server, tasks_file, tmp_path / "run", "--concurrency", "2")))
        process = subprocess.Popen(
            [sys.executable, "-m", "codefavor", *words],
            env={**os.environ, "OPENAI_API_KEY": SECRET},
            # A shell that puts the tests into the background has them, and so the command, ignore SIGINT.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            stderr=subprocess.PIPE,
            text=True,
        )
        while len(server.log) < 6:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert said.splitlines()[-1] == "codefavor: interrupted; the same command goes on from here"
        assert "Traceback" not in said
        server.delay = 0
        done = codefavor(*words, OPENAI_API_KEY=SECRET)

    assert done.returncode == 0, done.stderr
    assert len(server.log) <= 60 + 2


def test_a_line_that_a_crash_left_torn_in_any_file_does_not_end_a_finished_run(
    codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """The summary is made again from what is whole, and nothing that was answered is asked again."""
    run = tmp_path / "run"
    words = arguments(server, tasks_file, run, "--limit", "4")
    codefavor(*words, OPENAI_API_KEY=SECRET)
    kept = (run / "judgements.jsonl").read_bytes()
    for name in ("ledger.jsonl", "judgements.jsonl", "failures.jsonl"):
        with (run / name).open("ab") as stream:
            stream.write(b'{"id":"to')
        done = codefavor(*words, OPENAI_API_KEY=SECRET)
        assert done.returncode == 0, done.stderr

    assert (run / "judgements.jsonl").read_bytes() == kept
    assert len(server.log) == 4


def test_a_system_prompt_that_is_no_text_is_refused(codefavor: Command, tasks_file: Path, tmp_path: Path) -> None:
    """One sentence that names the file, not a traceback."""
    (tmp_path / "system").write_bytes(b"\xff\xfe")
    done = codefavor("eval", "openai:x", "--bench", tasks_file, "--system", f"@{tmp_path / 'system'}")

    assert done.returncode == 2
    assert "is not text in UTF-8" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_batch_needs_a_folder(codefavor: Command, server: ProviderServer, tasks_file: Path) -> None:
    """Else a batch that was paid for would be lost with the temporary one."""
    chat = ["openai:gpt-4o", "--base-url", f"{server.url}/v1", "--bench", tasks_file]
    done = codefavor("eval", *chat, "--batch", OPENAI_API_KEY=SECRET)

    assert done.returncode == 2
    assert "give --run DIR" in done.stderr
    assert not server.batches


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_killed_while_it_submits_and_while_it_waits_a_batch_is_submitted_once(
    provider: str, codefavor: Command, tasks_file: Path, tmp_path: Path
) -> None:
    """SIGKILL before the receipt, then again while the batch is in progress; the third try collects it."""
    keys = {"OPENAI_API_KEY": SECRET, "ANTHROPIC_API_KEY": SECRET}
    run = tmp_path / "run"
    with ProviderServer().running() as server:
        server.looks = 1_000_000
        base = {"openai": "/v1", "anthropic": ""}[provider]
        chat = ["eval", f"{provider}:m", "--base-url", server.url + base, "--bench", tasks_file, "--run", run]
        words = [*map(str, chat), "--batch", "--limit", "5"]

        def killed_when(ready: Callable[[], bool]) -> None:
            command = [sys.executable, "-m", "codefavor", *words]
            process = subprocess.Popen(command, env={**os.environ, **keys}, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 60
            while not ready() and time.monotonic() < deadline:
                time.sleep(0.01)
            process.kill()
            process.wait()
            assert time.monotonic() < deadline

        server.receipt_delay = 30
        killed_when(lambda: len(server.batches) == 1)
        assert b"submitted" not in (run / "batches.jsonl").read_bytes()
        looks = server.looks_left
        killed_when(lambda: server.looks_left < looks - 1)
        server.looks_left = 1
        done = codefavor(*words, **keys)

        assert done.returncode == 0, done.stderr
        assert len(server.batches) == 1
    totals = read_totals(run / LEDGER)
    assert (totals.requests, totals.answered, totals.uncertain_usd) == (5, 5, 0)


def test_log_probabilities_that_do_not_come_are_said(codefavor: Command, tasks_file: Path, tmp_path: Path) -> None:
    """Once; the letter is read instead."""
    with ProviderServer(answer=lambda _: "A").running() as server:
        server.gives_logprobs = False
        words = arguments(server, tasks_file, tmp_path / "run", "--scoring", "logprobs", "--limit", "5")
        done = codefavor(*words, OPENAI_API_KEY=SECRET)

    assert done.stderr.count("openai:gpt-4o left log-probabilities out") == 1
    rows = [orjson.loads(line) for line in (tmp_path / "run" / "judgements.jsonl").read_bytes().splitlines()]
    assert [(row["choice"], row["p_a"]) for row in rows] == [("A", None)] * 5


def test_a_process_that_may_open_no_more_files_slows_down(tasks_file: Path, tmp_path: Path) -> None:
    """With a low limit of open files, many in flight must not read as a server that is not there."""
    with ProviderServer(delay=0.05).running() as server:
        words = map(str, arguments(server, tasks_file, tmp_path / "run", "--concurrency", "200"))
        done = subprocess.run(
            ["bash", "-c", 'ulimit -n 48; exec "$@"', "limited", sys.executable, "-m", "codefavor", *words],
            env={**os.environ, "OPENAI_API_KEY": SECRET},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

        assert done.returncode == 0, done.stderr
        assert 10 < server.most_in_flight < 48


@pytest.mark.slow
def test_killed_at_ten_random_moments_and_resumed_it_is_the_same_run(
    codefavor: Command, tasks_file: Path, tmp_path: Path
) -> None:
    """The same bytes as an unbroken run, and no question that was answered is asked again."""
    chance = random.Random(5)
    more = ["--orders", "both", "--concurrency", "4"]
    with ProviderServer(delay=0.1).running() as server:
        whole = codefavor(*arguments(server, tasks_file, tmp_path / "whole", *more), OPENAI_API_KEY=SECRET)
        assert whole.returncode == 0, whole.stderr
        server.log.clear()
        run = tmp_path / "run"
        words = list(map(str, arguments(server, tasks_file, run, *more)))
        for _ in range(10):
            process = subprocess.Popen(
                [sys.executable, "-m", "codefavor", *words],
                env={**os.environ, "OPENAI_API_KEY": SECRET},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            before = len(server.log)
            deadline = time.monotonic() + 60
            while len(server.log) <= before + chance.randrange(10) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.2)
            process.send_signal(signal.SIGKILL)
            process.wait()
        last = codefavor(*words, OPENAI_API_KEY=SECRET)
        assert last.returncode == 0, last.stderr

    assert (run / "judgements.jsonl").read_bytes() == (tmp_path / "whole" / "judgements.jsonl").read_bytes()
    rows = list(read_records(run / LEDGER, Entry))
    answered = Counter(row.id for row in rows if row.event == "answered")
    assert set(answered.values()) == {1}
    kept = {orjson.loads(line)["id"] for line in (run / "replies.jsonl").read_bytes().splitlines()}
    assert len(kept) == 120
    # What was in flight when the process died may have reached the server; nothing else was asked twice.
    twice = sum(count - 1 for count in Counter(seen.prompt for seen in server.log).values())
    assert twice <= 10 * 4
    assert read_json(run / "summary.json")["complete"]


@pytest.mark.slow
def test_every_task_is_answered_once_while_three_requests_in_ten_fail(codefavor: Command, tmp_path: Path) -> None:
    """The development part of CodePrefBench at 200 in flight; the ledger equals the server's own log."""
    if "CODEFAVOR_DATA" not in os.environ:
        pytest.skip("CODEFAVOR_DATA is not set: no part of CodePrefBench is here")
    run = tmp_path / "run"
    command = ["eval", "openai:gpt-4o", "--run", run, "--concurrency", "200", "--timeout", "5"]
    with ProviderServer(faults=0.3, hang=8, delay=0.02).running() as bad:
        done = codefavor(*command, "--base-url", f"{bad.url}/v1", OPENAI_API_KEY=SECRET)
        assert done.returncode == 0, done.stderr
        rows = list(read_records(run / LEDGER, Entry))
        outcomes = Counter(seen.outcome for seen in bad.log)

    summary = read_json(run / "summary.json")
    judged = [orjson.loads(line) for line in (run / "judgements.jsonl").read_bytes().splitlines()]
    assert summary["complete"]
    assert len({row["id"] for row in judged}) == len(judged) == sum(o["n"] for o in summary["objectives"].values())
    assert summary["usage"]["requests"] == len(bad.log) == sum(row.event == "sent" for row in rows)
    assert sum(row.event == "answered" for row in rows) == outcomes["answered"] + outcomes["empty"]
    assert set(outcomes) == {"answered", "429", "500", "timeout", "drop", "cut", "html", "empty"}


def test_a_cascade_pays_only_for_what_the_cheap_judge_leaves(
    codefavor: Command, server: ProviderServer, tasks_file: Path, tmp_path: Path
) -> None:
    """Options about chat models reach the one inside; the verdicts' costs add up to the ledger's."""
    own = ["--base-url", f"{server.url}/v1", "--bench", tasks_file, "--json", "--run"]
    settled = codefavor(
        "eval", "cascade:baseline:shorter,openai:gpt-4o", *own, tmp_path / "none", OPENAI_API_KEY=SECRET
    )
    assert settled.returncode == 0, settled.stderr
    nobody = len(server.log)

    asked = codefavor("eval", "cascade:builtin@1,openai:gpt-4o", *own, tmp_path / "all", OPENAI_API_KEY=SECRET)

    assert asked.returncode == 0, asked.stderr
    assert nobody == 0
    assert orjson.loads(asked.stdout)["usage"]["requests"] == len(server.log) == 60
    verdicts = list(read_records(tmp_path / "all" / "judgements.jsonl", Judgement))
    assert orjson.loads(asked.stdout)["cost_usd"] == pytest.approx(sum(each.cost_usd or 0.0 for each in verdicts))


def test_a_ranking_by_a_chat_model_pays_once(codefavor: Command, server: ProviderServer, tmp_path: Path) -> None:
    """Killed or not, the folder keeps what was said; with no folder the budget holds over all rounds."""
    rows = [{"instruction": f"write {n}", "candidates": [f"x = {m} + {n}" for m in range(12)]} for n in range(2)]
    (tmp_path / "in.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    own = ["rank", "--jsonl", "in.jsonl", "--judge", "openai:gpt-4o", "--base-url", f"{server.url}/v1", "--json"]

    first = codefavor(*own, "--budget", "24", "--run", "run", OPENAI_API_KEY=SECRET)
    sent = len(server.log)
    again = codefavor(*own, "--budget", "24", "--run", "run", OPENAI_API_KEY=SECRET)
    other = codefavor(*own, "--budget", "24", "--run", "run", "--temperature", "1", OPENAI_API_KEY=SECRET)

    assert first.returncode == again.returncode == 0, first.stderr
    assert sent == len(server.log) == 48
    assert again.stdout == first.stdout
    assert orjson.loads(first.stdout.splitlines()[0])["cost_usd"] > 0
    assert other.returncode == 2
    assert "another setting 'asking'" in other.stderr
    poor = codefavor(*own, "--budget-usd", "0.01", OPENAI_API_KEY=SECRET)
    assert poor.returncode == 1
    assert "comparisons could not be asked" in poor.stderr
