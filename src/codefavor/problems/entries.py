"""Owns calling as plain functions what is none: coroutines, and methods of classes that are made without arguments."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from codefavor.codetext.trees import walk

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_AWAITED: Final = """

def _awaited_(inner):
    import asyncio

    def outer(*given, **named):
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(inner(*given, **named))
        return inner(*given, **named)

    return outer
"""
"""What a coroutine function becomes: its result where nothing awaits it, as before where something does."""


@dataclass(frozen=True)
class Method:
    """A public method that can be called without arguments for its class."""

    owner: str
    node: Function
    bound: bool
    """Whether it needs an instance, as static methods and those of the class do not."""
    steady: bool
    """Whether no method of its class changes the instance, so that a fresh one for each call is as good as one."""


def methods_of(tree: ast.Module) -> dict[str, Method]:
    """Return the methods of a module's classes by name; one that two classes have is left out."""
    found: dict[str, Method] = {}
    twice: set[str] = set()
    for owner in tree.body:
        if not isinstance(owner, ast.ClassDef) or not _made_without_arguments(owner):
            continue
        steady = not any(_changes_itself(part) for part in owner.body)
        for node in owner.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
            if marks & {"property", "abstractmethod"} or any(
                isinstance(mark, ast.Attribute) for mark in node.decorator_list
            ):
                continue
            if node.name in found:
                twice.add(node.name)
            found[node.name] = Method(owner.name, node, not marks & {"staticmethod", "classmethod"}, steady)
    return {name: method for name, method in found.items() if name not in twice}


def _made_without_arguments(owner: ast.ClassDef) -> bool:
    if owner.decorator_list or owner.bases or owner.keywords:  # a dataclass, an exception: made in ways not seen here
        return all(isinstance(base, ast.Name) and base.id == "object" for base in owner.bases) and not (
            owner.decorator_list or owner.keywords
        )
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            arguments = node.args
            needed = len(arguments.posonlyargs) + len(arguments.args) - 1 - len(arguments.defaults)
            return needed <= 0 and all(default is not None for default in arguments.kw_defaults)
    return True


def _changes_itself(part: ast.stmt) -> bool:
    if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) or part.name == "__init__":
        return False
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
        for node in walk(part)
    )


def as_functions(coroutines: Iterable[str], methods: Iterable[Method]) -> str:
    """Return code that makes plain functions of a module's coroutines and methods, to stand behind the module's own."""
    lines = [f"{name} = _awaited_({name})" for name in coroutines]
    for method in methods:
        name, owner = method.node.name, method.owner
        plain = f"(lambda *given, **named: {owner}{'()' if method.bound else ''}.{name}(*given, **named))"
        lines.append(f"{name} = {f'_awaited_({plain})' if isinstance(method.node, ast.AsyncFunctionDef) else plain}")
    if not lines:
        return ""
    return ("\n" + _AWAITED if any("_awaited_" in line for line in lines) else "\n\n") + "\n".join(lines) + "\n"
