"""Owns faults in names, constants and containers: the wrong variable, a shared object, the wrong collection."""

import ast
import random
from collections.abc import Iterator
from functools import partial
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.correctness.sites import Edit, Scope, assign, fault, line_of, quote

_COPIES: Final = ("list", "dict", "set", "deepcopy", "copy")


def _in_message(scope: Scope, node: ast.AST) -> bool:
    """Return whether a node decides nothing but the words of an exception, a log or a warning."""
    return scope.within(node, ast.Raise, ast.Assert) is not None or _only_told(scope, node)


def _wrong_variable(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    known = [*scope.parameters, *scope.locals]
    if len(known) < 2:
        return
    for node in scope.of(ast.Name):
        parent = scope.parents[node]
        if (
            not isinstance(node.ctx, ast.Load)
            or node.id not in known
            or isinstance(parent, ast.Return)
            or scope.is_nested(node)
            or _in_message(scope, node)
        ):
            continue
        if isinstance(parent, ast.Call) and parent.func is node:
            continue
        other = chance.choice([item for item in known if item != node.id])
        if any(isinstance(item, ast.Name) and item.id == other for item in ast.iter_child_nodes(parent)):
            continue
        text = (
            f"The naive code uses `{other}` where `{node.id}` is meant, in "
            f"{line_of(scope, node)}; the improved code uses the right variable."
        )
        yield Edit(text, assign(node, "id", other))


def _wrong_attribute(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    mine = [
        node
        for node in scope.of(ast.Attribute)
        if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
    ]
    data = [node for node in mine if not (isinstance(parent := scope.parents[node], ast.Call) and parent.func is node)]
    names = sorted({node.attr for node in data})
    for node in data:
        others = [item for item in names if item != node.attr]
        if others and not _in_message(scope, node):
            other = chance.choice(others)
            owner = ast.unparse(node.value)
            where = line_of(scope, node)
            text = f"The naive code uses `{owner}.{other}` where `{owner}.{node.attr}` is meant, in {where}."
            yield Edit(f"{text} The improved code uses the right attribute.", assign(node, "attr", other))


def _container(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, function in scope.calls("set", "frozenset", "list", "tuple"):
        if len(call.args) != 1 or call.keywords:
            continue
        wrong = "list" if function.id in {"set", "frozenset"} else "set"
        effect = "keeps duplicates" if wrong == "list" else "loses order and duplicates"
        text = (
            f"The naive code collects {quote(call.args[0])} in a {wrong}, "
            f"which {effect}; the improved code makes a {function.id}."
        )
        yield Edit(text, assign(function, "id", wrong))
    for node in scope.nodes:
        if isinstance(node, ast.SetComp | ast.ListComp):
            kind, other = (ast.ListComp, "list") if isinstance(node, ast.SetComp) else (ast.SetComp, "set")
            effect = "keeps duplicates" if other == "list" else "loses order and duplicates"
            text = (
                f"The naive code builds a {other} in place of {quote(node)}, "
                f"which {effect}; the improved code builds the right one."
            )
            yield Edit(text, partial(scope.put, node, kind(node.elt, node.generators)))
        elif isinstance(node, ast.Set) and node.elts:
            text = (
                f"The naive code makes a list, which keeps duplicates, of {quote(node)}; the improved code makes a set."
            )
            if not (isinstance(parent := scope.parents[node], ast.Compare) and parent.left is not node):
                yield Edit(text, partial(scope.put, node, ast.List(node.elts, ast.Load())))


def _alias(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        source: ast.expr | None = None
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "copy"
            and not node.args
        ):
            source = node.func.value
        elif (
            isinstance(node, ast.Call)
            and len(node.args) == 1
            and not node.keywords
            and ast.unparse(node.func).rpartition(".")[2] in _COPIES
        ):
            source = node.args[0] if isinstance(node.args[0], ast.Name | ast.Attribute) else None
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load):
            cut = node.slice
            source = node.value if cut.lower is cut.upper is cut.step is None else None
        if source is not None and not isinstance(scope.parents[node], ast.Expr):
            text = (
                f"The naive code works on {quote(source)} itself "
                f"instead of a copy, so changes reach the caller's object."
            )
            yield Edit(f"{text} The improved code copies it with {quote(node)}.", partial(scope.put, node, source))


def _mutable_default(scope: Scope, _: random.Random) -> Iterator[Edit]:
    arguments = scope.function.args
    every = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip([item.arg for item in every[::-1]], arguments.defaults[::-1], strict=False))
    defaults |= {
        item.arg: value for item, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
    }
    for node in scope.function.body:
        if not isinstance(node, ast.If) or node.orelse or len(node.body) != 1 or len(scope.function.body) == 1:
            continue
        only = node.body[0]
        if not (
            isinstance(only, ast.Assign) and isinstance(only.targets[0], ast.Name) and only.targets[0].id in defaults
        ):
            continue
        variable = only.targets[0].id
        default = defaults[variable]
        if ast.unparse(node.test) not in {f"{variable} is None", f"not {variable}"} or not isinstance(
            default, ast.Constant
        ):
            continue
        fresh = only.value
        if isinstance(fresh, ast.List | ast.Dict | ast.Set) or (isinstance(fresh, ast.Call) and not fresh.args):
            text = (
                f"The naive code makes {quote(fresh)} once, as the "
                f"default of `{variable}`, so all calls share one object."
            )
            text = f"{text} The improved code makes a new one in each call."
        else:
            text = (
                f"The naive code takes the default of `{variable}` from "
                f"{quote(fresh)} when the function is defined, not when it is called."
            )
            text = f"{text} The improved code decides inside the call."
            if any(
                isinstance(item, ast.Name) and item.id in (*scope.parameters, *scope.locals, "self", "cls")
                for item in walk(fresh)
            ):
                continue

        def apply(node: ast.If = node, default: ast.Constant = default, fresh: ast.expr = fresh) -> None:
            scope.drop(node)
            scope.put(default, fresh)

        yield Edit(text, apply)


def _unpacked_wrongly(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        if not isinstance(node, ast.Assign | ast.For | ast.comprehension):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if (
            isinstance(target, ast.Tuple)
            and len(target.elts) == 2
            and ast.dump(target.elts[0]) != ast.dump(target.elts[1])
        ):
            if any(isinstance(item, ast.Starred) for item in target.elts):
                continue
            source = quote(node.value if isinstance(node, ast.Assign) else node.iter)
            text = f"The naive code unpacks {source} in the wrong order; the improved code takes {quote(target)}."
            yield Edit(text, assign(target, "elts", target.elts[::-1]))


def _only_told(scope: Scope, node: ast.AST) -> bool:
    """Return whether a text goes to a call whose result nobody uses, such as a log or an audit."""
    call = scope.parents[node]
    return isinstance(call, ast.Call) and isinstance(scope.parents[call], ast.Expr)


def _constant_text(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    """A short text, such as a separator or mode, that is not quite the right one."""
    for node in scope.of(ast.Constant):
        if (
            not isinstance(node.value, str)
            or not 0 < len(node.value) <= 12
            or isinstance(scope.parents[node], ast.Expr | ast.JoinedStr)
            or _in_message(scope, node)
        ):
            continue
        old = node.value
        options = [old[:-1], old + " ", old.swapcase(), old.strip(), _OTHER_TEXT.get(old, old)]
        options = [item for item in dict.fromkeys(options) if item != old]
        wrong = chance.choice(options)
        text = (
            f"The naive code has the text {quote(repr(wrong))} where "
            f"{quote(repr(old))} is right, in {line_of(scope, node)}."
        )
        yield Edit(f"{text} The improved code has it exactly.", assign(node, "value", wrong))


_OTHER_TEXT: Final = {
    ",": ";",
    ";": ",",
    " ": "",
    "/": "\\",
    ".": ",",
    ":": "=",
    "=": ":",
    "\n": " ",
    "r": "w",
    "w": "a",
    "rb": "r",
    "wb": "w",
    "-": "_",
    "_": "-",
}


OPERATORS: Final = (
    fault("wrong-variable", "variables", "another variable of the same scope", _wrong_variable),
    fault("wrong-attribute", "variables", "another attribute of the same object", _wrong_attribute),
    fault("wrong-container", "container", "a list for a set, or the reverse", _container),
    fault("alias-for-copy", "aliasing", "the caller's object changed", _alias),
    fault("mutable-default", "aliasing", "a default made once and shared by all calls", _mutable_default),
    fault("unpacked-wrongly", "variables", "two values unpacked in the wrong order", _unpacked_wrongly),
    fault("wrong-text", "constants", "a short text not quite right", _constant_text),
)
