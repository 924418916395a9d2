"""Owns slow-downs by copies and needlessly wide loops: sequences laid out, sliced or reversed only to be read."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.iteration import INDEX_NAMES, finite, plain_loops
from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, dotted, leaves, plain, simple_name
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
    statements,
)


def _step(code: Code) -> Iterator[Edit]:
    for loop in plain_loops(code):
        match loop:
            case ast.For(
                iter=ast.Call(
                    func=ast.Name(id="range"), args=[start, end, ast.Constant(value=int() as step)], keywords=[]
                ),
                target=ast.Name(id=name),
            ) if step > 1 and plain(start):
                pass
            case _:
                continue
        if not code.unused_outside(loop, {name}) or name in code.stored(loop.body):
            continue

        def edit(
            chance: random.Random,
            loop: ast.For = loop,
            start: ast.expr = start,
            end: ast.expr = end,
            step: int = step,
            name: str = name,
        ) -> str:
            shown = quote(loop.iter)
            zero = isinstance(start, ast.Constant) and start.value == 0
            off = name if zero else f"({name} - {source(start)})"
            span = f"range({ast.unparse(end)})" if zero else f"range({ast.unparse(start)}, {ast.unparse(end)})"
            if chance.random() < 0.5:
                (again,) = statements(f"for {name} in {span}:\n    if {off} % {step} == 0:\n        pass")
                assert isinstance(again, ast.For)
                branch = again.body[0]
                assert isinstance(branch, ast.If)
                branch.body = loop.body
            else:
                (again,) = statements(f"for {name} in {span}:\n    if {off} % {step} != 0:\n        continue")
                assert isinstance(again, ast.For)
                again.body += loop.body
            code.substitute(loop, [again])
            return (
                "The naive code visits every number and throws most of them away with a remainder test. The "
                "improved code visits "
                f"only the numbers needed, with {shown}."
            )

        yield edit


def _slices(code: Code) -> Iterator[Edit]:
    for loop in plain_loops(code):
        match loop.iter:
            case ast.Subscript(
                value=given, slice=ast.Slice(lower=ast.Constant(value=int() as low), upper=None, step=None)
            ) if low > 0 and plain(given):
                pass
            case _:
                continue
        if not finite(code, loop):
            continue

        def edit(chance: random.Random, loop: ast.For = loop, given: ast.expr = given, low: int = low) -> str:
            shown, text = quote(loop.iter), ast.unparse(given)
            index = code.fresh(chance, *INDEX_NAMES)
            target = ast.unparse(loop.target)
            if chance.random() < 0.5:
                (again,) = statements(
                    f"for {index}, {target} in enumerate({text}):\n    if {index} < {low}:\n        continue"
                )
            else:
                (again,) = statements(
                    f"for {index} in range({low}, len({text})):\n    {target} = "
                    f"list({source(given)}[{low}:])[{index} - {low}]"
                )
            assert isinstance(again, ast.For)
            again.body += loop.body
            code.substitute(loop, [again])
            return (
                "The naive code keeps track of positions for every element, or slices anew in each turn, only to "
                "leave out the "
                f"start. The improved code takes the slice {shown} once."
            )

        yield edit


def _materialised(code: Code) -> Iterator[Edit]:
    """Loops that can stop early, over something that is laid out in full first."""
    for loop in plain_loops(code):
        if not isinstance(loop.iter, ast.Call):
            continue
        name = dotted(loop.iter.func) or ""
        lazy = name in {"range", "enumerate", "zip", "reversed"} or name.endswith((".items", ".keys", ".values"))
        if not lazy or (not finite(code, loop) and not (name == "range" and plain(loop.iter.args[0]))):
            continue

        def edit(chance: random.Random, loop: ast.For = loop) -> str:
            shown, text = quote(loop.iter), ast.unparse(loop.iter)
            name = code.fresh(chance, "item", "entry", "element", "value", "pair")
            code.swap(
                loop.iter,
                chance.choice((f"[{name} for {name} in {text}]", f"list(list({text}))", f"sorted(list({text}))[:]"
                               if text.startswith("range(") and "-" not in text else f"tuple(list({text}))",
                               f"list({name} for {name} in {text})")),
            )  # fmt: skip
            return (
                f"The naive code copies everything {shown} yields into a list before the loop starts. The "
                "improved code takes the "
                "elements as they come, without the copies and their memory."
            )

        yield edit


def _reversed(code: Code) -> Iterator[Edit]:
    for call in code.of(ast.Call):
        if not call_of(call, "reversed", arguments=1):
            continue
        holder = code.parent[call]
        if not isinstance(holder, ast.For | ast.comprehension) and not call_of(holder, "list", "tuple", arguments=1):
            continue

        def edit(chance: random.Random, call: ast.Call = call) -> str:
            shown, text = quote(call), ast.unparse(call.args[0])
            code.swap(
                call,
                chance.choice((f"list(list({text})[::-1])", f"[*list({text})][::-1]", f"list(reversed(list({text})))")),
            )
            return (
                "The naive code copies the sequence, more than once, to go through it backwards. The improved "
                f"code uses {shown}, "
                "which copies nothing."
            )

        yield edit


def _copied_reads(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.Subscript):
        if (
            not isinstance(node.ctx, ast.Load)
            or isinstance(node.slice, ast.Slice | ast.Tuple)
            or not simple_name(node.value)
        ):
            continue
        kind = code.kind(node.value)
        last = isinstance(node.slice, ast.UnaryOp) and ast.unparse(node.slice) == "-1"
        if not (kind in {"list", "tuple"} or last) or not plain(node.slice):
            continue
        if not (code.repeated(node) or last):
            continue

        def edit(chance: random.Random, node: ast.Subscript = node, last: bool = last) -> str:
            shown, text, index = quote(node), ast.unparse(node.value), ast.unparse(node.slice)
            forms = [f"list({text})[{index}]", f"{text}[:][{index}]", f"[*{text}][{index}]"]
            if last:
                forms += [f"{text}[::-1][0]", f"list(reversed({text}))[0]", f"list({text}).pop()"]
            code.swap(node, chance.choice(forms))
            return (
                "The naive code copies the whole sequence to read one element. The improved code reads it in "
                f"place, {shown}."
            )

        yield edit


def _copied_arguments(code: Code) -> Iterator[Edit]:
    """A parameter that is only walked through, copied in each turn of the loop around the walk."""
    for loop in code.of(ast.For):
        outer = code.loop_of(loop)
        if outer is None or not isinstance(loop.iter, ast.Name) or leaves(loop.body, ast.Break, ast.Return):
            continue
        name = loop.iter.id
        if name in code.stored([outer]) or code.kind(loop.iter) == "dict":
            continue

        def edit(chance: random.Random, loop: ast.For = loop, name: str = name) -> str:
            item = code.fresh(chance, "item", "element", "x", "entry", "value")
            forms = (
                f"list({name})",
                f"[{item} for {item} in {name}]",
                f"[*list({name})]",
                f"list(reversed(list({name})[::-1]))",
                f"list({item} for {item} in {name})",
            )
            code.swap(loop.iter, chance.choice(forms))
            return (
                f"The naive code copies `{name}` in every turn of the outer loop, though nothing changes it. The "
                "improved code walks "
                "through it directly."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("step-by-remainder", "wide-loop", "visits every number where a step would do", _step, (
        "def pairs(text):\n    out = []\n    for i in range(0, len(text), 2):\n        out.append(text[i:i + 2])\n"
        "    return out",
        "def pairs(text):\n    out = []\n    for i in range(len(text)):\n        if i % 2 == 0:\n"
        "            out.append(text[i:i + 2])\n    return out")),
    slower("slice-by-position", "wide-loop", "skips the start of a sequence element by element", _slices, (
        "def body(lines):\n    out = []\n    for line in lines[1:]:\n        out.append(line.strip())\n"
        "    return out",
        "def body(lines):\n    out = []\n    for i in range(1, len(lines)):\n"
        "        line = list(lines[1:])[i - 1]\n        out.append(line.strip())\n    return out")),
    slower("loop-over-copies", "copies", "lays a lazy sequence out before looping", _materialised, (
        "def gaps(numbers):\n    found = []\n    for i, number in enumerate(numbers):\n        if i != number:\n"
        "            found.append(i)\n    return found",
        "def gaps(numbers):\n    found = []\n    for i, number in [item for item in enumerate(numbers)]:\n"
        "        if i != number:\n            found.append(i)\n    return found")),
    slower("reversed-by-copies", "copies", "copies a sequence to go backwards", _reversed, (
        "def backwards(words):\n    return [word for word in reversed(words)]",
        "def backwards(words):\n    return [word for word in list(list(words)[::-1])]")),
    slower("copy-per-read", "copies", "copies a sequence to read one element", _copied_reads, (
        "def steps(count):\n    levels = list(range(count))\n    return [levels[i] - i for i in range(count)]",
        "def steps(count):\n    levels = list(range(count))\n    return [list(levels)[i] - i for i in range(count)]")),
    slower("copy-per-turn", "copies", "copies a collection in each turn of a loop", _copied_arguments, (
        "def grid(rows, columns):\n    out = []\n    for row in rows:\n        for column in columns:\n"
        "            out.append((row, column))\n    return out",
        "def grid(rows, columns):\n    out = []\n    for row in rows:\n        for column in list(columns):\n"
        "            out.append((row, column))\n    return out")),
)  # fmt: skip
