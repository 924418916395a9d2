"""The pair worth showing: the farthest, or the one a judge is least sure of."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from codefavor.annotation.selection import Pool, read_pools, select
from codefavor.judges.base import verdict_of
from codefavor.records import Comparison, Verdict

POOL = {"instruction": "Give x.", "candidates": ["x = 1", "x = 1\n", "x = 12", "x = 3 + 4 + 5 + 6"]}


class Lengths:
    """Prefers the longer code, the surer the more they differ."""

    name, block = "lengths", 1

    def __init__(self, sign: int = 1) -> None:
        self._sign = sign

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) in order."""
        for index, each in enumerate(comparisons):
            more = self._sign * (len(each.code_a) - len(each.code_b))
            yield index, verdict_of(each, self.name, 0.5 + max(-0.4, min(0.4, more / 100)))


def _codes(pair: Comparison) -> set[str]:
    return {pair.code_a.strip(), pair.code_b.strip()}


def test_the_farthest_pair_by_default() -> None:
    """As the paper chooses."""
    (pair,) = select([Pool.model_validate(POOL)], "better").comparisons

    assert _codes(pair) in ({"x = 1", "x = 3 + 4 + 5 + 6"}, {"x = 12", "x = 3 + 4 + 5 + 6"})


def test_the_pair_a_judge_is_least_sure_of() -> None:
    """Where people add most."""
    (pair,) = select([Pool.model_validate(POOL)], "better", [Lengths()]).comparisons

    assert _codes(pair) == {"x = 1", "x = 12"}


def test_ties_by_the_judges_are_dropped_on_request_and_counted() -> None:
    """Judges who take different sides make a tie."""
    pools = [Pool.model_validate(POOL)]

    agreed = select(pools, "better", [Lengths(), Lengths()], drop_ties=True)
    torn = select(pools, "better", [Lengths(), Lengths(-1)], drop_ties=True)

    assert len(agreed.comparisons) == 1
    assert torn.comparisons == []
    assert sum(torn.left_out.values()) == 1


def test_attempts_are_gathered_by_instruction_and_their_models_are_kept_aside(tmp_path: Path) -> None:
    """The code is taken out of a model's words."""
    path = tmp_path / "attempts.jsonl"
    rows = [
        {"instruction": "Give x.", "response": f"Here:\n```python\nx = {n}\n```\n", "model": f"m:{n}"} for n in (1, 2)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    (pair,) = select(read_pools(path), "better").comparisons

    assert _codes(pair) == {"x = 1", "x = 2"}
    assert pair.meta is not None
    assert sorted(pair.meta["models"]) == ["m:1", "m:2"]


def test_the_command_writes_comparisons(tmp_path: Path, codefavor: Callable[..., CompletedProcess[str]]) -> None:
    """And says what it left out, and what it lacks."""
    (tmp_path / "pools.jsonl").write_text(
        json.dumps(POOL) + "\n" + json.dumps({"instruction": "y", "candidates": ["y", "y"]}) + "\n", encoding="utf-8"
    )
    done = codefavor("annotate", "select", "pools.jsonl", "--out", "tasks.jsonl", "--judge", "baseline:shorter")
    lacking = codefavor("annotate", "select", "pools.jsonl", "--out", "x.jsonl", "--drop-ties")

    assert done.returncode == 0, done.stderr
    assert "left out 1: fewer than two different candidates" in done.stdout
    assert len((tmp_path / "tasks.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    assert lacking.returncode == 2
    assert "--judge" in lacking.stderr


@pytest.mark.parametrize("words", [["TASKS", "--annotators", "ann", "bob"], ["TASKS", "--annotators", "ann,bob"]])
def test_names_may_follow_one_option(words: list[str]) -> None:
    """As the documents write it."""
    from codefavor.cli.annotate import _one_name_an_option

    found = _one_name_an_option(["page", *words])

    assert [name for name in found if name != "--annotators"] == ["page", *(w for w in words if w != "--annotators")]
    assert found.count("--annotators") == len(words) - 2
