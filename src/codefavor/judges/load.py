"""Owns the names of judges: KIND:NAME → Judge, by an explicit table and by entry points for others' judges.

A package adds a kind by an entry point in the group `codefavor.judges`: the entry's name is the kind, its object a
function that takes NAME (all behind the first colon, perhaps empty) and returns a `Judge`.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from codefavor.errors import CodefavorError, InputError, MissingExtraError, UnknownNameError
from codefavor.jsonl import hash_file
from codefavor.judges.base import Judge
from codefavor.judges.settings import AskingSettings, Surroundings
from codefavor.llm.load import addressed
from codefavor.runs import TIMES

Loader: TypeAlias = Callable[[str], Judge]

ENTRY_POINTS: Final = "codefavor.judges"

_MADE_OF: Final = frozenset({".jinja", ".json", ".model", ".safetensors"})
"""What decides what a model's folder says: chat template, settings, tokenizer, weights."""


class _Kind(NamedTuple):
    place: str
    """module:function, imported when a judge of this kind is asked for."""
    names: str = ""
    """What NAME is, for the message when it is missing; empty where the kind takes none."""
    extra: str = ""
    """The pip extra this kind needs."""
    optional: bool = False
    """Whether NAME may be left out."""
    chat: bool = False
    """Whether it is a chat model: its loader takes the whole name, and what surrounds it."""
    members: str = ""
    """Of a kind that wraps others: module:function that says from NAME which; its loader takes what surrounds it."""


_CHAT: Final = "codefavor.judges.chat_model:load"
_KINDS: Final[dict[str, _Kind]] = {
    "anthropic": _Kind(_CHAT, "MODEL", "anthropic", chat=True),
    "auto": _Kind("codefavor.judges.evidence.judge:load_auto"),
    "bedrock": _Kind(_CHAT, "MODEL", "bedrock", chat=True),
    "baseline": _Kind("codefavor.judges.baselines:load", "shorter|longer|first|second|random"),
    "builtin": _Kind("codefavor.judges.feature_model:load_builtin"),
    "calibrated": _Kind("codefavor.judges.calibration:load", "FILE", members="codefavor.judges.calibration:members"),
    "cascade": _Kind(
        "codefavor.judges.cascade:load", "JUDGE[@CONFIDENCE],JUDGE,…", members="codefavor.judges.cascade:members"
    ),
    "evidence": _Kind("codefavor.judges.evidence.judge:load", "examples|behaviour|oracles", optional=True),
    "google": _Kind(_CHAT, "MODEL", "google", chat=True),
    "huggingface": _Kind(_CHAT, "PATH", "torch", chat=True),
    "linear": _Kind("codefavor.judges.feature_model:load", "PATH"),
    "openai": _Kind(_CHAT, "MODEL", "openai", chat=True),
    "pair-rm": _Kind("codefavor.judges.pairwise_model:load", "PATH", "torch"),
    "recorded": _Kind("codefavor.judges.recorded:load", "FILE"),
    "reward-model": _Kind("codefavor.judges.reward_model:load", "PATH", "torch"),
    "scripted": _Kind(_CHAT, "FILE", chat=True),
    "vllm": _Kind("codefavor.judges.served_classifier:load", "PATH", "openai,torch", chat=True),
}


def is_chat(spec: str) -> bool:
    """Return whether KIND:NAME is a chat model, whose settings are `Surroundings.asking`."""
    kind = _KINDS.get(spec.partition(":")[0])
    return kind is not None and kind.chat


def asks_chat(spec: str) -> bool:
    """Return whether KIND:NAME is a chat model or wraps one.

    Raises:
        InputError: it wraps others, and NAME does not say which.
    """
    return bool(_chat_models(spec))


def asked_with(spec: str, asking: AskingSettings) -> dict[str, Any] | None:
    """Return what decides a chat model's answers beside its name, fit to be kept; None where none is asked.

    Of a judge that wraps chat models, `servers` says for each what only the environment names: its address or region.

    Raises:
        InputError: an address of the environment is none or holds a password, or NAME does not say what is wrapped.
    """
    if is_chat(spec):
        return addressed(spec, asking).decides()
    if not asks_chat(spec):
        return None
    own = asking.decides()
    servers = {
        each: named
        for each in _chat_models(spec)
        if (named := {key: value for key, value in addressed(each, asking).decides().items() if value != own[key]})
    }
    return {**own, "servers": servers} if servers else own


def _chat_models(spec: str) -> list[str]:
    return [spec] if is_chat(spec) else [inside for member in _members(spec) for inside in _chat_models(member)]


def _members(spec: str) -> list[str]:
    kind, _, name = spec.partition(":")
    known = _KINDS.get(kind)
    if known is None or not known.members or not name:
        return []
    found: list[str] = _named(known.members)(name)
    return found


def _named(place: str) -> Callable[..., Any]:
    module, _, function = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def load_judge(spec: str, around: Surroundings | None = None) -> Judge:
    """Return the judge that KIND:NAME stands for.

    Args:
        spec: KIND:NAME.
        around: what a chat model is asked with, and where what it says is kept.

    Raises:
        UnknownNameError: no such kind, here or by entry point.
        MissingExtraError: the kind needs an optional part of the installation.
        InputError: NAME is missing or cannot be used.
    """
    kind, _, name = spec.partition(":")
    known = _KINDS.get(kind)
    if known is None:
        return _load_foreign(kind, name)
    if bool(name) != bool(known.names) and not (known.optional and not name):
        asked = f"{kind}:{known.names}" if known.names else f"plain {kind}"
        raise InputError(f"the judge {spec!r} is not a whole name; give {asked}")
    try:
        loader: Callable[..., Judge] = _named(known.place)
        if known.chat or known.members:
            return loader(spec if known.chat else name, around or Surroundings())
        return loader(name)
    except ModuleNotFoundError as error:
        if not known.extra or (error.name or "").startswith("codefavor"):
            raise
        raise MissingExtraError.of(known.extra, f"the judge {spec}") from error


def judge_files(spec: str) -> dict[str, str]:
    """Return what a judge is made of: each file that NAME stands for → its SHA-256; empty where it names none.

    Names are relative to NAME, so that a run can be resumed after its checkpoint was moved. Of a judge that wraps
    others theirs are there too, by their place.
    """
    inside = {
        f"judge/{number}/{name}": hash_
        for number, member in enumerate(_members(spec), start=1)
        for name, hash_ in judge_files(member).items()
    }
    return {**_own_files(spec), **inside}


def _own_files(spec: str) -> dict[str, str]:
    path = Path(spec.partition(":")[2]).expanduser()
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in _MADE_OF and file.name != TIMES)
        return {f"judge/{file.name}": hash_file(file) for file in files}
    return {"judge": hash_file(path)} if path.is_file() else {}


def _load_foreign(kind: str, name: str) -> Judge:
    found = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if kind not in found:
        raise UnknownNameError.of("kind of judge", kind, [*_KINDS, *found])
    try:
        loader: Loader = found[kind].load()
        return loader(name)
    except CodefavorError:
        raise
    except Exception as error:  # others' code may fail in any way
        raise InputError(f"the judge {kind}:{name}, from {found[kind].value}, cannot be loaded: {error}") from error
