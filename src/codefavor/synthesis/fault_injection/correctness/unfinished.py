"""Owns faults of incompleteness: steps left out, stubs, wrong or missing results, code that only begins."""

import ast
import random
from collections.abc import Iterator
from functools import partial
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.correctness.sites import (
    Edit,
    Scope,
    assign,
    body_of,
    fault,
    head,
    index_of,
    name,
    quote,
)
from codefavor.synthesis.fault_injection.operator import expression, statements

_MODULES: Final = frozenset(
    [
        "os",
        "sys",
        "re",
        "math",
        "json",
        "time",
        "random",
        "string",
        "itertools",
        "functools",
        "collections",
        "datetime",
        "logging",
        "copy",
        "struct",
        "io",
        "socket",
        "shutil",
        "subprocess",
        "threading",
        "operator",
        "types",
        "warnings",
        "errno",
        "stat",
        "bisect",
        "heapq",
        "textwrap",
        "codecs",
        "tempfile",
        "locale",
        "inspect",
    ]
)


def _simple(statement: ast.stmt) -> bool:
    return isinstance(
        statement, ast.Assign | ast.AugAssign | ast.Expr | ast.For | ast.If | ast.While | ast.Delete | ast.With
    )


def _returns(scope: Scope) -> list[ast.Return]:
    """Return the returns of the function itself that carry a value."""
    return [node for node in scope.of(ast.Return) if node.value is not None and not scope.is_nested(node)]


def _step(scope: Scope, _: random.Random) -> Iterator[Edit]:
    body = scope.function.body
    if len(body) < 3:
        return
    for place, node in enumerate(body[:-1]):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.For | ast.With) and not _defines_first(
            node, body[:place]
        ):
            text = f"The naive code leaves out a step of the work, {head(node)}, so the result is incomplete."
            yield Edit(f"{text} The improved code does it.", partial(scope.drop, node))


def _defines_first(node: ast.stmt, before: list[ast.stmt]) -> bool:
    """Return whether a plain assignment is the first to give a name its value."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return False
    target = node.targets[0].id
    return not any(isinstance(item, ast.Name) and item.id == target for other in before for item in walk(other))


def _undefined(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Assign):
        target = node.targets[0]
        if (
            len(scope.block_of(node)) < 2
            or not isinstance(target, ast.Name)
            or target.id in scope.parameters
            or scope.is_nested(node)
        ):
            continue
        uses = [item for item in scope.of(ast.Name) if item.id == target.id]
        if sum(isinstance(item.ctx, ast.Store) for item in uses) == 1 and len(uses) > 1:
            text = f"The naive code uses `{target.id}` without ever setting it and fails with a NameError."
            yield Edit(f"{text} The improved code sets it with {quote(node)}.", partial(scope.drop, node))


def _stops_short(scope: Scope, _: random.Random) -> Iterator[Edit]:
    body = scope.function.body
    for place in range(1, len(body)):
        text = (
            f"The naive code ends after {head(body[place - 1])} "
            f"and never gets to {head(body[place])}: it is unfinished."
        )
        yield Edit(f"{text} The improved code does the whole work.", assign(scope.function, "body", body[:place]))


def _nested_tail(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for owner, block in scope.blocks:
        if owner is scope.function or len(block) < 2:
            continue
        last = block[-1]
        if not isinstance(last, ast.Return | ast.Raise | ast.Break | ast.Continue | ast.Pass):
            kind = f"under {head(owner)}" if isinstance(owner, ast.stmt) else "there"
            text = f"The naive code lacks the last step {kind}, {head(last)}; the improved code finishes the job."
            yield Edit(text, partial(scope.drop, last))


def _stub(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    if len(scope.function.body) == 1 and not isinstance(
        scope.function.body[0], ast.If | ast.For | ast.While | ast.With | ast.Try
    ):
        return
    options = [
        "pass",
        "return None",
        "return False",
        "return True",
        "return 0",
        "return []",
        "return ''",
        "raise NotImplementedError",
    ]
    options += [f"return {item}" for item in scope.parameters]
    for code in chance.sample(options, 4):
        text = f"The naive code is a stub: its whole body is `{code}`, whatever `{scope.function.name}` is given."
        yield Edit(
            f"{text} The improved code does the work.",
            assign(scope.function, "body", body_of(code)),
        )


def _oversimplified(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    if not scope.parameters or len(scope.function.body) < 2:
        return
    one = chance.choice(scope.parameters)
    other = chance.choice(scope.parameters)
    options = [
        f"sorted({one})",
        f"len({one})",
        f"str({one})",
        f"list({one})",
        f"sum({one})",
        f"bool({one})",
        f"{one}[0]",
        f"max({one})",
    ]
    if other != one:
        options += [
            f"{one} + {other}",
            f"{one} == {other}",
            f"{one} in {other}",
            f"[{one}, {other}]",
            f"{one} and {other}",
            f"{one} or {other}",
        ]
    body = scope.function.body
    last = body[-1]
    for code in chance.sample(options, 3):
        text = f"The naive code reduces the task to `return {code}` and leaves out {head(body[0])} and what follows."
        kept: list[ast.stmt] = [ast.Return(expression(code))]
        if isinstance(body[0], ast.If) and body[0] is not last:
            kept.insert(0, body[0])
            text = f"The naive code reduces what follows the first check to `return {code}`, which is not the task."
        yield Edit(f"{text} The improved code works it out.", assign(scope.function, "body", kept))


def _only_beginning(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    used = sorted({item.id for item in scope.of(ast.Name) if item.id in _MODULES})
    lines = [f"import {item}" for item in used] or [
        chance.choice(["from typing import List", "import math", "import re", "import sys"])
    ]
    line = chance.choice(lines)
    text = (
        f"The naive code holds nothing but `{line}`: the function "
        f"`{scope.function.name}` is missing. The improved code defines it."
    )
    if chance.random() < 0.5:
        yield Edit(text, assign(scope.tree, "body", statements(line)))
        return
    body = scope.function.body[0]
    if isinstance(body, ast.Return | ast.Raise) or len(scope.function.body) == 1:
        yield Edit(text, assign(scope.tree, "body", statements(line)))
        return
    text = (
        f"The naive code imports a module, begins with {head(body)} "
        f"and then breaks off; the improved code goes on to the result."
    )

    def apply() -> None:
        scope.function.body = [body]
        scope.tree.body = [*statements(line), *scope.tree.body]

    yield Edit(text, apply)


def _wrong_returned(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    known = [*scope.locals, *scope.parameters]
    for node in _returns(scope):
        current = node.value.id if isinstance(node.value, ast.Name) else None
        others = [item for item in known if item != current]
        if others and node.value is not None:
            wrong = chance.choice(others)
            text = (
                f"The naive code returns `{wrong}`, which is not the "
                f"result; the improved code returns {quote(node.value)}."
            )
            yield Edit(text, assign(node, "value", name(wrong)))


def _no_return(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in _returns(scope):
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            continue
        assert node.value is not None
        text = (
            f"The naive code does not return {quote(node.value)}, "
            f"so the caller gets None; the improved code returns it."
        )
        if len(scope.block_of(node)) > 1 and isinstance(node.value, ast.Name):
            yield Edit(text, partial(scope.drop, node))
        else:
            yield Edit(text, partial(scope.splice, node, [ast.Expr(node.value)]))


def _printed(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in _returns(scope):
        if isinstance(node.value, ast.Constant) or node.value is None:
            continue
        wrong = ast.Expr(ast.Call(name("print"), [node.value], []))
        text = f"The naive code prints {quote(node.value)} and returns None; the improved code returns the value."
        yield Edit(text, partial(scope.splice, node, [wrong]))


def _opposite_result(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in _returns(scope):
        value = node.value
        wrong: ast.expr
        if isinstance(value, ast.Constant) and isinstance(value.value, bool):
            wrong = ast.Constant(not value.value)
        elif isinstance(value, ast.Compare | ast.BoolOp):
            wrong = ast.UnaryOp(ast.Not(), value)
        elif isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
            wrong = value.operand
        else:
            continue
        text = (
            f"The naive code returns {quote(wrong)} where {quote(value)} "
            f"is the answer, the opposite of the improved code."
        )
        yield Edit(text, assign(node, "value", wrong))


def _result_part(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in _returns(scope):
        value = node.value
        if isinstance(value, ast.Tuple) and len(value.elts) > 1:
            for gone in value.elts:
                if isinstance(gone, ast.Starred):
                    continue
                rest = [item for item in value.elts if item is not gone]
                wrong = (
                    rest[0] if len(rest) == 1 and not isinstance(rest[0], ast.Starred) else ast.Tuple(rest, ast.Load())
                )
                text = (
                    f"The naive code returns {quote(wrong)} without {quote(gone)}; "
                    f"the improved code returns all of {quote(value)}."
                )
                yield Edit(text, assign(node, "value", wrong))
        elif isinstance(value, ast.BinOp) and isinstance(
            value.op, ast.Add | ast.Sub | ast.Mult | ast.BitOr | ast.BitAnd
        ):
            for kept in (value.left, value.right):
                text = (
                    f"The naive code returns {quote(kept)}, only a part "
                    f"of the result {quote(value)} of the improved code."
                )
                yield Edit(text, assign(node, "value", kept))
        elif (
            isinstance(value, ast.Call)
            and len(value.args) == 1
            and not isinstance(value.args[0], ast.Starred | ast.GeneratorExp)
        ):
            text = (
                f"The naive code returns {quote(value.args[0])} before the "
                f"last step {quote(value.func)}; the improved code applies it."
            )
            yield Edit(text, assign(node, "value", value.args[0]))


def _returned_early(scope: Scope, _: random.Random) -> Iterator[Edit]:
    body = scope.function.body
    last = body[-1]
    if not (isinstance(last, ast.Return) and isinstance(last.value, ast.Name)):
        return
    for node in body[:-1]:
        stored = {item.id for item in walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
        if last.value.id in stored and not isinstance(node, ast.If | ast.For | ast.While):
            place = index_of(body, node)
            if place < len(body) - 2:
                text = (
                    f"The naive code returns `{last.value.id}` right "
                    f"after {head(node)}, before {head(body[place + 1])}."
                )
                new = [*body[: place + 1], last]
                yield Edit(f"{text} The improved code finishes first.", assign(scope.function, "body", new))


def _parameter_ignored(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for variable in scope.parameters:
        uses = [item for item in scope.of(ast.Name) if item.id == variable and isinstance(item.ctx, ast.Load)]
        stored = any(isinstance(item.ctx, ast.Store) for item in scope.of(ast.Name) if item.id == variable)
        held = any(isinstance(scope.parents[item], ast.Attribute | ast.keyword) for item in uses)
        if uses and not stored and not held:
            value = chance.choice([None, 0, 1, True, ""])

            def apply(uses: list[ast.Name] = uses, value: str | int | None = value) -> None:
                for item in uses:
                    scope.put(item, ast.Constant(value))

            text = f"The naive code ignores its parameter `{variable}` and works with the fixed value `{value!r}`."
            yield Edit(f"{text} The improved code uses what it is given.", apply)


OPERATORS: Final = (
    fault("step-dropped", "incomplete", "a step of the work left out", _step),
    fault("undefined-name", "incomplete", "a variable never set", _undefined),
    fault("stops-short", "truncated", "a function that ends too early", _stops_short),
    fault("last-step-dropped", "incomplete", "the last step of a block left out", _nested_tail),
    fault("stub", "truncated", "a body that does nothing", _stub),
    fault("oversimplified", "truncated", "one line in place of the work", _oversimplified),
    fault("only-beginning", "truncated", "code that breaks off after its first lines", _only_beginning),
    fault("wrong-returned-variable", "return", "another variable returned", _wrong_returned),
    fault("return-dropped", "return", "a result that is not returned", _no_return),
    fault("printed-for-returned", "return", "a result printed, not returned", _printed),
    fault("opposite-result", "negation", "the opposite truth value returned", _opposite_result),
    fault("part-of-result", "return", "a part of the result returned", _result_part),
    fault("returned-early", "return", "a result returned before it is ready", _returned_early),
    fault("parameter-ignored", "variables", "a fixed value in place of a parameter", _parameter_ignored),
)
