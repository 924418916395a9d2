"""Owns building a data set: preference pairs in, model text and tasks out, with every pair left out accounted for.

The folder appears whole or not at all: everything is made in a hidden folder beside it, which is then renamed. Building
takes seconds to minutes, so an interrupted build starts again, and gives the same bytes. Memory holds hashes of the
pairs and the held-out codes, not the pairs: the files are read several times instead.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from codefavor.codetext.comments import strip
from codefavor.dataset.audit import Sample, audit_pairs
from codefavor.dataset.card import CARD, DatasetCard, SplitCounts, read_dataset_card, readme
from codefavor.dataset.decontamination import KINDS, Contamination, Forbidden, ForbiddenText
from codefavor.dataset.deduplication import SimilarTexts
from codefavor.dataset.feedback import flaw_of
from codefavor.dataset.mixture import Weighted
from codefavor.dataset.near_duplicates import NearDuplicates, document_of
from codefavor.dataset.orders import ORDERS, BalancedOrders, example_of, objective_of, task_of
from codefavor.dataset.similarity import NearestTrainingCodes, summary
from codefavor.dataset.split import SPLITS, assign
from codefavor.dataset.survey import Earlier, Reason, Survey, keys_of
from codefavor.errors import (
    EmptyInputError,
    InputError,
    MissingFileError,
    RunMismatchError,
    UnknownNameError,
)
from codefavor.examples import Storage, check_storage, example_writer, place_of, write_split_names
from codefavor.formats import classification, generation
from codefavor.formats.base import Format
from codefavor.jsonl import check_readable, hash_file, read_records, read_rows, write_bytes, write_json
from codefavor.objectives import Wording, reworded
from codefavor.records import Label, PreferencePair, Record, Rejection
from codefavor.runs import Config, Progress, check_same, folder_at_once, manifest_of, silent

KIND: Final = "dataset build"
FORMATS: Final[dict[str, Format]] = {"classification": classification, "generation": generation}
HELD_OUT_OPERATORS: Final = "held-out-operators"
_BATCH: Final = 512
RowT = TypeVar("RowT")
_PASSES: Final = 4


class DatasetConfig(Config):
    """How pairs become a data set."""

    format: str = "classification"
    """Name of the text format: a letter alone, or feedback in words and then the letter."""
    storage: Storage = "jsonl"
    """How the training examples are stored; the rows are the same."""
    orders: Literal["both", "one"] = "both"
    """Whether each pair is written in both orders, one after the other, or in one; the labels balance either way."""
    criterion: Wording = "specific"
    """How much training examples say of what to look for; tasks keep their own criterion."""
    comments: Literal["keep", "strip"] = "keep"
    """Whether codes keep their comments and docstrings."""
    train_pairs: PositiveInt | None = None
    """Most pairs to train on; which ones, their names decide."""
    seed: int = 0
    """Chooses, with its name, the split of a group."""
    held_out_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Expected share of the groups that training never sees."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Expected share of the groups that training is watched with."""
    hold_out_operators: tuple[str, ...] = ()
    """Operators, or families of them, that training never sees."""
    max_characters: PositiveInt = 8000
    """Longest code on either side; what is longer is rejected."""
    near_duplicates: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Levenshtein similarity, of what changes and of the better code, from which only the first of two pairs stays;
    with 1 both stay."""
    probe_pairs: int = 4000
    """Training pairs the blind probes look at, at most; 0 leaves the probes out."""


def build_dataset(
    pairs: Sequence[Path | Weighted],
    out: Path,
    config: DatasetConfig | None = None,
    forbidden: Iterable[ForbiddenText] | None = None,
    progress: Progress = silent,
) -> DatasetCard:
    """Make a data set from preference pairs in the folder `out`.

    Writes `train.jsonl`, `validation.jsonl` and `held-out.jsonl` (TrainingExample; Parquet files or a Hugging Face
    dataset where that is asked for), `held-out.tasks.jsonl` and `held-out-operators.tasks.jsonl` (BenchmarkTask),
    `rejections.jsonl`, `contaminated.jsonl` (Contamination), `similarity.jsonl` (TopSimilarity), `card.json`,
    `README.md`, `manifest.json`.
    Where the folder holds the same data set already, its card is returned.

    Args:
        pairs: files of `PreferencePair`, or folders of synthesis runs. Those with a weight are thinned until they
            stand in the proportion of their weights; the others are taken whole.
        out: the folder to make.
        config: how to build.
        forbidden: texts that no pair may be like, such as a benchmark's; None if there are none at hand.
        progress: told of rows, each counted once per reading.

    Raises:
        InputError: a file is missing, broken or empty, or a setting names what is not there; nothing is written.
        RunMismatchError: the folder holds something else.
        StorageError: the folder cannot be written.
    """
    config = config or DatasetConfig()
    if config.held_out_share + config.validation_share >= 1:
        raise InputError("the held-out and validation shares leave nothing to train on; give less than 1 together")
    text = load_format(config.format)
    check_storage(config.storage)
    weights = [item.weight if isinstance(item, Weighted) else None for item in pairs]
    files = [_pair_file(item.path if isinstance(item, Weighted) else item) for item in pairs]
    if not files:
        raise EmptyInputError("no file of pairs was given")
    unwanted = None if forbidden is None else Forbidden(forbidden)
    inputs = _named_hashes(files)
    settings = config.fixed() | {
        f"weight of {name}": weight for name, weight in zip(inputs, weights, strict=True) if weight is not None
    }
    if unwanted is not None:
        inputs["forbidden texts"] = unwanted.sha256
    manifest = manifest_of(KIND, settings, inputs)
    if _already_there(out, manifest):
        return read_dataset_card(out)

    builder = _Builder(files, config, text, unwanted, progress)
    builder.survey_rows()
    builder.survey.mix(list(inputs)[: len(files)], weights)
    placed = builder.choose_splits()
    builder.reject_near(placed)
    if config.train_pairs is not None:
        builder.survey.limit(placed, config.train_pairs)
    with folder_at_once(out) as folder:
        card = builder.write(folder, placed, settings, inputs, weights)
        write_json(folder / "manifest.json", manifest)
    return card


def load_format(name: str) -> Format:
    """Return the text format of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in FORMATS:
        raise UnknownNameError.of("format", name, FORMATS)
    return FORMATS[name]


def _pair_file(path: Path) -> Path:
    if str(path) == "-":
        raise InputError("pairs are read more than once, so they cannot come from standard input; give a file")
    if path.is_dir():
        inside = path / "pairs.jsonl"
        if not inside.is_file():
            raise MissingFileError(f"{path} holds no pairs.jsonl; give a synthesis run or a file of pairs")
        return inside
    check_readable(path)
    return path


def _named_hashes(files: Sequence[Path]) -> dict[str, str]:
    """Return name → SHA-256, the names told apart by number and free of the machine's folders."""
    found: dict[str, str] = {}
    for path in files:
        name = f"{path.resolve().parent.name}/{path.name}"
        number = 2
        while name in found:
            name = f"{path.resolve().parent.name}/{path.name} ({number})"
            number += 1
        found[name] = hash_file(path)
    return found


def _already_there(out: Path, manifest: dict[str, Any]) -> bool:
    if (out / "manifest.json").is_file():
        check_same(out, manifest)
        return (out / CARD).is_file()
    if out.is_dir() and any(out.iterdir()):
        raise RunMismatchError(f"{out} is not empty and holds no data set; give a new or empty folder")
    if out.exists() and not out.is_dir():
        raise MissingFileError(f"{out} is a file; give a folder")
    return False


class _Builder:
    """The readings of one build."""

    def __init__(
        self, files: Sequence[Path], config: DatasetConfig, text: Format, unwanted: Forbidden | None, progress: Progress
    ) -> None:
        self.files, self.config, self.text, self.unwanted, self.progress = files, config, text, unwanted, progress
        self.survey = Survey()
        self.contaminated: list[Contamination] = []
        self._wanted = set(config.hold_out_operators)
        self._passes = 0

    def _rows(self) -> Iterator[list[PreferencePair]]:
        return self._batches(self._pairs())

    def _batches(self, rows: Iterator[RowT]) -> Iterator[list[RowT]]:
        """Read all files once more, in batches."""
        total = _PASSES * len(self.survey.reasons) if self._passes else None
        done = self._passes * len(self.survey.reasons)
        self._passes += 1
        while batch := list(islice(rows, _BATCH)):
            yield batch
            done += len(batch)
            self.progress(done, total)

    def _pairs(self) -> Iterator[PreferencePair]:
        number = 0
        ends = []
        for path in self.files:
            for pair in read_records(path, PreferencePair):
                yield self._as_kept(pair)
                number += 1
            ends.append(number)
        self.survey.ends = ends

    def _codes(self) -> Iterator[list[str]]:
        """Read the improved codes once more; that the rows are pairs is known by then."""
        rows = (row for path in self.files for _, row in read_rows(path))
        if self.config.comments == "keep":
            return self._batches(row["improved_code"] for row in rows)
        return self._batches(strip(row["improved_code"], row.get("language", "python")).text for row in rows)

    def _as_kept(self, pair: PreferencePair) -> PreferencePair:
        """Return the pair as the data set has it."""
        if self.config.comments == "keep":
            return pair
        naive, improved = (strip(code, pair.language).text for code in (pair.naive_code, pair.improved_code))
        return pair.model_copy(update={"naive_code": naive, "improved_code": improved})

    def _as_asked(self, pair: PreferencePair) -> PreferencePair:
        """Return the pair as training examples put it."""
        if self.config.criterion == "specific":
            return pair
        told = reworded(pair.criterion, self.config.criterion)
        meta = {**(pair.meta or {}), "objective": objective_of(pair)}  # which its criterion no longer tells
        return pair.model_copy(update={"criterion": told, "meta": meta})

    def _numbered(self) -> Iterator[tuple[int, PreferencePair]]:
        number = 0
        for batch in self._rows():
            for pair in batch:
                yield number, pair
                number += 1

    # ── First reading: each pair by itself and against those before it ──

    def survey_rows(self) -> None:
        with NearDuplicates(self.config.near_duplicates) as documents:
            self._survey_each(documents)
            if self.config.near_duplicates < 1:
                self._reject_near_duplicates(documents)

    def _reject_near_duplicates(self, documents: NearDuplicates) -> None:
        reasons = self.survey.reasons
        rows = [number for number, reason in enumerate(reasons) if reason is None]
        for later, earlier in documents.find():
            reasons[rows[later]] = "near-duplicate", f"row {rows[earlier] + 1} teaches nearly the same"

    def _survey_each(self, documents: NearDuplicates) -> None:
        earlier = Earlier()
        operators: set[str] = set()
        for batch in self._rows():
            like = self.unwanted.find(batch) if self.unwanted else [None] * len(batch)
            for pair, overlap in zip(batch, like, strict=True):
                names = _operator_names(pair)
                operators.update(names)
                keys = keys_of(pair)
                reason = self._flaw(pair) or earlier.clash(pair, keys)
                if reason is None and overlap is not None:
                    reason = "contaminated", f"{overlap.part} is like {overlap.task} ({overlap.kind})"
                    self.contaminated.append(overlap)
                if reason is None:
                    earlier.add(pair, keys)
                    if self.config.near_duplicates < 1:
                        documents.add(document_of(pair))
                self.survey.add(pair, keys, reason, apart=not self._wanted.isdisjoint(names))
        if not self.survey.reasons:
            raise EmptyInputError(f"{self.files[0]} holds no pairs; a PreferencePair a line is expected")
        for name in self.config.hold_out_operators:
            if name not in operators:
                raise UnknownNameError.of("operator or family among the pairs", name, operators)

    def _flaw(self, pair: PreferencePair) -> Reason | None:
        """Return what is wrong with the pair by itself."""
        longest = max(len(pair.naive_code), len(pair.improved_code))
        if not pair.naive_code.strip() or not pair.improved_code.strip():
            return "empty-code", ""
        if longest > self.config.max_characters:
            return "too-long", f"{longest} characters"
        if pair.p_a is not None and pair.p_a < 0.5:
            return "disputed", f"p_a is {pair.p_a:g}: more speaks for the naive code"
        if pair.p_a == 0.5 and (self.text.FEEDBACK or not self._wanted.isdisjoint(_operator_names(pair))):
            return "tie", "a tie has no code that a text or a task could name as the better one"
        if self.text.FEEDBACK and (flaw := flaw_of(pair.feedback)):
            return "no-feedback", flaw
        return None

    # ── Second and third reading: nothing of training is in what is kept apart ──

    def choose_splits(self) -> NDArray[np.uint8]:
        """Return the place in `SPLITS` of each row's split; exact copies of training are left out elsewhere."""
        survey, config = self.survey, self.config
        if not survey.kept().any():
            counts = Counter(reason[0] for reason in survey.reasons if reason)
            said = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
            raise EmptyInputError(f"no pair is left to build from ({said}); give other pairs")
        return survey.place(assign(survey.groups(), config.seed, config.held_out_share, config.validation_share))

    def reject_near(self, placed: NDArray[np.uint8]) -> None:
        """Leave out held-out and validation pairs whose improved code is nearly one of training."""
        reasons = self.survey.reasons
        training = SPLITS.index("train")
        apart = SimilarTexts()
        rows_of: list[list[int]] = []
        places: dict[str, int] = {}
        for number, code in enumerate(chain.from_iterable(self._codes())):
            if reasons[number] is None and placed[number] != training:
                if code not in places:
                    places[code] = len(rows_of)
                    apart.add([code])
                    rows_of.append([])
                rows_of[places[code]].append(number)
        number = 0
        near: set[int] = set()
        for batch in self._codes():
            codes = {
                code
                for offset, code in enumerate(batch)
                if reasons[number + offset] is None and placed[number + offset] == training
            }
            number += len(batch)
            for found in apart.find(sorted(codes)):
                near.update(found)
        for place in near:
            for row in rows_of[place]:
                reasons[row] = "near-training", "a training code is nearly the same"

    # ── Last reading: writing ──

    def write(
        self,
        folder: Path,
        placed: NDArray[np.uint8],
        settings: dict[str, Any],
        inputs: dict[str, str],
        weights: Sequence[float | None],
    ) -> DatasetCard:
        storage = self.config.storage
        counts = {name: SplitCounts() for name in (*SPLITS, HELD_OUT_OPERATORS)}
        balanced = {name: BalancedOrders() for name in SPLITS}
        rejected: Counter[str] = Counter()
        sample = Sample(self.config.probe_pairs)
        nearest = NearestTrainingCodes(self.unwanted.texts if self.unwanted else ())
        labels_of: dict[str, list[Label]] = {}
        soft = self.survey.soft > 0  # in every row or in none: loaders stumble over a field that appears late
        with ExitStack() as stack:
            kinds = ("rejections", "contaminated", "similarity", "held-out.tasks", f"{HELD_OUT_OPERATORS}.tasks")
            files = {name: stack.enter_context(_file(folder / f"{name}.jsonl")) for name in kinds}
            writers = {
                name: stack.enter_context(example_writer(place_of(folder, name, storage), storage, soft=soft))
                for name in SPLITS
            }
            for overlap in self.contaminated:
                _write(files["contaminated"], overlap)
            for number, pair in self._numbered():
                if reason := self.survey.reasons[number]:
                    rejected[reason[0]] += 1
                    _write(files["rejections"], _rejection(pair, *reason))
                    continue
                if not self._wanted.isdisjoint(_operator_names(pair)):
                    task = task_of(pair, HELD_OUT_OPERATORS)
                    _write(files[f"{HELD_OUT_OPERATORS}.tasks"], task)
                    counts[HELD_OUT_OPERATORS].add(pair, [task.label])
                    continue
                split = SPLITS[placed[number]]
                orders = ORDERS if self.config.orders == "both" else (balanced[split].draw(pair),)
                asked = self._as_asked(pair)
                examples = [example_of(asked, order, self.text, soft=soft) for order in orders]
                for example in examples:
                    writers[split].write(example)
                labels = [example.label for example in examples]
                counts[split].add(pair, labels)
                if split == "held-out":
                    if pair.p_a != 0.5:  # a task needs a right answer
                        _write(files["held-out.tasks"], task_of(pair, "held-out"))
                elif split == "train":
                    nearest.add((pair.improved_code, pair.naive_code))
                    if sample.add(pair):
                        labels_of[pair.id] = labels
            similar = nearest.result()
            for item in similar:
                _write(files["similarity"], item)
        if storage == "huggingface":
            write_split_names(folder)
        survey = self.survey
        ends = len(survey.ends)
        read, kept = survey.by_file(np.ones(len(survey.reasons), dtype=np.bool_)), survey.by_file(survey.kept())
        card = DatasetCard(
            config=settings,
            inputs=inputs,
            given={
                name: {"read": read[place], "kept": kept[place], "weight": weights[place]}
                for place, name in enumerate(list(inputs)[:ends])
            },
            rows=len(survey.reasons),
            splits={name: counted.card() for name, counted in counts.items()},
            rejected=dict(sorted(rejected.items())),
            decontamination=self._decontamination() | {"similarity": summary(similar)},
            probes=_probes(sample.pairs(), labels_of, self.config.seed),
            files={
                str(path.relative_to(folder)): hash_file(path) for path in sorted(folder.rglob("*")) if path.is_file()
            },
            notes=self._notes(counts),
        )
        write_json(folder / CARD, card.model_dump(mode="json"))
        write_bytes(folder / "README.md", readme(card).encode())
        return card

    def _decontamination(self) -> dict[str, Any]:
        by_kind = Counter(overlap.kind for overlap in self.contaminated)
        return {
            "texts": len(self.unwanted) if self.unwanted else 0,
            "sha256": self.unwanted.sha256 if self.unwanted else None,
            "removed": by_kind.total(),
            "by_kind": {kind: by_kind[kind] for kind in KINDS},
            "by_part": dict(sorted(Counter(overlap.part for overlap in self.contaminated).items())),
        }

    def _notes(self, counts: dict[str, SplitCounts]) -> list[str]:
        notes = []
        if not self.unwanted:
            notes.append("No text was forbidden: the pairs were not compared with any benchmark.")
        if self.survey.soft:
            notes.append(
                f"Rows say by p_a how much speaks for A: {self.survey.soft:,} pairs say it themselves, and in the "
                "others everything speaks for the improved code."
            )
        shares = {"held-out": self.config.held_out_share, "validation": self.config.validation_share}
        for name, share in shares.items():
            if share > 0 and not counts[name].pairs:
                notes.append(f"The {name} split is empty: there are too few groups.")
        return notes


@contextmanager
def _file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file inside the folder that is not there yet; nobody reads it before it is whole."""
    with path.open("wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def _write(stream: IO[bytes], record: Record) -> None:
    stream.write(record.to_json() + b"\n")


def _operator_names(pair: PreferencePair) -> set[str]:
    meta = pair.meta or {}
    return {str(meta[key]) for key in ("operator", "family") if meta.get(key)}


def _rejection(pair: PreferencePair, reason: str, detail: str) -> Rejection:
    meta = pair.meta or {}
    kept: dict[str, Any] = {key: meta[key] for key in ("operator", "function") if key in meta}
    kept |= {"source": pair.source} if pair.source else {}
    return Rejection(id=pair.id, reason=reason, detail=detail, meta={"objective": objective_of(pair), **kept})


def _probes(pairs: Sequence[PreferencePair], orders: dict[str, list[Label]], seed: int) -> dict[str, Any]:
    labels = [(pair, label) for pair in pairs for label in orders[pair.id]]
    return audit_pairs(pairs, labels, seed).as_json() if pairs else {}
