"""Owns slow-downs by going on when the answer is known, and by counting what is stored."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.efficiency.collecting import deliver, elements
from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import (
    call_of,
    dotted,
    holds,
    leaves,
    plain,
    pure,
    simple_name,
    unrollable,
)
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import clauses, loops, negated, quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
    statements,
)


def _any_all(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.Call):
        if not (call_of(node, "any", "all", arguments=1) and isinstance(node.args[0], ast.GeneratorExp)):
            continue

        def edit(chance: random.Random, node: ast.Call = node, given: ast.GeneratorExp = node.args[0]) -> str:
            assert isinstance(node.func, ast.Name)
            every = node.func.id == "all"
            test = given.elt
            rest = clauses(given.generators)
            wanted = negated(test) if every else ast.unparse(test)
            name = code.fresh(chance, "flags", "matches", "hits", "found", "checks")
            forms = [
                f"{node.func.id}([{source(test)}{rest}])",
                f"{node.func.id}(list({source(test)}{rest}))",
                f"len([1{rest} if {wanted}]) {'==' if every else '>'} 0",
                f"sum(1{rest} if {wanted}) {'==' if every else '>'} 0",
                f"not [True{rest} if {wanted}]" if every else f"len([True{rest} if {wanted}]) != 0",
                f"{'False not' if every else 'True'} in [bool({ast.unparse(test)}){rest}]",
            ]
            statement = code.movable(node)
            form = chance.randrange(len(forms) + 3)
            if form < len(forms) or statement is None or not unrollable(given):
                code.swap(node, forms[form % len(forms)])
            else:
                generators, element = elements(code, given, chance)
                if form == len(forms):
                    inner, first, last = f"{name}.append({ast.unparse(element)})", "[]", f"{node.func.id}({name})"
                else:
                    name = code.fresh(chance, "ok" if every else "found", "answer", "holds", "state")
                    inner = f"if {negated(element) if every else ast.unparse(element)}:\n    {name} = {not every}"
                    first, last = str(every), ""
                code.put_before(statement, f"{name} = {first}\n{loops(generators, inner, chance)}")
                deliver(code, node, statement, name, last)
            return (
                "The naive code tests every element before it answers, even when the first one settles it. The "
                "improved code stops "
                f"at the first that decides, with `{node.func.id}` over a generator."
            )

        yield edit


def _first_match(code: Code) -> Iterator[Edit]:
    """Searches that return from the loop, changed to go on to the end."""
    for loop in code.of(ast.For):
        if loop.orelse or code.loop_of(loop) is not None:
            continue
        match loop.body:
            case [ast.If(test=test, body=[ast.Return(value=ast.expr() as value)], orelse=[])]:
                pass
            case _:
                continue
        following = code.following(loop)
        default = following[0] if following else None
        if not isinstance(default, ast.Return) or holds(loop, ast.NamedExpr, ast.Await, ast.Yield):
            continue
        fallback = "None" if default.value is None else ast.unparse(default.value)
        targets = {item.id for item in walk(loop.target) if isinstance(item, ast.Name)}
        if not pure(value) or targets & {item.id for item in walk(ast.parse(fallback)) if isinstance(item, ast.Name)}:
            continue

        def edit(
            chance: random.Random,
            loop: ast.For = loop,
            test: ast.expr = test,
            value: ast.expr = value,
            fallback: str = fallback,
        ) -> str:
            target, where, found = ast.unparse(loop.target), source(loop.iter), ast.unparse(value)
            name = code.fresh(chance, "matches", "hits", "found", "candidates", "answers")
            flag = code.fresh(chance, "done", "seen_one", "settled", "have_one")
            answer = code.fresh(chance, "result", "answer", "chosen", "first")
            bare = target.strip("()")
            forms = [
                f"{name} = []\nfor {bare} in {where}:\n    if {ast.unparse(test)}:\n        {name}.append({found})\n"
                f"return {name}[0] if {name} else {fallback}",
                f"{name} = [{found} for {target} in {where} if {source(test)}]\n"
                f"if {name}:\n    return {name}[0]\nreturn {fallback}",
                f"{flag} = False\n{answer} = None\nfor {bare} in {where}:\n    if {ast.unparse(test)} and not {flag}:\n"
                f"        {flag} = True\n        {answer} = {found}\nif {flag}:\n    return {answer}\nreturn "
                f"{fallback}",
            ]
            if isinstance(value, ast.Constant):
                forms.append(
                    f"{answer} = {fallback}\nfor {bare} in {where}:\n    if {ast.unparse(test)}:\n        "
                    f"{answer} = {found}\nreturn {answer}"
                )
            code.substitute(loop, chance.choice(forms), drop=1)
            return (
                f"The naive code goes on to the last element of {quote(loop.iter)} even when the answer is known. "
                "The improved code "
                "returns from the loop at the first match."
            )

        yield edit


def _breaks(code: Code) -> Iterator[Edit]:
    """Loops that end with a test and a `break`: they go on to the end, and a flag keeps the first find."""
    for loop in code.of(ast.For):
        last = loop.body[-1]
        if loop.orelse or not (isinstance(last, ast.If) and not last.orelse and isinstance(last.body[-1], ast.Break)):
            continue
        earlier = loop.body[:-1]
        own = {item.id for item in walk(loop.target) if isinstance(item, ast.Name)}
        for item in earlier:
            if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name) and pure(item.value):
                own.add(item.targets[0].id)
            else:
                break
        else:
            if (
                code.unused_outside(loop, own)
                and pure(last.test)
                and not leaves(last.body[:-1], ast.Break, ast.Continue)
            ):
                yield _without_break(code, loop, last, own)


def _without_break(code: Code, loop: ast.For, last: ast.If, own: set[str]) -> Edit:
    def edit(chance: random.Random) -> str:
        shown = quote(last.test)
        found = last.body[:-1]
        constant = found and all(
            isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant) for item in found
        )
        read = {item.id for item in walk(last.test) if isinstance(item, ast.Name)}
        flags = {dotted(item.targets[0]) for item in found if isinstance(item, ast.Assign)}
        if constant and not flags & read and None not in flags:
            # Assigning the same constants again changes nothing.
            last.body[-1:] = statements("continue") if chance.random() < 0.3 else []
        else:
            flag = code.fresh(chance, "found", "done", "seen_one", "settled", "stop", "finished")
            code.put_before(loop, f"{flag} = False")
            test = ast.unparse(last.test)
            wrapped = chance.choice(
                (f"not {flag} and ({test})", f"({test}) and (not {flag})", f"{flag} is False and ({test})")
            )
            code.swap(last.test, wrapped)
            last.body[-1:] = statements(f"{flag} = True")
        return (
            f"The naive code goes through all further elements after {shown} has held once. The improved code leaves "
            "the loop with `break`."
        )

    return edit


def _emptiness(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.AST):
        if not isinstance(node, ast.If | ast.While | ast.IfExp):
            continue
        test, wanted = node.test, True
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, wanted = test.operand, False
        if not simple_name(test) or code.kind(test) not in {"list", "dict", "set", "tuple", "str"}:
            continue

        def edit(
            chance: random.Random, whole: ast.expr = node.test, test: ast.expr = test, wanted: bool = wanted
        ) -> str:
            text = ast.unparse(test)
            item = code.fresh(chance, "item", "_", "element", "x", "entry")
            sign = ">" if wanted else "=="
            code.swap(
                whole,
                chance.choice(
                    (
                        f"sum(1 for {item} in {text}) {sign} 0",
                        f"len([{item} for {item} in {text}]) {sign} 0",
                        f"len(list({text})) {sign} 0",
                        f"list({text}) {'!=' if wanted else '=='} []",
                        f"any([True for {item} in {text}])" if wanted else f"not any([True for {item} in {text}])",
                    )
                ),
            )
            return (
                f"The naive code goes through all elements of {quote(test)} to learn whether there is any. The "
                "improved code tests the "
                "container itself, in constant time."
            )

        yield edit


def _lengths(code: Code) -> Iterator[Edit]:
    for call in code.of(ast.Call):
        if not call_of(call, "len", arguments=1) or not plain(call.args[0]):
            continue

        def edit(chance: random.Random, call: ast.Call = call) -> str:
            shown, text = quote(call), ast.unparse(call.args[0])
            item = code.fresh(chance, "item", "_", "element", "x", "each")
            code.swap(
                call,
                chance.choice(
                    (
                        f"sum(1 for {item} in {text})",
                        f"sum([1 for {item} in {text}])",
                        f"len([{item} for {item} in {text}])",
                        f"len(list({text}))",
                        f"max([0] + [n for n, {item} in enumerate({text}, 1)])"
                        if "n" not in code.taken
                        else f"len(tuple({text}))",
                    )
                ),
            )
            again = " in every turn" if code.repeated(call) else ""
            return (
                f"The naive code counts or copies all elements{again} to learn how many there are. The improved "
                f"code asks for {shown}, "
                "which is stored and costs nothing."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("no-early-answer", "early-exit", "tests everything before it answers", _any_all, (
        "def has_negative(numbers):\n    return any(number < 0 for number in numbers)",
        "def has_negative(numbers):\n    return len([1 for number in numbers if number < 0]) > 0")),
    slower("search-goes-on", "early-exit", "keeps searching after the first match", _first_match, (
        "def first_long(words):\n    for word in words:\n        if len(word) > 5:\n            return word\n"
        "    return None",
        "def first_long(words):\n    matches = []\n    for word in words:\n        if len(word) > 5:\n"
        "            matches.append(word)\n    return matches[0] if matches else None")),
    slower("break-removed", "early-exit", "keeps looping after a flag is set", _breaks, (
        "def has_long(words):\n    found = False\n    for word in words:\n        if len(word) > 5:\n"
        "            found = True\n            break\n    return found",
        "def has_long(words):\n    found = False\n    for word in words:\n        if len(word) > 5:\n"
        "            found = True\n    return found")),
    slower("emptiness-by-counting", "counting", "counts elements to test for none", _emptiness, (
        "def drain(count):\n    stack = list(range(count))\n    taken = 0\n    while stack:\n"
        "        taken += stack.pop()\n    return taken",
        "def drain(count):\n    stack = list(range(count))\n    taken = 0\n    while len(list(stack)) > 0:\n"
        "        taken += stack.pop()\n    return taken")),
    slower("length-by-counting", "counting", "counts elements to get a length", _lengths, (
        "def mean(values):\n    return sum(values) / len(values)",
        "def mean(values):\n    return sum(values) / len([item for item in values])")),
)  # fmt: skip
