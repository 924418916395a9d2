"""`codefavor bench build` and `bench audit`, as a user runs them."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from codefavor.cli.main import app
from codefavor.errors import InputError, ShortfallError

_ASKED = """The harbour master keeps the lengths of ships in feet and wants them in links of a chain, three to the foot.
Write `scaled(items)` that takes what the clerk wrote down this morning and returns the same ships in links, in a list
of their own, since the clerk's book must stay as it is until the evening."""


def _pool(path: Path, count: int = 4) -> Path:
    rows = [
        {
            "task_id": f"scale-{number}",
            "instruction": _ASKED
            if number == 3
            else f"Write `scaled(items)`: each item times {number}, in a new list.",
            "tests": [f"assert scaled([1, 5]) == [{number}, {5 * number}]", "assert scaled([]) == []"],
            "solutions": [
                f"def scaled(items):\n    return [{number} * item for item in items]",
                f"def scaled(items):\n    return list(map(lambda item: item * {number}, items))",
                f"def scaled(items):\n    return [{number} + item for item in items]",
                f"def scaled(items):\n    return list(map(lambda item: item ** {number}, items))",
            ],
        }
        for number in range(3, 3 + count)
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def _run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_set_is_built_audited_and_leaves_out_what_is_like_a_forbidden_text(tmp_path: Path) -> None:
    """A problem that is a benchmark's makes no task, and the command says so."""
    pool, out = _pool(tmp_path / "pool.jsonl"), tmp_path / "set.jsonl"
    taken = tmp_path / "taken.txt"
    taken.write_text(_ASKED, encoding="utf-8")

    said = ""
    try:
        said = _run("bench", "build", pool, "--out", out, "--decontaminate", taken)
    except ShortfallError as error:  # sixteen tasks are too few to be balanced, and the command says that too
        said = str(error)

    clusters = {orjson.loads(line)["cluster"] for line in out.read_bytes().splitlines()}
    assert clusters
    assert clusters <= {"scale-4", "scale-5", "scale-6"}, said
    facts = orjson.loads((tmp_path / "set.jsonl.build.json").read_bytes())
    assert facts["candidates"] == {"correctness": 12}
    audited = orjson.loads(_run("bench", "audit", out, "--json"))
    assert audited["objectives"]["correctness"]["clusters"] == len(clusters)
    assert audited["broken"] == []


def test_the_audits_page_stands_alone_and_names_the_floor(tmp_path: Path) -> None:
    """One HTML file with the verdict in words."""
    rows = [
        {
            "prompt": f"Add {number}.",
            "chosen": f"def f(x: int) -> int:\n    return x + {number}",
            "rejected": f"f = {number}",
        }
        for number in range(40)
    ]
    source = tmp_path / "pairs.jsonl"
    source.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    page = tmp_path / "page.html"

    said = _run("bench", "audit", source, "--out", page)

    assert "The labels can be guessed without reading an instruction" in said
    html = page.read_text(encoding="utf-8")
    assert "Audit of pairs.jsonl" in html
    assert "What blind judges guess" in html
    assert "position" not in html.partition("How to read this")[0].partition("<table")[2]
    assert "<script" not in html
    assert "src=" not in html


def test_a_page_that_is_none_is_refused(tmp_path: Path) -> None:
    """The ending says what is written."""
    with pytest.raises(InputError, match="end its name in"):
        _run("bench", "audit", "codeprefbench-fresh", "--out", tmp_path / "page.pdf")
