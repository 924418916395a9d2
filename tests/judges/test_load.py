"""Judges by name."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from codefavor.errors import InputError, MissingExtraError, UnknownNameError
from codefavor.judges import load as judges_load
from codefavor.judges.base import Judge
from codefavor.judges.baselines import load as load_baseline
from codefavor.judges.load import judge_files, load_judge


def test_a_name_gives_its_judge() -> None:
    """The name stands in every verdict as it was typed."""
    judge = load_judge("baseline:longer")

    assert isinstance(judge, Judge)
    assert judge.name == "baseline:longer"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("baselin:longer", "did you mean 'baseline'"),
        ("", "no kind of judge ''"),
        ("baseline", r"give baseline:shorter\|longer"),
        ("linear:", "give linear:PATH"),
        ("builtin:x", "give plain builtin"),
    ],
)
def test_a_wrong_name_is_one_sentence(spec: str, says: str) -> None:
    """A person reads what would have been right."""
    with pytest.raises(InputError, match=says):
        load_judge(spec)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch is not part of the core; the sentence says how to get it."""
    kinds = {"pair-rm": judges_load._Kind("no_such_package_of_anyone:load", "PATH", "torch")}
    monkeypatch.setattr(judges_load, "_KINDS", kinds)

    with pytest.raises(MissingExtraError, match=r"codefavor\[torch\]"):
        load_judge("pair-rm:x")


def test_others_add_kinds_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge of somebody else's package is as good as ours."""
    _offer(monkeypatch, "theirs", load_baseline)

    assert load_judge("theirs:first").name == "baseline:first"
    with pytest.raises(UnknownNameError, match="did you mean 'theirs'"):
        load_judge("their:first")


def test_a_foreign_judge_that_breaks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever others' code raises, the person learns whose it was."""

    def breaks(name: str) -> Judge:
        raise KeyError(name)

    _offer(monkeypatch, "theirs", breaks)

    with pytest.raises(InputError, match=r"theirs:first, from their_judges:load, cannot be loaded: 'first'"):
        load_judge("theirs:first")


def _offer(monkeypatch: pytest.MonkeyPatch, kind: str, loader: object) -> None:
    module = type(sys)("their_judges")
    vars(module)["load"] = loader
    monkeypatch.setitem(sys.modules, "their_judges", module)
    offered = [EntryPoint(kind, "their_judges:load", judges_load.ENTRY_POINTS)]
    monkeypatch.setattr(judges_load, "entry_points", lambda group: offered)


def test_a_judge_is_known_by_its_files(tmp_path: Path) -> None:
    """A run is not resumed with other weights under the same name."""
    (tmp_path / "card.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("not part of it")

    (tmp_path / "times.json").write_text("{}")  # changes when its training is asked for again and does nothing
    assert list(judge_files(f"linear:{tmp_path}")) == ["judge/card.json"]
    assert list(judge_files(f"recorded:{tmp_path / 'card.json'}")) == ["judge"]
    assert judge_files("baseline:shorter") == {}
