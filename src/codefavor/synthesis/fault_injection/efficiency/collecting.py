"""Owns slow-downs in collecting results: comprehensions, `sum` and `join` spelled out in Python loops."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, unrollable
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import clauses, loops, quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
)

LIST_NAMES: Final = ("result", "results", "out", "collected", "values", "acc", "gathered", "found", "output", "built")


def elements(code: Code, node: ast.expr, chance: random.Random) -> tuple[list[ast.comprehension], ast.expr]:
    """Return (loops to run, the element) for something that is iterated over."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp) and unrollable(node):
        code.own_targets(node, chance)
        return node.generators, node.elt
    name = code.fresh(chance, "item", "element", "entry", "value", "current", "x")
    part = ast.comprehension(ast.Name(name, ast.Store()), node, [], 0)
    return [part], ast.Name(name, ast.Load())


def deliver(code: Code, node: ast.expr, statement: ast.stmt, name: str, result: str = "") -> None:
    """Put the name that a loop filled in the place of the expression it stands for."""
    if code.assigned_to(node) == name and not result:
        code.substitute(statement, [])
    else:
        code.swap(node, result or name)


def _goal(code: Code, node: ast.expr, chance: random.Random, *wanted: str) -> str:
    """Return the name to fill: the one the expression is assigned to where it can be used, else a new one."""
    name = code.assigned_to(node)
    if name and not any(isinstance(item, ast.Name) and item.id == name for item in walk(node)):
        return name
    return code.fresh(chance, *wanted)


def _comprehensions(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.ListComp):
        statement = code.movable(node)
        if statement is None or not unrollable(node):
            continue

        def edit(chance: random.Random, node: ast.ListComp = node, statement: ast.stmt = statement) -> str:
            shown = quote(node)
            generators, element = elements(code, node, chance)
            name = _goal(code, node, chance, *LIST_NAMES)
            add, why = chance.choice(
                (
                    ("{name}.append({item})", "calls `append` once per element in a Python loop"),
                    ("{name} = {name} + [{item}]", "builds a new list for every element, copying all before it"),
                    ("{name} += [{item}]", "makes a one-element list for every element to add it in a Python loop"),
                    ("{name}.insert(len({name}), {item})", "inserts every element by position in a Python loop"),
                    ("{name} = [*{name}, {item}]", "copies the whole list for every element it adds"),
                    ("{name}.extend([{item}])", "wraps every element in a list only to extend another with it"),
                )
            )
            body = loops(generators, add.format(name=name, item=source(element)), chance)
            code.put_before(statement, f"{name} = []\n{body}")
            deliver(code, node, statement, name)
            return f"The naive code {why}. The improved code makes the list with one comprehension, {shown}."

        yield edit


def _mappings(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.DictComp):
        statement = code.movable(node)
        if statement is None or not unrollable(node):
            continue

        def edit(chance: random.Random, node: ast.DictComp = node, statement: ast.stmt = statement) -> str:
            shown = quote(node)
            code.own_targets(node, chance)
            name = _goal(code, node, chance, "mapping", "table", "result", "lookup", "built", "by_key")
            key, value = source(node.key), source(node.value)
            add = chance.choice(
                (
                    f"{name}[{key}] = {value}",
                    f"{name}.update({{{key}: {value}}})",
                    f"{name} = {{**{name}, {key}: {value}}}",
                    f"{name} = dict({name})\n{name}[{key}] = {value}",
                    f"{name} = {name} | {{{key}: {value}}}",
                )
            )
            code.put_before(statement, f"{name} = {{}}\n{loops(node.generators, add, chance)}")
            deliver(code, node, statement, name)
            return (
                "The naive code fills the dict entry by entry in a Python loop, with extra work or a copy per "
                "entry. The improved "
                f"code uses the dict comprehension {shown}."
            )

        yield edit


def _inline_mappings(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.DictComp):

        def edit(chance: random.Random, node: ast.DictComp = node) -> str:
            shown = quote(node)
            rest = clauses(node.generators)
            pair = f"({ast.unparse(node.key)}, {ast.unparse(node.value)})"
            code.swap(
                node, chance.choice((f"dict([{pair}{rest}])", f"dict({pair}{rest})", f"dict(list({pair}{rest}))"))
            )
            return (
                "The naive code makes a tuple for every entry and turns them into a dict. The improved code is "
                f"{shown}."
            )

        yield edit


def _sums(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.Call):
        if not call_of(node, "sum", arguments=1) or (statement := code.movable(node)) is None:
            continue

        def edit(chance: random.Random, node: ast.Call = node, statement: ast.stmt = statement) -> str:
            shown = quote(node)
            given = node.args[0]
            generators, element = elements(code, given, chance)
            name = _goal(code, node, chance, "total", "count", "acc", "subtotal", "running", "amount")
            if chance.random() < 0.4:
                parts = code.fresh(chance, "parts", "amounts", "values", "terms", "numbers")
                add = f"{parts}.append({ast.unparse(element)})"
                index = code.fresh(chance, "i", "index", "position")
                tail = f"\n{name} = 0\nfor {index} in range(len({parts})):\n    {name} = {name} + {parts}[{index}]"
                code.put_before(statement, f"{parts} = []\n{loops(generators, add, chance)}{tail}")
            else:
                add = chance.choice((f"{name} += {source(element)}", f"{name} = {name} + {source(element)}"))
                code.put_before(statement, f"{name} = 0\n{loops(generators, add, chance)}")
            deliver(code, node, statement, name)
            return (
                "The naive code adds the numbers up one by one in Python. The improved code leaves the addition "
                f"to the built-in, {shown}."
            )

        yield edit


def _joins(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.Call):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(value=str() as glue), attr="join"), args=[given], keywords=[]
            ):
                pass
            case _:
                continue
        statement = code.movable(node)
        if statement is None or isinstance(given, ast.Starred):
            continue

        def edit(
            chance: random.Random,
            node: ast.Call = node,
            statement: ast.stmt = statement,
            given: ast.expr = given,
            glue: str = glue,
        ) -> str:
            shown = quote(node)
            generators, element = elements(code, given, chance)
            text = _goal(code, node, chance, "text", "joined", "output", "string", "result", "combined", "built")
            part = source(element)
            result = ""
            if not glue:
                add = chance.choice(
                    (f"{text} += {part}", f"{text} = {text} + {part}", f"{text} = ''.join([{text}, {part}])")
                )
                first = "''"
            elif chance.random() < 0.5:
                add, first = (
                    chance.choice((f"{text} += {glue!r} + {part}", f"{text} = {text} + {glue!r} + {part}")),
                    "''",
                )
                result = f"{text}[{len(glue)}:]"
            else:
                add = f"{text} = {part} if {text} is None else {text} + {glue!r} + {part}"
                first, result = "None", f"{text} or ''"
            code.put_before(statement, f"{text} = {first}\n{loops(generators, add, chance)}")
            if result and code.assigned_to(node) == text:
                code.swap(node, result)
            else:
                deliver(code, node, statement, text, f"({result})" if result else "")
            return (
                "The naive code grows a string piece by piece, which copies what is already there again and "
                "again. The improved code "
                f"joins the pieces once, with {shown}."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("list-by-loop", "spelled-out", "builds a list element by element", _comprehensions, (
        "def lengths(words):\n    return [len(word) for word in words]",
        "def lengths(words):\n    out = []\n    for word in words:\n        out += [len(word)]\n    return out")),
    slower("dict-by-loop", "spelled-out", "builds a dict entry by entry", _mappings, (
        "def sizes(words):\n    return {word: len(word) for word in words}",
        "def sizes(words):\n    table = {}\n    for word in words:\n        table = {**table, word: len(word)}\n"
        "    return table")),
    slower("dict-from-tuples", "copies", "builds a dict by way of tuples", _inline_mappings, (
        "def sizes(words):\n    return {word: len(word) for word in words}",
        "def sizes(words):\n    return dict([(word, len(word)) for word in words])")),
    slower("sum-by-loop", "spelled-out", "adds up in Python", _sums, (
        "def weight(parts):\n    return sum(parts)",
        "def weight(parts):\n    total = 0\n    for item in parts:\n        total += item\n    return total")),
    slower("text-by-concatenation", "rebuilt", "grows a string piece by piece", _joins, (
        "def shout(words):\n    return ''.join(word.upper() for word in words)",
        "def shout(words):\n    text = ''\n    for word in words:\n        text = text + word.upper()\n"
        "    return text")),
)  # fmt: skip
