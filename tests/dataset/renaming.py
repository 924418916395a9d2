"""Owns disguising Python code: other names and another layout."""

import ast


class _Renamed(ast.NodeTransformer):
    """Gives every name the code defines another one."""

    def __init__(self, tree: ast.AST) -> None:
        own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self.names = {name: f"renamed_{place}" for place, name in enumerate(sorted(own))}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self.names[node.arg])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.name = self.names[node.name]
        return node


def renamed(code: str) -> str:
    """Return the code laid out by `ast.unparse` with other names and, for that, without comments."""
    tree = ast.parse(code)
    return ast.unparse(ast.fix_missing_locations(_Renamed(tree).visit(tree)))
