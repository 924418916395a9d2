"""Owns the checks of building a data set: what goes where, what stays out, and that the same goes in the same place."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.test_jsonl import largest_file

from codefavor.dataset.build import DatasetConfig, build_dataset
from codefavor.dataset.card import DatasetCard, read_dataset_card
from codefavor.dataset.decontamination import ForbiddenText, Sort
from codefavor.dataset.orders import objective_of
from codefavor.errors import (
    BrokenRecordError,
    EmptyInputError,
    InputError,
    MissingFileError,
    RunMismatchError,
    StorageError,
    UnknownNameError,
)
from codefavor.jsonl import hash_file, read_json, read_records, write_records
from codefavor.records import BenchmarkTask, PreferencePair, Rejection, TrainingExample

MakePair = Callable[..., PreferencePair]


def build(
    tmp_path: Path, pairs: Sequence[PreferencePair], forbidden: Sequence[str] | None = None, **settings: Any
) -> tuple[Path, DatasetCard]:
    write_records(tmp_path / "pairs.jsonl", pairs)
    config = DatasetConfig(**{"probe_pairs": 0, "held_out_share": 0.3, "validation_share": 0.2, **settings})
    out = tmp_path / "data"
    texts = None
    if forbidden is not None:
        sorts: tuple[Sort, ...] = ("code", "instruction")
        texts = [ForbiddenText(text, f"task-{place}", sort) for place, text in enumerate(forbidden) for sort in sorts]
    return out, build_dataset([tmp_path / "pairs.jsonl"], out, config, texts)


def examples(out: Path, split: str) -> list[TrainingExample]:
    return list(read_records(out / f"{split}.jsonl", TrainingExample))


def reasons(out: Path) -> dict[str, str]:
    return {row.id: row.reason for row in read_records(out / "rejections.jsonl", Rejection)}


RECORDS = (
    "train.jsonl",
    "validation.jsonl",
    "held-out.jsonl",
    "held-out.tasks.jsonl",
    "held-out-operators.tasks.jsonl",
    "rejections.jsonl",
    "contaminated.jsonl",
    "similarity.jsonl",
)


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


# ── What is varied in experiments ──


def test_training_is_told_less_and_tasks_are_not(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """The objective stays known though the criterion no longer tells it."""
    out, card = build(tmp_path, many_pairs, criterion="empty")
    of_pair = {pair.id: pair for pair in many_pairs}

    for row in examples(out, "train"):
        assert row.criterion == ""
        assert (row.meta or {})["objective"] == objective_of(of_pair[row.pair_id])
    for task in read_records(out / "held-out.tasks.jsonl", BenchmarkTask):
        assert task.criterion == of_pair[task.task_id].criterion
    assert set(card.splits["train"].by_objective) == {objective_of(pair) for pair in many_pairs}


def test_comments_are_taken_out_of_both_codes(tmp_path: Path, pair: MakePair) -> None:
    """Two pairs that differ in comments only are one then."""
    given = [pair(number) for number in range(30)]
    spoken = [
        item.model_copy(
            update={
                "id": f"spoken{number}",
                "naive_code": f"# of old\n{item.naive_code}",
                "improved_code": item.improved_code + "\n# much better",
            }
        )
        for number, item in enumerate(given)
    ]
    out, card = build(tmp_path, [*spoken, *given], comments="strip")

    assert card.rejected["duplicate"] == len(given)
    rows = [row for split in ("train", "validation", "held-out") for row in examples(out, split)]
    assert rows
    assert not any("#" in row.code_a + row.code_b for row in rows)


def test_no_more_pairs_are_trained_on_than_asked_for(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """Fewer are some of more, and what is kept apart stays the same."""
    few, _ = build(tmp_path, many_pairs, train_pairs=20)
    more = build_dataset(
        [tmp_path / "pairs.jsonl"],
        tmp_path / "more",
        DatasetConfig(probe_pairs=0, held_out_share=0.3, validation_share=0.2, train_pairs=40),
    )
    named = [{row.pair_id for row in examples(place, "train")} for place in (few, tmp_path / "more")]

    assert (len(named[0]), len(named[1])) == (20, 40)
    assert named[0] < named[1]
    assert (few / "held-out.jsonl").read_bytes() == (tmp_path / "more" / "held-out.jsonl").read_bytes()
    assert more.rows == sum(split.pairs for split in more.splits.values()) + sum(more.rejected.values())


# ── Where pairs go ──


def test_every_pair_is_in_one_split_or_among_the_rejections(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """The counts add up to the rows read."""
    pairs = [*many_pairs, *many_pairs[:7]]
    out, card = build(tmp_path, pairs, hold_out_operators=("op-3",))
    tasks = list(read_records(out / "held-out-operators.tasks.jsonl", BenchmarkTask))
    kept = [{row.pair_id for row in examples(out, split)} for split in ("train", "validation", "held-out")]
    kept.append({task.task_id for task in tasks})

    assert card.rows == len(pairs) == sum(map(len, kept)) + sum(card.rejected.values())
    assert len(set().union(*kept)) == sum(map(len, kept))
    assert [split.pairs for split in card.splits.values()] == list(map(len, kept))
    assert card.rejected["duplicate"] == 7


def test_no_group_is_in_two_splits(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """A module's functions resemble each other; the held-out ones must be new."""
    out, _ = build(tmp_path, many_pairs)
    groups = [{row.group for row in examples(out, split)} for split in ("train", "validation", "held-out")]

    assert all(groups)
    assert sum(map(len, groups)) == len(set().union(*groups)) == 40


def test_both_orders_stand_side_by_side(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """Adjacent rows hold the same codes swapped, so A is right in exactly half of all rows."""
    out, card = build(tmp_path, many_pairs)
    rows = examples(out, "train")

    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert first.pair_id == second.pair_id
        assert (first.code_a, first.code_b) == (second.code_b, second.code_a)
        assert {first.label, second.label} == {"A", "B"}
    assert card.splits["train"].label_a == 0.5


def test_one_order_writes_each_pair_once(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """With balanced labels, though the order is drawn."""
    out, card = build(tmp_path, many_pairs, orders="one")
    rows = examples(out, "train")

    assert len(rows) == card.splits["train"].pairs
    assert card.splits["train"].label_a == pytest.approx(0.5, abs=0.02)


def test_held_out_tasks_are_the_held_out_pairs(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """One row a pair, ready for `codefavor eval`."""
    out, _ = build(tmp_path, many_pairs)
    tasks = list(read_records(out / "held-out.tasks.jsonl", BenchmarkTask))

    assert {task.task_id for task in tasks} == {row.pair_id for row in examples(out, "held-out")}
    assert len({task.id for task in tasks}) == len(tasks)
    assert {task.source for task in tasks} == {"held-out"}
    assert {task.objective for task in tasks} == {"correctness", "efficiency", "security"}


@pytest.mark.parametrize("name", ["op-3", "family-1"])
def test_held_out_operators_never_reach_training(tmp_path: Path, many_pairs: list[PreferencePair], name: str) -> None:
    """Named one by one or as a family; those of held-out modules become tasks of their own."""
    out, card = build(tmp_path, many_pairs, hold_out_operators=(name,))
    tasks = list(read_records(out / "held-out-operators.tasks.jsonl", BenchmarkTask))
    elsewhere = [row for split in ("train", "validation", "held-out") for row in examples(out, split)]

    assert tasks
    assert all(name in (task.meta or {}).values() for task in tasks)
    assert not any(name in (row.meta or {}).values() for row in elsewhere)
    assert {task.cluster for task in tasks}.isdisjoint({row.group for row in examples(out, "train")})
    assert card.rejected["held-out-operator"] > 0


def test_pairs_come_from_several_files_and_runs(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """Compressed or not; a run directory stands for its pairs."""
    (tmp_path / "run").mkdir()
    write_records(tmp_path / "run" / "pairs.jsonl", many_pairs[:100])
    write_records(tmp_path / "more.jsonl.gz", many_pairs[100:150])
    write_records(tmp_path / "most.jsonl.zst", many_pairs[150:])
    sources = [tmp_path / "run", tmp_path / "more.jsonl.gz", tmp_path / "most.jsonl.zst"]
    card = build_dataset(sources, tmp_path / "data", DatasetConfig(probe_pairs=0))

    assert card.rows == 400
    assert list(card.inputs.values()) == [hash_file(tmp_path / "run" / "pairs.jsonl"), *map(hash_file, sources[1:])]


# ── What stays out ──


def test_each_reason_is_named(tmp_path: Path, pair: MakePair) -> None:
    """Whoever misses a pair finds it with its reason."""
    good = pair(1)
    swapped = pair(2, naive_code=good.improved_code, improved_code=good.naive_code)
    bad = {
        "duplicate": pair(3, naive_code=good.naive_code + "\n\n", improved_code=good.improved_code),
        "contradiction": swapped,
        "same-code": pair(4, naive_code=pair(4).improved_code + "  \n"),
        "empty-code": pair(5, naive_code=" \n"),
        "too-long": pair(6, naive_code="x = 1\n" * 2000),
        "contaminated": pair(7),
    }
    out, card = build(tmp_path, [good, *bad.values()], [pair(7).improved_code.replace("len", "sum")])

    assert reasons(out) == {pair.id: reason for reason, pair in bad.items()}
    assert card.rejected == dict.fromkeys(sorted(bad), 1)


def test_another_criterion_may_prefer_the_other_code(tmp_path: Path, pair: MakePair) -> None:
    """What is faster may well be less safe."""
    good = pair(1)
    other = pair(2, naive_code=good.improved_code, improved_code=good.naive_code, criterion="Security: safer.")
    _, card = build(tmp_path, [good, other])

    assert card.rejected == {}


@pytest.mark.parametrize("part", ["instruction", "naive_code", "improved_code"])
def test_near_copies_of_forbidden_texts_are_dropped(
    tmp_path: Path, many_pairs: list[PreferencePair], pair: MakePair, part: str
) -> None:
    """A benchmark's codes and its instructions, with small changes, wherever they stand."""
    secret = "Given a list of intervals, merge the overlapping ones and return them sorted by their left end."
    copy = secret.replace("return", "give back")
    pairs = [*many_pairs, pair(900, source="tests:m0", id="copy", **{part: copy})]
    out, card = build(tmp_path, pairs, [secret, "unrelated " * 20])

    assert reasons(out) == {"copy": "contaminated"}
    assert card.decontamination["texts"] == 4
    assert card.decontamination["removed"] == 1
    assert not card.notes


def test_that_nothing_was_compared_is_said(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """A data set of unknown overlap must not look like a clean one."""
    out, card = build(tmp_path, many_pairs)

    assert card.decontamination["texts"] == 0
    assert "not compared with any benchmark" in (out / "README.md").read_text()


def test_code_of_a_training_module_does_not_test(
    tmp_path: Path, many_pairs: list[PreferencePair], pair: MakePair
) -> None:
    """Copied files exist; the copy in the held-out module, exact or nearly so, is not new to the model."""
    out, _ = build(tmp_path, many_pairs)
    train, held_out = examples(out, "train")[0], examples(out, "held-out")[0]
    trained = next(item for item in many_pairs if item.id == train.pair_id)
    exact = pair(900, source=held_out.group, improved_code=trained.improved_code, naive_code="pass  # something else")
    near_code = trained.improved_code + " + 1"
    near = pair(901, source=held_out.group, improved_code=near_code, naive_code="raise NotImplementedError")
    (tmp_path / "again").mkdir()
    out, _ = build(tmp_path / "again", [*many_pairs, exact, near])

    assert reasons(out) == {exact.id: "code-in-training", near.id: "near-training"}


def test_pairs_that_teach_nearly_the_same_are_one(
    tmp_path: Path, many_pairs: list[PreferencePair], pair: MakePair
) -> None:
    """The same fault in a copy of a function goes; another fault in the same function stays."""
    first = many_pairs[7]
    copy = {"improved_code": first.improved_code + "  # ok", "naive_code": first.naive_code + "  # ok"}
    same = pair(900, source="tests:other", id="same", **copy)
    again = pair(901, source="tests:more", id="again", **{part: code + "!" for part, code in copy.items()})
    fault = pair(
        902, id="fault", improved_code=first.improved_code, naive_code=first.improved_code.replace("[", "list(")
    )
    out, card = build(tmp_path, [*many_pairs, same, again, fault], held_out_share=0, validation_share=0)
    (tmp_path / "kept").mkdir()
    _, kept = build(tmp_path / "kept", [*many_pairs, same], held_out_share=0, validation_share=0, near_duplicates=1)
    detail = {row.id: row.detail for row in read_records(out / "rejections.jsonl", Rejection)}

    assert detail == dict.fromkeys(("same", "again"), "row 8 teaches nearly the same")
    assert card.rejected == {"near-duplicate": 2}
    assert kept.rejected == {}


# ── The same again ──


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """In every file, the card with its probes included."""
    built = []
    for name in ("one", "other"):
        (tmp_path / name / "pairs").mkdir(parents=True)
        built.append(build(tmp_path / name / "pairs", many_pairs, ["x " * 50], probe_pairs=300)[0])

    assert contents(built[0]) == contents(built[1])
    assert "manifest.json" in contents(built[0])


def test_a_killed_build_starts_again_and_ends_the_same(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """The folder is not there before it is whole; what the killed process left is removed."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    secrets = [item.improved_code for item in many_pairs[5:9]]
    whole, _ = build(tmp_path / "whole", many_pairs, secrets)
    assert len((whole / "contaminated.jsonl").read_text().splitlines()) == 4
    for after in (0.02, 0.05, 0.1, 0.15):
        child = os.fork()
        if child == 0:
            build(tmp_path / "killed", many_pairs, secrets)
            os._exit(0)
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        out = tmp_path / "killed" / "data"
        assert not out.exists() or contents(out).keys() == contents(whole).keys()
    out, _ = build(tmp_path / "killed", many_pairs, secrets)

    assert {name: contents(out)[name] for name in RECORDS} == {name: contents(whole)[name] for name in RECORDS}
    assert sorted(item.name for item in (tmp_path / "killed").iterdir()) == ["data", "pairs.jsonl"]


def test_a_data_set_that_is_there_is_not_built_again(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """Resuming a chain of commands costs nothing for what is done."""
    out, card = build(tmp_path, many_pairs)
    before = (out / "train.jsonl").stat().st_mtime_ns
    _, again = build(tmp_path, many_pairs)

    assert again == card == read_dataset_card(out)
    assert (out / "train.jsonl").stat().st_mtime_ns == before


@pytest.mark.parametrize("settings", [{"seed": 1}, {"forbidden": ["x"]}, {"pairs": slice(0, 100)}])
def test_another_data_set_is_not_overwritten(
    tmp_path: Path, many_pairs: list[PreferencePair], settings: dict[str, Any]
) -> None:
    """Other settings, other forbidden texts or other pairs make another data set."""
    build(tmp_path, many_pairs)
    chosen = settings.pop("pairs", slice(None))

    with pytest.raises(RunMismatchError, match="with another"):
        build(tmp_path, many_pairs[chosen], **settings)


# ── The card ──


def test_the_card_says_what_a_person_must_know(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """Counts, the share that the shorter code wins, the probes, the hashes of all files."""
    out, card = build(tmp_path, many_pairs, probe_pairs=400)
    text = (out / "README.md").read_text()

    assert card.files == {path.name: hash_file(path) for path in out.glob("*.jsonl")}
    assert read_json(out / "manifest.json")["inputs"] == card.inputs
    assert card.splits["train"].shorter_wins == {"correctness": 1.0, "efficiency": 1.0, "security": 1.0}
    assert card.probes["by_objective"]["all"]["shorter"]["accuracy"] == 1.0
    assert card.probes["verdict"].startswith("leaks: ")
    assert f"| train | {card.splits['train'].pairs} |" in text
    assert "| op-3 | 80 |" in text


def test_equal_lengths_count_a_half(tmp_path: Path, pair: MakePair) -> None:
    """A judge that counts characters has to guess there."""
    same = pair(1).improved_code.replace("len", "sum")
    _, card = build(tmp_path, [pair(1, naive_code=same)])

    assert card.splits["train"].shorter_wins == {"correctness": 0.5}
    assert card.notes[1:] == [
        "The held-out split is empty: there are too few groups.",
        "The validation split is empty: there are too few groups.",
    ]


# ── Bad input ──


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (None, MissingFileError, r"there is no file .*pairs\.jsonl"),
        (b"", EmptyInputError, "holds no pairs"),
        (b'{"instruction": "i"}\n', BrokenRecordError, r"pairs\.jsonl, line 1: not a PreferencePair: field"),
        (b'{"instruction"\n', BrokenRecordError, r"pairs\.jsonl, line 1: not JSON"),
    ],
)
def test_a_bad_file_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, content: bytes | None, error: type[InputError], said: str
) -> None:
    """Wherever in the file the broken line stands."""
    path = tmp_path / "pairs.jsonl"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(error, match=said):
        build_dataset([path], tmp_path / "data")
    assert {item.name for item in tmp_path.iterdir()} <= {"pairs.jsonl"}


def test_a_broken_line_far_down_leaves_nothing(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """All rows are read before anything is written."""
    path = tmp_path / "pairs.jsonl"
    write_records(path, many_pairs)
    with path.open("ab") as stream:
        stream.write(b'{"torn')

    with pytest.raises(BrokenRecordError, match="line 401"):
        build_dataset([path], tmp_path / "data")
    assert [item.name for item in tmp_path.iterdir()] == ["pairs.jsonl"]


def test_settings_that_make_no_sense_are_refused(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """Before anything is written, with the names that exist."""
    with pytest.raises(InputError, match="leave nothing to train on"):
        build(tmp_path, many_pairs, held_out_share=0.6, validation_share=0.4)
    with pytest.raises(UnknownNameError, match="there is no format 'generatoin'"):
        build(tmp_path, many_pairs, format="generatoin")
    with pytest.raises(UnknownNameError, match="did you mean 'op-1'"):
        build(tmp_path, many_pairs, hold_out_operators=("opp-1",))
    with pytest.raises(InputError, match="cannot come from standard input"):
        build_dataset([Path("-")], tmp_path / "data")
    with pytest.raises(MissingFileError, match=r"holds no pairs\.jsonl"):
        build_dataset([tmp_path / ".."], tmp_path / "data")
    with pytest.raises(EmptyInputError, match=r"no pair is left to build from \(too-long 400\)"):
        build(tmp_path, many_pairs, max_characters=1)
    assert [item.name for item in tmp_path.iterdir()] == ["pairs.jsonl"]


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """A folder of something else, or a file."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.tex").write_text("")
    with pytest.raises(RunMismatchError, match="is not empty and holds no data set"):
        build(tmp_path, many_pairs)
    with pytest.raises(MissingFileError, match="is a file"):
        build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "pairs.jsonl")

    assert sorted(item.name for item in tmp_path.rglob("*")) == ["data", "pairs.jsonl", "thesis.tex"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, many_pairs: list[PreferencePair]) -> None:
    """Building is short, so half a data set is not worth keeping."""
    write_records(tmp_path / "pairs.jsonl", many_pairs)
    with largest_file(100_000), pytest.raises(StorageError, match=r"cannot write .*: file too large"):
        build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data", DatasetConfig(probe_pairs=0))

    assert [item.name for item in tmp_path.iterdir()] == ["pairs.jsonl"]
