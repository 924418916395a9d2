"""Owns bandit as a second reader: its findings under the names of our rules, so that both speak of one flaw once.

It is imported when a code is first scanned. Checks whose findings are no flaw by themselves (an import, a started
program, an assert, a random number, an empty handler) are not run: our own rules weigh those. `# nosec` is not obeyed,
as a code does not decide what is said of it.
"""

import ast
import io
import logging
import warnings
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from bandit.core.node_visitor import BanditNodeVisitor

SAME_AS: Final = {
    "B102": "evaluated-text", "B103": "open-rights", "B104": "every-interface",
    "B108": "fixed-temporary", "B113": "no-timeout", "B201": "debug-server",
    "B301": "unsafe-pickle", "B302": "unsafe-pickle", "B304": "weak-cipher",
    "B305": "ecb-mode", "B306": "temporary-name", "B307": "evaluated-text",
    "B312": "plain-protocol", "B313": "xml-entities", "B314": "xml-entities",
    "B315": "xml-entities", "B316": "xml-entities", "B317": "xml-entities", "B318": "xml-entities",
    "B319": "xml-entities", "B321": "plain-protocol", "B323": "certificate-unchecked", "B324": "weak-hash",
    "B501": "certificate-unchecked", "B502": "old-protocol", "B503": "old-protocol", "B505": "short-key",
    "B506": "unsafe-yaml", "B507": "host-key-unchecked", "B508": "snmp-plain", "B509": "snmp-plain",
    "B602": "shell-true", "B604": "shell-true", "B605": "shell-command", "B608": "query-text", "B609": "shell-command",
    "B610": "query-text", "B611": "query-text", "B612": "snmp-plain", "B614": "unsafe-pickle",
    "B701": "autoescape-missing", "B702": "unescaped-page", "B703": "unescaped-page", "B704": "unescaped-page",
}  # fmt: skip
"""bandit's check → the rule of ours that looks for the same. Left out are checks that see a name and never the remedy."""
_WORTH: Final = {"HIGH": 0.85, "MEDIUM": 0.6, "LOW": 0.35}
_SURE: Final = {"HIGH": 1.0, "MEDIUM": 0.85, "LOW": 0.6}


class Seen(NamedTuple):
    """One finding of bandit: the rule of ours it amounts to, its rows, and how grave it takes it, from 0 to 1."""

    rule: str
    row: int
    last: int
    severity: float
    about: str


def bandit_findings(code: str, tree: ast.Module) -> list[Seen]:
    """Return what bandit finds in a code that parses."""
    visitor = _reader()(code)
    visitor.generic_visit(tree)
    rows = code.split("\n")
    return [
        Seen(
            SAME_AS[issue.test_id],
            issue.lineno,
            max(issue.linerange or [issue.lineno]),
            _WORTH[issue.severity] * _SURE[issue.confidence],
            "".join(rows[issue.lineno - 1][issue.col_offset :].split()),
        )
        for issue in visitor.tester.results
        if issue.test_id in SAME_AS and issue.severity in _WORTH and issue.confidence in _SURE
    ]


_SHARED: Final = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)


@cache
def _reader() -> "type[BanditNodeVisitor]":
    """Return bandit's own walk of a tree, with our choice of checks and without work on nodes that none looks at."""
    shown = warnings.formatwarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # between bandit and what it imports
        from bandit.core.config import BanditConfig
        from bandit.core.metrics import Metrics
        from bandit.core.node_visitor import BanditNodeVisitor
        from bandit.core.test_set import BanditTestSet

        checks = BanditTestSet(BanditConfig(), {"include": list(SAME_AS)})
    warnings.formatwarning = shown  # bandit puts its own in place
    logging.getLogger("bandit").addHandler(logging.NullHandler())
    logging.getLogger("bandit").propagate = False

    looked_at: dict[str, bool] = {}

    class Reader(BanditNodeVisitor):  # type: ignore[misc]
        def __init__(self, code: str) -> None:
            super().__init__("code.py", io.BytesIO(code.encode(errors="replace")), None, checks, False, {}, Metrics())

        def update_scores(self, scores: object) -> None:
            pass  # nobody reads them

        def generic_visit(self, node: ast.AST) -> None:
            for field in node._fields:
                value = getattr(node, field, None)
                if isinstance(value, ast.AST):
                    self._child(value, node, None)
                elif isinstance(value, list):
                    for child, after in zip_longest(value, value[1:]):
                        if isinstance(child, ast.AST):
                            self._child(child, node, after)

        def _child(self, child: ast.AST, parent: ast.AST, after: object) -> None:
            if isinstance(child, _SHARED):
                return  # one object for all trees of this process: a mark on it would join them
            vars(child).update(_bandit_parent=parent, _bandit_sibling=after)
            kind = type(child).__name__
            if kind not in looked_at:
                looked_at[kind] = hasattr(self, "visit_" + kind) or bool(checks.get_tests(kind))
            if not looked_at[kind]:
                self.generic_visit(child)
            elif self.pre_visit(child):
                self.visit(child)
                self.generic_visit(child)
                self.post_visit(child)

    return Reader
