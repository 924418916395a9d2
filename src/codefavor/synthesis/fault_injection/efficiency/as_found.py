"""Owns functions that are slow as they stand: the rule makes the improved side, the found code is the naive one."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.efficiency.making import Edit, faster
from codefavor.synthesis.fault_injection.efficiency.membership import membership_tests
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, dotted, holds, pure
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import clauses, quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
)


def _loops_to_comprehensions(code: Code) -> Iterator[Edit]:
    for loop in code.of(ast.For):
        block = code.block(loop)
        place = next(index for index, item in enumerate(block) if item is loop)
        if loop.orelse or place == 0:
            continue
        match block[place - 1]:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])):
                pass
            case _:
                continue
        inner: list[ast.stmt] = loop.body
        tests: list[ast.expr] = []
        while len(inner) == 1 and isinstance(inner[0], ast.If) and not inner[0].orelse:
            tests.append(inner[0].test)
            inner = inner[0].body
        match inner:
            case [
                ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=other), attr="append"), args=[element]))
            ]:
                pass
            case _:
                continue
        targets = [item.id for item in walk(loop.target) if isinstance(item, ast.Name)]
        leaking = not code.unused_outside(loop, targets)
        mentioned = sum(isinstance(item, ast.Name) and item.id == name for item in walk(loop))
        if (
            other != name
            or leaking
            or mentioned != 1
            or holds(loop, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred, ast.NamedExpr)
        ):
            continue

        def edit(
            chance: random.Random,
            loop: ast.For = loop,
            name: str = name,
            tests: list[ast.expr] = tests,
            element: ast.expr = element,
        ) -> str:
            ifs = "".join(f" if {source(test)}" for test in tests)
            made = f"[{ast.unparse(element)} for {ast.unparse(loop.target)} in {source(loop.iter)}{ifs}]"
            block = code.block(loop)
            place = next(index for index, item in enumerate(block) if item is loop)
            block[place - 1 : place + 1] = ast.parse(f"{name} = {made}").body
            return (
                f"The naive code looks up and calls `append` for every element of `{name}`. The improved code "
                "builds the same list with "
                "one comprehension, which skips that work."
            )

        yield edit


def _concatenation_to_join(code: Code) -> Iterator[Edit]:
    for loop in code.of(ast.For):
        block = code.block(loop)
        place = next(index for index, item in enumerate(block) if item is loop)
        for index in range(place):
            match block[index]:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as start)):
                    pass
                case _:
                    continue
            uses = [use for use in code.uses(name) if any(use is item for item in walk(loop))]
            between = [
                use
                for item in block[index + 1 : place]
                for use in walk(item)
                if isinstance(use, ast.Name) and use.id == name
            ]
            grows = [code.parent[use] for use in uses]
            if (
                not uses
                or between
                or not all(isinstance(item, ast.AugAssign) and isinstance(item.op, ast.Add) for item in grows)
            ):
                continue
            if holds(loop, ast.Return, ast.Yield, ast.FunctionDef):
                continue

            def edit(
                chance: random.Random,
                loop: ast.For = loop,
                name: str = name,
                grows: list[ast.AST] = grows,
                made: ast.stmt = block[index],
                start: str = start,
            ) -> str:
                parts = code.fresh(chance, "parts", "pieces", "chunks", "fragments", "out")
                assert isinstance(made, ast.Assign)
                for item in grows:
                    assert isinstance(item, ast.AugAssign)
                    code.substitute(item, f"{parts}.append({ast.unparse(item.value)})")
                code.substitute(made, f"{parts} = [{start!r}]" if start else f"{parts} = []")
                block = code.block(loop)
                place = next(position for position, item in enumerate(block) if item is loop)
                block[place + 1 : place + 1] = ast.parse(f"{name} = ''.join({parts})").body
                return (
                    f"The naive code grows the string `{name}` with `+=` in a loop, which may copy it in every "
                    "turn. The improved code "
                    "collects the pieces and joins them once."
                )

            yield edit
            break


def _regexes(code: Code) -> Iterator[Edit]:
    """`re.match(pattern, text)` in a loop, as found; the improved side compiles once before it."""
    for call in code.of(ast.Call):
        if not call_of(
            call,
            *(f"re.{name}" for name in ("match", "search", "sub", "findall", "split", "fullmatch", "finditer", "subn")),
        ):
            continue
        if (
            len(call.args) < 2
            or not isinstance(call.args[0], ast.Constant)
            or any(item.arg == "flags" for item in call.keywords)
        ):
            continue
        assert isinstance(call.func, ast.Attribute)
        most = 4 if call.func.attr in {"sub", "subn"} else 3 if call.func.attr == "split" else 2
        loop = code.loop_of(call)
        if loop is None or len(call.args) > most or any(isinstance(item, ast.Starred) for item in call.args):
            continue
        outer = loop
        while (further := code.loop_of(outer)) is not None:
            outer = further

        def edit(chance: random.Random, call: ast.Call = call, loop: ast.stmt = outer) -> str:
            assert isinstance(call.func, ast.Attribute)
            name = code.fresh(chance, "pattern", "regex", "matcher", "compiled", "expression")
            rest = ast.unparse(ast.Call(ast.Name("f", ast.Load()), call.args[1:], call.keywords))[1:]
            shown, method = quote(call), call.func.attr
            pattern = ast.unparse(call.args[0])
            code.swap(call, f"{name}.{method}{rest}")
            code.put_before(loop, f"{name} = re.compile({pattern})")
            return (
                f"The naive code hands the pattern to {shown} in every turn, which has to find the compiled form "
                "each time. The improved "
                f"code compiles it once before the loop, as `{name}`."
            )

        yield edit


def _hoistable_lengths(code: Code) -> Iterator[Edit]:
    """Invariant pure calls in a loop, as found; the improved side works them out once before it."""
    for call in code.of(ast.Call):
        loop = code.loop_of(call)
        if (
            loop is None
            or not isinstance(loop, ast.For | ast.While)
            or not call_of(call, "len", "sorted", "set", "sum", "list", "tuple", "max", "min", "str")
        ):
            continue
        names = {item.id for item in walk(call) if isinstance(item, ast.Name)}
        arguments = [item for item in call.args if not isinstance(item, ast.Constant)]
        if not arguments or not pure(call) or holds(call, ast.Attribute, ast.Subscript) or names & code.stored([loop]):
            continue
        if any(code.aliased(part) for part in names):
            continue
        name = dotted(call.func)
        copied = isinstance(code.parent[call], ast.Compare | ast.BinOp | ast.For | ast.Subscript) or call_of(
            code.parent[call], "range", "len"
        )
        if (name not in {"len", "sum", "str"} and not copied) or _is_statement_test_first(code, call, loop):
            continue

        def edit(chance: random.Random, call: ast.Call = call, loop: ast.stmt = loop) -> str:
            shown, kind = quote(call), dotted(call.func) or ""
            subject = dotted(call.args[0]) or "items"
            wanted = {
                "len": ("size", "length", "count", f"n_{subject}"),
                "str": ("text", "label"),
                "sum": ("total", "overall"),
            }
            name = code.fresh(chance, *wanted.get(kind, ("values", f"{kind}_{subject}", "fixed", "ordered")))
            code.put_before(loop, f"{name} = {ast.unparse(call)}")
            code.swap(call, name)
            return (
                f"The naive code evaluates {shown} in every turn, though nothing in the loop changes it. The "
                "improved code does so once "
                f"before the loop, as `{name}`."
            )

        yield edit


def _is_statement_test_first(code: Code, call: ast.Call, loop: ast.stmt) -> bool:
    """Return whether a test in the loop may guard the call against a value that it could not take."""
    node: ast.AST = call
    while node is not loop:
        holder = code.parent[node]
        if isinstance(holder, ast.If | ast.IfExp) and node is not holder.test:
            return True
        if isinstance(holder, ast.BoolOp) and node is not holder.values[0]:
            return True
        if isinstance(holder, ast.Try | ast.ExceptHandler | ast.comprehension):
            return True
        node = holder
    return False


def _displays_in_loops(code: Code) -> Iterator[Edit]:
    """A search among constants in a list or tuple, as found; the improved side has a set display."""
    for _, _, container, _ in membership_tests(code):
        if not (isinstance(container, ast.List | ast.Tuple) and len(container.elts) >= 4):
            continue
        if not all(isinstance(item, ast.Constant) and isinstance(item.value, str | int) for item in container.elts):
            continue

        def edit(chance: random.Random, container: ast.List | ast.Tuple = container) -> str:
            shown = quote(container)
            code.swap(container, f"{{{', '.join(map(ast.unparse, container.elts))}}}")
            return (
                f"The naive code compares with the values of {shown} one after another. The improved code "
                "looks the value up in a set of them, at the same cost however many there are."
            )

        yield edit


def _lists_asked_in_loops(code: Code) -> Iterator[Edit]:
    """Local lists of hashable elements that a loop searches, as found; the improved side makes one set before it."""
    for node, _, container, _ in membership_tests(code):
        if not (isinstance(container, ast.Name) and code.kind(container) in {"list", "tuple"}):
            continue
        loop = code.loop_of(node)
        name = container.id
        if loop is None or name in code.stored([loop]) or code.aliased(name) or code.nested:
            continue
        made = [item.value for item in code.of(ast.Assign) if dotted(item.targets[0]) == name]
        if any(isinstance(value, ast.List | ast.Tuple) and len(value.elts) < 4 for value in made):
            continue
        outer = loop
        while (further := code.loop_of(outer)) is not None and name not in code.stored([further]):
            outer = further

        def edit(
            chance: random.Random, container: ast.Name = container, loop: ast.stmt = outer, name: str = name
        ) -> str:
            lookup = code.fresh(chance, f"{name}_set", f"known_{name}", "lookup", f"all_{name}", "members")
            code.put_before(loop, f"{lookup} = {chance.choice(('set', 'set', 'frozenset'))}({name})")
            code.swap(container, lookup)
            return (
                f"The naive code searches the list `{name}` from its start in every turn. The improved code makes "
                "a set of "
                f"it once, `{lookup}`, and looks values up there in constant time."
            )

        yield edit


def _needless_lists(code: Code) -> Iterator[Edit]:
    """Lists made only to be turned into something else, as found; the improved side leaves them out."""
    for node in code.of(ast.expr):
        new = _without_list(node)
        if new is None:
            continue

        def edit(chance: random.Random, node: ast.expr = node, new: str = new) -> str:
            shown = quote(node)
            code.swap(node, new)
            return (
                f"The naive code makes a needless intermediate object in {shown}. The improved code does without "
                "the extra "
                f"copy or call, with `{_short(new)}`."
            )

        yield edit


def _short(text: str) -> str:
    text = " ".join(text.replace("`", "'").split())
    return text if len(text) <= 60 else f"{text[:56]} ..."


def _without_list(node: ast.expr) -> str | None:
    """Return the source of the same value without the intermediate object, or None where there is none."""
    match node:
        case ast.Call(func=ast.Name(id="set"), args=[ast.ListComp() as listed], keywords=[]):
            return f"{{{ast.unparse(listed)[1:-1]}}}"
        case ast.Call(
            func=ast.Name(id="dict"), args=[ast.ListComp(elt=ast.Tuple(elts=[key, value])) as made], keywords=[]
        ):
            return f"{{{source(key)}: {source(value)}{clauses(made.generators)}}}"
        case ast.Call(func=ast.Name(id="any" | "all" as name), args=[ast.ListComp() as tested], keywords=[]):
            return f"{name}({ast.unparse(tested)[1:-1]})"
        case ast.Call(func=ast.Name(id="sorted" | "set" | "tuple" | "list" as name), args=[given], keywords=keywords):
            match given:
                case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner], keywords=[]) if _stands_alone(inner):
                    rest = "".join(f", {ast.unparse(item)}" for item in keywords)
                    return f"{name}({ast.unparse(inner)}{rest})"
                case ast.Call(func=ast.Name(id="sorted")) if name == "list" and not keywords:
                    return ast.unparse(given)
        case ast.Compare(
            left=left,
            ops=[ast.In() | ast.NotIn() as sign],
            comparators=[ast.Call(func=ast.Attribute(value=where, attr="keys"), args=[], keywords=[])],
        ):
            return f"{source(left)} {'in' if isinstance(sign, ast.In) else 'not in'} {source(where)}"
    return None


def _stands_alone(node: ast.expr) -> bool:
    """Return whether an argument can stand alone in a call with others."""
    return not isinstance(node, ast.Starred | ast.GeneratorExp)


OPERATORS: Final[tuple[Operator, ...]] = (
    faster("append-loop-as-found", "spelled-out", "appends one by one in a loop", _loops_to_comprehensions, (
        "def names(people):\n    out = []\n    for person in people:\n        if person:\n"
        "            out.append(person.strip())\n    return out",
        "def names(people):\n    out = []\n    for person in people:\n        if person:\n"
        "            out.append(person.strip())\n    return out")),
    faster("concatenation-as-found", "rebuilt", "grows a string in a loop", _concatenation_to_join, (
        "def spell(words):\n    text = ''\n    for word in words:\n        text += word[0]\n    return text",
        "def spell(words):\n    text = ''\n    for word in words:\n        text += word[0]\n    return text")),
    faster("regex-in-loop-as-found", "recomputing", "hands a pattern to the regex module in each turn", _regexes, (
        "def numbers(lines):\n    out = []\n    for line in lines:\n"
        "        out.append(re.findall('[0-9]+', line))\n    return out",
        "def numbers(lines):\n    out = []\n    for line in lines:\n"
        "        out.append(re.findall('[0-9]+', line))\n    return out")),
    faster("invariant-as-found", "recomputing", "evaluates an unchanging call in each turn", _hoistable_lengths, (
        "def share(words, total):\n    out = []\n    for word in words:\n"
        "        out.append(word.count('a') / sum(total))\n    return out",
        "def share(words, total):\n    out = []\n    for word in words:\n"
        "        out.append(word.count('a') / sum(total))\n    return out")),
    faster("display-searched-as-found", "membership", "searches a tuple of constants", _displays_in_loops, (
        "def vowels(word):\n    return [c for c in word if c in ('a', 'e', 'i', 'o', 'u')]",
        "def vowels(word):\n    return [c for c in word if c in ('a', 'e', 'i', 'o', 'u')]")),
    faster("list-searched-as-found", "membership", "searches a list in each turn", _lists_asked_in_loops, (
        "def known(words, text):\n    names = text.split()\n    out = []\n    for word in words:\n"
        "        if word in names:\n            out.append(word)\n    return out",
        "def known(words, text):\n    names = text.split()\n    out = []\n    for word in words:\n"
        "        if word in names:\n            out.append(word)\n    return out")),
    faster("needless-list-as-found", "copies", "makes a list only to convert it", _needless_lists, (
        "def kinds(words):\n    return sorted(list(words))",
        "def kinds(words):\n    return sorted(list(words))")),
)  # fmt: skip
