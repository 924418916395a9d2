"""Owns rules of what is told in logs and answers: secrets, forged entries, inner details."""

import re
from typing import Final

from codefavor.judges.evidence.security.practice import SECRET
from codefavor.judges.evidence.security.rule import Rule, Site, calls
from codefavor.judges.evidence.security.source import Argument, Call, Source

_LOGS: Final = r"(?:.*\.)?(?:debug|info|warn|warning|error|critical|exception|fatal|log)"
_CLEANED: Final = frozenset(
    {"repr", "ascii", "replace", "isprintable", "isalnum", "isdigit", "isidentifier", "splitlines", "translate", "sub",
     "fullmatch", "quote", "escape", "dumps", "encode", "int", "float", "len", "type", "hash", "hexdigest", "uuid4"}
)  # fmt: skip


def _is_log(source: Source, call: Call) -> bool:
    owner = call.path.rpartition(".")[0]
    return re.search(r"(?i)log", owner) is not None or "getLogger" in source.value(call.owner).text


def _forges(source: Source, call: Call) -> bool:
    """Return whether text from outside is logged as it came, line breaks included."""
    first = call.positional(0)
    if first is None or not _is_log(source, call) or re.search(r"%r|![ra]", source.value(first).text):
        return False
    if not source.constant(first):
        return source.built(first) and _raw(source, first)
    return any(_raw(source, item) for item in call.arguments[1:] if not item.name)


def _raw(source: Source, argument: Argument) -> bool:
    return bool(source.texts(argument)) and source.from_outside(argument) and not source.checked(argument, _CLEANED)


def _shows_secret(source: Source, call: Call) -> bool:
    if call.path not in ("print", "pprint.pprint", "sys.stdout.write", "sys.stderr.write") and not _is_log(
        source, call
    ):
        return False
    for argument in call.arguments:
        if re.search(r"\b(?:locals|vars)\(\)", argument.text):
            return True
        if any(
            SECRET.fullmatch(name) and (len(name) > 4 or source.from_caller(argument))
            for name in source.texts(argument)
        ):
            return True
    return False


RULES: Final = (
    Rule(
        "secret-logged", 532, 0.5, "whoever reads the log has the secret",
        "leave it out",
        calls(_LOGS + r"|print|pprint\.pprint|sys\.(?:stdout|stderr)\.write", _shows_secret),
        'print("connecting with", password)', 'print("connecting as", user)',
    ),
    Rule(
        "log-text", 117, 0.35, "line breaks in a value forge log entries",
        "write its repr, or take line breaks out",
        calls(_LOGS, _forges, lambda source, call: 1.0 if source.built(call.positional(0)) else 0.6),
        'def login(user):\n    logging.info("login of " + user)', 'def login(user):\n    logging.info("login of %r", user)',
    ),
    Rule(
        "error-shown", 209, 0.45, "inner details reach the user",
        "log the error and answer with a general sentence",
        lambda source: (Site(row) for row in source.told_errors()),
        "def view():\n    try:\n        act()\n    except Exception as e:\n        return str(e), 500",
        'def view():\n    try:\n        act()\n    except Exception as e:\n        log(e)\n        return "failed", 500',
    ),
)  # fmt: skip
