"""Owns faults of too much: needless checks, special cases, conversions and last steps that make a function wrong."""

import ast
import random
from collections.abc import Iterator
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
    quote,
)
from codefavor.synthesis.fault_injection.operator import expression, statements

_TEXT_METHODS: Final = frozenset(
    [
        "strip",
        "lower",
        "upper",
        "split",
        "rsplit",
        "startswith",
        "endswith",
        "replace",
        "find",
        "rfind",
        "partition",
        "rpartition",
        "splitlines",
        "encode",
        "lstrip",
        "rstrip",
        "isdigit",
        "isalpha",
        "join",
        "title",
        "isspace",
        "format",
    ]
)
_LISTS: Final = frozenset({"append", "extend", "sort", "insert", "reverse"})


def kind_of(scope: Scope, variable: str) -> str:
    """Return what a variable's uses speak for: "text", "list", "number", "iterable", or "" where nothing does."""
    kind = ""
    for node in scope.of(ast.Name):
        if node.id != variable or not isinstance(node.ctx, ast.Load):
            continue
        parent = scope.parents[node]
        if isinstance(parent, ast.Attribute):
            if parent.attr in _TEXT_METHODS:
                return "text"
            if parent.attr in _LISTS:
                return "list"
            return "object"
        if isinstance(parent, ast.For | ast.comprehension) and parent.iter is node:
            kind = "iterable"
        elif (
            isinstance(parent, ast.Compare)
            and any(isinstance(item, ast.Lt | ast.Gt | ast.LtE | ast.GtE) for item in parent.ops)
        ) or (
            isinstance(parent, ast.BinOp)
            and isinstance(parent.op, ast.Sub | ast.Mult | ast.Div | ast.FloorDiv | ast.Pow)
        ):
            kind = kind or "number"
        elif (
            isinstance(parent, ast.Call)
            and isinstance(parent.func, ast.Name)
            and parent.func.id in {"len", "sorted", "list", "set", "sum"}
        ):
            kind = kind or "iterable"
    return kind


def _front(scope: Scope, code: str, feedback: str) -> Edit:
    """Return the edit that puts statements before the body."""
    return Edit(feedback, assign(scope.function, "body", [*body_of(code), *scope.function.body]))


def _early_return(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for variable in scope.parameters:
        kind = kind_of(scope, variable)
        tests = {
            "text": [
                f"len({variable}) < 2",
                f"not {variable}.isalpha()",
                f"' ' in {variable}",
                f"not {variable}.isalnum()",
            ],
            "number": [f"{variable} <= 1", f"{variable} < 2", f"{variable} % 2 == 0", f"{variable} >= 0"],
            "iterable": [f"len({variable}) < 2", f"len({variable}) <= 1", f"len({variable}) % 2 != 0"],
            "list": [f"len({variable}) < 2", f"len({variable}) == 1", f"len({variable}) % 2 != 0"],
        }.get(kind, [f"{variable} is not None", f"not {variable}"])
        test = chance.choice(tests)
        result = chance.choice(["None", "False", "-1", "''", "[]", variable, "0"])
        text = (
            f"The naive code answers `{result}` at once if `{test}`, a "
            f"special case nobody asked for that gets valid input wrong."
        )
        yield _front(scope, f"if {test}:\n    return {result}", f"{text} The improved code treats it like the rest.")


def _validation(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for variable in scope.parameters:
        kind = kind_of(scope, variable)
        tests = {
            "text": [
                (f"not {variable}.isalpha()", "must contain only letters"),
                (f"not {variable}.isidentifier()", "must be a valid name"),
                (f"not isinstance({variable}, bytes)", "must be bytes"),
                (f"len({variable}) < 3", "is too short"),
            ],
            "number": [
                (f"{variable} <= 0", "must be positive"),
                (f"not isinstance({variable}, float)", "must be a float"),
                (f"{variable} > 10", "is too large"),
            ],
            "iterable": [
                (f"len({variable}) < 2", "needs at least two elements"),
                (f"not isinstance({variable}, set)", "must be a set"),
                (f"len({variable}) != len(set({variable}))", "must not contain duplicates"),
            ],
            "list": [
                (f"not isinstance({variable}, tuple)", "must be a tuple"),
                (f"len({variable}) < 2", "needs at least two elements"),
            ],
        }.get(
            kind,
            [
                (f"not isinstance({variable}, (int, float))", "must be a number"),
                (f"not isinstance({variable}, str)", "must be a string"),
                (f"not {variable}", "must not be empty"),
                (f"{variable} is not None", "is not supported"),
            ],
        )
        test, message = chance.choice(tests)
        error = chance.choice(["ValueError", "TypeError"] if "isinstance" not in test else ["TypeError"])
        text = f"The naive code raises `{error}` if `{test}` and so refuses input that is valid."
        code = f"if {test}:\n    raise {error}('{variable} {message}')"
        yield _front(scope, code, f"{text} The improved code accepts it and gives the result.")


def _conversion(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for variable in scope.parameters:
        kind = kind_of(scope, variable)
        codes = {
            "text": [
                f"{variable}.lower()",
                f"{variable}.strip()",
                f"{variable}.replace(' ', '')",
                f"{variable}.upper()",
                f"''.join(sorted({variable}))",
            ],
            "number": [
                f"int({variable})",
                f"abs({variable})",
                f"str({variable})",
                f"round({variable})",
                f"{variable} + 1",
            ],
            "iterable": [
                f"list(set({variable}))",
                f"sorted({variable})",
                f"{variable}[1:]",
                f"[item for item in {variable} if item]",
                f"list(reversed({variable}))",
            ],
            "list": [f"sorted({variable})", f"list(set({variable}))", f"{variable}[:-1]", f"tuple({variable})"],
        }.get(kind, [f"str({variable})", f"list({variable})", f"bool({variable})", f"int({variable})"])
        code = chance.choice(codes)
        text = f"The naive code first turns `{variable}` into `{code}`, which changes the input and with it the result."
        yield _front(scope, f"{variable} = {code}", f"{text} The improved code works on `{variable}` as it is given.")


def _processing(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    if scope.is_generator:
        return
    for node in scope.of(ast.Return):
        value = node.value
        if value is None or scope.is_nested(node) or (isinstance(value, ast.Constant) and value.value is None):
            continue
        wraps = _wraps(scope, value)
        code = chance.choice(wraps)
        wrong = _filled(code, value)
        text = f"The naive code does too much at the end: it returns {quote(wrong)}, not {quote(value)}."
        yield Edit(f"{text} The improved code returns the result as it is.", assign(node, "value", wrong))


def _wraps(scope: Scope, value: ast.expr) -> list[str]:
    """Return expressions over X that spoil a value, by what the value looks like."""
    kind = kind_of(scope, value.id) if isinstance(value, ast.Name) else ""
    if isinstance(value, ast.Name) and any(
        isinstance(item, ast.Assign)
        and isinstance(item.targets[0], ast.Name)
        and item.targets[0].id == value.id
        and isinstance(item.value, ast.List | ast.ListComp)
        for item in scope.of(ast.Assign)
    ):
        kind = "list"
    if kind in {"list", "iterable"} or isinstance(value, ast.List | ast.ListComp | ast.Tuple):
        return [
            "sorted(X)",
            "list(set(X))",
            "X[::-1]",
            "X[1:]",
            "X[:-1]",
            "len(X)",
            "str(X)",
            "X[0]",
            "[item for item in X if item]",
        ]
    if (
        kind == "text"
        or isinstance(value, ast.JoinedStr)
        or (isinstance(value, ast.Constant) and isinstance(value.value, str))
    ):
        return [
            "X.lower()",
            "X.strip()",
            "X.split()",
            "X.upper()",
            "X + '\\n'",
            "X[::-1]",
            "X.capitalize()",
            "[X]",
            "list(X)",
        ]
    if isinstance(value, ast.Compare | ast.BoolOp) or (
        isinstance(value, ast.Constant) and isinstance(value.value, bool)
    ):
        return ["str(X)", "[X]", "int(not X)", "not X", "(X, None)"]
    if kind == "number" or isinstance(value, ast.BinOp | ast.Constant):
        return ["abs(X)", "round(X)", "str(X)", "int(X)", "X + 1", "-X", "float(X)", "[X]"]
    return ["str(X)", "[X]", "list(X)", "bool(X)", "(X, True)", "{'result': X}", "not X", "X or None"]


def _filled(code: str, value: ast.expr) -> ast.expr:
    tree = expression(code)
    if isinstance(tree, ast.Name):
        return value
    for parent in walk(tree):
        for field_name, child in ast.iter_fields(parent):
            if isinstance(child, ast.Name) and child.id == "X":
                setattr(parent, field_name, value)
            elif isinstance(child, list):
                child[:] = [value if isinstance(item, ast.Name) and item.id == "X" else item for item in child]
    return tree


def _skipped_elements(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for loop in scope.of(ast.For):
        if not isinstance(loop.target, ast.Name):
            continue
        one = loop.target.id
        number = any(
            isinstance(item, ast.BinOp | ast.AugAssign)
            and any(isinstance(part, ast.Name) and part.id == one for part in walk(item))
            for item in loop.body
        )
        tests = (
            [f"{one} <= 0", f"{one} == 1", f"{one} % 2 == 0"]
            if number
            else [f"not {one}", f"len({one}) < 2", f"not isinstance({one}, str)", f"{one} is not None"]
        )
        test, leave = chance.choice(tests), chance.choice(["continue", "continue", "break"])
        what = "skips elements" if leave == "continue" else "stops at an element"
        text = (
            f"The naive code {what} of {quote(loop.iter)} with `if {test}: {leave}`, though they count like any other."
        )
        code = statements(f"for x in y:\n    if {test}:\n        {leave}")[0]
        assert isinstance(code, ast.For)
        yield Edit(f"{text} The improved code handles all of them.", assign(loop, "body", [*code.body, *loop.body]))


def _hidden_error(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    """The whole body in a try that turns an error the function raises on purpose into a value."""
    body = scope.function.body
    # Errors that nobody raises on purpose are no behaviour to keep: hiding those changes nothing on inputs that work.
    raised = {
        name
        for item in scope.of(ast.Raise)
        if item.exc is not None and not scope.is_nested(item)
        for name in [ast.unparse(item.exc.func if isinstance(item.exc, ast.Call) else item.exc)]
        if name[:1].isupper()
    }
    if isinstance(body[0], ast.Try) or not raised:
        return
    result = chance.choice(["None", "False", "''", "[]", "0", "-1"])
    error = chance.choice(["Exception", "Exception", *sorted(raised)])
    wrapped = body_of(f"try:\n    pass\nexcept {error}:\n    return {result}")[0]
    assert isinstance(wrapped, ast.Try)
    wrapped.body = list(body)
    text = (
        f"The naive code wraps everything in `try` and returns "
        f"`{result}` on any `{error}`, which hides failures as results."
    )
    yield Edit(f"{text} The improved code lets the caller see them.", assign(scope.function, "body", [wrapped]))


def _forgotten_flush(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    """A result changed once more just before it is returned."""
    body = scope.function.body
    last = body[-1]
    if not (isinstance(last, ast.Return) and isinstance(last.value, ast.Name)) or scope.is_generator:
        return
    variable = last.value.id
    if variable in {"self", "cls"}:
        return
    place = index_of(body, last)
    for wrap in chance.sample(_wraps(scope, last.value), 3):
        code = f"{variable} = {ast.unparse(_filled(wrap, last.value))}"
        text = f"The naive code changes the finished result once more with `{code}`, which nobody asked for."
        new = [*body[:place], *statements(code), last]
        yield Edit(f"{text} The improved code returns `{variable}` as it is.", assign(scope.function, "body", new))


def _hard_coded(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Return):
        if scope.is_nested(node) or node.value is None or scope.function.body[-1] is not node or not scope.parameters:
            continue
        variable = chance.choice(scope.parameters)
        kind = kind_of(scope, variable)
        value = {"text": "'a'", "number": "1", "iterable": "[1, 2, 3]", "list": "[]"}.get(kind)
        if value is None:  # most functions have no answer for None, so a fixed one is no mistake
            continue
        result = chance.choice(["0", "1", "True", "[]", "''", variable])
        text = (
            f"The naive code gives the fixed answer `{result}` when "
            f"`{variable} == {value}`, in place of the computed one."
        )
        code = body_of(f"if {variable} == {value}:\n    return {result}")
        body = scope.function.body
        yield Edit(
            f"{text} The improved code computes it before {head(node)}.",
            assign(scope.function, "body", [*body[:-1], *code, node]),
        )


def _global_state(scope: Scope, _: random.Random) -> Iterator[Edit]:
    """A parameter overwritten by a value of the coder's own test."""
    for variable in scope.parameters:
        value = {"text": "'example'", "number": "10", "iterable": "[1, 2, 3]", "list": "[]"}.get(
            kind_of(scope, variable)
        )
        if value is not None:
            text = f"The naive code overwrites its parameter with `{variable} = {value}`, so every call gives the same."
            yield _front(scope, f"{variable} = {value}", f"{text} The improved code uses the argument it is given.")


OPERATORS: Final = (
    fault("needless-special-case", "needless-code", "a special case that gets valid input wrong", _early_return),
    fault("needless-validation", "needless-code", "a check that refuses valid input", _validation),
    fault("needless-conversion", "needless-code", "the input changed before the work", _conversion),
    fault("needless-last-step", "needless-code", "the result changed on its way out", _processing),
    fault("needless-skip", "needless-code", "elements left out of a loop", _skipped_elements),
    fault("needless-try", "exception", "an error raised on purpose turned into a value", _hidden_error),
    fault("needless-update", "needless-code", "a finished result changed once more", _forgotten_flush),
    fault("hard-coded-answer", "needless-code", "a fixed answer for one input", _hard_coded),
    fault("parameter-overwritten", "variables", "a parameter replaced by a fixed value", _global_state),
)
