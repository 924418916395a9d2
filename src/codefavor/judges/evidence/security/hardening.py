"""Owns what speaks for a code: protections that one side takes and the other lacks.

Each is worth little by itself; that it is absent is no weakness. It counts where the other code does the same work without.
"""

import re
from typing import Final, NamedTuple

from codefavor.judges.evidence.security.rule import Find, assigned, calls, either, names, strings


class Care(NamedTuple):
    """One protection: its name, what it is against, how much it says, and where it is."""

    name: str
    cwe: int
    worth: float
    says: str
    find: Find


CARE: Final = (
    Care("arguments-as-list", 78, 0.35, "starts programs with a list of arguments",
         calls(r"subprocess\.\w+|Popen|run|check_output|check_call|call", lambda source, call: (first := call.positional(0)) is not None
               and source.value(first).text.startswith(("[", "shlex")))),
    Care("quoted", 78, 0.4, "quotes what goes to a shell", calls(r"(?:shlex|pipes)\.(?:quote|split)|shlex_quote")),
    Care("parameters", 89, 0.5, "passes values as parameters of the query",
         calls(r"(?:.*\.)?(?:execute|executemany)", lambda source, call: call.positional(1) is not None and not source.built(call.positional(0)))),
    Care("literals-only", 95, 0.5, "reads literals without running them", calls(r"ast\.literal_eval|literal_eval")),
    Care("json", 502, 0.3, "uses JSON", calls(r"json\.(?:loads?|dumps?)")),
    Care("safe-yaml", 502, 0.4, "loads YAML safely", either(calls(r"yaml\.safe_\w+"), names(r"C?SafeLoader"))),
    Care("strong-hash", 328, 0.4, "uses a strong hash",
         calls(r"hashlib\.(?:sha224|sha256|sha384|sha512|sha3_\w+|blake2\w|scrypt|pbkdf2_hmac)|(?:.*\.)?(?:SHA256|SHA512)(?:\.new)?|(?:.*\.)?bcrypt\.\w+|(?:.*\.)?argon2\.\w+|(?:.*\.)?(?:PasswordHasher|generate_password_hash|make_password|scrypt)")),
    Care("secret-random", 338, 0.45, "draws numbers nobody can predict",
         either(calls(r"secrets\.\w+|os\.urandom|(?:random\.)?SystemRandom(?:\(\))?(?:\.\w+)*|uuid\.uuid4"), names("SystemRandom"))),
    Care("not-for-security", 328, 0.35, "says that the hash is not for security", assigned("usedforsecurity", "False")),
    Care("escaped", 79, 0.4, "escapes what goes into a page", calls(r"(?:html|cgi|markupsafe|flask|django\.utils\.html)\.escape|escape|bleach\.clean|(?:.*\.)?conditional_escape|format_html")),
    Care("path-checked", 22, 0.35, "checks where a path leads",
         calls(r"os\.path\.(?:realpath|abspath|commonpath|commonprefix|basename|normpath)|secure_filename|(?:.*\.)?(?:resolve|is_relative_to)|safe_join")),
    Care("safe-temporary", 377, 0.4, "makes temporary files safely",
         calls(r"tempfile\.(?:mkstemp|mkdtemp|NamedTemporaryFile|TemporaryDirectory|TemporaryFile|gettempdir)|NamedTemporaryFile|mkdtemp|mkstemp")),
    Care("defused", 611, 0.5, "parses XML without entities", either(names("defusedxml"), assigned("resolve_entities", "False"))),
    Care("verified", 295, 0.35, "checks certificates", either(names("CERT_REQUIRED|create_default_context|PROTOCOL_TLS_CLIENT|RejectPolicy"), assigned("verify", "True"))),
    Care("from-environment", 798, 0.4, "takes secrets from outside the code", either(calls(r"os\.(?:getenv|environ\.get)|getpass\.getpass|getpass|keyring\.\w+|config\.get"), names("environ"))),
    Care("timeout", 400, 0.3, "waits only so long", either(assigned("timeout", r"(?!None$).+"), names("settimeout"))),
    Care("encrypted", 319, 0.35, "encrypts what it sends", either(names("starttls|SMTP_SSL|FTP_TLS|HTTPSConnection"), strings(r"^[rRbBuUfF]*['\"]https://"))),
    Care("narrow-rights", 732, 0.35, "gives rights to the owner only",
         calls(r"os\.(?:chmod|umask|open)", lambda source, call: re.search(r"\b0?o?(?:600|700|640|750|077|0400|400|644|027)\b|S_IRUSR|S_IRWXU", call.text) is not None)),
    Care("steady-time", 208, 0.4, "compares in constant time", calls(r"(?:hmac|secrets)\.compare_digest|compare_digest|constant_time_compare")),
    Care("own-interface", 605, 0.35, "listens on this machine only", strings(r"^[rRbBuUfF]*['\"](?:127\.0\.0\.1|localhost|::1)['\"]$")),
    Care("return-checked", 252, 0.2, "looks at whether a program failed", either(assigned("check", "True"), calls(r"subprocess\.check_\w+"))),
    Care("cookie-guarded", 1004, 0.3, "guards its cookies", assigned("httponly|secure|SESSION_COOKIE_SECURE|SESSION_COOKIE_HTTPONLY", "True")),
    Care("login-asked", 862, 0.35, "asks for a login", names("login_required|permission_required|current_user|is_authenticated|requires_auth")),
    Care("strong-cipher", 327, 0.4, "uses an authenticated cipher", names("MODE_GCM|AESGCM|Fernet|ChaCha20Poly1305|MODE_EAX|PKCS1_OAEP")),
    Care("debug-off", 489, 0.3, "leaves debug off", assigned("debug|DEBUG", "False")),
    Care("no-shell", 78, 0.3, "says that no shell is wanted", assigned("shell", "False")),
    Care("module-by-import", 95, 0.2, "imports modules rather than running text", calls(r"importlib\.import_module|runpy\.\w+")),
)  # fmt: skip
