"""Owns rewrites of statements found in real functions: checks, handlers, paths, files and arguments made unsafe."""

import ast
import copy
import random
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.operator import (
    Change,
    Operator,
    Rewrite,
    bodies,
    copy_tree,
    expression,
    fresh_name,
    function_of,
    statements,
)
from codefavor.synthesis.fault_injection.security.patterns import explain, shortened
from codefavor.synthesis.fault_injection.security.real_calls import read_examples

_Site: TypeAlias = tuple[list[ast.stmt], int]
_SECRET: Final = frozenset(
    ("password", "passwd", "pwd", "passphrase", "secret", "token", "api_key", "apikey", "key", "auth", "credentials")
)
_SECRETS: Final = ("changeme", "admin123", "s3cr3t", "P@ssw0rd!", "letmein42", "tok_9f31c07ab2")


def _sites(tree: ast.Module, fits: Callable[[ast.stmt], bool]) -> list[_Site]:
    return [
        (block, at)
        for block in bodies(function_of(tree))
        for at, item in enumerate(block)
        if isinstance(item, ast.stmt) and fits(item)
    ]


def _change(
    improved: ast.Module, naive: ast.Module, rng: random.Random, concept: str, bad: str, risk: str, cure: str
) -> Change | None:
    sides = copy_tree(naive), copy_tree(improved)
    if ast.unparse(sides[0]) == ast.unparse(sides[1]):
        return None
    return Change(*sides, explain(rng, concept, bad, risk, cure))


# ── Checks ──


def _is_check(item: ast.stmt) -> bool:
    return isinstance(item, ast.If) and not item.orelse and len(item.body) == 1 and isinstance(item.body[0], ast.Raise)


_OPPOSITE: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITE:
        return ast.Compare(test.left, [_OPPOSITE[type(test.ops[0])]()], test.comparators)
    return ast.UnaryOp(ast.Not(), test)


def _assert_for_check(tree: ast.Module, rng: random.Random) -> Change | None:
    found = _sites(tree, lambda item: _is_check(item) or isinstance(item, ast.Assert))
    if not found:
        return None
    before = copy_tree(tree)
    block, at = rng.choice(found)
    item = block[at]
    forward = isinstance(item, ast.If)
    if isinstance(item, ast.Assert):
        error = rng.choice(("ValueError", "RuntimeError", "AssertionError", "TypeError"))
        message = item.msg or ast.Constant(f"{rng.choice(('unexpected', 'invalid'))}: {ast.unparse(item.test)}"[:60])
        raised = ast.Raise(ast.Call(ast.Name(error, ast.Load()), [message], []))
        block[at] = ast.If(_negated(item.test), [raised], [])
        bad = ast.unparse(item)
    else:
        assert isinstance(item, ast.If)
        raised = item.body[0]  # type: ignore[assignment]
        words = raised.exc.args if isinstance(raised.exc, ast.Call) else []
        told = ast.Constant(
            f"{function_of(tree).name} goes on only where this holds: {ast.unparse(_negated(item.test))}"
        )
        said = rng.choice((None, words[0] if words else None, told, told))
        if isinstance(said, ast.Starred):
            said = None
        block[at] = ast.Assert(_negated(item.test), said)
        bad = ast.unparse(ast.fix_missing_locations(block[at]))
    naive, improved = (tree, before) if forward else (before, tree)
    change = _change(
        improved, naive, rng, "check that can be switched off", bad,
        "which is gone when Python runs with -O", "raises an error, whatever the interpreter's options",
    )  # fmt: skip
    return change


def _check_left_out(tree: ast.Module, rng: random.Random) -> Change | None:
    given = {item.arg for item in walk(function_of(tree).args) if isinstance(item, ast.arg)} - {"self", "cls"}

    def fits(item: ast.stmt) -> bool:
        return _is_check(item) and any(
            isinstance(node, ast.Name) and node.id in given
            for node in walk(item.test)  # type: ignore[attr-defined]
        )

    found = [(block, at) for block, at in _sites(tree, fits) if len(block) > 1]
    if not found:
        return None
    before = copy_tree(tree)
    block, at = rng.choice(found)
    check = block[at]
    assert isinstance(check, ast.If)
    test = shortened(ast.unparse(check.test))
    if rng.random() < 0.4:
        del block[at]
    else:
        name = function_of(tree).name
        text = rng.choice(
            (
                f"print('warning: an unexpected value reached {name}, which goes on all the same')",
                f"logging.warning('{name} got a value that does not look right and uses it anyway')",
                f"logger.debug('ignoring a value in {name} that is outside what was expected here')",
            )
        )
        check.body = statements(text)
    feedback = rng.choice(
        (
            f"The naive code goes on with bad input where {test} holds (missing validation). The improved code refuses "
            "such values with an error.",
            f"Input validation: nothing stops the naive code when {test}. The improved code raises an error there.",
        )
    )
    return Change(copy_tree(tree), before, feedback)


# ── Handlers ──


def _errors_hidden(tree: ast.Module, rng: random.Random) -> Change | None:
    """Where a handler does something, the naive one passes; where it passes, the improved one reports."""
    found = [node for node in walk(function_of(tree)) if isinstance(node, ast.ExceptHandler)]
    if not found:
        return None
    before = copy_tree(tree)
    handler = rng.choice(found)
    idle = len(handler.body) == 1 and isinstance(handler.body[0], ast.Pass | ast.Continue)
    if idle:
        name = fresh_name(tree, "error", "exc", "err")
        handler.type = handler.type or ast.Name("Exception", ast.Load())
        if rng.random() < 0.5:
            handler.name = handler.name or name
            text = rng.choice(
                ("logging.warning('failed: %s', X)", "logger.warning('ignored %r', X)", "log.error('%s', X)")
            )
            handler.body[:0] = statements(text.replace("X", handler.name))
        else:
            handler.body[:0] = statements(rng.choice(("logging.exception('failed')", "logger.exception('went wrong')")))
        naive, improved = before, tree
    else:
        wide = rng.random() < 0.6
        handler.type = None if wide else ast.Name("Exception", ast.Load())
        handler.name = None
        loud = f"print('something went wrong in {function_of(tree).name}, going on without it')"
        quiet = f"{fresh_name(tree, 'failed', 'had_error', 'broken')} = True"
        handler.body = [ast.Pass()] if rng.random() < 0.35 else statements(f"{quiet}\n{loud}\npass")
        naive, improved = tree, before
    bad = "except" if idle else ("except:" if handler.type is None else "except Exception:")
    return _change(
        improved, naive, rng, "errors that are hidden", f"{bad} … pass",
        "which hides every failure", "handles the error where it can be seen",
    )  # fmt: skip


def _handler_too_wide(tree: ast.Module, rng: random.Random) -> Change | None:
    found = [node for node in walk(function_of(tree)) if isinstance(node, ast.ExceptHandler)]
    found = [node for node in found if node.type is None or (node.name is None and _last_handler(tree, node))]
    if not found:
        return None
    before = copy_tree(tree)
    handler = rng.choice(found)
    bad = "except:"
    if handler.type is None:
        handler.type = ast.Name(rng.choice(("Exception", "OSError", "ValueError", "KeyError")), ast.Load())
        naive, improved = before, tree
    else:
        wide = rng.choice((None, "BaseException", "(Exception, KeyboardInterrupt)", "(BaseException, SystemExit)"))
        handler.type = None if wide is None else expression(wide)
        naive, improved = tree, before
        bad = f"except {wide}:" if wide else bad
    return _change(
        improved, naive, rng, "handling of every exception", bad,
        "which also catches interrupts and errors nobody foresaw", "names the exception it expects",
    )  # fmt: skip


def _last_handler(tree: ast.Module, handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Try) and node.handlers[-1:] == [handler] for node in walk(tree))


# ── Paths and files ──


def _joined(item: ast.stmt) -> ast.Call | None:
    """Return the two-part join that an assignment to a name makes from a part that is no constant."""
    if not (isinstance(item, ast.Assign) and len(item.targets) == 1 and isinstance(item.targets[0], ast.Name)):
        return None
    call = item.value
    if not (isinstance(call, ast.Call) and ast.unparse(call.func).endswith("path.join") and len(call.args) == 2):
        return None
    if any(isinstance(part, ast.Constant | ast.Starred) for part in call.args):
        return None
    return None if item.targets[0].id in {node.id for node in walk(call) if isinstance(node, ast.Name)} else call


def _path_unchecked(tree: ast.Module, rng: random.Random) -> Change | None:
    found = _sites(tree, lambda item: _joined(item) is not None)
    if not found:
        return None
    before = copy_tree(tree)
    block, at = rng.choice(found)
    item = block[at]
    call = _joined(item)
    assert isinstance(item, ast.Assign)
    assert call is not None
    name, base = ast.unparse(item.targets[0]), ast.unparse(call.args[0])
    error = rng.choice(("ValueError('path outside the folder')", "PermissionError(N)", "ValueError(f'bad path: {N}')"))
    texts = (
        f"if not os.path.realpath({name}).startswith(os.path.realpath({base}) + os.sep):\n    raise {error}",
        f"if os.path.commonpath([os.path.abspath({base}), os.path.abspath({name})]) != os.path.abspath({base}):\n"
        f"    raise {error}",
        f"{name} = os.path.realpath({name})\nif not {name}.startswith(os.path.realpath({base})):\n    raise {error}",
    )
    block[at + 1 : at + 1] = statements(rng.choice(texts).replace("(N)", f"({name})").replace("{N}", f"{{{name}}}"))
    return _change(
        tree, before, rng, "path traversal", ast.unparse(item),
        "where a part such as `../..` leads out of the folder", "checks that the path stays inside the folder",
    )  # fmt: skip


_TOUCHING: Final = frozenset(
    {"remove", "unlink", "rmdir", "open", "rename", "listdir", "makedirs", "mkdir", "stat", "rmtree"}
)


def _checked_then_used(tree: ast.Module, rng: random.Random) -> Change | None:
    """A look before the use of a file against a handler around it."""

    def touches(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _TOUCHING and bool(node.args)

    def fits(item: ast.stmt) -> bool:
        if isinstance(item, ast.If):
            text = ast.unparse(item.test)
            return not item.orelse and text.startswith(("os.path.exists(", "os.path.isfile(", "not os.path.exists("))
        return isinstance(item, ast.With | ast.Expr) and any(
            touches(node)
            for node in ([i.context_expr for i in item.items] if isinstance(item, ast.With) else [item.value])
        )

    found = _sites(tree, fits)
    if not found:
        return None
    before = copy_tree(tree)
    block, at = rng.choice(found)
    item = block[at]
    if isinstance(item, ast.If):
        absent = isinstance(item.test, ast.UnaryOp)
        error = "FileExistsError" if absent else rng.choice(("FileNotFoundError", "OSError"))
        bad = f"if {ast.unparse(item.test)}:"
        handler = ast.ExceptHandler(ast.Name(error, ast.Load()), None, [ast.Pass()])
        block[at] = ast.Try(item.body, [handler], [], [])
        naive, improved = before, tree
    else:
        call = item.items[0].context_expr if isinstance(item, ast.With) else item.value  # type: ignore[attr-defined]
        if not isinstance(call, ast.Call) or isinstance(call.args[0], ast.Starred):
            return None
        path = ast.unparse(call.args[0])
        look = rng.choice(("os.path.exists", "os.path.isfile", "os.access"))
        bad = f"{look}({path}{', os.R_OK' if look == 'os.access' else ''})"
        naive, improved = tree, copy.deepcopy(tree)
        inner, index = _sites(improved, fits)[found.index((block, at))]
        handler = ast.ExceptHandler(ast.Name("OSError", ast.Load()), None, [ast.Pass()])
        inner[index] = ast.Try([inner[index]], [handler], [], [])
        block[at] = ast.If(expression(bad), [item], [])
    return _change(
        improved, naive, rng, "race between check and use", bad,
        "after which the file can change before it is used", "tries the operation and handles the error",
    )  # fmt: skip


def _file_for_everyone(tree: ast.Module, rng: random.Random) -> Change | None:
    def fits(item: ast.stmt) -> bool:
        if not isinstance(item, ast.With):
            return False
        call = item.items[0].context_expr
        return (
            isinstance(call, ast.Call)
            and ast.unparse(call.func) == "open"
            and len(call.args) > 1
            and isinstance(call.args[1], ast.Constant)
            and str(call.args[1].value)[:1] in {"w", "a", "x"}
        )

    found = _sites(tree, fits)
    if not found:
        return None
    improved = copy.deepcopy(tree)
    chosen = rng.randrange(len(found))
    path = ast.unparse(found[chosen][0][found[chosen][1]].items[0].context_expr.args[0])  # type: ignore[attr-defined]
    bad = rng.choice((f"os.chmod({path}, 511)", f"os.chmod({path}, 438)", f"os.chmod({path}, stat.S_IRWXO)"))
    good = rng.choice(
        (f"os.chmod({path}, 384)", f"os.chmod({path}, 416)", f"os.chmod({path}, stat.S_IRUSR | stat.S_IWUSR)")
    )
    for module, text in ((tree, bad), (improved, good)):
        block, at = _sites(module, fits)[chosen]
        block[at + 1 : at + 1] = statements(text)
    change = _change(
        improved, tree, rng, "excessive permissions", bad,
        "which lets every user of the machine reach the file", "gives the file to its owner",
    )  # fmt: skip
    return change and Change(
        change.naive, change.improved, change.feedback, "It also sets the mode of the written file."
    )


# ── Arguments ──


def _secret_arguments(tree: ast.Module) -> list[str]:
    arguments = function_of(tree).args
    return [item.arg for item in (*arguments.args, *arguments.kwonlyargs) if item.arg.lower() in _SECRET]


def _default_password(tree: ast.Module, rng: random.Random) -> Change | None:
    arguments = function_of(tree).args
    first = len(arguments.args) - len(arguments.defaults)
    found = [at for at in range(max(first - 1, 0), len(arguments.args)) if arguments.args[at].arg in _SECRET - {"key"}]
    if not found:
        return None
    before = copy_tree(tree)
    at, word = rng.choice(found), ast.Constant(rng.choice(_SECRETS))
    if at < first:
        arguments.defaults.insert(0, word)
    else:
        arguments.defaults[at - first] = word
    bad = f"{arguments.args[at].arg}={word.value!r}"
    return _change(
        before, tree, rng, "hard-coded credentials", bad,
        "a secret that stands in the source for every reader", "has no secret of its own and leaves it to the caller",
    )  # fmt: skip


def _secret_logged(tree: ast.Module, rng: random.Random) -> Change | None:
    secrets = _secret_arguments(tree)
    if not secrets:
        return None
    improved = copy.deepcopy(tree)
    secret, function = rng.choice(secrets), function_of(tree).name
    log = rng.choice(("logging.info", "logging.debug", "logger.info", "logger.debug", "log.debug"))
    bad = rng.choice((f"{log}('{function}: {secret} is %s', {secret})", f"{log}(f'{function} with {{{secret}}}')", f"print('{secret}:', {secret})"))  # fmt: skip  # noqa: E501
    good = rng.choice((f"{log}('{function}: {secret} given: %s', {secret} is not None)", f"{log}('{function} was called')", f"{log}('{function}: {secret} is ***')"))  # fmt: skip  # noqa: E501
    function_of(tree).body[:0] = statements(bad)
    function_of(improved).body[:0] = statements(good)
    change = _change(
        improved, tree, rng, "secrets in logs", bad,
        "which writes the secret where others read it", "logs the event without the secret",
    )  # fmt: skip
    return change and Change(change.naive, change.improved, change.feedback, "It also logs that it was called.")


def _address_unchecked(tree: ast.Module, rng: random.Random) -> Change | None:
    def opened(item: ast.stmt) -> ast.Call | None:
        if not isinstance(item, ast.Assign | ast.Return | ast.Expr | ast.With):
            return None
        values = [i.context_expr for i in item.items] if isinstance(item, ast.With) else [item.value]
        for node in (node for value in values if value is not None for node in walk(value)):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name)):
                continue
            if ast.unparse(node.func) in {"urlopen", "urllib.request.urlopen", "requests.get", "requests.post"}:
                return node
        return None

    found = _sites(tree, lambda item: opened(item) is not None)
    if not found:
        return None
    before = copy_tree(tree)
    block, at = rng.choice(found)
    call = opened(block[at])
    assert call is not None
    url = ast.unparse(call.args[0])
    block[at:at] = statements(
        rng.choice(
            (
                f"if urllib.parse.urlparse({url}).scheme not in ('http', 'https'):\n    raise ValueError({url})",
                f"if not {url}.startswith('https://'):\n    raise ValueError('only https is allowed')",
                f"if urlparse({url}).hostname not in ALLOWED_HOSTS:\n    raise PermissionError({url})",
            )
        )
    )
    return _change(
        tree, before, rng, "request forgery", ast.unparse(call),
        "which opens any address, `file:` and inner hosts too", "checks the address before it opens it",
    )  # fmt: skip


def _on_a_copy(rewrite: Rewrite, tree: ast.Module, rng: random.Random) -> Change | None:
    """Keep the tree given as it is, so that a rewrite may give up at any point."""
    return rewrite(copy.deepcopy(tree), rng)


_EXAMPLES: Final = read_examples()
OPERATORS: Final[tuple[Operator, ...]] = tuple(
    Operator(name, "security", summary, partial(_on_a_copy, rewrite), cwe, cwe.lower(), _EXAMPLES.get(name, ("", "")))
    for name, cwe, summary, rewrite in (
        ("found-assert-for-check", "CWE-617", "checks with an assertion", _assert_for_check),
        ("found-check-left-out", "CWE-20", "does not check an argument", _check_left_out),
        ("found-errors-hidden", "CWE-703", "hides errors", _errors_hidden),
        ("found-handler-too-wide", "CWE-396", "catches every exception", _handler_too_wide),
        ("found-path-unchecked", "CWE-22", "joins paths without a check", _path_unchecked),
        ("found-checked-then-used", "CWE-367", "looks at a file before using it", _checked_then_used),
        ("found-file-for-everyone", "CWE-732", "lets everybody reach a written file", _file_for_everyone),
        ("found-default-password", "CWE-259", "has a secret as a default", _default_password),
        ("found-secret-logged", "CWE-532", "logs a secret", _secret_logged),
        ("found-address-unchecked", "CWE-918", "opens any address", _address_unchecked),
    )
)
