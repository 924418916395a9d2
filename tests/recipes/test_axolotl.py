"""Axolotl's files: what is in them, and what Axolotl itself makes of them."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.recipes.tiny_bases import FAMILIES, write_tiny_base
from tests.training.tiny_data import example

from codefavor.checkpoints import read_card
from codefavor.errors import InputError, MissingFileError
from codefavor.examples import Storage, example_writer, place_of
from codefavor.formats import classification, generation
from codefavor.formats.encoding import Encoder
from codefavor.recipes.axolotl import ZERO3, as_yaml, axolotl_config, modelling_of, write_axolotl
from codefavor.recipes.recipe import Base, Modelling, load_defaults, load_recipe, recipe_names
from codefavor.records import Label, TrainingExample

PYTHON = "CODEFAVOR_AXOLOTL_PYTHON"
KEYS = Path(__file__).with_name("axolotl_keys.txt")
TRAINING = load_defaults().training
IGNORED = -100


def _examples(modelling: str, count: int = 3) -> list[TrainingExample]:
    rows = [example(number, swapped) for number in range(count) for swapped in (False, True)]
    if modelling == "classification":
        return rows
    told = []
    for row in rows:
        label: Label = "A" if row.order == "improved-first" else "B"
        said = generation.answer(label, "The other code sleeps; this one does not.")
        messages = [*generation.messages(classification.parse(row.messages)), {"role": "assistant", "content": said}]
        told.append(row.model_copy(update={"messages": messages, "format": generation.NAME}))
    return told


def _dataset(folder: Path, modelling: str, storage: Storage = "jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", 3), ("validation", 1)):
        with example_writer(place_of(folder, split, storage), storage) as writer:
            for row in _examples(modelling, count):
                writer.write(row)
    return folder


def _keys(config: dict[str, Any]) -> set[str]:
    found = set()
    for key, value in config.items():
        inner = value if isinstance(value, list) else [value]
        found |= {key} | {f"{key}.{name}" for part in inner if isinstance(part, dict) for name in _keys(part)}
    return found


def _keys_of_all_recipes(tmp_path: Path) -> set[str]:
    dataset = _dataset(tmp_path / "data", "classification")
    keys = set()
    for name in recipe_names():
        recipe = load_recipe(name)
        base = load_defaults().base_of(recipe.base)
        keys |= _keys(axolotl_config(base, recipe.modelling, dataset, tmp_path, TRAINING))
    return keys


def test_every_key_is_one_that_axolotl_was_seen_to_keep(tmp_path: Path) -> None:
    """Axolotl drops unknown keys without a word; the slow test below proves the list."""
    assert _keys_of_all_recipes(tmp_path) == set(KEYS.read_text(encoding="utf-8").split())


@pytest.mark.parametrize(("devices", "steps"), [(8, 4), (1, 32), (32, 1)])
def test_the_batch_stays_the_papers_on_any_number_of_devices(tmp_path: Path, devices: int, steps: int) -> None:
    """Another batch would be another experiment."""
    training = TRAINING.model_copy(update={"devices": devices})
    dataset = _dataset(tmp_path, "classification")
    config = axolotl_config(Base(model="m"), "classification", dataset, tmp_path, training)

    assert (config["gradient_accumulation_steps"], config["micro_batch_size"]) == (steps, 1)


def test_a_batch_that_cannot_be_shared_out_is_refused(tmp_path: Path) -> None:
    """Rounding it would be silent."""
    training = TRAINING.model_copy(update={"devices": 3})

    dataset = _dataset(tmp_path, "classification")

    with pytest.raises(InputError, match=r"batch of 32 .* 3 devices"):
        axolotl_config(Base(model="m"), "classification", dataset, tmp_path, training)


def test_a_data_set_of_the_other_modelling_is_refused(tmp_path: Path) -> None:
    """A generator trained on letters, or the reverse, would look like a bad model."""
    dataset = _dataset(tmp_path / "data", "generation")

    with pytest.raises(InputError, match="built for generation, not classification"):
        write_axolotl(Base(model="m"), "classification", dataset, tmp_path / "out", TRAINING)


def test_what_is_no_data_set_is_said(tmp_path: Path) -> None:
    """The error names the file that is missing, or the line that is wrong."""
    with pytest.raises(MissingFileError, match=r"holds no train\.jsonl"):
        modelling_of(tmp_path)
    (tmp_path / "train.jsonl").write_text('{"format": "poem-v1"}\n')
    with pytest.raises(InputError, match=r"train\.jsonl:1 has format 'poem-v1'"):
        modelling_of(tmp_path)
    (tmp_path / "train.jsonl").write_text("")
    with pytest.raises(InputError, match="holds no rows"):
        modelling_of(tmp_path)
    with pytest.raises(InputError, match="build it with --storage jsonl"):
        modelling_of(_dataset(tmp_path / "arrow", "classification", "huggingface"))


def test_a_classifier_gets_the_card_by_which_it_is_asked(tmp_path: Path) -> None:
    """Axolotl writes none, and without one nobody knows the format."""
    path = write_axolotl(
        Base(model="m"), "classification", _dataset(tmp_path / "d", "classification"), tmp_path, TRAINING
    )
    card = read_card(tmp_path / "model", "pair-rm")

    assert (card.format, card.base, list(card.data)) == (classification.NAME, "m", ["train.jsonl"])
    assert json.loads((tmp_path / "zero3.json").read_text()) == ZERO3
    assert str(tmp_path / "model") in path.read_text()


def test_yaml_reads_back_as_it_was(tmp_path: Path) -> None:
    """`5e-06`, `none` and `yes` mean something else to some readers of YAML."""
    yaml = pytest.importorskip("yaml")
    config = axolotl_config(Base(model='a "b": c'), "generation", _dataset(tmp_path, "generation"), tmp_path, TRAINING)
    odd = {**config, "x": {"y": {"z": [1, "no"]}}, "half": 0.5, "small": 1e-7, "whole": 3.0}

    assert yaml.safe_load(as_yaml(odd)) == odd


# ── With Axolotl at hand ──


def _axolotl(tmp_path: Path, configs: list[Path], rows: list[Path]) -> dict[str, Any]:
    python = os.environ.get(PYTHON)
    if not python:
        pytest.skip(f"{PYTHON} does not name the Python of an environment with Axolotl; `make axolotl` builds one")
    told = {"configs": [*map(str, configs)], "rows": [*map(str, rows)]}
    out = tmp_path / "answer.json"
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub"), "AXOLOTL_DO_NOT_TRACK": "1"}
    alone = {"CUDA_VISIBLE_DEVICES": "", "DS_ACCELERATOR": "cpu", "PYTHONPATH": ""}
    probe = Path(__file__).with_name("axolotl_probe.py")
    done = subprocess.run(
        [python, probe, out],
        input=json.dumps(told),
        env={**os.environ, **offline, **alone},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert out.is_file(), done.stderr[-3000:]
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.mark.slow
def test_axolotl_keeps_every_key_of_every_recipe(tmp_path: Path) -> None:
    """Its validator takes each file for eight A100 and changes nothing of it."""
    configs = []
    for name in recipe_names():
        recipe = load_recipe(name)
        dataset = tmp_path / recipe.modelling
        if not dataset.exists():
            _dataset(dataset, recipe.modelling)
        base = load_defaults().base_of(recipe.base)
        configs.append(write_axolotl(base, recipe.modelling, dataset, tmp_path / name, TRAINING))
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(configs[0].read_text() + "no_such_key: 1\n")
    answer = _axolotl(tmp_path, [*configs, wrong], [])
    unkept = answer["unkept"]

    assert unkept.pop(str(wrong)) == ["no_such_key"]  # the check can fail
    assert unkept == {str(path): [] for path in configs}
    assert answer["zero"] == {str(path.with_name("zero3.json")): [] for path in configs}


@pytest.mark.slow
def test_axolotl_trains_exactly_the_answer(tmp_path: Path) -> None:
    """Its own pipeline, from our rows to labels: one token of a classifier, all that a generator says and its end."""
    files: dict[tuple[str, str], Path] = {}
    tokenizers = {}
    for family, shape in FAMILIES.items():
        tokenizers[family] = write_tiny_base(tmp_path / family, shape)
        base = Base(
            model=str(tmp_path / family),
            pad_token=None if shape.pad else shape.eos,
            end_of_turn=None if shape.end == shape.eos else shape.end,
        )
        storages: dict[Modelling, Storage] = {"classification": "jsonl", "generation": "parquet"}
        for modelling, storage in storages.items():
            dataset = _dataset(tmp_path / f"data-{modelling}", modelling, storage)
            out = tmp_path / f"out-{family}-{modelling}"
            files[family, modelling] = write_axolotl(base, modelling, dataset, out, TRAINING)
    answer = _axolotl(tmp_path, [*files.values()], [*files.values()])

    assert not any(answer["unkept"].values())
    for (family, kind), path in files.items():
        rows, tokenizer, shape = answer["rows"][str(path)], tokenizers[family], FAMILIES[family]
        expected = _examples(kind)
        assert len(rows) == len(expected)
        trained = []
        for row in rows:
            assert row["input_ids"].count(tokenizer.bos_token_id) == 1
            places = [place for place, label in enumerate(row["labels"]) if label != IGNORED]
            assert places == list(range(places[0], places[-1] + 1))
            assert all(row["labels"][place] == row["input_ids"][place] for place in places)
            assert kind == "generation" or len(places) == 1
            trained.append(tokenizer.decode([row["input_ids"][place] for place in places]).strip())
        end = shape.end if kind == "generation" else ""
        assert sorted(trained) == sorted(each.messages[-1]["content"] + end for each in expected), family
        if kind == "classification":
            _is_asked_as_it_was_trained(Encoder(tokenizer, classification, 2047), rows, expected)


def _is_asked_as_it_was_trained(encoder: Encoder, rows: list[dict[str, Any]], expected: list[TrainingExample]) -> None:
    """The judge puts the model before the very place that was trained, and reads the very tokens."""
    found = {}
    for row in rows:
        place = next(place for place, label in enumerate(row["labels"]) if label != IGNORED)
        found[tuple(row["input_ids"][:place])] = row["labels"][place]
    for each in expected:
        ids = encoder.encode(classification.parse(each.messages)).ids

        assert found[tuple(ids)] == encoder.answers["AB".index(each.messages[-1]["content"])]
