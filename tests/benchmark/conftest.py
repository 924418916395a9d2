"""Owns the small benchmark that the tests score judges on."""

import gzip
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from codefavor.benchmark.download import FILES


def published_rows(objective: str, problems: int = 12) -> list[dict[str, Any]]:
    """Return rows in CodePrefBench's shape, written for the tests, with comments and docstrings on some sides."""
    chance = random.Random(objective)
    rows = []
    for problem in range(problems):
        for _ in range(chance.randint(1, 4)):
            codes = []
            for _ in range(2):
                extra = "".join(f"    total += {each}\n" for each in range(chance.randint(0, 3)))
                doc = "    '''Sum.'''\n" if chance.random() < 0.4 else ""
                note = "  # a comment" * chance.randint(0, 2)
                codes.append(
                    f"def total_{problem}(items):{note}\n{doc}    total = sum(items)\n{extra}    return total\n"
                )
            rows.append(
                {
                    "task_id": f"{objective}/{problem}",
                    "instruction": f"Sum the items of list {problem}.",
                    "choices": codes,
                    "gt_choice": chance.randint(0, 1),
                }
            )
    return rows


@pytest.fixture
def published_folder(tmp_path: Path) -> Path:
    """A folder with files under CodePrefBench's names."""
    folder = tmp_path / "data"
    folder.mkdir()
    for objective, file in FILES.items():
        lines = b"".join(orjson.dumps(row) + b"\n" for row in published_rows(objective))
        (folder / file.name).write_bytes(gzip.compress(lines))
    return folder
