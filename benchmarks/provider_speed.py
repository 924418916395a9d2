"""Requests a second and CPU milliseconds a request, through each provider's SDK and beside it.

A server in a process of its own answers after 20 ms. Measured on the client's side, in turns within one run:

- ours: `codefavor.llm.asking.Asker`, with its retries, ledger and kept replies, in a folder on disk;
- fastest: the same SDK with its fastest transport, called bare, as many tasks as are to be in flight;
- default: the same SDK as it comes;
- threads: 80 threads over the SDK's synchronous client.

    PYTHONPATH=. python benchmarks/provider_speed.py [--requests 2000] [--rounds 3] [--flight 200 --flight 1000]
    PYTHONPATH=. python benchmarks/provider_speed.py --memory

Each provider has a process of its own, since what another SDK leaves in memory is walked through by Python's collector.
CPU time is the client process's own; the ratio is of medians over the rounds. All ways have one interpreter, so the
rate of each is at most one core's: where the machine has other work, "CPU threads/ours" is what the rates would tell.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.llm.server import ProviderServer

from codefavor.llm.asking import Asker, Question
from codefavor.llm.client import Sampling
from codefavor.llm.cost import Price
from codefavor.llm.load import load_client
from codefavor.llm.settings import ChatSettings

DELAY = 0.02
THREADS = 80
PATHS = {"openai": "/v1", "anthropic": "", "google": "", "bedrock": ""}
PROMPT = "Which of the two codes is better?\n" + "def f(x):\n    return x + 1\n" * 40


def serve(pipe: Connection) -> None:
    """Run the server until told to stop."""
    server = ProviderServer(answer=lambda _: "Better code: A", delay=DELAY)
    server.keep_log = False
    with server.running():
        pipe.send(server.url)
        pipe.recv()


def prompts(count: int) -> Iterator[str]:
    """Yield prompts that differ."""
    return (f"{number}: {PROMPT}" for number in range(count))


def ours(provider: str, url: str, count: int, flight: int) -> None:
    """Ask through our own client."""
    settings = ChatSettings(base_url=url + PATHS[provider], region="us-east-1", concurrency=flight)
    client = load_client(f"{provider}:model", settings)
    with tempfile.TemporaryDirectory() as folder:
        asker = Asker(client, Sampling(64), Price(1, 2), concurrency=flight, folder=Path(folder))
        questions = (
            Question(str(number), [{"role": "user", "content": text}]) for number, text in enumerate(prompts(count))
        )
        got = sum(answer.reply is not None for answer in asker.ask(questions))
    assert got == count, got


def in_flight(ask: Callable[[str], Awaitable[Any]], count: int, flight: int) -> Awaitable[None]:
    """Ask with as many tasks as are to be in flight, each taking the next prompt."""

    async def worker(texts: Iterator[str]) -> None:
        for text in texts:
            await ask(text)

    async def run() -> None:
        texts = prompts(count)
        await asyncio.gather(*(worker(texts) for _ in range(flight)))

    return run()


def bare(provider: str, url: str, count: int, flight: int, fastest: bool) -> None:
    """Ask through the SDK alone."""
    base = url + PATHS[provider]

    async def openai() -> None:
        import openai

        http = openai.DefaultAioHttpClient() if fastest else None
        async with openai.AsyncOpenAI(api_key="x" * 20, base_url=base, max_retries=0, http_client=http) as client:

            async def ask(text: str) -> Any:  # noqa: ANN401
                turns: Any = [{"role": "user", "content": text}]
                return await client.chat.completions.create(model="m", messages=turns, max_tokens=64, temperature=0)

            await in_flight(ask, count, flight)

    async def anthropic() -> None:
        import anthropic

        http = anthropic.DefaultAioHttpClient() if fastest else None
        async with anthropic.AsyncAnthropic(api_key="x" * 20, base_url=base, max_retries=0, http_client=http) as client:

            async def ask(text: str) -> Any:  # noqa: ANN401
                turns: Any = [{"role": "user", "content": text}]
                return await client.messages.create(model="m", messages=turns, max_tokens=64)

            await in_flight(ask, count, flight)

    async def google() -> None:
        import aiohttp
        import httpx2
        from google import genai
        from google.genai import types

        extra: dict[str, Any] = {}
        if fastest:
            extra["aiohttp_client"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=flight))
        else:
            extra["httpx_async_client"] = httpx2.AsyncClient()
        client = genai.Client(api_key="x" * 20, http_options=types.HttpOptions(base_url=base, **extra))

        async def ask(text: str) -> Any:  # noqa: ANN401
            config = types.GenerateContentConfig(max_output_tokens=64, temperature=0)
            return await client.aio.models.generate_content(model="m", contents=text, config=config)

        await in_flight(ask, count, flight)
        if fastest:
            await extra["aiohttp_client"].close()
        else:
            await extra["httpx_async_client"].aclose()

    async def bedrock() -> None:
        from aiobotocore.config import AioConfig
        from aiobotocore.session import get_session

        pool = {"max_pool_connections": flight} if fastest else {}
        config = AioConfig(retries={"total_max_attempts": 1}, **pool)
        session = get_session()
        async with session.create_client(
            "bedrock-runtime", region_name="us-east-1", endpoint_url=base, config=config
        ) as client:

            async def ask(text: str) -> Any:  # noqa: ANN401
                turns = [{"role": "user", "content": [{"text": text}]}]
                limits = {"maxTokens": 64, "temperature": 0}
                return await client.converse(modelId="m", messages=turns, inferenceConfig=limits)

            await in_flight(ask, count, flight)

    kinds: dict[str, Callable[[], Any]] = {
        "openai": openai,
        "anthropic": anthropic,
        "google": google,
        "bedrock": bedrock,
    }
    asyncio.run(kinds[provider]())


def threads(provider: str, url: str, count: int, _: int) -> None:
    """Ask through the synchronous SDK from a pool of threads."""
    base = url + PATHS[provider]
    ask: Callable[[str], Any]
    if provider == "openai":
        import openai

        client = openai.OpenAI(api_key="x" * 20, base_url=base, max_retries=0)

        def ask(text: str) -> Any:  # noqa: ANN401
            turns: Any = [{"role": "user", "content": text}]
            return client.chat.completions.create(model="m", messages=turns, max_tokens=64, temperature=0)

    elif provider == "anthropic":
        import anthropic

        other = anthropic.Anthropic(api_key="x" * 20, base_url=base, max_retries=0)

        def ask(text: str) -> Any:  # noqa: ANN401
            return other.messages.create(model="m", messages=[{"role": "user", "content": text}], max_tokens=64)

    elif provider == "google":
        from google import genai
        from google.genai import types

        third = genai.Client(api_key="x" * 20, http_options=types.HttpOptions(base_url=base))

        def ask(text: str) -> Any:  # noqa: ANN401
            config = types.GenerateContentConfig(max_output_tokens=64, temperature=0)
            return third.models.generate_content(model="m", contents=text, config=config)

    else:
        import botocore.session
        from botocore.config import Config

        fourth: Any = botocore.session.get_session().create_client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=base,
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=THREADS),
        )

        def ask(text: str) -> Any:  # noqa: ANN401
            turns = [{"role": "user", "content": [{"text": text}]}]
            return fourth.converse(modelId="m", messages=turns, inferenceConfig={"maxTokens": 64, "temperature": 0})

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, prompts(count)))


WAYS: dict[str, Callable[[str, str, int, int], None]] = {
    "ours": ours,
    "fastest": partial(bare, fastest=True),
    "default": partial(bare, fastest=False),
    "threads": threads,
}


def timed(way: str, provider: str, url: str, count: int, flight: int) -> tuple[float, float]:
    """Return (CPU milliseconds a request, requests a second)."""
    cpu, wall = time.process_time(), time.perf_counter()
    WAYS[way](provider, url, count, flight)
    return 1000 * (time.process_time() - cpu) / count, count / (time.perf_counter() - wall)


def compare(provider: str, url: str, count: int, rounds: int, flight: int) -> None:
    """Print one provider's table."""
    seen: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for way in WAYS:  # imports and first connections are not what is measured
        timed(way, provider, url, 50, min(flight, 50))
    for _ in range(rounds):
        for way, rows in seen.items():
            rows.append(timed(way, provider, url, count, flight))
    cpu = {way: statistics.median(row[0] for row in rows) for way, rows in seen.items()}
    rate = {way: statistics.median(row[1] for row in rows) for way, rows in seen.items()}
    words = "  ".join(f"{way} {cpu[way]:.2f} ms {rate[way]:,.0f}/s" for way in WAYS)
    print(
        f"{provider:9} {flight:5} in flight: {words}  |  CPU ours/fastest {cpu['ours'] / cpu['fastest']:.2f}, "
        f"CPU threads/ours {cpu['threads'] / cpu['ours']:.2f}, rate ours/threads {rate['ours'] / rate['threads']:.2f}",
        flush=True,
    )


def memory(url: str, counts: Sequence[int]) -> None:
    """Print the peak memory of a process that asks so many questions."""
    for count in counts:
        done = subprocess.run(
            [sys.executable, __file__, "--only", url, "--requests", str(count)],
            check=True,
            capture_output=True,
            text=True,
        )
        print(f"{count:8,} questions: peak {done.stdout.strip()} MB", flush=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flight", type=int, action="append")
    parser.add_argument("--provider", choices=PATHS, help="this one alone")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ |= {"OPENAI_API_KEY": "x" * 20, "ANTHROPIC_API_KEY": "x" * 20, "GOOGLE_API_KEY": "x" * 20}
    if given.only:
        ours("openai", given.only, given.requests, 200)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    if not given.memory and given.only is None and given.provider is None:
        for provider in PATHS:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--provider", provider], check=True)
        return
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    url = here.recv()
    if given.memory:
        memory(url, (1_000, 10_000, 100_000))
    else:
        for flight in given.flight or [200, 1000]:
            compare(given.provider, url, given.requests, given.rounds, flight)
    here.send("stop")
    process.join(5)


if __name__ == "__main__":
    main()
