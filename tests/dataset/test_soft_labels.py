"""Owns the checks that a pair's soft label reaches training: through build, storage, mixture and loss."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.tiny_data import encoder_of, use_narrow_preset
from torch import Tensor

from codefavor.dataset.build import DatasetConfig, build_dataset
from codefavor.dataset.card import DatasetCard
from codefavor.dataset.mixture import Weighted
from codefavor.dataset.reading import read_pairs
from codefavor.errors import BrokenRecordError, EmptyInputError
from codefavor.examples import SPLITS, Storage, example_writer, place_of, read_examples, splits_of
from codefavor.jsonl import read_records, write_records
from codefavor.judges.base import judge_in_order
from codefavor.judges.load import load_judge
from codefavor.records import BenchmarkTask, PreferencePair, Rejection, TrainingExample
from codefavor.training.batches import Pair
from codefavor.training.classification import Classification
from codefavor.training.config import TrainingConfig
from codefavor.training.feature_model import FeatureModelConfig, train_feature_model
from codefavor.training.forward import Forward
from codefavor.training.language_model import train_language_model

MakePair = Callable[..., PreferencePair]

STORAGES: tuple[Storage, ...] = ("jsonl", "parquet", "huggingface")
FEEDBACK = "The naive code is off by one; the improved code is not."
OPERATOR = "voted"


def _build(folder: Path, pairs: Sequence[PreferencePair], **settings: Any) -> tuple[Path, DatasetCard]:
    folder.mkdir(exist_ok=True)
    write_records(folder / "pairs.jsonl", pairs)
    config = DatasetConfig(**{"probe_pairs": 0, "held_out_share": 0.3, "validation_share": 0.2, **settings})
    return folder / "data", build_dataset([folder / "pairs.jsonl"], folder / "data", config)


def _examples(data: Path) -> list[TrainingExample]:
    return [row for place in splits_of(data).values() for row in read_examples(place)]


def _some(pair: MakePair) -> list[PreferencePair]:
    """Forty pairs, a quarter of them voted on, and those late in the file."""
    soft = {30 + number: 0.55 + number / 25 for number in range(10)}
    return [pair(number, module=f"m{number}", p_a=soft.get(number), feedback=FEEDBACK) for number in range(40)]


# ── Stored ──


@pytest.mark.parametrize("form", ["classification", "generation"])
@pytest.mark.parametrize("storage", STORAGES)
def test_both_orders_say_it_in_every_storage(tmp_path: Path, pair: MakePair, storage: Storage, form: str) -> None:
    """What speaks for the improved code speaks against the naive one; a pair without votes is as sure as its label."""
    given = {item.id: item for item in _some(pair)}
    data, _ = _build(tmp_path, list(given.values()), storage=storage, format=form)

    rows = _examples(data)
    assert len(rows) == 80
    for row in rows:
        soft = given[row.pair_id].p_a
        for_improved = 1.0 if soft is None else soft
        assert row.p_a == (for_improved if row.order == "improved-first" else 1 - for_improved)


@pytest.mark.parametrize("storage", STORAGES)
def test_one_order_says_it_of_the_code_that_is_a(tmp_path: Path, pair: MakePair, storage: Storage) -> None:
    """Also where a pair is written once."""
    data, _ = _build(
        tmp_path, [pair(number, p_a=0.75) for number in range(20)], storage=storage, orders="one", held_out_share=0
    )

    assert {(row.label, row.p_a) for row in _examples(data)} == {("A", 0.75), ("B", 0.25)}


def test_without_one_no_row_and_no_column_has_it(tmp_path: Path, pair: MakePair) -> None:
    """Data sets that were built before stay the same bytes."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pairs = [pair(number, module=f"m{number}") for number in range(20)]
    lines, _ = _build(tmp_path / "lines", pairs)
    columns, _ = _build(tmp_path / "columns", pairs, storage="parquet")

    assert b"p_a" not in (tmp_path / "lines" / "pairs.jsonl").read_bytes()
    for split in SPLITS:
        assert b"p_a" not in (lines / f"{split}.jsonl").read_bytes()
        assert "p_a" not in parquet.read_schema(columns / f"{split}.parquet").names


def test_datasets_reads_the_column_alike(tmp_path: Path, pair: MakePair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number in every row of every split, though only late pairs bring one."""
    hub = pytest.importorskip("datasets")
    monkeypatch.setattr(hub.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    hub.disable_progress_bars()
    folders = {storage: _build(tmp_path / storage, _some(pair), storage=storage)[0] for storage in STORAGES}
    on_disk = hub.load_from_disk(str(folders["huggingface"]))
    for split in SPLITS:
        read = {
            kind: hub.load_dataset(
                kind.replace("jsonl", "json"), data_files=str(place_of(folders[kind], split, kind)), split="train"
            )
            for kind in STORAGES[:2]
        }

        assert on_disk[split].features == read["jsonl"].features == read["parquet"].features
        assert on_disk[split]["p_a"][:] == read["jsonl"]["p_a"][:] == read["parquet"]["p_a"][:]
        assert on_disk[split].features["p_a"].dtype == "float64"


def test_a_column_that_was_not_asked_for_is_not_lost_in_silence(tmp_path: Path, pair: MakePair) -> None:
    """A table drops what it has no column for."""
    pytest.importorskip("pyarrow")
    data, _ = _build(tmp_path, [pair(1, p_a=0.9)], held_out_share=0, validation_share=0)
    row = _examples(data)[0]

    with (
        pytest.raises(ValueError, match="has a soft label and the split no column"),
        example_writer(tmp_path / "t.parquet", "parquet") as writer,
    ):
        writer.write(row)


def test_a_mixture_keeps_each_files_own(tmp_path: Path, pair: MakePair) -> None:
    """One file of votes among others makes a column; the others' labels stay hard."""
    write_records(tmp_path / "voted.jsonl", [pair(number, p_a=0.6) for number in range(12)])
    write_records(tmp_path / "made.jsonl", [pair(number) for number in range(20, 50)])
    given = [Weighted(tmp_path / "voted.jsonl", 1.0), Weighted(tmp_path / "made.jsonl", 2.0)]
    config = DatasetConfig(probe_pairs=0, held_out_share=0, validation_share=0, storage="parquet")
    card = build_dataset(given, tmp_path / "data", config)

    first = [row.p_a for row in _examples(tmp_path / "data") if row.order == "improved-first"]
    assert sorted(first, key=str) == [0.6] * 12 + [1.0] * 24
    assert any("12 pairs say it themselves" in note for note in card.notes)


def test_examples_read_back_as_pairs_keep_it(tmp_path: Path, pair: MakePair) -> None:
    """Whichever order is met."""
    data, _ = _build(tmp_path, [pair(1, p_a=0.75)], held_out_share=0, validation_share=0)

    assert [row.pair.p_a for row in read_pairs(data)] == [0.75, 0.75]


# ── What cannot be said ──


def test_more_votes_for_the_naive_code_make_no_pair(tmp_path: Path, pair: MakePair) -> None:
    """Its label, its feedback and its task would all say the opposite of what was found."""
    pairs = [pair(1), pair(2, p_a=0.4), pair(3, p_a=0.5)]
    data, _ = _build(tmp_path, pairs, held_out_share=0, validation_share=0)

    assert [(row.id, row.reason, row.detail) for row in read_records(data / "rejections.jsonl", Rejection)] == [
        (pairs[1].id, "disputed", "p_a is 0.4: more speaks for the naive code")
    ]
    assert {row.pair_id: row.p_a for row in _examples(data)}[pairs[2].id] == 0.5


def test_a_tie_has_no_text_that_decides(tmp_path: Path, pair: MakePair) -> None:
    """A generator's last line names one code."""
    pairs = [pair(1, feedback=FEEDBACK), pair(2, feedback=FEEDBACK, p_a=0.5)]
    data, card = _build(tmp_path, pairs, held_out_share=0, validation_share=0, format="generation")

    assert card.rejected == {"tie": 1}
    assert {row.pair_id for row in _examples(data)} == {pairs[0].id}


def test_a_tie_is_no_task(tmp_path: Path, pair: MakePair) -> None:
    """A task has one right answer; held out with its operator, nothing of a tie would be left."""
    pairs = [pair(number, module=f"m{number}", p_a=0.5 if number % 2 else 0.9) for number in range(80)]
    pairs += [pair(number, module=f"m{number}", p_a=0.5, operator=OPERATOR) for number in range(80, 84)]
    pairs += [pair(number, module=f"m{number}", p_a=0.9, operator=OPERATOR) for number in range(84, 100)]
    data, card = _build(tmp_path, pairs, hold_out_operators=(OPERATOR,))
    soft = {item.id: item.p_a for item in pairs}

    for name in ("held-out", "held-out-operators"):
        tasks = list(read_records(data / f"{name}.tasks.jsonl", BenchmarkTask))
        assert {soft[task.task_id] for task in tasks} == {0.9}
    assert {soft[row.pair_id] for row in read_examples(data / "held-out.jsonl")} == {0.5, 0.9}
    assert card.rejected["tie"] == 4
    assert sum(split.pairs for split in card.splits.values()) + sum(card.rejected.values()) == len(pairs)


def test_what_is_no_probability_is_one_sentence(tmp_path: Path, pair: MakePair) -> None:
    """Votes are not counted in percent here."""
    (tmp_path / "pairs.jsonl").write_bytes(pair(1).to_json().replace(b'"method"', b'"p_a":80,"method"') + b"\n")

    with pytest.raises(BrokenRecordError, match=r"pairs\.jsonl.*line 1.*p_a"):
        build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data")


# ── Learnt ──


@pytest.fixture
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class _Fixed(Forward):
    """A model that is always equally sure of A."""

    def answers(self, pairs: Sequence[Pair], ids: Sequence[int]) -> Tensor:
        return torch.tensor([[2.0, 0.0] for pair in pairs for _ in pair.rows])


@pytest.mark.parametrize("storage", STORAGES)
def test_the_loss_of_a_built_row_is_that_of_its_probability(tmp_path: Path, pair: MakePair, storage: Storage) -> None:
    """Against the hard label a model two logits sure of A pays 0.127 in one order; against 0.7 it pays 0.727."""
    data, _ = _build(tmp_path, [pair(1, p_a=0.7)], storage=storage, held_out_share=0, validation_share=0)
    rows = _examples(data)
    encoder = encoder_of([row.messages[0]["content"] for row in rows], 400)
    modelling = Classification(_Fixed.__new__(_Fixed), encoder)

    losses = {
        row.order: float(modelling.loss([Pair(made, "correctness")]))
        for row, made in zip(rows, modelling.rows(rows), strict=True)
    }
    sure, wrong = math.log1p(math.exp(-2)), math.log1p(math.exp(2))
    assert losses["improved-first"] == pytest.approx(0.7 * sure + 0.3 * wrong, abs=1e-6)
    assert losses["naive-first"] == pytest.approx(0.3 * sure + 0.7 * wrong, abs=1e-6)


def _sleeping(pair: MakePair, p_a: float | None) -> list[PreferencePair]:
    """Pairs whose naive code is plain to see."""
    plain = [pair(number, module=f"m{number}") for number in range(70)]
    return [pair(number, module=f"m{number}", naive_code=item.improved_code + "\n    sleep(9)", p_a=p_a)
            for number, item in enumerate(plain)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_model_trained_on_a_built_set_is_as_sure_as_its_voters(tmp_path: Path, pair: MakePair) -> None:
    """Taught four fifths it says four fifths, of codes that it has not seen; taught the label alone it is surer."""
    losses, said = {}, {}
    for name, p_a in (("soft", 0.8), ("hard", None)):
        data, _ = _build(tmp_path / name, _sleeping(pair, p_a), storage="parquet")
        config = TrainingConfig(
            epochs=14, patience=99, batch_tokens=1500, context=400, vocabulary=400, learning_rate=5e-3, evaluations=1,
            precision="fp32",
        )  # fmt: skip
        card = train_language_model(data, use_narrow_preset(), tmp_path / name / "out", config)
        losses[name] = card.scores["held-out"]["loss"]
        asked = [row.comparison() for row in read_examples(data / "held-out.parquet") if row.label == "A"]
        said[name] = [
            each.p_a or 0.0 for each in judge_in_order(load_judge(f"pair-rm:{tmp_path / name / 'out'}"), asked)
        ]

    least = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    assert losses["hard"] < 0.2 < least - 1e-3 < losses["soft"] < least + 0.1
    assert sum(said["soft"]) / len(said["soft"]) == pytest.approx(0.8, abs=0.1)
    assert min(said["hard"]) > 0.8


def test_the_feature_model_is_as_sure_as_its_voters_too(tmp_path: Path, pair: MakePair) -> None:
    """It learns from one order, in which the better code stands first."""
    said = {}
    for name, p_a in (("soft", 0.8), ("hard", None)):
        data, _ = _build(tmp_path / name, _sleeping(pair, p_a), validation_share=0)
        train_feature_model(data, tmp_path / name / "out", FeatureModelConfig(min_pairs=2, l2=1e-5))
        asked = next(read_examples(data / "held-out.jsonl")).comparison()
        said[name] = judge_in_order(load_judge(f"linear:{tmp_path / name / 'out'}"), [asked])[0].p_a or 0.0

    assert said["soft"] == pytest.approx(0.8, abs=0.05)
    assert said["hard"] > 0.95


def test_nothing_can_be_learnt_of_ties_alone(tmp_path: Path, pair: MakePair) -> None:
    """A model without weights could not be loaded."""
    data, _ = _build(tmp_path, _sleeping(pair, 0.5), validation_share=0)

    with pytest.raises(EmptyInputError, match="not all of them ties"):
        train_feature_model(data, tmp_path / "out", FeatureModelConfig(min_pairs=2))
