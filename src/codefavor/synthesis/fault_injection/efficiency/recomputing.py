"""Owns slow-downs by doing again what is known: values worked out per use, counting to test for none, lost caches."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.sites import (
    Code,
    Edit,
    call_of,
    dotted,
    faster,
    holds,
    leaves,
    plain,
    pure,
    quote,
    simple_name,
    slower,
    source,
)
from codefavor.synthesis.fault_injection.operator import Operator, statements


def _values(code: Code, in_loops: bool) -> Iterator[Edit]:
    """Local names that stand for the value of a pure expression whose parts do not change, to be worked out per use."""
    for statement in code.of(ast.Assign):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if holds(value, ast.Call):
                pass
            case _:
                continue
        uses = [use for use in code.uses(name) if use is not target]
        looped = [use for use in uses if code.repeated(use) and code.loop_of(use) is not code.loop_of(statement)]
        if not (looped if in_loops else len(uses) >= 2 and not looped) or len(uses) > 6 or not pure(value):
            continue
        if holds(value, ast.Attribute) and not _only_methods(value):
            continue
        if any(not isinstance(use.ctx, ast.Load) or use.lineno < statement.lineno for use in uses):
            continue
        parts = {item.id for item in ast.walk(value) if isinstance(item, ast.Name)}
        rest = [item for item in code.of(ast.stmt) if item.lineno > statement.lineno]
        if len(ast.unparse(value)) > 60 or parts & code.stored(rest) or _captured(code, name):
            continue
        # Each use would get a new object: only values nobody changes or compares by identity may be worked out anew.
        if name in code.stored(rest) or not _fresh_copy_is_fine(value, uses, code):
            continue
        loop = code.loop_of(statement)
        if loop is not None and any(code.loop_of(use) is None for use in uses):
            continue

        def edit(
            chance: random.Random, statement: ast.Assign = statement, value: ast.expr = value, name: str = name,
            uses: list[ast.Name] = uses, looped: list[ast.Name] = looped,
        ) -> str:  # fmt: skip
            shown, text = quote(value), ast.unparse(value)
            keep = in_loops and len(looped) < len(uses)
            for use in looped if in_loops else uses:
                code.swap(use, text)
            if not keep:
                code.substitute(statement, [])
            where = "in every turn of a loop" if in_loops else "each time its value is needed"
            return f"The naive code works out {shown} again {where}. The improved code does so once and keeps the value as `{name}`."

        yield edit


def _only_methods(value: ast.expr) -> bool:
    called = {id(item.func) for item in ast.walk(value) if isinstance(item, ast.Call)}
    return all(id(item) in called for item in ast.walk(value) if isinstance(item, ast.Attribute))


def _captured(code: Code, name: str) -> bool:
    scopes = [
        node
        for node in code.of(ast.AST)
        if isinstance(node, ast.FunctionDef | ast.Lambda) and node is not code.function
    ]
    return any(isinstance(item, ast.Name) and item.id == name for scope in scopes for item in ast.walk(scope))


def _fresh_copy_is_fine(value: ast.expr, uses: list[ast.Name], code: Code) -> bool:
    if call_of(value, "iter", "zip", "map", "filter", "reversed", "enumerate"):
        return False
    if code.kind(value) in {"int", "str"}:
        return True
    for use in uses:
        holder = code.parent[use]
        compared = isinstance(
            holder, ast.Compare | ast.For | ast.comprehension | ast.BinOp | ast.If | ast.UnaryOp | ast.BoolOp
        )
        if not (
            compared
            or isinstance(holder, ast.Subscript | ast.FormattedValue)
            or call_of(holder, "len", "sorted", "sum", "max", "min")
        ):
            if isinstance(holder, ast.Attribute) and isinstance(code.parent[holder], ast.Call):
                continue
            return False
    return True


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
                f"The naive code counts or copies all elements{again} to learn how many there are. The improved code asks for {shown}, "
                "which is stored and costs nothing."
            )

        yield edit


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
                f"The naive code goes through all elements of {quote(test)} to learn whether there is any. The improved code tests the "
                "container itself, in constant time."
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
        targets = {item.id for item in ast.walk(loop.target) if isinstance(item, ast.Name)}
        if not pure(value) or targets & {
            item.id for item in ast.walk(ast.parse(fallback)) if isinstance(item, ast.Name)
        }:
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
                f"        {flag} = True\n        {answer} = {found}\nif {flag}:\n    return {answer}\nreturn {fallback}",
            ]
            if isinstance(value, ast.Constant):
                forms.append(
                    f"{answer} = {fallback}\nfor {bare} in {where}:\n    if {ast.unparse(test)}:\n        {answer} = {found}\nreturn {answer}"
                )
            code.substitute(loop, chance.choice(forms), drop=1)
            return (
                f"The naive code goes on to the last element of {quote(loop.iter)} even when the answer is known. The improved code "
                "returns from the loop at the first match."
            )

        yield edit


def _breaks(code: Code) -> Iterator[Edit]:
    """`flag = True; break` without the break; nothing else in the loop can tell."""
    for loop in code.of(ast.For):
        if loop.orelse:
            continue
        last = loop.body[-1]
        if not (
            isinstance(last, ast.If) and not last.orelse and isinstance(last.body[-1], ast.Break) and len(last.body) > 1
        ):
            continue
        constant = all(
            isinstance(item, ast.Assign)
            and isinstance(item.value, ast.Constant)
            and isinstance(item.targets[0], ast.Name)
            for item in last.body[:-1]
        )
        inside = {id(item) for item in ast.walk(loop)}
        bound = {item.id for item in ast.walk(loop.target) if isinstance(item, ast.Name)}
        flags = {dotted(item.targets[0]) for item in last.body[:-1] if isinstance(item, ast.Assign)}
        read = {item.id for item in ast.walk(last.test) if isinstance(item, ast.Name)}
        leaking = any(id(use) not in inside for name in bound for use in code.uses(name))
        if not constant or len(loop.body) > 1 or leaking or flags & read or holds(last.test, ast.NamedExpr, ast.Await):
            continue

        def edit(chance: random.Random, loop: ast.For = loop, last: ast.If = last) -> str:
            shown = quote(last.test)
            if chance.random() < 0.5:
                del last.body[-1]
            else:
                last.body[-1] = statements("continue")[0]
            return (
                f"The naive code keeps testing {shown} for all further elements after it has held once. The improved code leaves the "
                "loop with `break`."
            )

        yield edit


def _caches(code: Code) -> Iterator[Edit]:
    for function in code.of(ast.AST):
        if not isinstance(function, ast.FunctionDef):
            continue
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if (dotted(called) or "").rpartition(".")[2] in {"lru_cache", "cache", "cached_property"}:

                def undecorate(
                    chance: random.Random, function: ast.FunctionDef = function, decorator: ast.expr = decorator
                ) -> str:
                    shown = quote(decorator)
                    kind = (dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or "").rpartition(
                        "."
                    )[2]
                    place = function.decorator_list.index(decorator)
                    plainer = [ast.Name("property", ast.Load())] if kind == "cached_property" else []
                    function.decorator_list[place : place + 1] = plainer
                    return (
                        f"The naive code works out the answer again for arguments it has seen before. The improved code remembers answers, "
                        f"with {shown}."
                    )

                yield undecorate
    for branch in code.of(ast.If):
        match branch:
            case ast.If(
                test=ast.Compare(left=key, ops=[ast.In()], comparators=[where]),
                body=[ast.Return(value=ast.Subscript(value=store, slice=index))],
                orelse=[],
            ) if ast.unparse(where) == ast.unparse(store) and ast.unparse(key) == ast.unparse(index):
                pass
            case _:
                continue
        name = (dotted(where) or "").lower()
        stored = any(
            isinstance(item, ast.Assign)
            and isinstance(item.targets[0], ast.Subscript)
            and ast.unparse(item.targets[0].value) == ast.unparse(where)
            for item in code.of(ast.Assign)
        )
        if not stored or not any(word in name for word in ("cache", "memo", "known", "seen", "computed")):
            continue

        def forget(chance: random.Random, branch: ast.If = branch, where: ast.expr = where) -> str:
            code.substitute(branch, [])
            return f"The naive code stores its answers in {quote(where)} but works each one out again. The improved code looks there first."

        if len(code.block(branch)) > 1:
            yield forget


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
                f"The naive code hands the pattern to {shown} in every turn, which has to find the compiled form each time. The improved "
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
        names = {item.id for item in ast.walk(call) if isinstance(item, ast.Name)}
        arguments = [item for item in call.args if not isinstance(item, ast.Constant)]
        if not arguments or not pure(call) or holds(call, ast.Attribute, ast.Subscript) or names & code.stored([loop]):
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
                f"The naive code evaluates {shown} in every turn, though nothing in the loop changes it. The improved code does so once "
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
            return f"The naive code copies the whole sequence to read one element. The improved code reads it in place, {shown}."

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
            code.swap(
                loop.iter, chance.choice((f"list({name})", f"tuple({name})", f"[*{name}]", f"list(list({name}))"))
            )
            return (
                f"The naive code copies `{name}` in every turn of the outer loop, though nothing changes it. The improved code walks "
                "through it directly."
            )

        yield edit


def _formatting(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.JoinedStr):
        fields = [item for item in node.values if isinstance(item, ast.FormattedValue)]
        if (
            not fields
            or any(item.conversion != -1 or item.format_spec for item in fields)
            or isinstance(code.parent[node], ast.FormattedValue)
        ):
            continue
        if len(node.values) < 2 or holds(node, ast.Await, ast.Yield, ast.NamedExpr):
            continue

        def edit(chance: random.Random, node: ast.JoinedStr = node) -> str:
            shown = quote(node)
            pieces = [
                ast.unparse(item) if isinstance(item, ast.Constant) else f"format({ast.unparse(item.value)})"
                for item in node.values
                if isinstance(item, ast.Constant | ast.FormattedValue)
            ]
            forms = (" + ".join(pieces), f"''.join([{', '.join(pieces)}])", f"''.join(list(({', '.join(pieces)})))")
            code.swap(node, chance.choice(forms))
            return (
                f"The naive code puts the text together from pieces, with a call for each value and strings in between. The improved "
                f"code formats it in one step, {shown}."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("value-recomputed-in-loop", "recomputing", "works out an unchanging value in each turn", lambda code: _values(code, True), (
        "def short(words, limit):\n    allowed = sorted(limit)\n    out = []\n    for word in words:\n        if word in allowed:\n            out.append(word)\n    return out",
        "def short(words, limit):\n    out = []\n    for word in words:\n        if word in sorted(limit):\n            out.append(word)\n    return out")),
    slower("value-recomputed-per-use", "recomputing", "works out the same value for each use", lambda code: _values(code, False), (
        "def clean(text):\n    lowered = text.lower()\n    if lowered.startswith('x'):\n        return lowered[1:]\n    return lowered",
        "def clean(text):\n    if text.lower().startswith('x'):\n        return text.lower()[1:]\n    return text.lower()")),
    slower("length-by-counting", "counting", "counts elements to get a length", _lengths, (
        "def mean(values):\n    return sum(values) / len(values)",
        "def mean(values):\n    return sum(values) / len([item for item in values])")),
    slower("emptiness-by-counting", "counting", "counts elements to test for none", _emptiness, (
        "def drain(count):\n    stack = list(range(count))\n    taken = 0\n    while stack:\n        taken += stack.pop()\n    return taken",
        "def drain(count):\n    stack = list(range(count))\n    taken = 0\n    while len(list(stack)) > 0:\n        taken += stack.pop()\n    return taken")),
    slower("search-goes-on", "early-exit", "keeps searching after the first match", _first_match, (
        "def first_long(words):\n    for word in words:\n        if len(word) > 5:\n            return word\n    return None",
        "def first_long(words):\n    matches = []\n    for word in words:\n        if len(word) > 5:\n            matches.append(word)\n    return matches[0] if matches else None")),
    slower("break-removed", "early-exit", "keeps looping after a flag is set", _breaks, (
        "def has_long(words):\n    found = False\n    for word in words:\n        if len(word) > 5:\n            found = True\n            break\n    return found",
        "def has_long(words):\n    found = False\n    for word in words:\n        if len(word) > 5:\n            found = True\n    return found")),
    slower("cache-removed", "recomputing", "forgets answers it has worked out", _caches, (
        "@functools.cache\ndef ways(n):\n    return 1 if n < 2 else ways(n - 1) + ways(n - 2)",
        "def ways(n):\n    return 1 if n < 2 else ways(n - 1) + ways(n - 2)")),
    slower("copy-per-read", "copies", "copies a sequence to read one element", _copied_reads, (
        "def steps(count):\n    levels = list(range(count))\n    return [levels[i] - i for i in range(count)]",
        "def steps(count):\n    levels = list(range(count))\n    return [list(levels)[i] - i for i in range(count)]")),
    slower("copy-per-turn", "copies", "copies a collection in each turn of a loop", _copied_arguments, (
        "def grid(rows, columns):\n    out = []\n    for row in rows:\n        for column in columns:\n            out.append((row, column))\n    return out",
        "def grid(rows, columns):\n    out = []\n    for row in rows:\n        for column in list(columns):\n            out.append((row, column))\n    return out")),
    slower("text-from-pieces", "rebuilt", "formats a text piece by piece", _formatting, (
        "def label(name, size):\n    return f'{name}: {size} bytes'",
        "def label(name, size):\n    return format(name) + ': ' + format(size) + ' bytes'")),
    faster("regex-in-loop-as-found", "recomputing", "hands a pattern to the regex module in each turn", _regexes, (
        "def numbers(lines):\n    out = []\n    for line in lines:\n        out.append(re.findall('[0-9]+', line))\n    return out",
        "def numbers(lines):\n    out = []\n    for line in lines:\n        out.append(re.findall('[0-9]+', line))\n    return out")),
    faster("invariant-as-found", "recomputing", "evaluates an unchanging call in each turn", _hoistable_lengths, (
        "def share(words, total):\n    out = []\n    for word in words:\n        out.append(word.count('a') / sum(total))\n    return out",
        "def share(words, total):\n    out = []\n    for word in words:\n        out.append(word.count('a') / sum(total))\n    return out")),
)  # fmt: skip
