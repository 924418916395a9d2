"""Owns the checks of loading published sets, on small ones of the same columns."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
import zstandard

from codefavor.errors import (
    BrokenRecordError,
    DownloadError,
    EmptyInputError,
    InputError,
    MissingExtraError,
    MissingFileError,
)
from codefavor.jsonl import read_all, read_records
from codefavor.records import Commit, Instruction, Rejection
from codefavor.sources.published_sets import HUB, PublishedConfig, PublishedSummary, mine_published


def row(**changes: Any) -> dict[str, Any]:
    """Return a row with the columns of EditPackFT and CommitPackFT."""
    return {
        "commit": "0123abcd",
        "old_file": "old.py",
        "new_file": "new.py",
        "old_contents": "x = [1]\n",
        "new_contents": "x = (1,)\n",
        "subject": "Use a tuple",
        "message": "Use a tuple\n\nIt never changes.\n",
        "lang": "Python",
        "license": "mit",
        "repos": "ann/tool,bob/fork",
        **changes,
    }


ROWS = [
    row(),
    row(license="gpl-3.0"),
    row(lang="Go"),
    row(old_contents=""),
    row(new_contents=" \n"),
    row(new_contents="x = [1]\n"),
    row(),
    row(license="BSD-3-Clause", commit="4567", message=None),
]
REASONS = ["licence", "language", "nothing-before", "nothing-after", "unchanged", "duplicate"]


def save(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(orjson.dumps(item) + b"\n" for item in rows)
    if path.suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    else:
        path.write_bytes(zstandard.compress(data) if path.suffix == ".zst" else data)
    return path


def load(
    tmp_path: Path, name: str, source: Path | str | None, **settings: Any
) -> tuple[list[Commit], PublishedSummary]:
    out = tmp_path / "out.jsonl"
    summary = mine_published(name, None if source is None else str(source), out, PublishedConfig(**settings))
    return read_all(out, Commit), summary


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.zst", "rows.parquet"])
def test_commits_are_taken_as_the_paper_takes_them(tmp_path: Path, name: str) -> None:
    """Python, a permissive licence, text on both sides; every other row has its reason."""
    records, summary = load(tmp_path, "editpackft", save(tmp_path / "set" / name, ROWS))

    assert [(item.repo, item.commit, item.path, item.lang, item.license) for item in records] == [
        ("ann/tool", "0123abcd", "new.py", "python", "mit"),
        ("ann/tool", "4567", "new.py", "python", "BSD-3-Clause"),
    ]
    assert records[0].message == "Use a tuple\n\nIt never changes.\n"
    assert (records[0].old_contents, records[0].new_contents) == ("x = [1]\n", "x = (1,)\n")
    assert summary.rows == summary.records + summary.refused.total() == 8
    refusals = list(read_records(tmp_path / "out.rejections.jsonl", Rejection))
    assert [item.reason for item in refusals] == REASONS
    assert refusals[0].meta == {"source": str(tmp_path / "set" / name), "row": "2"}


def test_a_folder_is_all_of_its_files_in_order(tmp_path: Path) -> None:
    """The hub keeps large sets in parts."""
    for number in (2, 1):
        save(tmp_path / "set" / "data" / f"part-{number}.parquet", [row(commit=str(number))])
    save(tmp_path / "set" / "more.jsonl", [row(commit="3")])
    (tmp_path / "set" / "README.md").write_text("A set.")

    records, _ = load(tmp_path, "commitpackft", tmp_path / "set")

    assert [item.commit for item in records] == ["1", "2", "3"]


def test_filters_can_be_widened_and_columns_named(tmp_path: Path) -> None:
    """A set of one's own has other names for the same things."""
    mine = {key: value for key, value in row().items() if key not in {"new_file", "license", "lang"}}
    path = save(tmp_path / "set.jsonl", [{**mine, "file": "a.rs", "language": "Rust"}])

    records, _ = load(
        tmp_path,
        "editpackft",
        path,
        columns={"path": "file", "lang": "language"},
        licences=("any",),
        languages=("any",),
    )

    assert [(item.path, item.lang, item.license) for item in records] == [("a.rs", "rust", None)]


def test_instructions_are_taken_each_once(tmp_path: Path) -> None:
    """Self-OSS-Instruct asks the same in different words, and sometimes in the same."""
    rows = [
        {"instruction": "Write a sum.", "response": "def f(): ...", "id": 1},
        {"instruction": "Write a sum.", "response": "def g(): ...", "id": 2},
        {"instruction": " ", "response": "", "id": 3},
    ]
    out = tmp_path / "out.jsonl"

    summary = mine_published("soss", str(save(tmp_path / "set.jsonl", rows)), out)

    (record,) = read_all(out, Instruction)
    assert (record.instruction, record.reference) == ("Write a sum.", "def f(): ...")
    assert summary.refused == {"duplicate": 1, "no-instruction": 1}


def test_bad_sets_are_one_sentence_and_leave_nothing(tmp_path: Path) -> None:
    """The sentence names the file, the row and what to do."""
    bare = {key: value for key, value in row().items() if key != "old_contents"}
    missing = save(tmp_path / "bare.jsonl", [row(), bare])
    damaged = tmp_path / "x.parquet"
    damaged.write_bytes(b"PAR1 and no more")
    folder = tmp_path / "empty"
    folder.mkdir()
    cases: list[tuple[Path, type[Exception], str, dict[str, Any]]] = [
        (
            missing,
            BrokenRecordError,
            r"bare.jsonl, line 2: there is no column 'old_contents' .*--map old_contents=NAME",
            {},
        ),
        (
            missing,
            InputError,
            r"--map code=x: there is no field 'code'; fields are repo, commit",
            {"columns": {"code": "x"}},
        ),
        (Path("sets/absent.parquet"), MissingFileError, r"there is no file sets/absent.parquet", {}),
        (damaged, BrokenRecordError, r"x.parquet, line 1: the Parquet file is damaged", {}),
        (folder, EmptyInputError, r"empty holds no file of rows; .parquet, .jsonl", {}),
        (tmp_path / "nowhere.jsonl", MissingFileError, r"there is no file .*nowhere.jsonl", {}),
        (
            save(tmp_path / "no.jsonl", [row(license="gpl")]),
            EmptyInputError,
            r"no row of .* was taken \(licence 1\)",
            {},
        ),
    ]

    for source, error, said, settings in cases:
        with pytest.raises(error, match=said):
            load(tmp_path, "editpackft", source, **settings)
    assert not list(tmp_path.glob("out*"))


def test_the_hub_is_asked_by_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for `datasets` shows what is asked for; the real one needs the network."""
    asked = []

    def load_dataset(*place: str | None, **settings: Any) -> list[dict[str, Any]]:
        asked.append((place, settings))
        if place[0] == "gone/away":
            raise ConnectionError("no route to host\nand more")
        return [row()]

    library = ModuleType("datasets")
    library.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", library)

    records, _ = load(tmp_path, "commitpackft", None)
    load(tmp_path, "editpackft", "somebody/their-set-2.0:rust")
    load(tmp_path, "editpackft", None)

    assert len(records) == 1
    streaming = {"split": "train", "streaming": True}
    assert asked == [
        (("json",), {"data_files": HUB["commitpackft"], **streaming}),
        (("somebody/their-set-2.0", "rust"), streaming),
        ((HUB["editpackft"], None), streaming),
    ]
    with pytest.raises(DownloadError, match=r"gone/away cannot be read .* \(no route to host\); give a file or folder"):
        load(tmp_path, "editpackft", "gone/away")


def test_without_the_library_the_sentence_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The core installs without it."""
    monkeypatch.setitem(sys.modules, "datasets", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'codefavor\[hub\]'"):
        load(tmp_path, "soss", None)
