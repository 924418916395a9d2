"""Teachers for tests: commits, attempts, and what models of several characters say about them."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from codefavor.records import Attempt, Commit, Instruction

INSTRUCTION = "Write `total_{n}(rows)`, which adds up the `n` of all rows and adds {n}."
CRITERION = "Efficiency: one pass over the rows, and no list in between."
NAIVE = (
    "def total_{n}(rows):\n    picked = []\n    for row in rows:\n        picked.append(row.n)\n"
    "    return sum(picked) + {n}\n"
)
IMPROVED = "def total_{n}(rows):\n    return sum(row.n for row in rows) + {n}\n"
FEEDBACK = "The naive code collects all numbers in a list first. The improved code adds them up as they come."


def commits(count: int) -> Iterator[Commit]:
    """Yield commits that replace a list by a generator, each of its own function."""
    for n in range(count):
        yield Commit(
            id=f"c{n}",
            repo="example/rows",
            commit=hashlib.sha1(str(n).encode()).hexdigest(),
            path=f"rows/total_{n}.py",
            message=f"Sum rows without a list ({n})",
            old_contents=NAIVE.format(n=n),
            new_contents=IMPROVED.format(n=n),
            lang="Python",
            license="mit",
        )


def attempts(count: int) -> Iterator[Attempt]:
    """Yield attempts that build a list they do not need."""
    for n in range(count):
        yield Attempt(
            id=f"a{n}",
            instruction=INSTRUCTION.format(n=n),
            response=f"Sure!\n```python\n{NAIVE.format(n=n)}```\n",
            model="openai:draft",
        )


def instructions(count: int) -> Iterator[Instruction]:
    """Yield instructions that differ."""
    for n in range(count):
        yield Instruction(id=f"i{n}", instruction=INSTRUCTION.format(n=n))


def number_in(prompt: str) -> int:
    """Return which row a prompt is about: the last function it names."""
    return int(re.findall(r"total_(\d+)", prompt)[-1])


def turn_of(prompt: str) -> str:
    """Return which turn a prompt is: "explain", "decide", "write", "critic" or "attempt"."""
    for words, name in (
        ("Write these five sections", "write"),
        ("Begin your answer with [YES]", "decide"),
        ("Explain this commit", "explain"),
        ("Now the attempt that you are to review", "critic"),
    ):
        if words in prompt:
            return name
    return "attempt"


def pair(n: int, *keys: str, **others: str) -> str:
    """Return the five sections as a model writes them that keeps to the form, or some of them."""
    texts = {
        "INSTRUCTION": INSTRUCTION.format(n=n),
        "CRITERION": CRITERION,
        "NAIVE_CODE": f"```python\n{NAIVE.format(n=n)}```",
        "IMPROVED_CODE": f"```python\n{IMPROVED.format(n=n)}```",
        "FEEDBACK": FEEDBACK,
        **others,
    }
    return "\n\n".join(f"[{key}]\n{texts[key]}" for key in keys or texts)


def review(n: int, **others: str) -> str:
    """Return a critic's whole answer."""
    texts = {
        "REFLECTION": "The sum is right, but the list is not needed.",
        "GOOD_ENOUGH": "no",
        "CRITERION": CRITERION,
        "SECOND_ATTEMPT": f"```python\n{IMPROVED.format(n=n)}```",
        "FEEDBACK": FEEDBACK,
        **others,
    }
    return "\n\n".join(f"[{key}]\n{text}" for key, text in texts.items() if text)


EXPLAINED = "The function built a list and summed it; now it sums a generator. A caller notices less memory."
CUT = "\n<cut>"
"""What the server ends an answer with that is to count as cut."""

Character = Callable[[int], str]
"""What a model says in the turn that writes; the row's number decides."""


def _json(n: int) -> str:
    fields: dict[str, Any] = {
        "instruction": INSTRUCTION.format(n=n),
        "criterion": CRITERION,
        "naive_code": NAIVE.format(n=n),
        "improved_code": IMPROVED.format(n=n),
        "feedback": FEEDBACK,
    }
    return f"```json\n{json.dumps(fields, indent=2)}\n```"


WRITERS: dict[str, tuple[Character, str | None]] = {
    "keeps to the form": (pair, None),
    "chats": (lambda n: f"Certainly! Here is the example.\n\n{pair(n)}\n\nLet me know if I can help further!", None),
    "markdown": (lambda n: re.sub(r"\[(\w+)\]", lambda m: f"## {m[1].replace('_', ' ').title()}", pair(n)), None),
    "bold": (lambda n: re.sub(r"\[(\w+)\]", lambda m: f"**{m[1].replace('_', ' ').title()}:**", pair(n)), None),
    "numbers": (lambda n: re.sub(r"\[(\w+)\]", lambda m: f"1. {m[1].replace('_', ' ').lower()}:", pair(n)), None),
    "another order": (
        lambda n: pair(n, "FEEDBACK", "IMPROVED_CODE", "NAIVE_CODE", "CRITERION", "INSTRUCTION"),
        None,
    ),
    "JSON": (_json, None),
    "thinks": (lambda n: f"<think>\n[INSTRUCTION]\nor better {n}?\n</think>\n{pair(n)}", None),
    "comments": (
        lambda n: pair(n, IMPROVED_CODE=f"```\n{IMPROVED.format(n=n).replace(') + ', ') + ')}    # no list\n```"),
        None,
    ),
    "spells labels otherwise": (
        lambda n: pair(n, FEEDBACK="**Naive code**: a list.\n`IMPROVED_CODE` adds as it goes."),
        None,
    ),
    "forgets the feedback": (
        lambda n: pair(n, "INSTRUCTION", "CRITERION", "NAIVE_CODE", "IMPROVED_CODE"),
        "missing-section",
    ),
    "forgets a code": (lambda n: pair(n, "INSTRUCTION", "CRITERION", "NAIVE_CODE", "FEEDBACK"), "missing-section"),
    "refuses": (lambda n: "I'm sorry, but I can't help with that.", "refused"),
    "is cut": (lambda n: pair(n)[:200] + CUT, "cut"),
    "thinks up to the limit": (lambda n: f"<think>{pair(n)}{CUT}", "cut"),
    "breaks a code": (lambda n: pair(n, IMPROVED_CODE="```python\ndef f(:\n```"), "does-not-parse"),
    "leaves out": (
        lambda n: pair(n, NAIVE_CODE="```python\ndef f(x):\n    # ... rest of the code\n    return x\n```"),
        "does-not-parse",
    ),
    "renames": (
        lambda n: pair(n, IMPROVED_CODE=f"```python\n{NAIVE.format(n=n).replace('picked', 'numbers')}```"),
        "same-code",
    ),
    "leads": (
        lambda n: pair(n, INSTRUCTION=f"Optimize `total_{n}(rows)` so that it needs no list."),
        "leading-instruction",
    ),
    "calls them A and B": (
        lambda n: pair(n, FEEDBACK="Code B is better than code A, as the improved code beats the naive code."),
        "names-in-feedback",
    ),
    "names one": (lambda n: pair(n, FEEDBACK="The improved code adds as it goes."), "names-in-feedback"),
    "repeats itself": (lambda n: pair(7777), "same-pair"),
    "is too long": (lambda n: pair(n, FEEDBACK=FEEDBACK + " very" * 700), "too-long"),
    "chats about nothing": (lambda n: "What a fine commit! Shall we look at another?", "missing-section"),
}
"""Character → (what it writes, the reason it is rejected for; None: a pair).

"repeats itself" is a pair the first time."""


def teacher(prompt: str) -> str:
    """Answer any turn in the character that the row's number chooses, the same for the same prompt."""
    turn = turn_of(prompt)
    n = number_in(prompt)
    if turn == "explain":
        return EXPLAINED
    if turn == "decide":
        return {0: "[NO] It only moves code.", 1: "Hard to say."}.get(
            n % 13, "[YES] It does not build a list any more."
        )
    if turn == "critic":
        if n % 7 == 0:
            return "[REFLECTION]\nRight, short and fast.\n\n[GOOD_ENOUGH]\nyes"
        return review(n)
    if turn == "attempt":
        return f"```python\n{NAIVE.format(n=n)}```"
    names = list(WRITERS)
    return WRITERS[names[n % len(names)]][0](n)


def finish(text: str) -> str:
    """Return why the server says that an answer ended."""
    return "length" if text.endswith(CUT) else "stop"
