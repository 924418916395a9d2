"""How much memory and CPU time each step from pairs to a data set takes, at two sizes: memory should hardly grow.

`accept` is Commit-Instruct from commit to pair, with a teacher that answers at once with a pair made here.
`build-unchecked` compares the pairs with no benchmark; all other builds do. The pairs are made here: functions of
made-up words, no two alike, but for known shares of exact copies, near copies and copies of forbidden texts. Each step
is a process of its own, whose peak memory and CPU time the system tells us.

python benchmarks/dataset_scale.py [--rows N ...] [--steps NAME ...] [--folder PLACE] [--orders both|one]
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from codefavor.dataset.decontamination import Forbidden, ForbiddenText
from codefavor.objectives import CRITERIA
from codefavor.records import PreferencePair

STEPS: Final = (
    *("make", "accept", "decontaminate", "build", "build-unchecked"),
    *("build-generation", "build-parquet", "build-huggingface"),
)
FORBIDDEN: Final = 4000
"""Texts of the benchmark that is kept out: about as many as CodePrefBench has."""
_SYLLABLES: Final = [first + second for first in "bdfgjklmnprstvwxz" for second in "aeiou"]
# Two signs seldom stand side by side: pairs of neighbouring tokens that every text has would make half of all texts
# candidates for near-duplicates of each other, where of the standard library's functions it is one in 250.
_TEMPLATES: Final = (
    "{a} = {b}.{c} + {d}",
    "{a} = {b} if {c} else {d}",
    "{a}.{b} = {c} - {n} * {d}",
    "for {a} in {b}.{c}: {d} += {n}",
    "while {a} < {b}: {c} -= {d}",
    "assert {a} != {b} or {c} == {d}",
    "{a}, {b} = {c}, {d}",
    "del {a}.{b}, {c}.{d}",
    "{a} = {b} and not {c} or {d}",
    "{a} = {b}[{c}].{d}",
    "{a} = {b}({c}, {n}) % {d}",
    "if {a} is {b}: {c} = {d}",
)


def make_pairs(count: int) -> Iterator[PreferencePair]:
    """Yield pairs of which three in a hundred are exact copies, two near copies and one in a thousand forbidden."""
    forbidden = [_code(random.Random(f"forbidden {number}"), 8) for number in range(FORBIDDEN // 2)]
    for number in range(count):
        chance = random.Random(number)
        kind = chance.random()
        of = number
        if kind < 0.05 and number > 100:
            of = chance.randrange(number)
        code = _code(random.Random(f"pair {of}"), 4 + of % 9)
        if 0.03 < kind < 0.05:
            code += f"  # {_word(chance)}"
        elif 0.05 < kind < 0.051:
            code = chance.choice(forbidden)
        yield _pair(of if kind < 0.03 else number, code)


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=3))


def _code(chance: random.Random, statements: int) -> str:
    lines = [f"def {_word(chance)}_{_word(chance)}({_word(chance)}, {_word(chance)}):"]
    for _ in range(statements):
        names = {name: _word(chance) for name in "abcd"}
        lines.append("    " + chance.choice(_TEMPLATES).format(n=chance.randrange(1000), **names))
    return "\n".join([*lines, f"    return {_word(chance)}"])


def _pair(number: int, code: str) -> PreferencePair:
    objective = tuple(CRITERIA)[number % 3]
    last = code.rpartition("return ")[2]
    name = _word(random.Random(number // 50))
    module = f"{name}/{number // 50}@{number % 7:040x}:src/{number % 5}.py" if number % 2 else f"{name}{number}:m"
    return PreferencePair.model_validate(
        {
            "instruction": f"Write `{code[4 : code.index('(')]}`, task {number}, which gives back what {last} holds.",
            "criterion": CRITERIA[objective],
            "naive_code": code.replace("return ", "return not "),
            "improved_code": code,
            "feedback": f"The naive code gives back the opposite of `{last}`. The improved code does not, as asked.",
            "method": "benchmark",
            "source": module,
            "meta": {"operator": f"op-{number % 40}", "objective": objective, "license": "mit"},
        }
    )


def forbidden_texts() -> Iterator[ForbiddenText]:
    for number in range(FORBIDDEN // 2):
        yield ForbiddenText(_code(random.Random(f"forbidden {number}"), 8), f"task {number}")
        said = f"Forbidden instruction {number} about {_word(random.Random(number))} and what it is good for."
        yield ForbiddenText(said, f"task {number}", "instruction")


# ── Each step, in a process of its own ──


def run_step(step: str, folder: Path, rows: int, orders: str) -> None:
    from codefavor.dataset.build import DatasetConfig, build_dataset
    from codefavor.jsonl import read_records, write_records

    pairs = folder / "pairs.jsonl"
    if step == "make":
        write_records(pairs, make_pairs(rows))
    elif step == "accept":
        accept_answers(read_records(pairs, PreferencePair), folder / "accepted")
    elif step == "decontaminate":
        unwanted = Forbidden(forbidden_texts())
        batch: list[PreferencePair] = []
        found = 0
        for pair in read_records(pairs, PreferencePair):
            batch.append(pair)
            if len(batch) == 512:
                found += sum(part is not None for part in unwanted.find(batch))
                batch.clear()
        print(
            found + sum(part is not None for part in unwanted.find(batch)), "near to a forbidden text", file=sys.stderr
        )
    else:
        kind = step.removeprefix("build").lstrip("-")
        config = DatasetConfig.model_validate(
            {
                "orders": orders,
                "format": "generation" if kind == "generation" else "classification",
                **({"storage": kind} if kind in {"parquet", "huggingface"} else {}),
            }
        )
        card = build_dataset([pairs], folder / step, config, None if kind == "unchecked" else forbidden_texts())
        print(json.dumps({name: split.pairs for name, split in card.splits.items()} | card.rejected), file=sys.stderr)
        shutil.rmtree(folder / step)


def accept_answers(pairs: Iterator[PreferencePair], folder: Path) -> None:
    """Let a made-up teacher answer Commit-Instruct's three turns with each pair, and write down what is taken."""
    from codefavor.jsonl import BlockLog
    from codefavor.llm.client import Reply
    from codefavor.records import Commit
    from codefavor.synthesis.commit_instruct import CommitInstruct
    from codefavor.synthesis.teacher import REJECTIONS, OutcomeWriter

    method = CommitInstruct("made:up")
    with BlockLog(folder, (method.out, REJECTIONS), "accept") as log:
        writer = OutcomeWriter(log, method.out)
        for number, pair in enumerate(pairs, 1):
            change = {"old_contents": pair.naive_code, "new_contents": pair.improved_code}
            about = {"repo": "made/up", "commit": f"{number:040x}", "path": "a.py", "message": "Return what is asked"}
            parts = [("INSTRUCTION", pair.instruction), ("CRITERION", pair.criterion)]
            codes = (("NAIVE_CODE", pair.naive_code), ("IMPROVED_CODE", pair.improved_code))
            parts += [(label, f"```python\n{code}\n```") for label, code in codes]
            parts.append(("FEEDBACK", pair.feedback))
            talk = method.talk(Commit.model_validate(change | about))
            next(talk)
            try:
                for said in (
                    "It gives back what was asked for, and no longer the opposite.",
                    "[YES] Correctness: the opposite was given back.",
                    "\n\n".join(f"[{label}]\n{text}" for label, text in parts),
                ):
                    talk.send(Reply(said))
            except StopIteration as ended:
                writer.add(ended.value)
            if number % 512 == 0:
                writer.commit()
        writer.commit()
        log.finish()
    print(json.dumps({"made": writer.summary.made, **writer.summary.rejected}), file=sys.stderr)


def measure(step: str, folder: Path, rows: int, orders: str) -> dict[str, float]:
    """Return what the system says of a child process that does the step."""
    began = time.perf_counter()
    command = [sys.executable, __file__, "--child", step, "--folder", str(folder), "--rows", str(rows)]
    child = subprocess.Popen([*command, "--orders", orders])
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if status:
        sys.exit(f"step {step} of {rows} rows ended with {child.returncode}")
    cpu = used.ru_utime + used.ru_stime
    return {
        "peak_mb": round(used.ru_maxrss / 1024),
        "cpu_seconds": round(cpu, 1),
        "wall_seconds": round(time.perf_counter() - began, 1),
        "rows_per_cpu_second": round(rows / cpu),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--steps", nargs="+", default=list(STEPS), choices=STEPS)
    parser.add_argument("--orders", default="both", choices=["both", "one"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--child", choices=STEPS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        run_step(asked.child, asked.folder, asked.rows[0], asked.orders)
        return
    with tempfile.TemporaryDirectory() as temporary:
        for rows in asked.rows:
            folder = (asked.folder or Path(temporary)) / str(rows)
            folder.mkdir(parents=True, exist_ok=True)
            for step in asked.steps:
                print(json.dumps({"rows": rows, "step": step, **measure(step, folder, rows, asked.orders)}), flush=True)


if __name__ == "__main__":
    main()
