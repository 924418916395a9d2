"""Owns the audit of pairs: what rules that understand nothing guess of them, by objective, and what to make of it."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from codefavor.dataset.orders import drawn_order, group_of, objective_of
from codefavor.dataset.split import position
from codefavor.errors import EmptyInputError, MissingFileError
from codefavor.examples import read_example_rows, splits_of
from codefavor.features.probes import PROBES, Guess, position_probe, probe, shorter_probe
from codefavor.jsonl import check_readable, parse_record
from codefavor.records import PreferencePair, TrainingExample, content_id

FORM: Final = ("position", "shorter", "length", "identifiers", "style")
"""Probes of what should say nothing at all."""
WORDING: Final = "n-grams"
"""The probe of wording, which is partly what makes code better."""
_LEANS: Final = dict.fromkeys(FORM, 0.55) | {WORDING: 0.65}
_TELLS: Final = dict.fromkeys(FORM, 0.65) | {WORDING: 0.8}
"""Shares guessed right from which a probe leans, and tells: the nearer end of its interval must be beyond."""


class Sample:
    """The pairs whose ids hash lowest, at most so many: the same sample whatever the order of the rows."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[float, str, PreferencePair]] = []

    def add(self, pair: PreferencePair) -> bool:
        """Offer a pair, and return whether it is in the sample for now."""
        if self._size <= 0:
            return False
        item = (-position(pair.id, 0), content_id(pair.id), pair)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, item)
        elif item[0] > self._heap[0][0]:
            heapq.heapreplace(self._heap, item)
        else:
            return False
        return True

    def pairs(self) -> list[PreferencePair]:
        """Return the sample."""
        return [pair for _, _, pair in sorted(self._heap, key=lambda item: item[:2])]


@dataclass(frozen=True)
class Audit:
    """What the probes guess."""

    guesses: dict[str, dict[str, Guess]]
    """Objective, or "all" → name of the probe → what it guesses."""

    @property
    def verdict(self) -> str:
        """What the worst probe of form says of the pairs: "clean", "leans" or "leaks", with the reason."""
        worst = max(
            ((_rank(name, guess), _beyond(guess), objective, name, guess) for objective, name, guess in self._form()),
            key=lambda item: item[:2],
            default=None,
        )
        if worst is None or worst[0] == 0:
            return f"clean: no probe of form is surely beyond {_LEANS['style']:.0%} on any objective"
        rank, _, objective, name, guess = worst
        word = "leaks" if rank == 2 else "leans"
        limit = (_TELLS if rank == 2 else _LEANS)[name]
        about = "of all pairs" if objective == "all" else f"of the pairs about {objective}"
        return f"{word}: {name} alone guesses {in_words(guess)} {about}, surely beyond {limit:.0%}"

    def _form(self) -> Iterable[tuple[str, str, Guess]]:
        for objective, found in self.guesses.items():
            for name, guess in found.items():
                if name in FORM:
                    yield objective, name, guess

    def as_json(self) -> dict[str, Any]:
        """Return the audit as it stands in the card of a data set."""
        return {
            "verdict": self.verdict,
            "by_objective": {
                objective: {
                    "pairs": max(guess.pairs for guess in found.values()),
                    **{name: guess.as_json() for name, guess in found.items()},
                }
                for objective, found in self.guesses.items()
            },
        }


def audit_pairs(pairs: Sequence[PreferencePair], labels: Sequence[tuple[PreferencePair, str]], seed: int = 0) -> Audit:
    """Return what the probes guess of the pairs.

    Args:
        pairs: the pairs, once each.
        labels: for each example that a model is shown, its pair and its label.
        seed: changes folds and resampling.
    """
    chosen: dict[str, list[PreferencePair]] = {"all": list(pairs)}
    for pair in pairs:
        chosen.setdefault(objective_of(pair), []).append(pair)
    shown: dict[str, list[tuple[str, str]]] = {"all": [(label, group_of(pair)) for pair, label in labels]}
    for pair, label in labels:
        shown.setdefault(objective_of(pair), []).append((label, group_of(pair)))
    if len(chosen) == 2:
        del chosen["all"]  # it would say the same twice
    return Audit({name: _guesses(group, shown.get(name, []), seed) for name, group in sorted(chosen.items()) if group})


def _guesses(pairs: list[PreferencePair], labels: list[tuple[str, str]], seed: int) -> dict[str, Guess]:
    groups = [group_of(pair) for pair in pairs]
    return {
        "position": position_probe([label for label, _ in labels], [group for _, group in labels], seed),
        "shorter": shorter_probe(pairs, groups, seed),
        **{name: probe(name, pairs, groups, seed) for name in PROBES},
    }


def audit_file(path: Path, most: int = 4000, seed: int = 0) -> Audit:
    """Return the audit of a data set's training examples, of a synthesis run, or of a file of pairs or examples.

    Args:
        path: a folder or a file.
        most: pairs looked at; the same ones whatever their order.
        seed: changes folds and resampling.

    Raises:
        InputError: there is no such file, or it holds neither pairs nor training examples.
    """
    file = _file_of(path)
    sample = Sample(most)
    orders: dict[str, list[str]] = {}
    for line, row in read_example_rows(file):
        if "pair_id" in row:
            example = parse_record(TrainingExample, row, file, line)
            pair, label = _pair_of(example), example.label
        else:
            pair = parse_record(PreferencePair, row, file, line)
            # A pair has no order yet; what counts is the one its name will draw.
            label = "A" if drawn_order(pair.id) == "improved-first" else "B"
        if pair.id in orders:
            orders[pair.id].append(label)
        elif sample.add(pair):
            orders[pair.id] = [label]
    pairs = sample.pairs()
    if not pairs:
        raise EmptyInputError(f"{file} holds no pairs; a PreferencePair or TrainingExample a line is expected")
    return audit_pairs(pairs, [(pair, label) for pair in pairs for label in orders[pair.id]], seed)


def _file_of(path: Path) -> Path:
    if path.is_dir():
        if (path / "pairs.jsonl").is_file():
            return path / "pairs.jsonl"
        try:
            return splits_of(path)["train"]
        except MissingFileError:
            raise MissingFileError(
                f"{path} holds no train.jsonl, train.parquet or pairs.jsonl; give a data set, a synthesis run or a file"
            ) from None
    check_readable(path)
    return path


def _pair_of(example: TrainingExample) -> PreferencePair:
    improved, naive = example.code_a, example.code_b
    if example.label == "B":
        improved, naive = naive, improved
    return PreferencePair.model_validate(
        {
            "id": example.pair_id,
            "instruction": example.instruction,
            "criterion": example.criterion,
            "naive_code": naive,
            "improved_code": improved,
            "feedback": "",
            "method": example.format,
            "language": example.language,
            "source": example.group,
            "meta": example.meta,
        }
    )


def in_words(guess: Guess) -> str:
    """Return a guess with its interval.

    >>> in_words(Guess(100, 0.512, 0.4, 0.62))
    '51.2 % (40.0 to 62.0)'
    """
    return f"{100 * guess.accuracy:.1f} % ({100 * guess.low:.1f} to {100 * guess.high:.1f})"


def said(name: str, guess: Guess) -> str:
    """Return what a probe's guess means: "nothing", "leans" or "tells"."""
    return ("nothing", "leans", "tells")[_rank(name, guess)]


def _beyond(guess: Guess) -> float:
    """Return the share surely guessed right: rules may also be right by always saying the opposite."""
    return max(guess.low, 1.0 - guess.high)


def _rank(name: str, guess: Guess) -> int:
    return (_beyond(guess) >= _LEANS[name]) + (_beyond(guess) >= _TELLS[name])
