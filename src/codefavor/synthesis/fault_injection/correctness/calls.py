"""Owns faults in calls, names and containers: wrong arguments, methods, variables, copies."""

import ast
import random
from collections.abc import Iterator
from functools import partial
from typing import Final

from codefavor.synthesis.fault_injection.correctness.sites import Edit, Scope, assign, fault, quote

_NORMALISERS: Final = (
    "strip", "lower", "upper", "rstrip", "lstrip", "casefold", "title", "capitalize", "splitlines", "decode", "encode",
    "expandtabs", "group", "resolve", "absolute", "copy", "format", "replace",
)  # fmt: skip
_METHODS: Final = {
    "startswith": ("endswith", "find"),
    "endswith": ("startswith",),
    "find": ("rfind", "index"),
    "rfind": ("find",),
    "index": ("find", "count"),
    "split": ("rsplit", "partition"),
    "rsplit": ("split",),
    "partition": ("rpartition", "split"),
    "rpartition": ("partition",),
    "lstrip": ("rstrip", "strip"),
    "rstrip": ("lstrip", "strip"),
    "strip": ("lstrip", "rstrip"),
    "lower": ("upper", "capitalize"),
    "upper": ("lower", "capitalize"),
    "isdigit": ("isalpha", "isalnum"),
    "isalpha": ("isalnum", "isdigit"),
    "isalnum": ("isalpha",),
    "isspace": ("isalnum",),
    "ljust": ("rjust",),
    "rjust": ("ljust",),
    "removeprefix": ("lstrip",),
    "removesuffix": ("rstrip",),
    "append": ("extend",),
    "extend": ("append",),
    "add": ("update",),
    "keys": ("values",),
    "values": ("keys",),
    "items": ("keys",),
    "popleft": ("pop",),
    "pop": ("get",),
    "remove": ("pop",),
    "union": ("intersection",),
    "intersection": ("union",),
    "match": ("search", "fullmatch"),
    "search": ("match",),
    "fullmatch": ("match",),
    "sub": ("split",),
    "read": ("readline",),
    "readline": ("read",),
    "readlines": ("readline",),
    "appendleft": ("append",),
    "discard": ("remove",),
    "isupper": ("islower",),
    "islower": ("isupper",),
    "ceil": ("floor",),
    "floor": ("ceil",),
    "replace": ("strip",),
    "zfill": ("ljust",),
}
_HALLUCINATED: Final = {
    "append": ("push", "add_item"),
    "items": ("entries", "pairs"),
    "lower": ("to_lower", "lowercase"),
    "upper": ("to_upper",),
    "startswith": ("starts_with", "has_prefix"),
    "endswith": ("ends_with",),
    "strip": ("trim",),
    "lstrip": ("trim_left",),
    "rstrip": ("trim_right",),
    "join": ("concat",),
    "split": ("tokenize",),
    "extend": ("append_all", "add_all"),
    "get": ("get_or_default", "fetch"),
    "keys": ("key_list",),
    "values": ("value_list",),
    "replace": ("replace_all",),
    "find": ("index_of",),
    "sort": ("sort_by", "order"),
    "pop": ("take",),
    "add": ("push",),
    "update": ("merge",),
    "read": ("read_all",),
    "write": ("write_all",),
    "copy": ("clone",),
    "remove": ("delete",),
    "insert": ("insert_at",),
    "count": ("count_of",),
    "setdefault": ("get_or_insert",),
    "encode": ("to_bytes",),
    "decode": ("to_string",),
    "isdigit": ("is_digit",),
    "match": ("matches",),
    "group": ("groups_at",),
    "index": ("position",),
    "close": ("shutdown_all",),
}


def _arguments_swapped(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call in scope.of(ast.Call):
        for place, (first, second) in enumerate(zip(call.args, call.args[1:], strict=False)):
            if isinstance(first, ast.Starred) or isinstance(second, ast.Starred) or ast.dump(first) == ast.dump(second):
                continue
            if isinstance(call.func, ast.Name) and call.func.id in {"min", "max", "gcd"}:
                continue
            args = [*call.args[:place], second, first, *call.args[place + 2 :]]
            text = (
                f"The naive code passes {quote(second)} before {quote(first)} "
                f"to {quote(call.func)}: the arguments are swapped."
            )
            yield Edit(f"{text} The improved code calls {quote(call)}.", assign(call, "args", args))


def _argument_dropped(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call in scope.of(ast.Call):
        for place, keyword in enumerate(call.keywords):
            if keyword.arg is not None:
                text = (
                    f"The naive code calls {quote(call.func)} without "
                    f"{quote(f'{keyword.arg}={ast.unparse(keyword.value)}')}, so the default applies."
                )
                rest = [*call.keywords[:place], *call.keywords[place + 1 :]]
                yield Edit(f"{text} The improved code passes it.", assign(call, "keywords", rest))
        if ast.unparse(call.func) in {"isinstance", "issubclass", "hasattr", "getattr", "setattr", "range", "next"}:
            continue  # nobody forgets these
        if len(call.args) > 1 and not isinstance(call.args[-1], ast.Starred):
            text = f"The naive code forgets the argument {quote(call.args[-1])} of {quote(call.func)}."
            yield Edit(f"{text} The improved code calls {quote(call)}.", assign(call, "args", call.args[:-1]))


def _normalisation(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, method in scope.method_calls(*_NORMALISERS):
        if isinstance(method.value, ast.Constant) or isinstance(scope.parents[call], ast.Expr):
            continue
        text = (
            f"The naive code uses {quote(method.value)} as it comes, without "
            f"`.{method.attr}()`, so it is not brought into the form needed."
        )
        yield Edit(f"{text} The improved code does {quote(call)}.", partial(scope.put, call, method.value))


def _ignored_result(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Assign):
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and ast.unparse(function.value) == node.targets[0].id:
                wrong = ast.Expr(node.value)
                text = (
                    f"The naive code calls {quote(node.value)} and drops what "
                    f"it returns, so `{node.targets[0].id}` stays as it was."
                )
                yield Edit(f"{text} The improved code assigns the result.", partial(scope.splice, node, [wrong]))


def _none_assigned(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, method in scope.method_calls(
        "append", "extend", "sort", "reverse", "update", "insert", "add", "remove", "clear"
    ):
        statement = scope.parents[call]
        if isinstance(statement, ast.Expr) and isinstance(method.value, ast.Name | ast.Attribute):
            target = ast.parse(ast.unparse(method.value), mode="eval").body
            setattr(target, "ctx", ast.Store())  # noqa: B010 (a Name or an Attribute, both have it)
            wrong = ast.Assign([target], call)
            text = (
                f"The naive code assigns the None that `.{method.attr}` "
                f"returns back to {quote(method.value)} and loses the data."
            )
            yield Edit(f"{text} The improved code only calls it.", partial(scope.splice, statement, [wrong]))


def _sort_dropped(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, _function in scope.calls("sorted", "reversed"):
        if len(call.args) == 1:
            text = (
                f"The naive code takes {quote(call.args[0])} in the order "
                f"it comes; the improved code orders it with {quote(call)}."
            )
            yield Edit(text, partial(scope.put, call, call.args[0]))
    for call, method in scope.method_calls("sort", "reverse"):
        if isinstance(statement := scope.parents[call], ast.Expr):
            text = f"The naive code does not order {quote(method.value)}; the improved code calls {quote(call)} first."
            yield Edit(text, partial(scope.drop, statement))


def _sort_order(scope: Scope, _: random.Random) -> Iterator[Edit]:
    sorts = [call for call, _ in (*scope.calls("sorted"), *scope.method_calls("sort"))]
    for call in sorts:
        reverse = next((item for item in call.keywords if item.arg == "reverse"), None)
        rest = [item for item in call.keywords if item is not reverse]
        keywords = rest if reverse else [*rest, ast.keyword("reverse", ast.Constant(True))]
        wrong = ast.Call(call.func, call.args, keywords)
        text = f"The naive code sorts the wrong way round with {quote(wrong)}; the improved code uses {quote(call)}."
        yield Edit(text, assign(call, "keywords", keywords))
        keyed = [item for item in call.keywords if item.arg == "key"]
        if keyed:
            text = (
                f"The naive code sorts without the key {quote(keyed[0].value)}, "
                f"so the order is another than in the improved code."
            )
            yield Edit(text, assign(call, "keywords", [item for item in call.keywords if item.arg != "key"]))
    for call, _function in scope.calls("min", "max"):
        keyed = [item for item in call.keywords if item.arg == "key"]
        if keyed:
            text = f"The naive code compares without the key {quote(keyed[0].value)}; the improved code compares by it."
            yield Edit(text, assign(call, "keywords", [item for item in call.keywords if item.arg != "key"]))


def _wrong_method(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for _call, method in scope.method_calls(*_METHODS):
        for wrong in _METHODS[method.attr]:
            text = (
                f"The naive code calls `.{wrong}` on {quote(method.value)} "
                f"where `.{method.attr}` is needed, which does something else."
            )
            yield Edit(f"{text} The improved code calls the right method.", assign(method, "attr", wrong))


def _hallucinated(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for _call, method in scope.method_calls(*_HALLUCINATED):
        for wrong in _HALLUCINATED[method.attr]:
            text = (
                f"The naive code calls `.{wrong}` on {quote(method.value)}, "
                f"a method that does not exist, and fails when it gets there."
            )
            yield Edit(f"{text} The improved code calls `.{method.attr}`.", assign(method, "attr", wrong))
    for call, _function in scope.calls("len"):
        if len(call.args) == 1:
            wrong_call = ast.Call(ast.Attribute(call.args[0], "length", ast.Load()), [], [])
            text = (
                f"The naive code asks {quote(wrong_call)}, which Python "
                f"objects do not have; the improved code uses {quote(call)}."
            )
            yield Edit(text, partial(scope.put, call, wrong_call))


def _lookup(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, method in scope.method_calls("get", "pop", "setdefault"):
        if method.attr == "get" and call.args and not call.keywords:
            plain = ast.Subscript(method.value, call.args[0], ast.Load())
            text = (
                f"The naive code reads {quote(plain)} and fails for a missing "
                f"key; the improved code allows for it with {quote(call)}."
            )
            yield Edit(text, partial(scope.put, call, plain))
        if len(call.args) == 2 and not call.keywords:
            default = call.args[1]
            wrong = ast.Constant(1) if isinstance(default, ast.Constant) and default.value == 0 else ast.Constant(0)
            if ast.dump(wrong) != ast.dump(default):
                text = f"The naive code falls back to {quote(wrong)} for a missing key where {quote(default)} is right."
                yield Edit(f"{text} The improved code has {quote(call)}.", assign(call, "args", [call.args[0], wrong]))
            if method.attr != "setdefault":
                text = (
                    f"The naive code leaves out the fallback {quote(default)} "
                    f"of {quote(call)}; the improved code gives it."
                )
                yield Edit(text, assign(call, "args", call.args[:1]))
    for call, _function in scope.calls("getattr", "next"):
        if len(call.args) == (3 if _function.id == "getattr" else 2):
            text = (
                f"The naive code leaves out the fallback {quote(call.args[-1])} "
                f"of {quote(call)} and fails where it is needed."
            )
            yield Edit(f"{text} The improved code gives it.", assign(call, "args", call.args[:-1]))


def _method_not_called(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, method in scope.method_calls():
        parent = scope.parents[call]
        if not call.args and not call.keywords and not isinstance(parent, ast.Expr):
            text = (
                f"The naive code names {quote(method)} without calling it, so it handles the method and not its result."
            )
            yield Edit(f"{text} The improved code calls it.", partial(scope.put, call, method))


OPERATORS: Final = (
    fault("arguments-swapped", "arguments", "arguments of a call in the wrong order", _arguments_swapped),
    fault("argument-dropped", "arguments", "an argument of a call left out", _argument_dropped),
    fault("normalisation-dropped", "normalisation", "strip, lower and their like left out", _normalisation),
    fault(
        "result-ignored", "normalisation", "a result dropped of a method that changes nothing in place", _ignored_result
    ),
    fault("none-assigned", "in-place", "the None of an in-place method assigned", _none_assigned),
    fault("sort-dropped", "ordering", "a sort left out", _sort_dropped),
    fault("wrong-sort-order", "ordering", "a wrong sort key or direction", _sort_order),
    fault("wrong-method", "wrong-method", "a similar method that does something else", _wrong_method),
    fault("hallucinated-method", "hallucination", "a method that does not exist", _hallucinated),
    fault("wrong-fallback", "lookup", "a missing key or its default handled wrongly", _lookup),
    fault("method-not-called", "hallucination", "a method named but not called", _method_not_called),
)
