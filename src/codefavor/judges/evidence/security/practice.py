"""Owns rules of secrets in the code, swallowed errors, checks that vanish, and careless handling of data."""

import re
from collections.abc import Iterator
from typing import Final

from codefavor.features.lexing import Token
from codefavor.judges.evidence.security.rule import Rule, Site, assigned, calls, either, names, strings
from codefavor.judges.evidence.security.source import Argument, Call, Source

SECRET: Final = re.compile(
    r"(?i)(?:\w*[_-])?(?:password|passwd|passphrase|pwd|pass|secret|secret_?key|api_?key|apikey|access_?key|auth_?key|auth_?token|"
    r"access_?token|private_?key|consumer_?secret|client_?secret|token_?secret|credentials?|token|encryption_?key)(?:[_-]?(?:id|key))?"
)
_KEYS: Final = r"(?:AKIA[0-9A-Z]{12,}|AIza[0-9A-Za-z_-]{20,}|sk_live_\w+|ghp_\w{20,}|xox[bp]-\w+|-----BEGIN (?:RSA |EC )?PRIVATE KEY)"
_PLACEHOLDER: Final = re.compile(
    r"(?i)^$|^(?:your|my|the|<|\$|\{|xxx|\*|change|example|password$|none|null|todo|enter|please).*|^.{0,2}$|\s"
)


_STORED: Final = re.compile(r"(?i)(?:\w*_)?(?:password|passwd|passphrase|secret|private_key)")
_SEALED: Final = frozenset(
    {
        "encrypt",
        "hash",
        "hashpw",
        "scrypt",
        "pbkdf2_hmac",
        "generate_password_hash",
        "make_password",
        "seal",
        "sha256",
        "set_password",
    }
)
_TESTS: Final = re.compile(r"def test_|unittest|pytest")
_INNER: Final = re.compile(
    r"^(?:not )?(?:isinstance|issubclass|callable|hasattr)\b|\bis (?:not )?None\b|^(?:False|0)\b|\bself \. _"
)


def _secrets(source: Source) -> Iterator[Site]:
    for item in source.assignments:
        if SECRET.fullmatch(item.target) and _is_secret(item.value.string):
            yield Site(item.row, f"{item.target}={item.value.text}")
    for call in source.calls:
        for argument in call.arguments:
            if argument.name and SECRET.fullmatch(argument.name) and _is_secret(argument.string):
                yield Site(call.row, f"{argument.name}={argument.text}")
    for index, token in enumerate(source.tokens[1:-1], 1):
        if (
            token.text == "=="
            and SECRET.fullmatch(source.tokens[index - 1].text)
            and source.tokens[index + 1].kind == "string"
        ):
            yield Site(token.row)


def _is_secret(text: str | None) -> bool:
    return text is not None and not _PLACEHOLDER.match(text)


def _falls_back(source: Source, call: Call) -> bool:
    name, default = call.positional(0), call.positional(1) or call.keyword("default")
    return (
        name is not None
        and default is not None
        and re.search(r"(?i)secret|passw|token|(?:^|_)key$", name.string or "") is not None
        and bool(default.string)
    )


def _swallowed(source: Source) -> Iterator[Site]:
    tokens = source.tokens
    for index, token in enumerate(tokens):
        if token.text == "except":
            end = next(
                (place for place in range(index, min(index + 12, len(tokens))) if tokens[place].text == ":"), None
            )
            if end is not None and end + 1 < len(tokens) and tokens[end + 1].text in ("pass", "continue"):
                yield Site(token.row)


def _bare(source: Source) -> Iterator[Site]:
    for index, token in enumerate(source.tokens[:-1]):
        if token.text == "except" and source.tokens[index + 1].text == ":":
            yield Site(token.row)


def _asserted(source: Source) -> Iterator[Site]:
    """Find asserts, but those of tests, and those about kinds and None of what no caller gave."""
    if _TESTS.search("\n".join(source.lines[:200])):
        return
    for index, token in enumerate(source.tokens):
        if token.text == "assert":
            line: list[Token] = []
            for other in source.tokens[index + 1 : index + 60]:
                if other.line != token.line:
                    break
                line.append(other)
            if not line:
                continue
            inner = _INNER.search(" ".join(other.text for other in line)) is not None
            if not inner or source.from_caller(Argument("", tuple(line))):
                yield Site(token.row)


def _writes_secret(source: Source, call: Call) -> bool:
    for argument in call.arguments:
        secret = any(
            _STORED.fullmatch(name) or (SECRET.fullmatch(name) and source.from_caller(argument))
            for name in source.texts(argument)
        )
        if secret and not source.checked(argument, _SEALED):
            return True
    return False


RULES: Final = (
    Rule(
        "secret-in-code", 798, 0.8, "everybody who sees the code has the secret",
        "read it from the environment or a vault",
        _secrets, 'password = "hunter2-X9"', 'import os\npassword = os.environ["DB_PASSWORD"]',
    ),
    Rule(
        "key-in-code", 321, 0.8, "everybody who sees the code has the key",
        "read it from the environment or a vault",
        either(strings(_KEYS), assigned(r"(?i)(?:\w+_)?(?:aes|des|hmac|crypt\w*|cipher|sign\w*)_?key", r"[bB]?['\"].{6,}['\"]"),
               calls(r"hmac\.(?:new|digest)", lambda source, call: (key := call.positional(0) or call.keyword("key")) is not None
                     and source.constant(key))),
        'aes_key = b"0123456789abcdef"', "import os\naes_key = os.urandom(16)",
    ),
    Rule(
        "secret-as-default", 259, 0.5, "the default password works everywhere",
        "have no default",
        either(lambda source: (Site(token.row) for index, token in enumerate(source.tokens[:-2]) if SECRET.fullmatch(token.text)
                        and source.line(token.row).startswith("def ") and source.tokens[index + 1].text == "="
                        and _is_secret(source.tokens[index + 2].text.strip("'\"")) and source.tokens[index + 2].kind == "string"),
               calls(r"os\.(?:environ\.get|getenv)", _falls_back)),
        'def connect(user, password="letmein99"):\n    pass', "def connect(user, password):\n    pass",
    ),
    Rule(
        "empty-password", 521, 0.4, "an empty password protects nothing",
        "require one",
        assigned(r"(?i)(?:\w*_)?(?:password|passwd)", r"['\"]{2}"),
        'connect(host, password="")', "connect(host, password=secret)",
    ),
    Rule(
        "secret-in-address", 598, 0.45, "addresses are logged everywhere they pass",
        "send it in a header",
        strings(r"(?i)[?&](?:password|passwd|token|api_?key|secret)=(?:%s|\{|['\"]$)|://\w+:\w+@"),
        'url = "https://service.org/?token=%s" % token', 'headers = {"Authorization": token}',
    ),
    Rule(
        "secret-stored", 312, 0.4, "the secret lies in a file in the clear",
        "store a hash, or encrypt it",
        calls(r"(?:.*\.)?(?:write|writelines|writerows?|write_text|dump|dumps)", _writes_secret),
        "handle.write(password)", "handle.write(digest)",
    ),
    Rule(
        "errors-swallowed", 390, 0.45, "an error goes unseen, and with it an attack",
        "handle it or let it rise",
        _swallowed, "try:\n    check()\nexcept Exception:\n    pass", "try:\n    check()\nexcept ValueError as error:\n    log(error)\n    raise",
    ),
    Rule(
        "bare-except", 703, 0.35, "every error is taken for the expected one",
        "name the exception",
        _bare, "try:\n    check()\nexcept:\n    recover()", "try:\n    check()\nexcept ValueError:\n    recover()",
    ),
    Rule(
        "check-by-assert", 617, 0.55, "the check vanishes when Python runs with -O",
        "raise an exception",
        _asserted, "assert user.is_admin", "if not user.is_admin:\n    raise PermissionError",
    ),
    Rule(
        "return-ignored", 252, 0.2, "whether the program failed is not looked at",
        "give check=True",
        calls(r"subprocess\.(?:call|run)", lambda source, call: not call.says("check", "True") and call.tokens_before[-1:] not in (("=",), ("return",), ("if",))
              and call.path.endswith("run")),
        'import subprocess\nsubprocess.run(["make"])', 'import subprocess\nsubprocess.run(["make"], check=True)',
    ),
    Rule(
        "number-unchecked", 1284, 0.25, "any text from outside is taken for a number in range",
        "check the range",
        calls(r"range|bytearray|bytes", lambda source, call: re.search(r"int\((?:input|raw_input|request|sys\.argv)", call.text) is not None),
        "for number in range(int(input())):\n    work()", "count = min(int(input()), 100)\nfor number in range(count):\n    work()",
    ),
    Rule(
        "trace-on", 215, 0.3, "debugging output tells about the inside",
        "turn it off",
        either(names("set_trace|breakpoint"), calls(r"(?:cgitb|faulthandler)\.enable|pdb\.\w+")),
        "import pdb\npdb.set_trace()", "import logging\nlogging.debug(value)",
    ),
    Rule(
        "world-readable-home", 200, 0.25, "private data is shown",
        "show less",
        calls(r"print|(?:.*\.)?write", lambda source, call: "os.environ" in call.text and "[" not in call.text and "get" not in call.text),
        "import os\nprint(os.environ)", 'import os\nprint(os.environ["LANG"])',
    ),
    Rule(
        "trusted-address", 290, 0.35, "the header is whatever the sender writes",
        "use the connection's own address",
        strings(r"(?i)X-Forwarded-For|HTTP_X_FORWARDED_FOR|HTTP_CLIENT_IP"),
        'address = request.headers["X-Forwarded-For"]', "address = request.remote_addr",
    ),
    Rule(
        "trusted-cookie", 565, 0.4, "a cookie says what its owner writes into it",
        "keep it in a signed session",
        lambda source: (Site(token.row) for index, token in enumerate(source.tokens) if token.text in ("cookies", "COOKIES") and re.search(
            r"(?i)COOKIES(?:\.get)?[\[(]\s*['\"](?:is_?)?(?:admin|role|user|user_?id|authenticated)['\"]", source.line(token.row))),
        'admin = request.cookies["admin"]', 'admin = session["admin"]',
    ),
    Rule(
        "blocklist", 184, 0.3, "what is not on the list passes",
        "list what is allowed instead",
        calls(r"\w+\.replace", lambda source, call: re.match(r"['\"](?:\.\./|<script>|;|--|')['\"],['\"]['\"]", call.text) is not None),
        'name = name.replace("../", "")', "name = os.path.basename(name)",
    ),
    Rule(
        "unlimited-attempts", 307, 0.3, "passwords can be tried without end",
        "count failures and wait",
        lambda source: (Site(token.row) for index, token in enumerate(source.tokens) if token.text == "while" and index + 1 < len(source.tokens)
                        and source.tokens[index + 1].text in ("True", "1") and any(
                            0 < other.row - token.row <= 3 and other.path in ("getpass.getpass", "getpass") for other in source.calls)),
        "while True:\n    word = getpass.getpass()\n    if check(word):\n        break",
        "for attempt in range(3):\n    word = getpass.getpass()\n    if check(word):\n        break",
    ),
)  # fmt: skip
