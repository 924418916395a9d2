"""Owns the audit of pairs: what rules that understand nothing guess of them, by objective, and what to make of it."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from codefavor.dataset.orders import group_of, objective_of
from codefavor.dataset.reading import file_of, read_pairs
from codefavor.dataset.split import position
from codefavor.errors import EmptyInputError
from codefavor.features.probes import PROBES, Guess, position_probe, probe, shorter_probe
from codefavor.records import PreferencePair, content_id

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

    @property
    def by_length(self) -> str | None:
        """Say that the label can be guessed from length, with the objective on which it can best; None where not."""
        found = [
            (_rank(name, guess), name == "shorter", _beyond(guess), objective, name, guess)
            for objective, name, guess in self._form()
            if name in ("shorter", "length") and _rank(name, guess)
        ]
        if not found:
            return None
        # Which code is shorter says more to a reader than a rule over several sizes that guesses a little better.
        rank, _, _, objective, name, guess = max(found, key=lambda item: item[:3])
        about = "all pairs" if objective == "all" else f"the pairs about {objective}"
        can = "can be guessed" if rank == 2 else "can partly be guessed"
        if name == "length":
            return f"The label {can} from length: a rule over sizes guesses {in_words(guess)} of {about}."
        side = "shorter" if guess.accuracy >= 0.5 else "longer"
        share = in_words(guess if side == "shorter" else guess.opposite)
        return f"The label {can} from length: the {side} code is the better one in {share} of {about}."

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
    sample = Sample(most)
    labels: dict[str, list[str]] = {}
    for row in read_pairs(path):
        if row.pair.id in labels:
            labels[row.pair.id].append(row.label)
        elif sample.add(row.pair):
            labels[row.pair.id] = [row.label]
    pairs = sample.pairs()
    if not pairs:
        raise EmptyInputError(f"{file_of(path)} holds no pairs; a PreferencePair or TrainingExample a line is expected")
    return audit_pairs(pairs, [(pair, label) for pair in pairs for label in labels[pair.id]], seed)


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
