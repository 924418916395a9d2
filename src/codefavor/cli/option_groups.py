"""Owns options that several commands share, and how one dataclass in a signature stands for many of them."""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, TypeAlias, get_type_hints

import typer


class Orders(StrEnum):
    """Whether each task is asked once or with the codes swapped as well."""

    given = "given"
    both = "both"


AskedOrders: TypeAlias = Annotated[Orders, typer.Option(help="Ask once, or again with the codes swapped.")]
WithEvidence: TypeAlias = Annotated[
    bool, typer.Option("--with-evidence", help="Tell the judge what running and scanning the codes showed.")
]
Unsafe: TypeAlias = Annotated[
    bool, typer.Option("--unsafe", help="Run the codes even where this machine cannot hold them.")
]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that takes, for each parameter that is a dataclass, the fields of it instead.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Where:
    ...     base_url: str = "here"
    >>> def ask(name: str, where: Where) -> None:
    ...     print(name, where)
    >>> signature(grouped(ask))
    <Signature (*, name: str, base_url: str = 'here')>
    >>> grouped(ask)(name="x", base_url="there")
    x Where(base_url='there')
    """
    shown: list[Parameter] = []
    groups: dict[str, tuple[Any, list[str]]] = {}
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in signature(command).parameters.items():
        kind: Any = hints[name]
        if not is_dataclass(kind):
            shown.append(parameter.replace(annotation=kind, kind=Parameter.KEYWORD_ONLY))
            continue
        groups[name] = (kind, [field.name for field in fields(kind)])
        inner = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            default = Parameter.empty if field.default is MISSING else field.default
            annotation = inner[field.name]
            shown.append(Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation))

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 (each has its own type)
        for name, (kind, names) in groups.items():
            given[name] = kind(**{each: given.pop(each) for each in names})
        command(**given)

    run.__signature__ = Signature(shown)  # type: ignore[attr-defined]  # what `inspect` goes by
    run.__annotations__ = {each.name: each.annotation for each in shown}
    return run
