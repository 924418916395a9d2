"""Owns other code-preference sets: rows in their published columns as tasks of ours.

Each set is known by its columns, so that a file needs no name of ours. Rows that are not about code are left out. In
sets that name a chosen and a rejected response a coin, thrown by the row's content, says which stands first. Where
a response is prose around fenced code, its longest fenced block is the code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from codefavor.codetext.fences import blocks
from codefavor.codetext.languages import canonical
from codefavor.errors import BrokenRecordError
from codefavor.jsonl import check_readable, read_rows
from codefavor.objectives import CRITERIA
from codefavor.records import content_id

Row: TypeAlias = Mapping[str, Any]
SUFFIXES: Final = (".parquet",)
"""What a folder of tasks may hold beside JSON Lines; a `.json` in it is more often a card than tasks."""

_READABLE: Final = "Readability: the code is easier to read, change and keep working."
_ASPECTS: Final = {
    "functional_correctness": ("correctness", CRITERIA["correctness"]),
    "runtime_efficiency": ("efficiency", CRITERIA["efficiency"]),
    "execution_efficiency": ("efficiency", CRITERIA["efficiency"]),
    "memory_efficiency": ("efficiency", "Memory efficiency: the code needs less memory for the same result."),
    "security_hardness": ("security", CRITERIA["security"]),
    "readability_maintainability": ("human-preference", _READABLE),
}


class OtherSet(NamedTuple):
    """A set by another group, in the columns it is published in."""

    name: str
    columns: frozenset[str]
    """All of these are in every row."""
    read: Callable[[Row], Iterator[dict[str, Any]]]
    """From a row to tasks of ours, as many as it holds."""


def tasks_of(row: Row, path: Path, line: int) -> list[dict[str, Any]] | None:
    """Return the tasks that a row of another set holds, or None where it is in no known columns.

    Raises:
        BrokenRecordError: the columns are known and a value is not what the set holds there.
    """
    known = next((each for each in OTHER_SETS if each.columns <= row.keys()), None)
    if known is None:
        return None
    try:
        return list(known.read(row))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BrokenRecordError(path, line, f"not a row as {known.name} has them: {error}") from None


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number from 1, row) of a file: JSON Lines as everywhere, Parquet, or one JSON list.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: it is not what its ending says.
    """
    if path.suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        check_readable(path)
        try:
            rows = pyarrow.parquet.read_table(path).to_pylist()
        except pyarrow.ArrowException as error:
            raise BrokenRecordError(path, 1, f"not Parquet ({error})") from None
        yield from enumerate(rows, start=1)
    elif path.suffix == ".json":
        check_readable(path)
        try:
            rows = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError as error:
            raise BrokenRecordError(path, 1, f"not JSON ({error})") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BrokenRecordError(path, 1, "not a list of JSON objects; give JSON Lines, Parquet or such a list")
        yield from enumerate(rows, start=1)
    else:
        yield from read_rows(path)


# ── The sets ──


def _themis(row: Row) -> Iterator[dict[str, Any]]:
    aspect = str(row["aspect"]).lower().replace(" & ", "_").replace(" ", "_")
    objective, criterion = _ASPECTS[aspect]
    rest = {"criterion": criterion, "language": canonical(row["language"]), "source": "themis", "meta": _kept(row)}
    yield _chosen(row["prompt"], row["chosen"], row["rejected"], str(row["id"]), objective, rest)


def _code_judge_bench(row: Row) -> Iterator[dict[str, Any]]:
    instruction = row["question_content"]
    if row.get("starter_code"):
        instruction = f"{instruction}\n\nStart from:\n{row['starter_code']}"
    rest = {"source": "codejudgebench", "meta": _kept(row)}
    yield _chosen(instruction, row["pos_response"], row["neg_response"], str(row["question_id"]), "correctness", rest)


def _judge_bench(row: Row) -> Iterator[dict[str, Any]]:
    if not str(row["source"]).startswith("livecodebench"):
        return
    label = {"A>B": "A", "B>A": "B"}[row["label"]]
    yield {
        "instruction": row["question"],
        "code_a": _code(row["response_A"]),
        "code_b": _code(row["response_B"]),
        "criterion": CRITERIA["correctness"],
        "label": label,
        "objective": "correctness",
        "cluster": str(row["original_id"]),
        "source": "judgebench",
        "task_id": str(row["pair_id"]),
        "meta": _kept(row),
    }


def _rm_bench(row: Row) -> Iterator[dict[str, Any]]:
    if row["domain"] != "code":
        return
    for better, chosen in enumerate(row["chosen"], start=1):
        for worse, rejected in enumerate(row["rejected"], start=1):
            name = f"{row['id']}-{better}-{worse}"
            rest = {"source": "rm-bench", "cluster": str(row["id"]), "meta": {"styles": f"{better}-{worse}"}}
            yield _chosen(row["prompt"], chosen, rejected, name, "correctness", rest)


def _pairs(row: Row) -> Iterator[dict[str, Any]]:
    """Read the columns that RewardBench and TRL share: texts, or conversations whose last turn is the response."""
    subset = str(row.get("subset") or "")
    if "chosen_model" in row and not (subset.startswith("hep-") or row.get("objective")):
        return  # RewardBench's subsets about code are those made of HumanEvalPack
    prompt, chosen, rejected = row.get("prompt"), row["chosen"], row["rejected"]
    if prompt is None:
        if isinstance(chosen, str):
            raise ValueError("there is no `prompt`, and `chosen` is no conversation that begins with it")
        prompt = chosen[:-1]
    if not isinstance(chosen, str):
        chosen, rejected = chosen[-1]["content"], rejected[-1]["content"]
    objective = str(row.get("objective") or "correctness")
    language = subset.removeprefix("hep-") if subset.startswith("hep-") else "python"
    rest = {
        "criterion": row.get("criterion") or CRITERIA.get(objective, objective),
        "language": canonical(str(row.get("language") or language)),
        "source": str(row.get("source") or ("rewardbench" if "chosen_model" in row else "pairs")),
        "meta": {"subset": subset} if subset else None,
    }
    words = _said(prompt)
    name = str(row.get("task_id") or row.get("id") or content_id(words))
    if row.get("cluster"):
        rest["cluster"] = str(row["cluster"])
    if row.get("instruction"):
        words = str(row["instruction"])
    yield _chosen(words, chosen, rejected, name, objective, rest)


OTHER_SETS: Final = (
    OtherSet("Themis-CodeRewardBench", frozenset({"prompt", "chosen", "rejected", "aspect", "language"}), _themis),
    OtherSet("CodeJudgeBench", frozenset({"question_content", "pos_response", "neg_response"}), _code_judge_bench),
    OtherSet("JudgeBench", frozenset({"question", "response_A", "response_B", "label", "source"}), _judge_bench),
    OtherSet("RM-Bench", frozenset({"prompt", "chosen", "rejected", "domain"}), _rm_bench),
    OtherSet("RewardBench or TRL", frozenset({"chosen", "rejected"}), _pairs),
)
"""The first whose columns a row has is taken, so those with more columns come first."""


# ── What they share ──


def _chosen(
    instruction: str, chosen: str, rejected: str, name: str, objective: str, rest: Mapping[str, Any]
) -> dict[str, Any]:
    better, worse = _code(chosen), _code(rejected)
    first = int(content_id(instruction, *sorted((better, worse))), 16) % 2 == (better > worse)
    return {
        "instruction": instruction,
        "code_a": better if first else worse,
        "code_b": worse if first else better,
        "criterion": CRITERIA.get(objective, objective),
        "label": "A" if first else "B",
        "objective": objective,
        "cluster": name,
        "task_id": name,
        **rest,
    }


def _said(text: Any) -> str:  # noqa: ANN401 (a text, or turns)
    """Return a text as it is, of a conversation what its turns say."""
    if isinstance(text, str):
        return text
    return "\n\n".join(str(turn["content"]) for turn in text)


def _code(response: str) -> str:
    r"""Return the longest fenced block of a response, or all of it where there is none.

    >>> _code("Here:\n```python\nx = 1\n```\nIt sets x."), _code("x = 1")
    ('x = 1\n', 'x = 1')
    """
    return max((block.code for block in blocks(response)), key=len, default="") or response


_SMALL: Final = re.compile(r"id|subset|aspect|platform|difficulty|question_id|contest_id|source|response_model")


def _kept(row: Row) -> dict[str, Any]:
    """Return what else a row says of itself in a few words."""
    return {name: value for name, value in row.items() if _SMALL.fullmatch(name) and isinstance(value, str)}
