"""Owns telling keys and passwords in texts; only the kind of a secret is ever said, never what it is.

A known service's keys are told by their shape. Other secrets are told by the name they are assigned to, and then only
where the value looks random: examples, names of variables and templates are no secrets.

Every repetition is bounded, so that no text, however it was made up, takes long.

What is not covered: secrets without a shape or a telling name, and secrets put together from parts.
"""

import math
import re
from collections import Counter
from typing import Final

_SHAPES: Final[tuple[tuple[str, str, str], ...]] = (
    # (kind, a literal part that is quick to look for, shape)
    (
        "private-key",
        "PRIVATE KEY",
        r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----\s*(?:\\n|[\"'\s+])*[A-Za-z0-9+/=]{16}",
    ),
    ("aws-key", "AKIA", r"\bAKIA[A-Z2-7]{16}\b"),
    ("aws-key", "ASIA", r"\bASIA[A-Z2-7]{16}\b"),
    ("github-token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("github-token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
    ("gitlab-token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("slack-token", "xox", r"\bxox[abeprs]-[A-Za-z0-9-]{20,}"),
    ("slack-webhook", "hooks.slack.com", r"hooks\.slack\.com/services/T\w{7,}/B\w{7,}/\w{20,}"),
    ("google-key", "AIza", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("stripe-key", "_live_", r"\b[sr]k_live_[A-Za-z0-9]{20,}"),
    ("openai-key", "sk-", r"\bsk-(?:proj-|svcacct-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{32,}"),
    ("huggingface-token", "hf_", r"\bhf_[A-Za-z0-9]{30,40}\b"),
    ("pypi-token", "pypi-", r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    ("npm-token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("sendgrid-key", "SG.", r"\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}"),
    ("digitalocean-token", "dop_v1_", r"\bdop_v1_[a-f0-9]{64}"),
    ("telegram-token", ":AA", r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,34}\b"),
    ("azure-key", "AccountKey=", r"\bAccountKey=[A-Za-z0-9+/]{60,100}={0,2}"),
    ("bearer-token", "earer ", r"\b[Bb]earer (?P<value>[A-Za-z0-9_.~+/-]{20,400}=*)"),
    ("password-in-connection", "assword=", r"(?i:;\s{0,3}password)=(?P<value>[^;\s\"'{}$<>%]{8,200})(?=[;\"'])"),
    ("signed-token", "eyJ", r"\beyJ[A-Za-z0-9_-]{15,500}\.eyJ[A-Za-z0-9_-]{15,2000}\.[A-Za-z0-9_-]{20}"),
    (
        "password-in-address",
        "://",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"{}$<>%]{1,100}:(?P<value>[^\s/@'\"{}$<>%]{6,200})@[\w.-]",
    ),
)
_KNOWN: Final = tuple((kind, part, re.compile(shape)) for kind, part, shape in _SHAPES)
_NAMES: Final = r"(?:passw(?:or)?d|passphrase|secret|api_?key|access_?key|auth_?key|private_?key|token|credentials?)"
_TELLING: Final = (
    "passw",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "token",
    "credential",
)
_ASSIGNED: Final = re.compile(
    rf"{_NAMES}\w{{0,40}}[\"']?\]?\s{{0,20}}(?::\s{{0,9}}[\w.\[\]|]{{1,40}})?\s{{0,20}}(?:=>|:=|[:=])\s{{0,40}}[rbu]?"
    r"[\"'](?P<value>[^\"'\s]{8,400})[\"']",
    re.IGNORECASE,
)
_EXPORTED: Final = re.compile(
    # In a shell or an .env text: nothing else on the line, and a long value.
    rf"^\s{{0,20}}(?:export\s{{1,9}})?\w{{0,40}}{_NAMES}\w{{0,40}}=(?P<value>[A-Za-z0-9+/_-]{{16,400}}=*)[ \t]{{0,9}}$",
    re.IGNORECASE | re.MULTILINE,
)
_EXAMPLE: Final = re.compile(
    r"example|sample|dummy|fake|test|placeholder|changeme|your|insert|xxx|\*\*\*|\.\.\.|<|\{|\$|%|12345|abcdef|secret|"
    r"password|token|hunter2|foobar|::|https?:|[\[\](),;\\|]",
    re.IGNORECASE,
)


def secret_kind(text: str) -> str | None:
    """Return the kind of the first secret found, None where there is none.

    >>> secret_kind('api_key = "q7Zr2LmX9tVb4KdW8sHn"'), secret_kind('password = "your-password-here"')
    ('assigned-secret', None)
    """
    for kind, part, shape in _KNOWN:
        if part in text and any(_is_random(found) for found in shape.finditer(text)):
            return kind
    plain = text.lower().replace("_", "")  # looking for words is faster than for an expression
    if any(name in plain for name in _TELLING) and any(
        _is_random(found) for shape in (_ASSIGNED, _EXPORTED) for found in shape.finditer(text)
    ):
        return "assigned-secret"
    return None


def _is_random(found: re.Match[str]) -> bool:
    value = found.groupdict().get("value")
    if value is None:
        # A key's shape is enough, unless it was filled with one letter.
        return len(set(found[0][-16:])) > 4 and not re.search(r"EXAMPLE|xxxx|XXXX|\.\.\.\.", found[0])
    # A short value with a slash is a path; long random ones may hold it too.
    if _EXAMPLE.search(value) or ("/" in value and len(value) < 32):
        return False
    mixed = bool(re.search(r"\d", value)) and bool(re.search(r"[A-Za-z]", value))
    return mixed and (found.re not in (_ASSIGNED, _EXPORTED) or _bits(value) >= 3.0)


def _bits(value: str) -> float:
    """Return the entropy of a letter of the value, in bits: words have about 2.5, random keys more than 3."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
