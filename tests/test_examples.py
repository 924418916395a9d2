"""Owns the checks of the ways a data set is stored: the same rows in each, for us, for `datasets`, TRL and Axolotl."""

import json
import random
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.dataset.conftest import make_pair
from tests.test_jsonl import largest_file

from codefavor import examples as stored
from codefavor.dataset.build import DatasetConfig, build_dataset
from codefavor.dataset.card import read_dataset_card
from codefavor.errors import BrokenRecordError, InputError, MissingExtraError, MissingFileError, StorageError
from codefavor.examples import META, SPLITS, Storage, hash_split, place_of, read_examples, splits_of
from codefavor.jsonl import hash_file, write_records
from codefavor.records import PreferencePair, TrainingExample

STORAGES: tuple[Storage, ...] = ("jsonl", "parquet", "huggingface")


def _pairs(count: int) -> Iterator[PreferencePair]:
    for number in range(count):
        meta: dict[str, Any] = {"objective": "correctness", "operator": f"op-{number % 3}"}
        if number > count // 2:  # what comes late, or is sometimes a number, must not trip a reader
            meta |= {"license": "mit", "late": number if number % 2 else "text", "deep": {"list": [1, "two"]}}
        feedback = "The naive code adds one. The improved code does not: “naïve” – Übung, 漢字, \U0001f600."
        yield make_pair(
            number,
            meta=meta,
            feedback=feedback,
            source=f"owner/repo{number % 30}@{number:040x}:src/a.py",
            teacher="scripted:t" if number % 2 else None,
            verified=True if number % 5 == 0 else None,
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One data set in each of the three ways, of more rows than a block."""
    folder = tmp_path_factory.mktemp("stored")
    write_records(folder / "pairs.jsonl", _pairs(900))
    for storage in STORAGES:
        config = DatasetConfig(storage=storage, format="generation", probe_pairs=0)
        build_dataset([folder / "pairs.jsonl"], folder / storage, config)
    return {storage: folder / storage for storage in STORAGES}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The `datasets` library, offline and with a cache of its own."""
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    return datasets


# ── The same rows ──


@pytest.mark.parametrize("split", SPLITS)
def test_all_three_hold_the_same_rows(built: dict[str, Path], split: str) -> None:
    """Ours alone reads them here."""
    rows = {name: list(read_examples(splits_of(folder)[split])) for name, folder in built.items()}

    assert rows["jsonl"] == rows["parquet"] == rows["huggingface"]
    assert len(rows["jsonl"]) > 20
    assert {type(row) for row in rows["parquet"]} == {TrainingExample}


def test_datasets_reads_all_three_alike(built: dict[str, Path], hub: Any) -> None:
    """Rows and column types, though some fields come late in the pairs and others change their type."""
    on_disk = hub.load_from_disk(str(built["huggingface"]))
    files = {name: str(built["jsonl"] / f"{name}.jsonl") for name in SPLITS}
    lines = {name: hub.load_dataset("json", data_files=file, split="train") for name, file in files.items()}
    columns = {
        name: hub.load_dataset("parquet", data_files=str(built["parquet"] / f"{name}.parquet"), split="train")
        for name in SPLITS
    }

    for name in SPLITS:
        assert on_disk[name].features == lines[name].features == columns[name].features
        assert on_disk[name][:] == lines[name][:] == columns[name][:]


@pytest.mark.parametrize("storage", ["jsonl", "parquet"])
def test_the_folder_itself_is_a_data_set_for_datasets(built: dict[str, Path], hub: Any, storage: str) -> None:
    """Its README names the files of each split, so that rejections and tasks are not taken for rows."""
    loaded = hub.load_dataset(str(built[storage]))
    card = read_dataset_card(built[storage])

    assert {name: len(split) for name, split in loaded.items()} == {
        "train": card.splits["train"].examples,
        "validation": card.splits["validation"].examples,
        "test": card.splits["held-out"].examples,
    }


def test_small_schema_readers_never_meet_a_null(built: dict[str, Path]) -> None:
    """A reader that guesses types from the first rows needs the same columns, all text, in every row."""
    for line in (built["jsonl"] / "train.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert tuple(row["meta"]) == META
        assert {type(value) for value in row["meta"].values()} == {str}
        assert {type(value) for name, value in row.items() if name not in ("messages", "meta")} == {str}


def test_source_and_licence_reach_the_last_row(built: dict[str, Path]) -> None:
    """With what else is known of the pair, as JSON; commits of one repository are one group."""
    rows = {row.pair_id: row for row in read_examples(built["parquet"] / "train.parquet")}
    pairs = {pair.id: pair for pair in _pairs(900)}

    for row in rows.values():
        pair, meta = pairs[row.pair_id], row.meta or {}
        given = pair.meta or {}
        other = {key: given[key] for key in ("late", "deep") if key in given}
        assert meta["source"] == pair.source
        assert row.group == (pair.source or "").partition("@")[0]
        assert meta["license"] == given.get("license", "")
        assert json.loads(meta["other"] or "{}") == other | ({"verified": True} if pair.verified else {})
    assert read_dataset_card(built["parquet"]).splits["train"].by_license.keys() == {"mit", "unknown"}


def test_no_repository_is_on_both_sides(built: dict[str, Path]) -> None:
    """Two commits of one project share its style and often its code."""
    groups = [{row.group for row in read_examples(place)} for place in splits_of(built["jsonl"]).values()]

    assert len(set().union(*groups)) == sum(map(len, groups)) == 30


# ── Others' loaders ──


@pytest.mark.parametrize("storage", STORAGES)
def test_trl_takes_the_rows_as_they_are(built: dict[str, Path], hub: Any, storage: Storage) -> None:
    """Its own check of the shape, its own templating: the loss falls on feedback and label."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_utils = pytest.importorskip("trl.data_utils")
    place = splits_of(built[storage])["train"]
    if storage == "huggingface":
        rows = hub.load_from_disk(str(built[storage]))["train"]
    else:
        rows = hub.load_dataset("json" if storage == "jsonl" else storage, data_files=str(place), split="train")
    tokenizer = _chat_tokenizer()

    ours = list(read_examples(place))
    assert all(data_utils.is_conversational(row) for row in rows.select(range(50)))
    for row, example in zip(rows.select(range(50)), ours, strict=False):
        # This helper alone minds a column `label`, as unpaired preferences have; its trainer takes the rows whole.
        text = data_utils.maybe_apply_chat_template({"messages": row["messages"]}, tokenizer)["text"]
        prompt, answer = (turn["content"] for turn in example.messages)
        assert text == f"<user>{prompt}</s><assistant>{answer}</s>"


def test_trl_trains_on_the_file(built: dict[str, Path], hub: Any, tmp_path: Path) -> None:
    """Two steps of its trainer on a tiny model: nothing has to be renamed, mapped or dropped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trl = pytest.importorskip("trl")
        from transformers import LlamaConfig, LlamaForCausalLM

        tokenizer = _chat_tokenizer()
        shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
        model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **shape))
        rows = hub.load_dataset("parquet", data_files=str(built["parquet"] / "train.parquet"), split="train")
        options = {"max_steps": 2, "per_device_train_batch_size": 2, "report_to": "none", "max_length": 256}
        config = trl.SFTConfig(output_dir=str(tmp_path / "out"), use_cpu=True, bf16=False, **options)
        trainer = trl.SFTTrainer(model, config, train_dataset=rows.select(range(16)), processing_class=tokenizer)
        result = trainer.train()

    assert result.global_step == 2
    assert result.training_loss > 0


def _chat_tokenizer() -> Any:
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    inner = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    inner.train_from_iterator(["def f(x): return x"], trainer)
    marks = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **marks)
    tokenizer.chat_template = (
        "{% for turn in messages %}{{ '<' + turn['role'] + '>' + turn['content'] + '</s>' }}{% endfor %}"
    )
    return tokenizer


@pytest.mark.parametrize("storage", STORAGES)
def test_axolotl_finds_what_its_settings_name(built: dict[str, Path], storage: Storage) -> None:
    """With `type: chat_template` it wants `field_messages`: turns of `role` and `content`, from user to assistant.

    Axolotl needs a GPU stack to be installed, so its demands are written out here from its documentation.
    """
    for example in read_examples(splits_of(built[storage])["train"]):
        row = example.model_dump()
        assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
        assert all(set(turn) == {"role", "content"} and turn["content"].strip() for turn in row["messages"])


# ── Bytes ──


@pytest.mark.parametrize("storage", STORAGES)
def test_equal_rows_give_equal_bytes(built: dict[str, Path], tmp_path: Path, storage: Storage) -> None:
    """Shards, names and fingerprints included; the card has the hash of every file."""
    config = DatasetConfig(storage=storage, format="generation", probe_pairs=0)
    build_dataset([built[storage].parent / "pairs.jsonl"], tmp_path / "again", config)
    files = {str(path.relative_to(tmp_path / "again")): hash_file(path) for path in (tmp_path / "again").rglob("*.*")}

    assert files == {str(path.relative_to(built[storage])): hash_file(path) for path in built[storage].rglob("*.*")}
    assert read_dataset_card(tmp_path / "again").files.items() <= files.items()


@pytest.mark.parametrize("storage", STORAGES)
def test_killed_at_any_moment_it_ends_in_the_same_bytes(
    built: dict[str, Path], tmp_path: Path, storage: Storage
) -> None:
    """The folder is there when it is whole; what a killed build left is gone after the next."""
    pairs = built[storage].parent / "pairs.jsonl"
    options = ["--format", "generation", "--storage", storage, "--probe-pairs", "0", "--no-decontaminate"]
    command = [sys.executable, "-m", "codefavor", "dataset", "build", str(pairs), "--out", "data", *options]
    chance = random.Random(storage)
    for _ in range(4):
        child = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 2.0))
        child.kill()
        child.wait()
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    files = {str(path.relative_to(tmp_path / "data")): hash_file(path) for path in (tmp_path / "data").rglob("*.*")}

    assert files == {str(path.relative_to(built[storage])): hash_file(path) for path in built[storage].rglob("*.*")}
    assert [item.name for item in tmp_path.iterdir()] == ["data"]


def test_large_splits_are_cut_into_shards(tmp_path: Path, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of their rows, with names that say how many there are."""
    monkeypatch.setattr(stored, "_SHARD", 1 << 20)
    write_records(tmp_path / "pairs.jsonl", _pairs(2500))
    config = DatasetConfig(storage="huggingface", probe_pairs=0, held_out_share=0, validation_share=0)
    build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data", config)
    place = splits_of(tmp_path / "data")["train"]
    ids = [row.pair_id for row in read_examples(place)][::2]

    shards = sorted(path.name for path in place.glob("*.arrow"))
    assert len(shards) > 2
    assert shards == [f"data-{number:05}-of-{len(shards):05}.arrow" for number in range(len(shards))]
    assert ids == [pair.id for pair in _pairs(2500)]
    assert hub.load_from_disk(str(tmp_path / "data"))["train"]["pair_id"][::2] == ids


@pytest.mark.parametrize("storage", STORAGES)
def test_a_full_disk_leaves_nothing(built: dict[str, Path], tmp_path: Path, storage: Storage) -> None:
    """Whichever library was writing."""
    shutil.copy(built[storage].parent / "pairs.jsonl", tmp_path)
    config = DatasetConfig(storage=storage, probe_pairs=0, near_duplicates=1)  # whose search has a file of its own
    with largest_file(20_000), pytest.raises(StorageError, match=r"cannot write .*data: file too large"):
        build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data", config)

    assert [item.name for item in tmp_path.iterdir()] == ["pairs.jsonl"]


# ── Places and errors ──


def test_splits_are_found_however_they_are_stored(built: dict[str, Path]) -> None:
    """A caller names the folder and no more."""
    assert [splits_of(built["jsonl"])[name].name for name in SPLITS] == [f"{name}.jsonl" for name in SPLITS]
    assert [splits_of(built["parquet"])[name].name for name in SPLITS] == [f"{name}.parquet" for name in SPLITS]
    assert list(splits_of(built["huggingface"])) == list(SPLITS)
    assert hash_split(splits_of(built["parquet"])["train"]) == hash_file(built["parquet"] / "train.parquet")


def test_a_folder_without_training_rows_is_said(tmp_path: Path) -> None:
    """With what would be one."""
    (tmp_path / "file").touch()
    for place, said in (("nothing", "there is no file"), ("file", "is a file; give"), ("", "holds no train")):
        with pytest.raises(MissingFileError, match=said):
            splits_of(tmp_path / place)


@pytest.mark.parametrize("storage", ["parquet", "huggingface"])
def test_a_damaged_file_is_one_sentence(built: dict[str, Path], tmp_path: Path, storage: Storage) -> None:
    """Cut short, or other bytes under the name."""
    shutil.copytree(built[storage], tmp_path / "data")
    place = place_of(tmp_path / "data", "train", storage)
    file = next(place.glob("*.arrow")) if place.is_dir() else place
    for content in (file.read_bytes()[: file.stat().st_size // 2], b"not what it says", b""):
        file.write_bytes(content)
        with pytest.raises(BrokenRecordError, match="it is damaged or holds no rows in columns"):
            list(read_examples(place))


def test_columns_that_are_no_examples_are_named(tmp_path: Path) -> None:
    """Anyone's Parquet file may be called train.parquet."""
    pyarrow = pytest.importorskip("pyarrow.parquet")
    from pyarrow import table

    pyarrow.write_table(table({"prompt": ["p"], "chosen": ["c"]}), tmp_path / "train.parquet")
    with pytest.raises(BrokenRecordError, match=r"train\.parquet, line 1: not a TrainingExample: field 'messages'"):
        list(read_examples(splits_of(tmp_path)["train"]))


def test_what_needs_another_library_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read or written."""
    write_records(tmp_path / "pairs.jsonl", _pairs(9))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"writing parquet needs .*: pip install 'codefavor\[hub\]'"):
        build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data", DatasetConfig(storage="parquet"))
    with pytest.raises(InputError, match="there is no storage 'csv'; choose jsonl, parquet or huggingface"):
        stored.check_storage("csv")  # type: ignore[arg-type]

    assert [item.name for item in tmp_path.iterdir()] == ["pairs.jsonl"]
