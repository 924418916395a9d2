"""Owns measuring the server: requests a second and waiting times, micro-batched against one request at a time.

    python benchmarks/serving_speed.py --judge builtin
    python benchmarks/serving_speed.py --judge tiny
    python benchmarks/serving_speed.py --judge chat

The server runs as a process of its own, as `codefavor serve` runs it; the clients are connections that each send their
next `/compare` when the last was answered. "batched" is the server as it comes; "one by one" hands the judge one
comparison at a time (`--max-batch 1 --batch-wait 0`). Both are started first and take turns, round by round, so that
whatever else the machine does slows them alike. Where the clients share the machine's cores with the server, as here,
they take a part of its speed: both sides are so.

`tiny` is a `pair-rm` made for the while, with random weights and the smallest of our shapes: its speed is that of a
trained one. `chat` is a chat model behind a server of our own that answers after 200 ms. Codes are made up, a few
hundred characters each, and differ from request to request.
"""

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

_TOKEN = "a-token-for-the-benchmark"
_CONTEXT = 1024
_MODES = {"batched": (), "one by one": ("--max-batch", "1", "--batch-wait", "0")}


class Round(NamedTuple):
    """What one round of one server came to."""

    rate: float
    """Requests a second."""
    waits: list[float]
    """Seconds of each request."""


def main() -> None:
    options = _options()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        judge: tuple[str, ...] = (options.judge,)
        if options.judge == "tiny":
            judge = (_tiny(Path(folder)),)
        elif options.judge == "chat":
            judge = _chat(stack)
        ports = {mode: stack.enter_context(_server(*judge, *extra)) for mode, extra in _MODES.items()}
        for port in ports.values():
            asyncio.run(_round(port, 4, 16))
        for clients in options.clients:
            count = max(options.requests, 2 * clients)
            found: dict[str, list[Round]] = {mode: [] for mode in ports}
            for _ in range(options.rounds):
                for mode, port in ports.items():
                    found[mode].append(asyncio.run(_round(port, clients, count)))
            for mode, rounds in found.items():
                waits = sorted(wait for each in rounds for wait in each.waits)
                row = {
                    "judge": options.judge,
                    "clients": clients,
                    "mode": mode,
                    "requests a second": round(statistics.median(each.rate for each in rounds), 1),
                    "p50 ms": round(1000 * waits[len(waits) // 2], 1),
                    "p99 ms": round(1000 * waits[int(len(waits) * 0.99)], 1),
                    "requests": len(waits),
                }
                print(json.dumps(row), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", default="builtin", help="KIND:NAME, or tiny, or chat")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 128])
    parser.add_argument("--requests", type=int, default=400, help="requests of a round")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


@contextmanager
def _server(*judge: str) -> Iterator[int]:
    command = [sys.executable, "-m", "codefavor", "serve", *judge, "--port", "0", "--criterion", "security"]
    environment = {**os.environ, "CODEFAVOR_TOKEN": _TOKEN, "OPENAI_API_KEY": "none"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r":(\d+)/", line)
        if found is None:
            raise SystemExit(line + process.stderr.read())
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(30)


async def _round(port: int, clients: int, count: int) -> Round:
    left = iter(range(count))
    waits: list[float] = []
    begin = time.perf_counter()
    await asyncio.gather(*(_client(port, left, waits) for _ in range(clients)))
    return Round(len(waits) / (time.perf_counter() - begin), waits)


async def _client(port: int, left: Iterator[int], waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in left:
        body = json.dumps(_pair(number)).encode()
        lines = ["POST /compare HTTP/1.1", "host: x", f"authorization: Bearer {_TOKEN}", f"content-length: {len(body)}"]
        head = "\r\n".join([*lines, "", ""])
        begin = time.perf_counter()
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", answer, re.IGNORECASE)
        if not answer.startswith("HTTP/1.1 200") or length is None:
            raise SystemExit(f"the server answered {answer.splitlines()[0]}")
        await reader.readexactly(int(length[1]))
        waits.append(time.perf_counter() - begin)
    writer.close()


def _pair(number: int) -> dict[str, str]:
    chosen = random.Random(number)
    names = [f"{chosen.choice(['value', 'item', 'row', 'total', 'key'])}_{chosen.randrange(100)}" for _ in range(4)]
    lines = [f"    {names[n % 4]} = {names[(n + 1) % 4]} * {chosen.randrange(1000)} + len(data)" for n in range(8)]
    code = "\n".join([f"def work(data, {', '.join(names)}):", *lines, f"    return {names[0]}", ""])
    return {
        "instruction": f"Work on the data, task {number}.",
        "code_a": code,
        "code_b": code.replace("len(data)", "sum(data)"),
    }


def _chat(stack: ExitStack) -> tuple[str, ...]:
    """Start a chat model's server and return how it is asked."""
    from tests.llm.server import ProviderServer

    server = ProviderServer(answer=lambda _: "Better code: A", delay=0.2)
    server.keep_log = False
    stack.enter_context(server.running())
    return "openai:benchmark", "--base-url", f"{server.url}/v1", "--concurrency", "64"


def _tiny(folder: Path) -> str:
    """Write a `pair-rm` checkpoint with random weights and return its name."""
    from codefavor.checkpoints import Card, write_card
    from codefavor.formats import classification
    from codefavor.training.presets import fresh_model
    from codefavor.training.tokenizer import train_tokenizer

    texts = [text for number in range(200) for text in _pair(number).values()]
    tokenizer = train_tokenizer(texts, 1000, _CONTEXT)
    begin, end = (tokenizer.convert_tokens_to_ids(str(token)) for token in (tokenizer.bos_token, tokenizer.eos_token))
    fresh_model("tiny", len(tokenizer), _CONTEXT, int(begin or 0), int(end or 0), seed=0).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config = {"context": _CONTEXT}
    write_card(folder, Card(kind="pair-rm", format=classification.NAME, base="tiny", data={}, config=config, scores={}))
    return f"pair-rm:{folder}"


if __name__ == "__main__":
    main()
