from pathlib import Path

import pytest

from codefavor.checkpoints import WEIGHTS, read_card
from codefavor.errors import EmptyInputError
from codefavor.examples import Storage, example_writer, place_of, read_examples, splits_of
from codefavor.jsonl import write_records
from codefavor.objectives import CRITERIA
from codefavor.records import TrainingExample
from codefavor.training.feature_model import FeatureModelConfig, train_feature_model

CONFIG = FeatureModelConfig(min_pairs=2)


def _examples(start: int, count: int, order: str = "improved-first") -> list[TrainingExample]:
    found = []
    for number in range(start, start + count):
        body = f"    for a{number} in xs:\n        total += a{number}\n    return total\n"
        good = f"def f{number}(xs):\n    total = 0\n{body}"
        sides = {
            "correctness": good.replace("    return", "        return"),
            "efficiency": good.replace("+= a", "= sum([total]) + a"),
            "security": good.replace("total = 0", "total = eval('0')"),
        }
        for objective, bad in sides.items():
            first, second = (good, bad) if order == "improved-first" else (bad, good)
            row = {"messages": [], "format": "f", "pair_id": f"{objective}{number}", "order": order}
            row |= {"instruction": "add up", "code_a": first, "code_b": second, "criterion": CRITERIA[objective]}
            found.append(TrainingExample.model_validate({**row, "label": "A" if first is good else "B"}))
    return found


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    write_records(folder / "train.jsonl", [*_examples(0, 12), *_examples(0, 12, "naive-first")])
    write_records(folder / "validation.jsonl", _examples(12, 4, "naive-first"))
    write_records(folder / "held-out.jsonl", _examples(16, 4))
    return folder


def test_the_model_learns_each_objective_and_the_card_says_so(dataset: Path, tmp_path: Path) -> None:
    """One head for each objective, and scores on pairs that were held out."""
    card = train_feature_model(dataset, tmp_path / "model", CONFIG)

    assert read_card(tmp_path / "model", "linear") == card
    assert card.scores["train"]["pairs"] == 36
    assert {card.scores["held-out"][name] for name in ("correctness", "efficiency", "security")} == {1.0}
    assert set(card.data) == {"train.jsonl", "validation.jsonl", "held-out.jsonl"}


def test_the_same_data_gives_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    """A published checkpoint can be made again and compared."""
    for name in ("one", "two"):
        train_feature_model(dataset, tmp_path / name, CONFIG)

    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "two" / WEIGHTS).read_bytes()


def test_order_of_presentation_does_not_matter(dataset: Path, tmp_path: Path) -> None:
    """Both orders of a pair are the same pair to a symmetric model."""
    train_feature_model(dataset, tmp_path / "both", CONFIG)
    write_records(dataset / "train.jsonl", _examples(0, 12, "naive-first"))
    train_feature_model(dataset, tmp_path / "one", CONFIG)

    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "both" / WEIGHTS).read_bytes()


@pytest.mark.parametrize("storage", ["parquet", "huggingface"])
def test_every_storage_gives_the_same_weights(dataset: Path, tmp_path: Path, storage: Storage) -> None:
    """The rows are the same, so the model is; the card names what was read."""
    pytest.importorskip("pyarrow", reason="columns need pyarrow")
    (tmp_path / "columns").mkdir()
    for name, place in splits_of(dataset).items():
        with example_writer(place_of(tmp_path / "columns", name, storage), storage) as writer:
            for example in read_examples(place):
                writer.write(example)
    train_feature_model(dataset, tmp_path / "lines", CONFIG)
    card = train_feature_model(tmp_path / "columns", tmp_path / "model", CONFIG)

    assert (tmp_path / "model" / WEIGHTS).read_bytes() == (tmp_path / "lines" / WEIGHTS).read_bytes()
    assert set(card.data) == {place_of(tmp_path, name, storage).name for name in ("train", "validation", "held-out")}


def test_an_empty_dataset_is_refused(dataset: Path, tmp_path: Path) -> None:
    """Nothing to learn from is a wrong input, not a model of zeros."""
    (dataset / "train.jsonl").write_bytes(b"")

    with pytest.raises(EmptyInputError, match=r"train\.jsonl"):
        train_feature_model(dataset, tmp_path / "model", CONFIG)
