"""Owns the checks of `codefavor dataset`: what it says, what it compares with, what bad input leaves behind."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.dataset.renaming import renamed

from codefavor.codetext.parsing import parse
from codefavor.dataset.decontamination import Contamination
from codefavor.jsonl import read_all, write_records
from codefavor.records import BenchmarkTask, PreferencePair, TrainingExample

Command = Callable[..., subprocess.CompletedProcess[str]]

CODES = [
    "def area(width, height):\n    checked = [side for side in (width, height) if side >= 0]\n"
    "    return checked[0] * checked[1]",
    "def greet(person, loudly=False):\n    words = f'Hello, {person.name}!'\n"
    "    return words.upper() if loudly else words",
    "def read_lines(path):\n    with open(path, encoding='utf-8') as stream:\n"
    "        return [line.rstrip() for line in stream]",
    "def newest(entries):\n    ranked = sorted(entries, key=lambda entry: entry.date)\n"
    "    return ranked[-1] if ranked else None",
]


@pytest.fixture
def pairs_file(tmp_path: Path) -> Path:
    """Four pairs of four modules."""
    path = tmp_path / "pairs.jsonl"
    write_records(
        path,
        (
            PreferencePair(
                id=f"pair-{number}",
                instruction=f"Task number {number}.",
                criterion="Correctness: it works.",
                naive_code=code + "  # not",
                improved_code=code,
                feedback="The naive code has a remark, the improved code has none.",
                method="by hand",
                source=f"tests:m{number}",
                meta={"operator": "remark", "objective": "correctness"},
            )
            for number, code in enumerate(CODES)
        ),
    )
    return path


def test_building_says_what_was_made(codefavor: Command, pairs_file: Path, tmp_path: Path) -> None:
    """Where there is no benchmark to compare with, that is said."""
    done = codefavor("dataset", "build", pairs_file, "--out", "data", CODEFAVOR_DATA="")

    assert done.returncode == 0
    assert "CodePrefBench is not on this machine" in done.stderr
    assert "train: 2 pairs from 2 groups (correctness 2)" in done.stderr
    assert "4 pairs became the data set in data" in done.stderr
    assert len(read_all(tmp_path / "data" / "train.jsonl", TrainingExample)) == 4


def test_files_are_mixed_by_weight(codefavor: Command, pairs_file: Path, tmp_path: Path) -> None:
    """What each gave is said; a file may be given with a weight, without, or not at all."""
    rows = pairs_file.read_text().splitlines(keepends=True)
    (tmp_path / "few.jsonl").write_text(rows[0])
    (tmp_path / "many.jsonl").write_text("".join(rows[1:]))
    shares = ["--held-out-share", "0", "--validation-share", "0", "--no-decontaminate"]
    options = ["--out", "data", "--mix", "few.jsonl=1", "--mix", "many.jsonl=2", "--format", "generation", *shares]
    done = codefavor("dataset", "build", *options)
    nothing = codefavor("dataset", "build", "--out", "none")

    assert done.returncode == 0, done.stderr
    assert "few.jsonl: 1 of 1 pairs, weight 1" in done.stderr
    assert "many.jsonl: 2 of 3 pairs, weight 2" in done.stderr
    assert "left out: not-drawn 1" in done.stderr
    assert (nothing.returncode, "no file of pairs was given" in nothing.stderr) == (2, True)


def test_the_card_can_be_read_by_scripts(codefavor: Command, pairs_file: Path) -> None:
    """Standard output holds it alone, and options reach the library."""
    arguments = ["--orders", "one", "--seed", "3", "--held-out-share", "0", "--hold-out-operators", "remark,"]
    done = codefavor("dataset", "build", pairs_file, "--out", "data", "--json", "--validation-share", "0.5", *arguments)

    # Every pair is of the operator held out, and no module is.
    assert json.loads(done.stdout)["rejected"] == {"held-out-operator": 4}


def test_pairs_near_to_given_tasks_are_left_out(codefavor: Command, pairs_file: Path, tmp_path: Path) -> None:
    """Comments on the benchmark's side do not hide a copy."""
    commented = CODES[0].replace("\n", "  # a remark that goes on for quite a while\n")
    task = BenchmarkTask.model_validate(
        {"instruction": "?", "code_a": commented, "code_b": "", "criterion": "c"}
        | {"label": "A", "objective": "correctness", "cluster": "x"}
    )
    write_records(tmp_path / "tasks.jsonl", [task])
    done = codefavor("dataset", "build", pairs_file, "--out", "data", "--decontaminate", "tasks.jsonl", "--json")

    assert json.loads(done.stdout)["rejected"] == {"contaminated": 1}


@pytest.mark.skipif("CODEFAVOR_DATA" not in os.environ, reason="CODEFAVOR_DATA names no folder with CodePrefBench")
def test_pairs_like_codeprefbench_are_left_out_by_default(codefavor: Command, pairs_file: Path, tmp_path: Path) -> None:
    """Copied, or renamed and laid out anew. The rows stand in the test's own folder while it runs, and no longer."""
    from codefavor.benchmark.tasks import load_bench

    tasks = [task for task in load_bench().tasks if 300 < len(task.code_a) < 2000 and parse(task.code_a)]
    task, other = tasks[0], next(each for each in tasks if each.cluster != tasks[0].cluster)
    rows = [json.loads(line) for line in pairs_file.read_text().splitlines()]
    rows.append({**rows[0], "id": "copied", "improved_code": task.code_a + "\n", "naive_code": task.code_b})
    rows.append({**rows[0], "id": "renamed", "improved_code": renamed(other.code_a), "naive_code": "pass"})
    rows.append(
        {**rows[0], "id": "asked", "improved_code": CODES[0] + "\n\nbefore = 1", "instruction": task.instruction}
    )
    pairs_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = codefavor("dataset", "build", pairs_file, "--out", "data", "--json")
    off = codefavor("dataset", "build", pairs_file, "--out", "off", "--json", "--no-decontaminate")
    card, report = json.loads(done.stdout), read_all(tmp_path / "data" / "contaminated.jsonl", Contamination)

    assert card["rejected"] == {"contaminated": 3}
    assert {row.pair: (row.part, row.kind) for row in report} == {
        "copied": ("improved_code", "exact"),
        "renamed": ("improved_code", "tree"),
        "asked": ("instruction", "exact"),
    }
    assert card["decontamination"]["removed"] == 3 == sum(card["decontamination"]["by_kind"].values())
    assert card["rows"] == 7 == 3 + sum(split["pairs"] for split in card["splits"].values())
    assert card["decontamination"]["texts"] > 100
    assert not any(
        text in (tmp_path / "data" / "contaminated.jsonl").read_text() for text in (task.code_a[:40], "def ")
    )
    assert json.loads(off.stdout)["rejected"] == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("secret.py", CODES[0].replace("width", "breadth").replace("area", "size")),
        ("secret.jsonl", json.dumps({"task_id": "S/1", "tests": [], "solution": {"code": CODES[0] + "  # so"}})),
        ("secret.txt", "Task number 0, and say in which unit the answer is."),
    ],
)
def test_other_files_can_be_forbidden(
    codefavor: Command, pairs_file: Path, tmp_path: Path, name: str, content: str
) -> None:
    """Code, rows that are no tasks, and text, beside CodePrefBench."""
    (tmp_path / name).write_text(content + "\n")
    rows = [json.loads(line) for line in pairs_file.read_text().splitlines()]
    rows[0]["instruction"] = "Task number 0; and say in which unit the answer is!"
    pairs_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = codefavor("dataset", "build", pairs_file, "--out", "data", "--decontaminate", name, "--json")
    report = read_all(tmp_path / "data" / "contaminated.jsonl", Contamination)

    assert [(row.pair, row.task) for row in report] == [("pair-0", "S/1" if name.endswith("l") else name)]
    assert json.loads(done.stdout)["rejected"] == {"contaminated": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.jsonl"], "there is no file gone.jsonl"),
        (["empty.jsonl"], "empty.jsonl holds no pairs"),
        (["broken.jsonl"], "broken.jsonl, line 1: not JSON"),
        (["pairs.jsonl", "--format", "poetry"], "there is no format 'poetry'"),
        (["--mix", "pairs.jsonl"], "'pairs.jsonl' is not FILE=WEIGHT with a weight above zero"),
        (["--mix", "gone.jsonl=1"], "there is no file gone.jsonl"),
        (["pairs.jsonl", "--hold-out-operators", "remork"], "did you mean 'remark'"),
        (["pairs.jsonl", "--held-out-share", "0.9", "--validation-share", "0.1"], "leave nothing to train on"),
        (["pairs.jsonl", "--decontaminate", "gone.jsonl"], "leave one of them out"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    codefavor: Command, pairs_file: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Exit status 2 means that nothing was written."""
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "broken.jsonl").write_text('{"id": "1", "instr')
    done = codefavor("dataset", "build", *arguments, "--out", "data", "--no-decontaminate", *arguments[1:])

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "data").exists()
    assert not list(tmp_path.glob(".*"))


def test_an_audit_is_a_page_too(codefavor: Command, pairs_file: Path, tmp_path: Path) -> None:
    """The same numbers for who reads them in the terminal and for who opens the page."""
    done = codefavor("dataset", "audit", pairs_file, "--out", "page.html", "--examples", "2")

    assert done.returncode == 0, done.stderr
    assert "the page: page.html" in done.stdout
    assert (tmp_path / "page.html").read_text().count('<div class="case">') == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "page.txt"], "--out page.txt: it is to be a page; give it a name that ends in .html"),
        (["--tokenizer", "gone.json"], "--tokenizer counts tokens for the page; give --out PAGE.html too"),
        (["--out", "page.html", "--tokenizer", "gone.json"], "there is no file gone.json"),
    ],
)
def test_options_of_the_page_that_do_not_fit_are_one_sentence(
    codefavor: Command, pairs_file: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    """Said before any work is done."""
    done = codefavor("dataset", "audit", pairs_file, *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.py", "there is no file gone.py"),
        ("empty.jsonl", "empty.jsonl holds no rows"),
        ("empty.py", "empty.py holds no text"),
        ("broken.jsonl", "broken.jsonl, line 1: not JSON"),
        (".", "is a folder"),
    ],
)
def test_files_that_forbid_nothing_are_told(
    codefavor: Command, pairs_file: Path, tmp_path: Path, name: str, said: str
) -> None:
    """A comparison with nothing must not look like one."""
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "empty.py").write_text("\n")
    (tmp_path / "broken.jsonl").write_text('{"id": "1", "instr')
    done = codefavor("dataset", "build", pairs_file, "--out", "data", "--decontaminate", name)

    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "data").exists()
