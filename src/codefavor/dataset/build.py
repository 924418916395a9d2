"""Owns building a data set: preference pairs in, model text and tasks out, with every pair left out accounted for.

The folder appears whole or not at all: everything is made in a hidden folder beside it, which is then renamed. Building
takes seconds to minutes, so an interrupted build starts again, and gives the same bytes. Memory holds hashes of the
pairs and the held-out codes, not the pairs: the files are read several times instead.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from sys import intern
from types import TracebackType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PositiveInt

from codefavor.dataset.audit import Sample, audit_pairs
from codefavor.dataset.card import CARD, DatasetCard, SplitCounts, read_dataset_card, readme
from codefavor.dataset.decontamination import KINDS, Contamination, Forbidden, ForbiddenText
from codefavor.dataset.deduplication import SimilarTexts, code_key
from codefavor.dataset.near_duplicates import NearDuplicates, document_of
from codefavor.dataset.orders import ORDERS, BalancedOrders, example_of, group_of, objective_of, task_of
from codefavor.dataset.similarity import NearestTrainingCodes, summary
from codefavor.dataset.split import SPLITS, Split, assign
from codefavor.errors import (
    EmptyInputError,
    InputError,
    MissingFileError,
    RunMismatchError,
    UnknownNameError,
)
from codefavor.formats.base import Format
from codefavor.jsonl import check_readable, hash_file, read_records, write_bytes, write_json
from codefavor.records import PreferencePair, Record, Rejection
from codefavor.runs import Config, Progress, check_same, folder_at_once, manifest_of, silent

KIND: Final = "dataset build"
FORMATS: Final = ("classification",)
HELD_OUT_OPERATORS: Final = "held-out-operators"
_BATCH: Final = 512
_PASSES: Final = 4


class DatasetConfig(Config):
    """How pairs become a data set."""

    format: str = "classification"
    """Name of the text format."""
    orders: Literal["both", "one"] = "both"
    """Whether each pair is written in both orders, one after the other, or in one; the labels balance either way."""
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


@dataclass
class _Survey:
    """What the first reading found out."""

    reasons: list[tuple[str, str] | None] = field(default_factory=list)
    """For each row, (reason, detail) if it is left out."""
    groups: Counter[str] = field(default_factory=Counter)
    operators: set[str] = field(default_factory=set)
    contaminated: list[Contamination] = field(default_factory=list)
    """Of the pairs left out for it, in order."""
    codes: dict[int, str | set[str]] = field(default_factory=dict)
    """Key of a code → the group it occurs in, or all of them where there are several."""


def build_dataset(
    pairs: Sequence[Path],
    out: Path,
    config: DatasetConfig | None = None,
    forbidden: Iterable[ForbiddenText] | None = None,
    progress: Progress = silent,
) -> DatasetCard:
    """Make a data set from preference pairs in the folder `out`.

    Writes `train.jsonl`, `validation.jsonl` and `held-out.jsonl` (TrainingExample), `held-out.tasks.jsonl` and
    `held-out-operators.tasks.jsonl` (BenchmarkTask), `rejections.jsonl`, `contaminated.jsonl` (Contamination),
    `similarity.jsonl` (TopSimilarity), `card.json`, `README.md`, `manifest.json`.
    Where the folder holds the same data set already, its card is returned.

    Args:
        pairs: files of `PreferencePair`, or folders of synthesis runs.
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
    files = [_pair_file(path) for path in pairs]
    if not files:
        raise EmptyInputError("no file of pairs was given")
    unwanted = None if forbidden is None else Forbidden(forbidden)
    inputs = _named_hashes(files)
    if unwanted is not None:
        inputs["forbidden texts"] = unwanted.sha256
    manifest = manifest_of(KIND, config.fixed(), inputs)
    if _already_there(out, manifest):
        return read_dataset_card(out)

    builder = _Builder(files, config, text, unwanted, progress)
    builder.survey_rows()
    splits = builder.choose_splits()
    builder.reject_leaks(splits)
    with folder_at_once(out) as folder:
        card = builder.write(folder, splits, inputs)
        write_json(folder / "manifest.json", manifest)
    return card


def load_format(name: str) -> Format:
    """Return the text format of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name != "classification":
        raise UnknownNameError.of("format", name, FORMATS)
    from codefavor.formats import classification

    return classification


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
        self.survey = _Survey()
        self._passes = 0

    def _rows(self) -> Iterator[list[PreferencePair]]:
        """Read all files once more, in batches."""
        total = _PASSES * len(self.survey.reasons) if self._passes else None
        done = self._passes * len(self.survey.reasons)
        self._passes += 1
        pairs = (pair for path in self.files for pair in read_records(path, PreferencePair))
        while batch := list(islice(pairs, _BATCH)):
            yield batch
            done += len(batch)
            self.progress(done, total)

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
        seen: dict[tuple[int, int], str] = {}
        ids: set[str] = set()
        survey = self.survey
        for batch in self._rows():
            like = self.unwanted.find(batch) if self.unwanted else [None] * len(batch)
            for pair, overlap in zip(batch, like, strict=True):
                survey.operators.update(_operator_names(pair))
                keys = code_key(pair.naive_code), code_key(pair.improved_code)
                reason = self._reason(pair, keys, seen)
                if reason is None and overlap is not None:
                    reason = "contaminated", f"{overlap.part} is like {overlap.task} ({overlap.kind})"
                    survey.contaminated.append(overlap)
                if reason is None and pair.id in ids:
                    reason = "duplicate", "another pair has the same id"
                survey.reasons.append(reason)
                if reason is None:
                    # Texts that many pairs share are kept once.
                    seen[keys] = intern(pair.criterion)
                    ids.add(pair.id)
                    group = intern(group_of(pair))
                    if self.config.near_duplicates < 1:
                        documents.add(document_of(pair))
                    survey.groups[group] += 1
                    for key in keys:
                        _note_group(survey.codes, key, group)
        if not survey.reasons:
            raise EmptyInputError(f"{self.files[0]} holds no pairs; a PreferencePair a line is expected")
        for name in self.config.hold_out_operators:
            if name not in survey.operators:
                raise UnknownNameError.of("operator or family among the pairs", name, survey.operators)

    def _reason(
        self, pair: PreferencePair, keys: tuple[int, int], seen: dict[tuple[int, int], str]
    ) -> tuple[str, str] | None:
        longest = max(len(pair.naive_code), len(pair.improved_code))
        if not pair.naive_code.strip() or not pair.improved_code.strip():
            return "empty-code", ""
        if longest > self.config.max_characters:
            return "too-long", f"{longest} characters"
        if keys[0] == keys[1]:
            return "same-code", ""
        if keys in seen:
            return "duplicate", "an earlier pair has the same codes"
        if seen.get(keys[::-1]) == pair.criterion:
            return "contradiction", "an earlier pair prefers the other code"
        return None

    # ── Second and third reading: nothing of training is in what is kept apart ──

    def choose_splits(self) -> dict[str, Split]:
        if not self.survey.groups:
            counts = Counter(reason[0] for reason in self.survey.reasons if reason)
            said = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
            raise EmptyInputError(f"no pair is left to build from ({said}); give other pairs")
        config = self.config
        return assign(self.survey.groups, config.seed, config.held_out_share, config.validation_share)

    def reject_leaks(self, splits: dict[str, Split]) -> None:
        """Leave out held-out and validation pairs whose codes are in a split nearer to training, or nearly so."""
        wanted = set(self.config.hold_out_operators)
        reasons, codes = self.survey.reasons, self.survey.codes
        apart = SimilarTexts()
        rows_of: list[list[int]] = []
        places: dict[int, int] = {}
        for number, pair in self._numbered():
            if reasons[number] is not None:
                continue
            split = splits[group_of(pair)]
            if wanted & _operator_names(pair) and split != "held-out":
                reasons[number] = "held-out-operator", "its group is not held out"
            elif split != "train":
                keys = code_key(pair.naive_code), code_key(pair.improved_code)
                if any(_nearest_split(codes[key], splits) < SPLITS.index(split) for key in keys):
                    reasons[number] = "code-in-training", "the same code occurs in a split nearer to training"
                    continue
                if keys[1] not in places:
                    places[keys[1]] = len(rows_of)
                    apart.add([pair.improved_code])
                    rows_of.append([])
                rows_of[places[keys[1]]].append(number)
        self._reject_near(apart, rows_of, splits)

    def _reject_near(self, apart: SimilarTexts, rows_of: list[list[int]], splits: dict[str, Split]) -> None:
        reasons = self.survey.reasons
        number = 0
        near: set[int] = set()
        for batch in self._rows():
            codes = {
                pair.improved_code
                for offset, pair in enumerate(batch)
                if reasons[number + offset] is None and splits[group_of(pair)] == "train"
            }
            number += len(batch)
            for found in apart.find(sorted(codes)):
                near.update(found)
        for place in near:
            for row in rows_of[place]:
                reasons[row] = "near-training", "a training code is nearly the same"

    # ── Last reading: writing ──

    def write(self, folder: Path, splits: dict[str, Split], inputs: dict[str, str]) -> DatasetCard:
        wanted = set(self.config.hold_out_operators)
        names = [*SPLITS, HELD_OUT_OPERATORS]
        counts = {name: SplitCounts() for name in names}
        balanced = {name: BalancedOrders() for name in SPLITS}
        rejected: Counter[str] = Counter()
        sample = Sample(self.config.probe_pairs)
        nearest = NearestTrainingCodes(self.unwanted.texts if self.unwanted else ())
        orders_of: dict[str, list[str]] = {}
        with ExitStack() as stack:
            paths = {name: folder / f"{name}.jsonl" for name in (*SPLITS, "rejections", "contaminated", "similarity")}
            paths |= {f"{name}.tasks": folder / f"{name}.tasks.jsonl" for name in ("held-out", HELD_OUT_OPERATORS)}
            writers = {name: stack.enter_context(_Writer(path)) for name, path in paths.items()}
            for overlap in self.survey.contaminated:
                writers["contaminated"].write(overlap)
            for number, pair in self._numbered():
                if reason := self.survey.reasons[number]:
                    rejected[reason[0]] += 1
                    writers["rejections"].write(_rejection(pair, *reason))
                    continue
                split = splits[group_of(pair)]
                if wanted & _operator_names(pair):
                    task = task_of(pair, HELD_OUT_OPERATORS)
                    writers[f"{HELD_OUT_OPERATORS}.tasks"].write(task)
                    counts[HELD_OUT_OPERATORS].add(pair, [task.label])
                    continue
                orders = ORDERS if self.config.orders == "both" else (balanced[split].draw(pair),)
                examples = [example_of(pair, order, self.text) for order in orders]
                for example in examples:
                    writers[split].write(example)
                counts[split].add(pair, [example.label for example in examples])
                if split == "held-out":
                    writers["held-out.tasks"].write(task_of(pair, "held-out"))
                elif split == "train":
                    sample.add(pair)
                    nearest.add((pair.improved_code, pair.naive_code))
                    orders_of[pair.id] = [example.label for example in examples]
            similar = nearest.result()
            for item in similar:
                writers["similarity"].write(item)
        card = DatasetCard(
            config=self.config.fixed(),
            inputs=inputs,
            rows=len(self.survey.reasons),
            splits={name: counts[name].card() for name in names},
            rejected=dict(sorted(rejected.items())),
            decontamination=self._decontamination() | {"similarity": summary(similar)},
            probes=_probes(sample.pairs(), orders_of, self.config.seed),
            files={path.name: hash_file(path) for path in paths.values()},
            notes=self._notes(counts),
        )
        write_json(folder / CARD, card.model_dump(mode="json"))
        write_bytes(folder / "README.md", readme(card).encode())
        return card

    def _decontamination(self) -> dict[str, Any]:
        by_kind = Counter(overlap.kind for overlap in self.survey.contaminated)
        return {
            "texts": len(self.unwanted) if self.unwanted else 0,
            "sha256": self.unwanted.sha256 if self.unwanted else None,
            "removed": by_kind.total(),
            "by_kind": {kind: by_kind[kind] for kind in KINDS},
            "by_part": dict(sorted(Counter(overlap.part for overlap in self.survey.contaminated).items())),
        }

    def _notes(self, counts: dict[str, SplitCounts]) -> list[str]:
        notes = []
        if not self.unwanted:
            notes.append("No text was forbidden: the pairs were not compared with any benchmark.")
        shares = {"held-out": self.config.held_out_share, "validation": self.config.validation_share}
        for name, share in shares.items():
            if share > 0 and not counts[name].pairs:
                notes.append(f"The {name} split is empty: there are too few groups.")
        return notes


class _Writer:
    """A file inside the folder that is not there yet; nobody reads it before it is whole."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")

    def write(self, record: Record) -> None:
        self._stream.write(record.to_json() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stream:
            if kind is None:
                self._stream.flush()
                os.fsync(self._stream.fileno())


def _operator_names(pair: PreferencePair) -> set[str]:
    meta = pair.meta or {}
    return {str(meta[key]) for key in ("operator", "family") if meta.get(key)}


def _note_group(codes: dict[int, str | set[str]], key: int, group: str) -> None:
    before = codes.setdefault(key, group)
    if isinstance(before, set):
        before.add(group)
    elif before != group:
        codes[key] = {before, group}


def _nearest_split(groups: str | set[str], splits: dict[str, Split]) -> int:
    """Return the place in `SPLITS` of the split nearest to training that one of the groups is in."""
    names = {groups} if isinstance(groups, str) else groups
    return min(SPLITS.index(splits[name]) for name in names)


def _rejection(pair: PreferencePair, reason: str, detail: str) -> Rejection:
    meta = pair.meta or {}
    kept: dict[str, Any] = {key: meta[key] for key in ("operator", "function") if key in meta}
    kept |= {"source": pair.source} if pair.source else {}
    return Rejection(id=pair.id, reason=reason, detail=detail, meta={"objective": objective_of(pair), **kept})


def _probes(pairs: Sequence[PreferencePair], orders: dict[str, list[str]], seed: int) -> dict[str, Any]:
    labels = [(pair, label) for pair in pairs for label in orders[pair.id]]
    return audit_pairs(pairs, labels, seed).as_json() if pairs else {}
