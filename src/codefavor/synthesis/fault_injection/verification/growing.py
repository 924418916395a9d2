"""Owns inputs that grow: a small input on which a function works, its lists, texts and tables made longer.

What holds the parts together stays as it was, so that a function that takes the small input mostly takes the large one.
"""

import ast
import random
from typing import Final, Literal, TypeAlias

How: TypeAlias = Literal["varied", "repeated", "numbers"]
WAYS: Final[tuple[How, ...]] = ("varied", "repeated", "numbers")
"""Other elements of the same kind; the same ones over and over; other elements, and numbers grow too."""
SIZES: Final = (24, 160, 1200, 9000)
"""Parts of a grown list, text or table; also what a number grows to."""


def grown(text: str, size: int, how: How) -> str:
    """Return the arguments of a call with what they consist of grown to a size.

    Args:
        text: what stands between the parentheses of a call.
        size: parts of each list, text or table.
        how: one of `WAYS`.

    >>> grown("[1, 2], sep='-'", 5, "repeated")
    "[1, 2, 1, 2, 1], sep='-----'"
    """
    call = ast.parse(f"f({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    grower = _Grower(size, how)
    call.args = [grower.visit(item) for item in call.args]
    for item in call.keywords:
        item.value = grower.visit(item.value)
    return ast.unparse(call)[2:-1]


class _Grower(ast.NodeTransformer):
    def __init__(self, size: int, how: How) -> None:
        self._size, self._how = size, how
        self._chance = random.Random(size)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "_noting":
            return node
        node.args = [self.visit(item) for item in node.args]
        for item in node.keywords:
            item.value = self.visit(item.value)
        return node

    def visit_List(self, node: ast.List) -> ast.AST:
        return ast.List(self._more(node.elts), ast.Load())

    def visit_Set(self, node: ast.Set) -> ast.AST:
        return ast.Set(self._more(node.elts))

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        # A few parts of different kinds are a record, whose length means something.
        if len({type(getattr(item, "value", item)) for item in node.elts}) != 1 or len(node.elts) < 3:
            return node
        return ast.Tuple(self._more(node.elts), ast.Load())

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        keys, values = list(node.keys), list(node.values)
        for number in range(self._size - len(keys) if keys else 0):
            key, value = node.keys[number % len(node.keys)], node.values[number % len(node.keys)]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                keys.append(ast.Constant(f"{key.value}{number}"))
            elif isinstance(key, ast.Constant) and type(key.value) is int:
                keys.append(ast.Constant(1000 + number))
            else:
                break
            values.append(value)
        return ast.Dict(keys, values)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, str | bytes) and value:
            return ast.Constant(value * max(1, self._size // len(value)))
        if type(value) is int and value > 1 and self._how == "numbers":
            return ast.Constant(max(value, self._size))
        return node

    def _more(self, items: list[ast.expr]) -> list[ast.expr]:
        if not items:
            return items
        more = [items[number % len(items)] for number in range(self._size - len(items))]
        return [*items, *(more if self._how == "repeated" else map(self._varied, more))]

    def _varied(self, item: ast.expr) -> ast.expr:
        match item:
            case ast.Constant(value=str(text)):
                return ast.Constant(f"{text}{self._chance.randrange(2 * self._size)}")
            case ast.Constant(value=bool()):
                return item
            case ast.Constant(value=int()) | ast.UnaryOp(operand=ast.Constant(value=int())):
                return ast.Constant(self._chance.randrange(4 * self._size))
            case ast.Constant(value=float(number)):
                return ast.Constant(round(number + self._chance.random() * self._size, 3))
            case ast.Tuple(elts=parts):
                return ast.Tuple([self._varied(part) for part in parts], ast.Load())
            case ast.List(elts=parts):
                return ast.List([self._varied(part) for part in parts], ast.Load())
        return item
