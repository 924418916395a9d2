"""The server that comes with transformers, started for real: the same model, asked over its OpenAI protocol."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.llm.tiny_chat import SAID, one_thread, write_chat_model

from codefavor.judges.base import judge_in_order
from codefavor.judges.chat_model import ChatJudge
from codefavor.judges.settings import AskingSettings
from codefavor.llm.client import Reply, Sampling
from codefavor.llm.load import load_client
from codefavor.llm.settings import ChatSettings
from codefavor.records import Comparison

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with one_thread():
        return write_chat_model(tmp_path_factory.mktemp("chat"), context=512)


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `transformers serve FOLDER`, which needs the extra `transformers[serving]`."""
    pytest.importorskip("fastapi", reason="transformers[serving] is not installed")
    pytest.importorskip("uvicorn", reason="transformers[serving] is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "transformers"), "serve", str(folder)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)
    try:
        until = time.monotonic() + 180
        while not _is_up(f"http://127.0.0.1:{port}/health"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _ask(spec: str, settings: ChatSettings, text: str, sampling: Sampling) -> Reply:
    client = load_client(spec, settings)

    async def once() -> Reply:
        await client.open()
        try:
            return await client.ask([{"role": "user", "content": text}], sampling)
        finally:
            await client.close()

    return asyncio.run(once())


@pytest.mark.parametrize("sampling", [Sampling(60), Sampling(5), Sampling(60, stop=("three", "zzz"))])
def test_served_or_not_a_model_says_the_same(folder: Path, served: str, sampling: Sampling) -> None:
    """Text, reason of the end and number of tokens, at the limit and at a stop string too."""
    for text in ("Count.", "Say hello.", "Obey."):
        here = _ask(f"huggingface:{folder}", ChatSettings(), text, sampling)
        there = _ask(f"openai:{folder}", ChatSettings(base_url=served), text, sampling)
        assert (there.text, there.finish) == (here.text, here.finish)
        assert there.input_tokens == here.input_tokens
        assert SAID[text].startswith(here.text)


def test_a_served_model_judges(folder: Path, served: str, tmp_path: Path) -> None:
    """The whole way of `openai:PATH --base-url …`: the same replies as from the model in this process."""
    asked = [
        Comparison.model_validate(
            {"instruction": f"Add {each}.", "code_a": f"a+{each}", "code_b": f"{each}", "criterion": "short"}
        )
        for each in range(6)
    ]
    told: list[str] = []
    texts = []
    for name, settings in (
        ("huggingface", AskingSettings(max_tokens=12)),
        ("openai", AskingSettings(max_tokens=12, base_url=served, concurrency=3)),
    ):
        run = tmp_path / name
        run.mkdir()
        judge = ChatJudge(load_client(f"{name}:{folder}", settings), settings, folder=run, notice=told.append)
        verdicts = judge_in_order(judge, asked)
        assert all(verdict.status != "error" for verdict in verdicts)
        texts.append([(verdict.choice, (verdict.evidence or [{}])[0].get("says")) for verdict in verdicts])

    assert texts[0] == texts[1]
    assert told == [f"code is sent to 127.0.0.1 (openai:{folder})"]
