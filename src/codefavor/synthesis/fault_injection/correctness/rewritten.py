"""Owns faults of whole variants: a builtin or comprehension written out by hand and wrong, and faults in restyled code.

A model's wrong answer is seldom the right one with a character changed. Here the naive side is another way to write
the function, longer as a rule, with a mistake that this way invites.
"""

import ast
import random
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.resources import files
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.correctness.sites import Edit, Scope, body_of, fault, quote
from codefavor.synthesis.fault_injection.operator import fresh_name, statements


def _whole(scope: Scope, kind: type[ast.expr]) -> Iterator[tuple[ast.stmt, ast.expr, str | None]]:
    """Yield (statement, value, name assigned to) where a value of a kind is all that is assigned or returned."""
    for node in scope.nodes:
        if isinstance(node, ast.Return) and isinstance(node.value, kind) and not scope.is_nested(node):
            yield node, node.value, None
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, kind):
            target = node.targets[0]
            if isinstance(target, ast.Name) and not scope.is_nested(node):
                yield node, node.value, target.id


def _spelled(
    scope: Scope, statement: ast.stmt, target: str | None, wanted: str, code: str, **parts: str
) -> Callable[[], None]:
    """Return the act of replacing a statement by a template; RESULT stands for the variable the value goes to."""
    # A template reads its source while it builds the result, so it cannot build it in the variable it reads.
    read = {item.id for item in walk(statement) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)}
    result = target if target is not None and target not in read else fresh_name(scope.tree, wanted, "output")
    text = code.replace("RESULT", result)
    for key, value in parts.items():
        text = text.replace(key, value)
    if target is None:
        text += f"\nreturn {result}"
    elif target != result:
        text += f"\n{target} = {result}"
    return partial(scope.splice, statement, body_of(text))


def _comprehension(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for kind, start, add in (
        (ast.ListComp, "[]", "append"),
        (ast.SetComp, "set()", "add"),
        (ast.DictComp, "{}", ""),
    ):
        for statement, value, target in _whole(scope, kind):
            assert isinstance(value, ast.ListComp | ast.SetComp | ast.DictComp)
            if len(value.generators) != 1 or value.generators[0].is_async:
                continue
            loop = value.generators[0]
            item = ast.unparse(loop.target)
            if isinstance(value, ast.DictComp):
                step = f"RESULT[{ast.unparse(value.key)}] = {ast.unparse(value.value)}"
                raw = f"RESULT[{ast.unparse(value.key)}] = {item}"
            else:
                step = f"RESULT.{add}({ast.unparse(value.elt)})"
                raw = f"RESULT.{add}({item})"
            over = f"for {item} in {ast.unparse(loop.iter)}:"
            test = " and ".join(f"({ast.unparse(part)})" for part in loop.ifs)
            choices: list[tuple[str, str]] = [
                (
                    f"RESULT = {start}\n{over}\n    {_if(test, step)}\n    break",
                    "leaves the loop after the first element",
                )
            ]
            if raw != step:
                choices.append((f"RESULT = {start}\n{over}\n    {_if(test, raw)}", f"collects `{item}` itself"))
            choices.append((f"{over}\n    RESULT = {start}\n    {_if(test, step)}", "starts anew in every round"))
            if test:
                choices.append(
                    (
                        f"RESULT = {start}\n{over}\n    if not ({test}):\n        break\n    {step}",
                        "stops at the first element that does not qualify",
                    )
                )
                choices.append((f"RESULT = {start}\n{over}\n    {step}", f"does not check {quote(loop.ifs[0])}"))
            code, what = chance.choice(choices)
            text = (
                f"The naive code writes {quote(value)} out as a loop that "
                f"{what}. The improved code collects the right elements."
            )
            yield Edit(text, _spelled(scope, statement, target, "result", code))


def _if(test: str, step: str) -> str:
    return f"if {test}:\n        {step}" if test else step


_NEEDS: Final = {".strip": 0, ".lower": 0, ".upper": 0, ".items": 0, ".replace": 2}
"""How many arguments a method's template takes, where it is not one."""


@cache
def _by_hand_templates() -> dict[str, list[tuple[str, str]]]:
    """Return the templates of `by_hand.txt`: builtin or .method → (code, what it does wrong)."""
    text = files(__package__).joinpath("by_hand.txt").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, str]]] = {}
    for section in text.split("=== ")[1:]:
        title, _, code = section.partition("\n")
        called, _, mistake = title.partition(": ")
        found.setdefault(called, []).append((code.strip("\n"), mistake))
    return found


def _by_hand(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for statement, value, target in _whole(scope, ast.Call):
        assert isinstance(value, ast.Call)
        if (
            not isinstance(value.func, ast.Name)
            or len(value.args) != 1
            or value.keywords
            or isinstance(value.args[0], ast.Starred)
        ):
            continue
        if value.func.id not in _by_hand_templates():
            continue
        code, what = chance.choice(_by_hand_templates()[value.func.id])
        source = ast.unparse(value.args[0])
        item = fresh_name(scope.tree, "item", "element")
        text = (
            f"The naive code spells {quote(value)} out by hand and "
            f"{what}. The improved code gets it right with `{value.func.id}`."
        )
        yield Edit(text, _spelled(scope, statement, target, "result", code, ITEM=item, SOURCE=source))


def _text_by_hand(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for statement, value, target in _whole(scope, ast.Call):
        assert isinstance(value, ast.Call)
        method = value.func
        if not isinstance(method, ast.Attribute) or f".{method.attr}" not in _by_hand_templates() or value.keywords:
            continue
        if len(value.args) != _NEEDS.get(f".{method.attr}", 1) or any(
            isinstance(item, ast.Starred) for item in value.args
        ):
            continue
        code, what = chance.choice(_by_hand_templates()[f".{method.attr}"])
        parts = {f"ARG{place}": ast.unparse(item) for place, item in enumerate(value.args, 1)}
        item = fresh_name(scope.tree, "part", "piece")
        text = (
            f"The naive code spells {quote(value)} out by hand and "
            f"{what}. The improved code gets it right with `.{method.attr}`."
        )
        yield Edit(
            text,
            _spelled(scope, statement, target, "result", code, ITEM=item, SOURCE=ast.unparse(method.value), **parts),
        )


def _index_loop(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for loop in scope.of(ast.For):
        simple = isinstance(loop.iter, ast.Name | ast.Attribute) and isinstance(loop.target, ast.Name)
        if not simple or loop.orelse or scope.is_nested(loop):
            continue
        source = ast.unparse(loop.iter)
        place = fresh_name(scope.tree, "i", "index", "position")
        over, what = chance.choice(
            [
                (f"range(1, len({source}))", "misses the first element"),
                (f"range(len({source}) - 1)", "misses the last element"),
                (f"range(len({source}) + 1)", "reaches past the end"),
                (f"range(0, len({source}), 2)", "takes every other element"),
            ]
        )
        new = statements(f"for {place} in {over}:\n    {ast.unparse(loop.target)} = {source}[{place}]")[0]
        assert isinstance(new, ast.For)

        def apply(loop: ast.For = loop, new: ast.For = new) -> None:
            new.body = [*new.body, *loop.body]
            scope.splice(loop, [new])

        text = (
            f"The naive code goes through `{source}` by index over `{over}` "
            f"and {what}; the improved code takes the elements themselves."
        )
        yield Edit(text, apply)


def _spelled_condition(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    """A returned condition written out as if and else, with one answer wrong."""
    for statement, value, target in (*_whole(scope, ast.Compare), *_whole(scope, ast.BoolOp)):
        test = ast.unparse(value)
        result = target or fresh_name(scope.tree, "result", "answer", "valid")
        one = ast.unparse(value.values[0]) if isinstance(value, ast.BoolOp) else test
        options = [
            (f"if {test}:\n    RESULT = False\nelse:\n    RESULT = True", "the answers exchanged"),
            (f"RESULT = False\nif {test}:\n    RESULT = 'True'", "a text in place of a truth value"),
            (f"if {test}:\n    RESULT = True\nelse:\n    RESULT = None", "None for false"),
        ]
        if one != test:
            options = [
                (f"RESULT = False\nif {one}:\n    RESULT = True", f"only `{quote(one)[1:-1]}` checked"),
                *options[:1],
            ]
        code, what = chance.choice(options)
        text = (
            f"The naive code writes {quote(value)} out as an `if` with "
            f"{what}. The improved code gives the value of the condition."
        )
        yield Edit(text, _spelled(scope, statement, target, result, code))


def _chosen(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    """A conditional expression written out, the else outside."""
    for statement, value, target in _whole(scope, ast.IfExp):
        assert isinstance(value, ast.IfExp)
        test, first, second = map(ast.unparse, (value.test, value.body, value.orelse))
        code, what = chance.choice(
            [
                (
                    f"if {test}:\n    RESULT = {first}\nRESULT = {second}",
                    f"overwrites the first result with `{quote(second)[1:-1]}`",
                ),
                (f"RESULT = {first}\nif {test}:\n    RESULT = {second}", "has the two results the wrong way round"),
                (f"RESULT = None\nif {test}:\n    RESULT = {first}", f"forgets `{quote(second)[1:-1]}`"),
            ]
        )
        text = f"The naive code writes {quote(value)} out as an `if` that {what}. The improved code keeps both cases."
        yield Edit(text, _spelled(scope, statement, target, "result", code))


OPERATORS: Final = (
    fault("comprehension-by-hand", "by-hand", "a comprehension written out wrongly", _comprehension),
    fault("builtin-by-hand", "by-hand", "a builtin written out wrongly", _by_hand),
    fault("text-method-by-hand", "by-hand", "a method written out wrongly", _text_by_hand),
    fault("index-loop", "by-hand", "a loop by index that misses elements", _index_loop),
    fault("condition-spelled-out", "by-hand", "a condition written out wrongly", _spelled_condition),
    fault("choice-spelled-out", "by-hand", "a conditional expression written out wrongly", _chosen),
)
