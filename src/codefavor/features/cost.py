"""Owns a static guess of how much work a piece of code does, as if every input had the same moderate size.

Loops multiply, calls of functions in the same code cost what their bodies cost, and library calls are priced by a
small table. The guess is of use only beside the same guess for other code that does the same job.
"""

import ast
import math
from collections.abc import Callable
from typing import Any, Final

from codefavor.features.trees import children, walk

SIZE: Final = 100.0
"""How long an input is taken to be, and how large a number."""
_LOG: Final = math.log2(SIZE)
_ROOT: Final = math.sqrt(SIZE)
_CEILING: Final = 1e12

_LINEAR: Final = {
    **dict.fromkeys(("sum", "min", "max", "any", "all", "list", "tuple", "reversed"), 0.3),
    **dict.fromkeys(("set", "frozenset", "dict"), 0.6),
    **dict.fromkeys(("map", "filter", "zip", "enumerate"), 0.1),
    **dict.fromkeys(("count", "index", "remove", "find", "rfind", "copy", "extend", "reverse", "join", "update"), 0.3),
    **dict.fromkeys(("replace", "split", "strip", "lower", "upper", "isalpha", "startswith", "translate"), 0.1),
    **dict.fromkeys(("union", "intersection", "difference", "symmetric_difference", "issubset"), 0.6),
    **dict.fromkeys(("Counter", "defaultdict", "deque", "fromkeys"), 0.8),
    **dict.fromkeys(("reduce", "accumulate", "groupby", "chain", "starmap", "factorial"), 1.0),
    **dict.fromkeys(("findall", "sub", "search", "match", "fullmatch", "finditer", "subn"), 1.5),
    "deepcopy": 12.0,
}
_SORTS: Final = {"sorted": 0.3, "sort": 0.25, "argsort": 0.3, "heapify": 0.5, "nlargest": 1.0, "nsmallest": 1.0}
_LOGARITHMIC: Final = frozenset(
    {"heappush", "heappop", "heapreplace", "bisect", "bisect_left", "bisect_right", "insort"}
)
_POWERS: Final = {"permutations": 3.0, "combinations": 2.0, "product": 2.0, "combinations_with_replacement": 2.0}
_MODULES: Final = {"np": 30.0, "numpy": 30.0, "pd": 200.0, "pandas": 200.0, "re": 20.0, "math": 0.0, "itertools": 1.0}
_TAKES_FUNCTION: Final = frozenset({"map", "filter", "reduce", "sorted", "sort", "min", "max", "accumulate", "starmap"})


def log_cost(tree: ast.Module, wanted: frozenset[str] = frozenset()) -> float:
    """Return the natural logarithm of the guessed work of the functions that no other function of the code calls.

    Args:
        tree: the code, parsed.
        wanted: names the instruction asked for; where one is defined, its cost is the answer.
    """
    guess = _Guess(tree)
    names = [name for name in guess.functions if name in wanted]
    if not names:
        called = {
            node.func.id
            for body in guess.functions.values()
            for node in walk(body)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id != body.name
        }
        names = [name for name in guess.functions if name not in called] or list(guess.functions)
    total = sum(guess.function(name) for name in names)
    if not names:
        total = guess.block(tree.body)
    return math.log(min(max(total, 1.0), _CEILING))


class _Guess:
    def __init__(self, tree: ast.Module) -> None:
        self.functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {
            node.name: node for node in walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.known: dict[str, float] = {}
        self.active: list[str] = []
        self.again: dict[str, int] = {}
        self.halving: dict[str, bool] = {}
        self.kinds: dict[str, str] = {}
        self.dispatch: dict[type[ast.expr], Callable[[Any], float]] = {
            ast.Call: self.call,
            ast.Compare: self.compare,
            ast.Subscript: self.subscript,
            ast.ListComp: self.comprehension,
            ast.SetComp: self.comprehension,
            ast.GeneratorExp: self.comprehension,
            ast.DictComp: self.comprehension,
            ast.Lambda: lambda node: self.expression(node.body),
            ast.BinOp: self.operation,
            ast.Constant: lambda node: 0.1,
            ast.Name: lambda node: 0.2,
        }

    def function(self, name: str) -> float:
        """Return the work of one call."""
        if name in self.known:
            return self.known[name]
        if name in self.active:
            self.again[name] = self.again.get(name, 0) + 1
            return 1.0
        node = self.functions[name]
        self.active.append(name)
        kinds, self.kinds = self.kinds, {**self.kinds, **_kinds(node)}
        body = 3.0 + self.block(node.body)
        self.kinds = kinds
        self.active.pop()
        again = self.again.get(name, 0)
        if again:
            body *= self._calls_in_all(node, again)
        self.known[name] = min(body, _CEILING)
        return self.known[name]

    def _calls_in_all(self, node: ast.FunctionDef | ast.AsyncFunctionDef, sites: int) -> float:
        if any("cache" in ast.dump(item) or "memo" in ast.dump(item) for item in node.decorator_list):
            return SIZE
        if self.halving.get(node.name):
            return _LOG if sites == 1 else SIZE
        # One call under another, and not in two branches of which only one is taken, doubles at every level.
        in_one_expression = max(
            (
                sum(
                    isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == node.name
                    for inner in walk(statement)
                )
                for statement in walk(node)
                if isinstance(statement, ast.Return | ast.Assign | ast.Expr)
            ),
            default=1,
        )
        return 1e6 if in_one_expression > 1 else SIZE

    def block(self, body: list[ast.stmt]) -> float:
        """Return the work of statements one after the other."""
        return min(sum(self.statement(item) for item in body), _CEILING)

    def statement(self, node: ast.stmt) -> float:
        """Return the work of one statement."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return 1.0
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return 0.0  # a docstring
        if isinstance(node, ast.For | ast.AsyncFor):
            times = self.iterations(node.iter) * (0.6 if _leaves_early(node.body) else 1.0)
            return self.expression(node.iter) + times * (1.0 + self.block(node.body)) + self.block(node.orelse)
        if isinstance(node, ast.While):
            times = self.while_iterations(node) * (0.8 if _leaves_early(node.body) else 1.0)
            return times * (0.5 + self.expression(node.test) + self.block(node.body)) + self.block(node.orelse)
        if isinstance(node, ast.If):
            return 0.3 + self.expression(node.test) + max(self.block(node.body), self.block(node.orelse))
        if isinstance(node, ast.AugAssign):
            grows = isinstance(node.op, ast.Add) and isinstance(node.value, ast.List | ast.JoinedStr)
            return 0.7 + self.expression(node.value) + (1.0 if grows else 0.0)
        if isinstance(node, ast.ClassDef):
            return self.block(node.body)
        cost = 0.5
        for child in children(node):
            if isinstance(child, ast.stmt):
                cost += self.statement(child)
            elif isinstance(child, ast.ExceptHandler):
                cost += 0.2 * self.block(child.body)
            elif isinstance(child, ast.expr):
                cost += self.expression(child)
            elif isinstance(child, ast.withitem):
                cost += self.expression(child.context_expr)
        return cost

    def expression(self, node: ast.expr) -> float:
        """Return the work of one expression."""
        rule = self.dispatch.get(type(node))
        if rule is not None:
            return rule(node)
        return 0.3 + sum(self.expression(child) for child in children(node) if isinstance(child, ast.expr))

    def operation(self, node: ast.BinOp) -> float:
        cost = 0.5 + self.expression(node.left) + self.expression(node.right)
        if isinstance(node.op, ast.Add) and self.length(node.left) + self.length(node.right) > 0:
            cost += 0.05 * SIZE  # two sequences are copied
        return cost

    def length(self, node: ast.expr) -> float:
        if isinstance(node, ast.Name):
            return SIZE if self.kinds.get(node.id) in ("list", "str", "tuple") else 0.0
        if isinstance(node, ast.List | ast.ListComp | ast.Tuple | ast.JoinedStr):
            return 1.0
        return 1.0 if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) else 0.0

    def subscript(self, node: ast.Subscript) -> float:
        cost = 0.4 + self.expression(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = [item for item in (node.slice.lower, node.slice.upper) if item is not None]
            short = isinstance(node.slice.upper, ast.Constant)
            return cost + sum(map(self.expression, bounds)) + (0.5 if short else 0.08 * SIZE)
        return cost + self.expression(node.slice)

    def compare(self, node: ast.Compare) -> float:
        cost = 0.4 + self.expression(node.left)
        for operator, right in zip(node.ops, node.comparators, strict=True):
            cost += self.expression(right)
            if isinstance(operator, ast.In | ast.NotIn):
                cost += self.search(right)
        return cost

    def search(self, container: ast.expr) -> float:
        if isinstance(container, ast.Name):
            kind = self.kinds.get(container.id, "")
            return {"set": 0.3, "dict": 0.3, "list": 0.3 * SIZE, "tuple": 0.3 * SIZE, "str": 0.1 * SIZE}.get(
                kind, 0.15 * SIZE
            )
        if isinstance(container, ast.List | ast.Tuple):
            return 0.15 * len(container.elts)
        if isinstance(container, ast.Set | ast.Dict | ast.Constant):
            return 0.3
        if isinstance(container, ast.Subscript):
            return 0.1 * SIZE
        return 0.3

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> float:
        if isinstance(node, ast.DictComp):
            cost = self.expression(node.key) + self.expression(node.value)
        else:
            cost = self.expression(node.elt)
        cost += {ast.ListComp: 0.4, ast.GeneratorExp: 0.7}.get(type(node), 0.6)
        for generator in reversed(node.generators):
            tests = sum(self.expression(test) for test in generator.ifs)
            cost = self.expression(generator.iter) + self.iterations(generator.iter) * (0.4 + tests + cost)
        return 2.0 + min(cost, _CEILING)

    def call(self, node: ast.Call) -> float:
        function = node.func
        name = (
            function.id
            if isinstance(function, ast.Name)
            else function.attr
            if isinstance(function, ast.Attribute)
            else ""
        )
        arguments = [*node.args, *(item.value for item in node.keywords)]
        cost = 1.0
        lazy = name in ("any", "all")
        for argument in arguments:
            if isinstance(argument, ast.Lambda):
                cost += SIZE * (1.0 + self.expression(argument.body)) if name in _TAKES_FUNCTION else 1.0
                continue
            if isinstance(argument, ast.Name) and argument.id in self.functions and name in _TAKES_FUNCTION:
                cost += SIZE * self.function(argument.id)
                continue
            part = self.expression(argument)
            cost += 0.6 * part if lazy and isinstance(argument, ast.GeneratorExp) else part
        if isinstance(function, ast.Name):
            if name in self.functions:
                if self.active and name == self.active[-1] and any(_halves(item) for item in node.args):
                    self.halving[name] = True
                return cost + self.function(name)
        elif isinstance(function, ast.Attribute):
            cost += self.expression(function.value)
            if isinstance(function.value, ast.Name):
                cost += _MODULES.get(function.value.id, 0.0)
                if function.value.id in ("self", "cls") and name in self.functions:
                    return cost + self.function(name)
            first = node.args[0] if node.args else None
            if name in ("pop", "insert") and isinstance(first, ast.Constant) and first.value == 0:
                return cost + 0.1 * SIZE
        if name in _SORTS:
            return cost + _SORTS[name] * self.input_size(node) * _LOG
        if name in _LINEAR:
            several = isinstance(function, ast.Name) and len(node.args) > 1 and name in ("min", "max")
            generated = bool(node.args) and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp)
            if several or (name in ("list", "set", "dict", "tuple") and not node.args):
                return cost + 0.3
            return cost + _LINEAR[name] * (self.input_size(node) if not generated else 0.3 * SIZE)
        if name in _LOGARITHMIC:
            return cost + 0.5 * _LOG
        if name in _POWERS:
            return cost + 1.0
        if name == "print":
            return cost + 10.0
        return cost

    def input_size(self, node: ast.Call) -> float:
        if isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if isinstance(first, ast.List | ast.Tuple | ast.Set):
                return float(len(first.elts))
            return self.iterations(first)
        return SIZE

    def iterations(self, node: ast.expr) -> float:
        """Return how often a loop over the expression turns."""
        if isinstance(node, ast.Constant):
            return float(len(node.value)) if isinstance(node.value, str | bytes) else 1.0
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return float(len(node.elts))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            return SIZE * (0.5 if node.slice.step is not None else 0.9)
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "range" and node.args:
                return _range_size(node.args)
            if name == "str" and isinstance(node.func, ast.Name):
                return math.log10(SIZE) + 1
            if name in _POWERS:
                return float(min(SIZE ** _POWERS[name], 1e6)) / 2
            if name in ("enumerate", "reversed", "sorted", "list", "set", "iter", "tuple") and node.args:
                return self.iterations(node.args[0])
            if name == "zip":
                return min((self.iterations(item) for item in node.args), default=SIZE)
        return SIZE

    def while_iterations(self, node: ast.While) -> float:
        tested = {item.id for item in walk(node.test) if isinstance(item, ast.Name)}
        squared = any(
            isinstance(item, ast.BinOp)
            and (
                (isinstance(item.op, ast.Mult) and ast.dump(item.left) == ast.dump(item.right))
                or isinstance(item.op, ast.Pow)
            )
            for item in walk(node.test)
        )
        if squared or _has_root(node.test):
            return _ROOT
        return _LOG if any(_shrinks(item, tested) for item in walk(node)) else SIZE


def _shrinks(node: ast.AST, tested: set[str]) -> bool:
    """Return whether a statement of a while loop divides what the loop tests: halving, digits, Euclid."""
    match node:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.FloorDiv() | ast.Div() | ast.RShift()):
            return name in tested
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name in tested and (_halves(value) or (isinstance(value, ast.Name) and value.id == "mid"))
        case ast.Assign(targets=[ast.Tuple()], value=ast.Tuple(elts=elements)):
            return any(
                isinstance(item, ast.BinOp)
                and isinstance(item.op, ast.Mod)
                and isinstance(item.right, ast.Name)
                and item.right.id in tested
                for item in elements
            )
        case _:
            return False


def _range_size(arguments: list[ast.expr]) -> float:
    stop = arguments[0] if len(arguments) == 1 else arguments[1]
    numbers = [item.value for item in arguments if isinstance(item, ast.Constant) and isinstance(item.value, int)]
    if len(numbers) == len(arguments) and (len(numbers) < 3 or numbers[2]):
        first, last = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
        return min(max(last - first, 0) / (abs(numbers[2]) if len(numbers) == 3 else 1), _CEILING)
    halved = any(isinstance(item, ast.FloorDiv) for item in _operators(stop))
    triangular = len(arguments) > 1 and not isinstance(arguments[0], ast.Constant)
    size = _ROOT if _has_root(stop) else SIZE / 2 if halved or triangular else SIZE
    if len(arguments) == 3:
        step = arguments[2]
        if isinstance(step, ast.Constant) and isinstance(step.value, int) and step.value:
            size /= abs(step.value)
        elif not isinstance(step, ast.UnaryOp):
            size /= 8  # a sieve's stride: the harmonic sum
    return size


def _operators(node: ast.expr) -> list[ast.operator]:
    return [item.op for item in walk(node) if isinstance(item, ast.BinOp)]


def _has_root(node: ast.expr) -> bool:
    for item in walk(node):
        if isinstance(item, ast.BinOp) and isinstance(item.op, ast.Pow):
            right = item.right
            if isinstance(right, ast.Constant) and isinstance(right.value, float):
                return True
            if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Div):
                return True
        if isinstance(item, ast.Call) and getattr(item.func, "id", getattr(item.func, "attr", "")) in ("sqrt", "isqrt"):
            return True
    return False


def _halves(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv | ast.Div | ast.RShift | ast.Mod)


def _leaves_early(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(item, ast.If) and any(isinstance(last, ast.Return | ast.Break) for last in item.body)
        for item in body
    )


_MAKERS: Final = {
    "list": "list",
    "sorted": "list",
    "set": "set",
    "frozenset": "set",
    "dict": "dict",
    "Counter": "dict",
    "defaultdict": "dict",
    "OrderedDict": "dict",
    "str": "str",
    "tuple": "tuple",
    "split": "list",
    "join": "str",
    "lower": "str",
    "deque": "list",
}


def kind_of(node: ast.expr | None) -> str:
    """Return "list", "set", "dict", "str" or "tuple" where an expression plainly makes one, else ""."""
    match node:
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Tuple():
            return "tuple"
        case ast.JoinedStr():
            return "str"
        case ast.Constant(value=str()):
            return "str"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _MAKERS.get(name, "")
        case ast.BinOp(left=ast.List(), op=ast.Mult() | ast.Add()):
            return "list"
        case _:
            return ""


def _kinds(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    """Return the kinds of containers that names in the function plainly hold."""
    found: dict[str, str] = {}
    for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        if argument.annotation is not None:
            text = ast.unparse(argument.annotation).lower()
            for kind in ("list", "set", "dict", "str", "tuple"):
                if text.startswith(kind):
                    found[argument.arg] = kind
    for node in walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if kind := kind_of(node.value):
                found[node.targets[0].id] = kind
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and (kind := kind_of(node.value)):
            found[node.target.id] = kind
    return found
