"""Owns measuring the speed of `pair-rm` judging, beside the plain loop and the machine's matrix-multiply peak.

    python benchmarks/judging_speed.py --base tiny:20m --vocabulary 16000

All three share one run and take turns, so that whatever else the machine does slows them alike:

- ours: the judge as `codefavor eval` uses it, texts in and verdicts out;
- loop: one comparison at a time through the whole model, the logits of every position and word;
- peak: multiplying two square matrices of the same numbers.

The work counted is that of the layers at every position: two operations for each weight and token, and the causal half
of attention; not the output matrix, of which an answer needs two rows. The share of the peak is that work, by the time
taken, over the peak (the judge itself leaves a part of the last layer out, and is credited with it).
Texts are random words; a prompt has about a thousand tokens, as CodePrefBench's have with common tokenizers.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch

from codefavor.devices import quiet
from codefavor.formats import classification
from codefavor.formats.encoding import Encoder
from codefavor.judges.pairwise_model import PairwiseModelJudge
from codefavor.objectives import CRITERIA
from codefavor.records import Comparison
from codefavor.training.presets import PRESETS, fresh_model
from codefavor.training.tokenizer import train_tokenizer

_CONTEXT = 2048
_WORDS = [
    "value",
    "index",
    "result",
    "item",
    "total",
    "left",
    "right",
    "count",
    "name",
    "key",
    "node",
    "path",
    "text",
    "line",
    "start",
    "end",
    "data",
    "size",
    "rows",
]


class Time(NamedTuple):
    """What a piece of work took."""

    wall: float
    cpu: float


def timed(work: Callable[[], object]) -> Time:
    """Return how long a piece of work takes, in seconds of the clock and of all cores together."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Time(time.perf_counter() - wall, time.process_time() - cpu)


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[options.precision]
    asked, encoder = _questions(options)
    model: Any = fresh_model(options.base, options.vocabulary, _CONTEXT, 0, 1, seed=0).to(dtype).eval()
    judge = PairwiseModelJudge(model, encoder, "pair-rm:benchmark")
    lengths = [len(item.ids) for item in encoder.encode_all(asked)]
    work = sum(_operations(model, length) for length in lengths)
    multiply, multiplied = _multiplication(dtype)

    def ours() -> None:
        for _ in judge.judge(asked):
            pass

    sample = asked[:: max(1, len(asked) // options.loop_pairs)][: options.loop_pairs]
    share = sum(_operations(model, len(item.ids)) for item in encoder.encode_all(sample)) / work

    def loop() -> None:
        _plain_loop(model, encoder, sample)

    for work_once in (ours, loop, multiply):
        work_once()  # the first time is for allocating
    times: dict[str, list[Time]] = {"ours": [], "loop": [], "peak": []}
    for _ in range(options.rounds):
        times["peak"].append(timed(multiply))
        times["ours"].append(timed(ours))
        times["peak"].append(timed(multiply))
        times["loop"].append(timed(loop))
    result = _result(options, asked, lengths, work, share, multiplied, times)
    print(json.dumps(result, indent=2) if options.json else _table(result))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", default="tiny:20m", choices=sorted(PRESETS))
    parser.add_argument("--vocabulary", type=int, default=16_000, help="rows of the output matrix")
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--loop-pairs", type=int, default=16, help="pairs the plain loop is given")
    parser.add_argument("--tokens", type=int, default=1000, help="mean length of a prompt")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _questions(options: argparse.Namespace) -> tuple[list[Comparison], Encoder]:
    """Return random pairs whose prompts spread around the wanted length as the benchmark's do."""
    quiet()
    chance = random.Random(0)

    def words(count: int) -> str:
        return "".join(
            chance.choice(_WORDS) + ("\n    " if chance.random() < 0.15 else chance.choice((" ", " = ", "(", ", ")))
            for _ in range(count)
        )

    tokenizer = train_tokenizer([words(20_000)], 1000, _CONTEXT)
    encoder = Encoder(tokenizer, classification, _CONTEXT)
    per_word = len(tokenizer(words(4000), verbose=False)["input_ids"]) / 4000
    asked = []
    for _ in range(options.pairs):
        length = options.tokens / per_word * min(max(chance.lognormvariate(-0.1, 0.45), 0.3), 1.9)
        row = {
            "instruction": words(round(0.2 * length)),
            "code_a": words(round(0.4 * length)),
            "code_b": words(round(0.4 * length)),
            "criterion": CRITERIA["correctness"],
        }
        asked.append(Comparison.model_validate(row))
    return asked, encoder


def _operations(model: Any, tokens: int) -> float:  # noqa: ANN401 (a transformers model)
    config = model.config
    weights: int = sum(value.numel() for value in model.model.layers.parameters() if value.ndim > 1)
    attention: float = 2 * 2 * config.num_hidden_layers * config.hidden_size * tokens * tokens / 2
    return 2.0 * weights * tokens + attention


def _plain_loop(model: Any, encoder: Encoder, asked: Iterable[Comparison]) -> None:  # noqa: ANN401
    with torch.inference_mode():
        for question in asked:
            ids = torch.tensor([encoder.encode(question).ids])
            model(input_ids=ids).logits[0, -1, list(encoder.answers)].tolist()


def _multiplication(dtype: torch.dtype, size: int = 2048) -> tuple[Callable[[], None], float]:
    a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    repeats = 12

    def multiply() -> None:
        for _ in range(repeats):
            a @ b

    return multiply, 2.0 * repeats * size**3


def _result(
    options: argparse.Namespace,
    asked: list[Comparison],
    lengths: list[int],
    work: float,
    share: float,
    multiplied: float,
    times: dict[str, list[Time]],
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "base": options.base,
        "vocabulary": options.vocabulary,
        "precision": options.precision,
        "threads": options.threads,
        "pairs": len(asked),
        "tokens": {"mean": round(statistics.fmean(lengths)), "longest": max(lengths)},
    }
    for clock in ("wall", "cpu"):
        ours, loop, peak = (
            statistics.median(getattr(taken, clock) for taken in times[name]) for name in ("ours", "loop", "peak")
        )
        found[clock] = {
            "ours_pairs_per_second": round(len(asked) / ours, 2),
            "loop_pairs_per_second": round(share * len(asked) / loop, 2),
            "times_the_loop": round(loop / share / ours, 2),
            "peak_gflops": round(multiplied / peak / 1e9, 1),
            "share_of_peak": round(work / ours / (multiplied / peak), 3),
        }
    return found


def _table(result: dict[str, Any]) -> str:
    head = (
        f"{result['base']}, vocabulary {result['vocabulary']:,}, {result['precision']}, {result['threads']} threads, "
        f"{result['pairs']} pairs of {result['tokens']['mean']} tokens"
    )
    rows = (
        f"{name.replace('_', ' '):24}{result['wall'][name]:>10}{result['cpu'][name]:>10}" for name in result["wall"]
    )
    return "\n".join([head, f"{'':24}{'wall':>10}{'CPU':>10}", *rows])


if __name__ == "__main__":
    main()
