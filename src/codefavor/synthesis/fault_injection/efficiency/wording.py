"""Owns the source text of pieces: expressions in parentheses where needed, conditions turned, loops written out."""

import ast
import random


def clauses(generators: list[ast.comprehension]) -> str:
    """Return the source of the `for ... in ... if ...` part of a comprehension, with a space before it."""
    return "".join(
        f" {'async ' * part.is_async}for {ast.unparse(part.target)} in {source(part.iter)}"
        + "".join(f" if {source(test)}" for test in part.ifs)
        for part in generators
    )


def loops(generators: list[ast.comprehension], inner: str, chance: random.Random) -> str:
    """Return the source of the loops that a comprehension runs, with `inner` as what happens for each element."""
    skip = chance.random() < 0.3
    lines: list[str] = []
    depth = 0
    for part in generators:
        lines.append(f"{'    ' * depth}for {ast.unparse(part.target).strip('()')} in {source(part.iter)}:")
        depth += 1
        for condition in part.ifs:
            if skip:
                lines.append(f"{'    ' * depth}if {negated(condition)}:\n{'    ' * depth}    continue")
            else:
                lines.append(f"{'    ' * depth}if {ast.unparse(condition)}:")
                depth += 1
    lines += ["    " * depth + line for line in inner.splitlines()]
    return "\n".join(lines)


def negated(condition: ast.expr) -> str:
    """Return the source of the opposite of a condition."""
    opposites = {ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is", ast.Eq: "!=", ast.NotEq: "=="}
    if isinstance(condition, ast.Compare) and len(condition.ops) == 1 and type(condition.ops[0]) in opposites:
        return f"{source(condition.left)} {opposites[type(condition.ops[0])]} {source(condition.comparators[0])}"
    if isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not):
        return source(condition.operand)
    return f"not {source(condition)}"


def source(node: ast.expr) -> str:
    """Return the source of an expression, in parentheses unless it binds tightly."""
    text = ast.unparse(node)
    tight = ast.Name | ast.Attribute | ast.Subscript | ast.List | ast.ListComp | ast.Set | ast.SetComp | ast.Dict
    if isinstance(node, tight | ast.Call | ast.DictComp | ast.GeneratorExp | ast.JoinedStr):
        return text
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | complex):
        return text
    return f"({text})"


def quote(node: ast.AST) -> str:
    """Return an expression for use in feedback, cut where long."""
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).replace("`", "'").split())
    return f"`{text}`" if len(text) <= 60 else f"`{text[:56]} ...`"
