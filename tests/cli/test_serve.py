"""`codefavor serve`, as a process."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from tests.serving.server import Client

Command = Callable[..., subprocess.CompletedProcess[str]]


@contextmanager
def _served(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a server; give the process and the line that says where it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "codefavor", "serve", *options, "--port", "0"],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        yield process, process.stderr.readline()
    finally:
        timer.cancel()
        process.kill()
        process.communicate()


def test_the_printed_address_opens_and_a_stop_answers_what_is_in_work() -> None:
    """A token is made where none is given; SIGTERM loses nothing."""
    with _served("builtin", "--batch-wait", "1.5") as (process, line):
        address = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", line)
        assert address, line
        client, token = Client(int(address[1])), address[2]
        with urllib.request.urlopen(address[0]) as response:
            page = response.read().decode()
        with ThreadPoolExecutor(3) as pool:
            asked = {"code_a": "x = eval(text)", "code_b": "x = int(text)", "criterion": "security"}
            answers = [pool.submit(client.ask, "/compare", asked, token=token) for _ in range(3)]
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            found = [answer.result(30) for answer in answers]
        said = process.stderr.read() if process.stderr else ""

        assert process.wait(30) == 0
        assert "<form" in page
        assert [answer.body["choice"] for answer in found] == ["B"] * 3
        assert said.endswith("codefavor: stopped\n")
        assert token not in said


def test_a_stop_does_not_wait_for_the_rest_of_a_group() -> None:
    """It will not be let in any more, so what has come is judged."""
    with _served("baseline:shorter", "--group-size", "4", CODEFAVOR_TOKEN="chosen-by-somebody") as (process, line):
        port = re.search(r":(\d+)/", line)
        assert port, line
        client = Client(int(port[1]))
        with ThreadPoolExecutor(2) as pool:
            asked = [{"query": [f"p{code}"], "prompts": ["p"]} for code in ("x", "xx")]
            waiting = [pool.submit(client.ask, "/get_reward", each, token="chosen-by-somebody") for each in asked]
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            rewards = [answer.result(20).body["rewards"] for answer in waiting]

        assert process.wait(20) == 0
        assert rewards == [[1.0], [0.0]]


def test_a_token_of_the_environment_is_not_printed() -> None:
    """Terminals are recorded."""
    with _served("baseline:shorter", CODEFAVOR_TOKEN="chosen-by-somebody") as (_, line):
        port = re.search(r":(\d+)/", line)
        assert port, line
        answer = Client(int(port[1])).ask("/compare", {"code_a": "x", "code_b": "xx"}, token="chosen-by-somebody")

    assert "chosen-by-somebody" not in line
    assert answer.body["choice"] == "A"


def test_a_port_that_is_taken_is_one_sentence(codefavor: Command) -> None:
    """So are a token that is too short, an address of elsewhere and a judge that is none."""
    with _served("baseline:shorter") as (_, line):
        port = re.search(r":(\d+)/", line)
        assert port, line
        taken = codefavor("serve", "baseline:shorter", "--port", port[1])
    short = codefavor("serve", "builtin", "--port", "0", CODEFAVOR_TOKEN="abc")
    elsewhere = codefavor("serve", "builtin", "--host", "203.0.113.7", "--port", "0")
    unknown = codefavor("serve", "buildin", "--port", "0")

    for result, words in (
        (taken, "choose another with --port"),
        (short, "CODEFAVOR_TOKEN is shorter"),
        (elsewhere, "cannot listen on 203.0.113.7"),
        (unknown, "did you mean 'builtin'"),
    ):
        assert result.returncode == 2
        assert words in result.stderr
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("orders", ["given", "both"])
def test_both_orders_can_be_asked(orders: str) -> None:
    """A judge that leans to a place is then a judge that cannot decide."""
    with _served("baseline:first", "--orders", orders, "--verbose", CODEFAVOR_TOKEN="chosen-by-somebody") as (p, line):
        port = re.search(r":(\d+)/", line)
        assert port, line
        asked = {"code_a": "secret", "code_b": "y"}
        answer = Client(int(port[1])).ask("/compare?token=chosen-by-somebody", asked, token=None)
        p.send_signal(signal.SIGINT)
        said = p.stderr.read() if p.stderr else ""

    assert answer.body["choice"] == ("A" if orders == "given" else "tie")
    assert re.search(r"codefavor: POST /compare 200 \d+ ms", said)
    assert "chosen" not in said
    assert "secret" not in json.dumps(said)
