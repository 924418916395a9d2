"""What a server refuses, and that it goes on afterwards."""

import json
import logging
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.serving.server import TOKEN, Client, Counting, serving

from codefavor.records import Comparison
from codefavor.serving.settings import ServingSettings

PAIR = {"code_a": "secret_code=1", "code_b": "secret_code=2"}


def _head(path: str, length: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {length}\r\n\r\n".encode()
    )


def _goes_on(client: Client) -> None:
    assert client.ask("/compare", PAIR).status == 200


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "ü"])
def test_a_wrong_token_is_401_everywhere_but_health(token: str | None) -> None:
    """Anybody on the machine can reach the port."""
    with serving(Counting()) as client:
        for path, body in (
            ("/compare", PAIR),
            ("/metrics", None),
            ("/openapi.json", None),
            ("/", None),
            ("/none", None),
        ):
            answer = client.ask(path, body, token=token and token.encode().decode("latin-1"))
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert TOKEN not in str(answer)
        assert client.ask("/health", token=token and token.encode().decode("latin-1")).body == {"status": "ok"}
        _goes_on(client)


def test_a_token_may_stand_in_the_address() -> None:
    """Some trainers cannot send headers."""
    with serving(Counting()) as client:
        assert client.ask(f"/compare?token={TOKEN}", PAIR, token=None).status == 200
        assert client.ask("/compare?token=wrong", PAIR, token=None).status == 401


def test_an_oversized_body_is_413() -> None:
    """By its announced length, or by what comes where none is announced."""
    with serving(Counting(), ServingSettings(max_body=2000)) as client:
        announced = client.ask("/compare", {**PAIR, "instruction": "x" * 3000})
        chunked = client.ask(
            "/compare", raw=b"bb8\r\n" + b"x" * 3000 + b"\r\n0\r\n\r\n", **{"transfer-encoding": "chunked"}
        )
        with socket.create_connection(("127.0.0.1", client.port)) as huge:
            head = _head("/compare", 99999999999)
            huge.sendall(head)
            far_too_large = huge.recv(1000)
        _goes_on(client)

    assert (announced.status, chunked.status) == (413, 413)
    assert far_too_large.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "valid"),
        (b'{"code_a": "secret_code"}', "code_b"),
        (b'{"code_a": ["secret_code"], "code_b": 1}', "code_a"),
        (b"", "required"),
    ],
)
def test_a_malformed_body_is_422_in_one_sentence(raw: bytes, words: str) -> None:
    """It says what is wrong, and never repeats what was sent."""
    with serving(Counting()) as client:
        answer = client.ask("/compare", raw=raw)
        _goes_on(client)

    assert answer.status == 422
    assert words.lower() in answer.body["detail"].lower()
    assert "secret_code" not in str(answer.body)


def test_unlike_numbers_of_queries_and_prompts_are_422() -> None:
    """Guessing which belongs to which would train on nonsense."""
    with serving(Counting()) as client:
        answer = client.ask("/get_reward", {"query": ["a", "b"], "prompts": ["a"]})
        empty = client.ask("/get_reward", {"query": [], "prompts": []})

    assert answer.status == 422
    assert "2 queries and 1 prompts" in answer.body["detail"]
    assert empty.status == 422


def test_more_comparisons_than_a_request_may_need_are_422() -> None:
    """A list of short codes makes work by its square."""
    with serving(Counting(), ServingSettings(max_comparisons=10)) as client:
        answers = [
            client.ask("/rerank", {"query": "q", "documents": [f"x={n}" for n in range(20)]}),
            client.ask("/rank", {"candidates": [f"x={n}" for n in range(20)]}),
        ]

    assert [answer.status for answer in answers] == [422, 422]
    assert "190 comparisons" in answers[0].body["detail"]


def test_what_is_not_there_is_404_and_a_wrong_method_405() -> None:
    """Both say what to do."""
    with serving(Counting()) as client:
        assert "openapi.json" in client.ask("/nothing").body["detail"]
        assert client.ask("/compare").status == 405


def test_a_client_that_hangs_up_is_not_worked_for() -> None:
    """What was not handed to the judge yet is taken back."""
    begun, release = threading.Event(), threading.Event()

    def hold(comparison: Comparison) -> None:
        begun.set()
        release.wait(20)

    judge = Counting(hook=hold)
    with serving(judge, ServingSettings(max_batch=1, batch_wait=0)) as client:
        body = json.dumps({"query": "q", "documents": [f"x={n}" for n in range(20)]}).encode()
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            head = _head("/rerank", len(body))
            connection.sendall(head + body)
            assert begun.wait(20)
        end = time.monotonic() + 20
        while 'status="499"' not in client.ask("/metrics").body and time.monotonic() < end:
            time.sleep(0.02)
        release.set()
        _goes_on(client)

    assert sum(judge.batches) <= 3  # the one begun, perhaps the next, and ours


def test_a_client_that_hangs_up_in_its_body_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """It happens all the time."""
    with serving(Counting()) as client:
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            head = _head("/compare", 100)
            connection.sendall(head + b"{")
        _goes_on(client)

    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_body_that_never_comes_is_408() -> None:
    """A slow client must not hold a place for ever."""
    with serving(Counting(), ServingSettings(body_wait=0.2)) as client:
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            head = _head("/compare", 100)
            connection.sendall(head)
            assert connection.recv(1000).startswith(b"HTTP/1.1 408")
        _goes_on(client)


def test_five_hundred_at_once_are_all_answered() -> None:
    """Each with a verdict or a clear 429, never with a broken connection."""
    judge = Counting(delay=0.02)
    with serving(judge, ServingSettings(max_in_flight=100)) as client, ThreadPoolExecutor(500) as pool:
        answers = list(pool.map(lambda _: client.ask("/compare", PAIR), range(500)))
        assert client.ask("/health", token=None).status == 200
        _goes_on(client)

    counted = Counter(answer.status for answer in answers)
    assert set(counted) <= {200, 429}
    assert counted[200] >= 100
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status == 429)
    assert max(judge.batches) > 1


def test_more_waiting_comparisons_than_may_be_are_429() -> None:
    """Memory is bounded by comparisons, not only by requests."""
    with serving(Counting(), ServingSettings(max_waiting=5)) as client:
        answer = client.ask("/rerank", {"query": "q", "documents": [f"x={n}" for n in range(10)]})
        _goes_on(client)

    assert answer.status == 429


def test_a_judge_that_is_slow_is_503() -> None:
    """A trainer gives up after its own time; it must get an answer before."""
    with serving(Counting(delay=1.0), ServingSettings(answer_wait=0.1)) as client:
        assert client.ask("/compare", PAIR).status == 503


def test_one_bad_comparison_does_not_fail_its_neighbours(caplog: pytest.LogCaptureFixture) -> None:
    """They share a batch by chance."""
    judge = Counting(delay=0.05)
    with serving(judge) as client, ThreadPoolExecutor(9) as pool:
        bad = {"code_a": "secret_code", "code_b": "secret_code=2"}  # no number: the judge raises
        answers = list(pool.map(lambda n: client.ask("/compare", bad if n == 4 else PAIR), range(9)))

    assert [answer.status for answer in answers] == [200] * 4 + [503] + [200] * 4
    assert "ValueError at server.py:" in caplog.text


def test_nothing_of_a_request_stands_in_log_or_error(caplog: pytest.LogCaptureFixture) -> None:
    """A token, a code or a path in a log is read by people it was not meant for."""
    caplog.set_level(logging.DEBUG)
    bad = {"code_a": "secret_code", "code_b": "secret_code=2", "instruction": "secret_task"}
    with serving(Counting()) as client:
        answers = [
            client.ask("/compare", bad),
            client.ask("/compare", raw=b'{"secret_code'),
            client.ask(f"/secret_code?token={TOKEN}&secret_task", token=None),
            client.ask("/compare", bad, token="secret_token"),
            client.ask("/rank", {"candidates": ["secret_code=1", "secret_code"]}),
        ]

    seen = caplog.text + str(answers)
    assert "secret" not in seen
    assert TOKEN not in seen
    assert str(Path(__file__).parents[2]) not in seen


def test_a_server_that_is_being_stopped_says_so() -> None:
    """A load balancer sends the request elsewhere."""
    with serving(Counting()) as client:
        _goes_on(client)
        assert client.gate is not None
        client.gate.stop()

        assert client.ask("/compare", PAIR).status == 503
        assert client.ask("/health").status == 200
