"""Owns faults in the flow of control: guards, branches, loop exits, exceptions, returns."""

import ast
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.correctness.sites import (
    Edit,
    Scope,
    assign,
    fault,
    head,
    index_of,
    leaves,
    name,
    quote,
)


def _guard(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.If):
        block = scope.block_of(node)
        is_elif = isinstance(owner := scope.parents[node], ast.If) and owner.orelse == [node]
        if node.orelse or not leaves(node.body) or is_elif or len(block) == 1:
            continue
        text = (
            f"The naive code leaves out the guard {head(node)}, so that case runs into the code meant for the others."
        )
        yield Edit(f"{text} The improved code deals with it first.", partial(scope.drop, node))


def _dropped_else(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.If):
        if not node.orelse:
            continue
        first = node.orelse[0]
        if isinstance(first, ast.If) and len(node.orelse) == 1:
            text = f"The naive code has no branch for {quote(first.test)}, which the improved code handles."
            yield Edit(text, assign(node, "orelse", first.orelse))
        else:
            text = (
                f"The naive code does nothing when {quote(node.test)} "
                f"is false; the improved code then does {head(first)}."
            )
            yield Edit(text, assign(node, "orelse", []))


def _always_else(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.If):
        if not node.orelse or leaves(node.body) or (isinstance(node.orelse[0], ast.If) and len(node.orelse) == 1):
            continue
        text = (
            f"The naive code also runs {head(node.orelse[0])} when "
            f"{quote(node.test)} holds, because it stands outside the `else`."
        )
        orelse = node.orelse

        def apply(node: ast.If = node, orelse: list[ast.stmt] = orelse) -> None:
            node.orelse = []
            scope.splice(node, [node, *orelse])

        yield Edit(f"{text} The improved code keeps the branches apart.", apply)


def _separate_ifs(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.If):
        nested = node.orelse[0] if len(node.orelse) == 1 else None
        is_elif = isinstance(owner := scope.parents[node], ast.If) and owner.orelse == [node]
        if not isinstance(nested, ast.If) or leaves(node.body) or is_elif:
            continue
        if _exclusive(node.test, nested.test) and not nested.orelse:
            continue
        text = (
            f"The naive code asks {quote(nested.test)} even after "
            f"{quote(node.test)} held, with `if` where `elif` is meant."
        )

        def apply(node: ast.If = node, nested: ast.If = nested) -> None:
            node.orelse = []
            scope.splice(node, [node, nested])

        yield Edit(f"{text} In the improved code only one of the branches runs.", apply)


def _exclusive(first: ast.expr, second: ast.expr) -> bool:
    """Return whether two tests are the same or look as if they could never both hold, so that order is no matter."""
    if ast.dump(first) == ast.dump(second):
        return True
    if isinstance(first, ast.Compare) and isinstance(second, ast.Compare):
        equal = all(isinstance(item, ast.Eq | ast.Is) for item in (*first.ops, *second.ops))
        return equal and ast.dump(first.left) == ast.dump(second.left)
    if isinstance(first, ast.Call) and isinstance(second, ast.Call):
        return ast.dump(first.func) == ast.dump(second.func)
    return False


def _names(node: ast.AST) -> set[str]:
    return {item.id for item in walk(node) if isinstance(item, ast.Name)}


def _branch_order(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.If):
        nested = node.orelse[0] if len(node.orelse) == 1 else None
        if isinstance(nested, ast.If) and not _exclusive(node.test, nested.test):
            text = (
                f"The naive code checks {quote(nested.test)} before "
                f"{quote(node.test)}; where both hold the wrong branch wins."
            )
            text = f"{text} The improved code checks in the right order."

            def swap(node: ast.If = node, nested: ast.If = nested) -> None:
                node.test, nested.test = nested.test, node.test
                node.body, nested.body = nested.body, node.body

            yield Edit(text, swap)
    for _owner, block in scope.blocks:
        for first, second in pairwise(list(block)):
            if (
                isinstance(first, ast.If)
                and isinstance(second, ast.If)
                and not (first.orelse or second.orelse)
                and leaves(first.body)
                and leaves(second.body)
                and not _exclusive(first.test, second.test)
                and _names(first.test) & _names(second.test)
            ):
                text = (
                    f"The naive code tests {quote(second.test)} before {quote(first.test)}, so the wrong case can win."
                )
                text = f"{text} The improved code puts the checks in the order they depend on."
                yield Edit(text, _swap(block, index_of(block, first)))


def _swap(block: list[ast.stmt], at: int) -> Callable[[], None]:
    def swap() -> None:
        block[at], block[at + 1] = block[at + 1], block[at]

    return swap


def _branches_swapped(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        if isinstance(node, ast.IfExp) and ast.dump(node.body) != ast.dump(node.orelse):
            text = (
                f"The naive code takes {quote(node.orelse)} when {quote(node.test)} "
                f"holds; the improved code takes {quote(node.body)}."
            )
            wrong = ast.IfExp(node.test, node.orelse, node.body)
            yield Edit(text, partial(scope.put, node, wrong))
        elif isinstance(node, ast.If) and node.orelse and not isinstance(node.orelse[0], ast.If):
            if [ast.dump(item) for item in node.body] == [ast.dump(item) for item in node.orelse]:
                continue
            text = (
                f"The naive code has the two branches of {head(node)} the "
                f"wrong way round: {head(node.orelse[0])} belongs in the `else`."
            )

            def swap(node: ast.If = node) -> None:
                node.body, node.orelse = node.orelse, node.body

            yield Edit(text, swap)


def _loop_exit(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Continue):
        text = "The naive code stops the whole loop with `break` where only this round should be skipped."
        yield Edit(f"{text} The improved code says `continue`.", partial(scope.splice, node, [ast.Break()]))
    for leave in scope.of(ast.Break):
        text = "The naive code goes on with `continue` after the loop should have ended."
        yield Edit(f"{text} The improved code leaves it with `break`.", partial(scope.splice, leave, [ast.Continue()]))


def _break_dropped(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        if isinstance(node, ast.Break | ast.Continue):
            word = "break" if isinstance(node, ast.Break) else "continue"
            if len(scope.block_of(node)) == 1:
                continue
            text = (
                f"The naive code forgets the `{word}`, so the loop goes on "
                f"into code it should not reach; the improved code has it."
            )
            yield Edit(text, partial(scope.drop, node))


def _swallowed(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for handler in scope.of(ast.ExceptHandler):
        if len(handler.body) == 1 and isinstance(handler.body[0], ast.Pass | ast.Continue):
            continue
        new: list[ast.stmt] = [chance.choice([ast.Pass(), ast.Return(ast.Constant(None))])]
        if ast.dump(new[0]) == ast.dump(handler.body[0]) and len(handler.body) == 1:
            continue
        kind = quote(handler.type) if handler.type else "every exception"
        text = f"The naive code swallows {kind} instead of running {head(handler.body[0])}, as the improved code does."
        yield Edit(text, assign(handler, "body", new))


def _unprotected(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Try):
        if node.handlers:
            kind = node.handlers[0].type
            text = (
                f"The naive code does not catch {quote(kind) if kind else 'exceptions'} "
                f"around {head(node.body[0])} and fails."
            )
            new = [*node.body, *node.orelse, *node.finalbody]
            yield Edit(f"{text} The improved code handles the exception.", partial(scope.splice, node, new))


def _wrong_exception(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for handler in scope.of(ast.ExceptHandler):
        if isinstance(handler.type, ast.Name) and handler.type.id in _CONFUSED:
            wrong = chance.choice(_CONFUSED[handler.type.id])
            text = f"The naive code catches `{wrong}` where `{handler.type.id}` is raised, so the error gets through."
            yield Edit(f"{text} The improved code catches the right one.", assign(handler, "type", name(wrong)))


_CONFUSED: Final = {
    "KeyError": ("IndexError", "ValueError", "AttributeError"),
    "IndexError": ("KeyError", "ValueError"),
    "ValueError": ("TypeError", "KeyError"),
    "TypeError": ("ValueError", "AttributeError"),
    "AttributeError": ("KeyError", "TypeError"),
    "OSError": ("ValueError", "KeyError"),
    "FileNotFoundError": ("ValueError", "PermissionError"),
    "ImportError": ("ValueError", "AttributeError"),
    "StopIteration": ("IndexError", "ValueError"),
    "UnicodeDecodeError": ("TypeError", "KeyError"),
    "UnicodeError": ("TypeError", "KeyError"),
    "ZeroDivisionError": ("ValueError", "TypeError"),
    "Exception": ("ValueError", "KeyError", "TypeError"),
}


def _error_hidden(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Raise):
        if node.exc is None or scope.is_nested(node):
            continue
        value = chance.choice([ast.Constant(None), ast.Constant(False), ast.UnaryOp(ast.USub(), ast.Constant(1))])
        text = (
            f"The naive code returns {quote(value)} where {head(node)} "
            f"is due, so a caller takes the failure for a result."
        )
        yield Edit(f"{text} The improved code reports it.", partial(scope.splice, node, [ast.Return(value)]))


def _return_in_loop(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for _owner, block in scope.blocks:
        for loop, after in pairwise(list(block)):
            if (
                isinstance(loop, ast.For | ast.While)
                and not loop.orelse
                and isinstance(after, ast.Return)
                and not leaves(loop.body)
            ):
                text = (
                    f"The naive code has {head(after)} inside the loop {head(loop)}, so it ends after the first round."
                )

                def apply(loop: ast.For | ast.While = loop, after: ast.Return = after) -> None:
                    scope.drop(after)
                    loop.body.append(after)

                yield Edit(f"{text} The improved code returns once the loop is over.", apply)


def _after_first(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for loop in scope.nodes:
        if isinstance(loop, ast.For | ast.While) and not leaves(loop.body):
            text = f"The naive code leaves the loop {head(loop)} after one round and handles only the first element."

            def apply(loop: ast.For | ast.While = loop) -> None:
                loop.body.append(ast.Break())

            yield Edit(f"{text} The improved code goes through all of them.", apply)


def _else_in_loop(scope: Scope, _: random.Random) -> Iterator[Edit]:
    """The verdict after a search moved into the loop: the first element decides."""
    for _owner, block in scope.blocks:
        for loop, after in pairwise(list(block)):
            if not (isinstance(loop, ast.For) and isinstance(after, ast.Return) and loop.body):
                continue
            last = loop.body[-1]
            if isinstance(last, ast.If) and not last.orelse and leaves(last.body):
                text = f"The naive code answers {head(after)} as soon as one element fails {quote(last.test)}."

                def apply(last: ast.If = last, after: ast.Return = after) -> None:
                    scope.drop(after)
                    last.orelse = [after]

                yield Edit(f"{text} The improved code looks at every element first.", apply)


OPERATORS: Final = (
    fault("guard-dropped", "guard", "an early check left out", _guard),
    fault("else-dropped", "branch", "a branch left out", _dropped_else),
    fault("else-always-runs", "branch", "the code of an else outside of it", _always_else),
    fault("if-for-elif", "branch", "several branches run where one should", _separate_ifs),
    fault("check-order", "branch", "checks in the wrong order", _branch_order),
    fault("branches-swapped", "branch", "the two results of a condition exchanged", _branches_swapped),
    fault("break-for-continue", "loop-exit", "`break` for `continue`, or the reverse", _loop_exit),
    fault("loop-exit-dropped", "loop-exit", "a `break` or `continue` left out", _break_dropped),
    fault("only-first-element", "loop-exit", "only the first element handled", _after_first),
    fault("return-in-loop", "return", "a return indented into the loop", _return_in_loop),
    fault("search-gives-up", "return", "a search that ends at the first element that does not match", _else_in_loop),
    fault("exception-swallowed", "exception", "an exception silenced", _swallowed),
    fault("exception-not-caught", "exception", "no handling of an exception", _unprotected),
    fault("wrong-exception-caught", "exception", "another exception caught than the one raised", _wrong_exception),
    fault("error-returned", "exception", "a value returned where an error is due", _error_hidden),
)
