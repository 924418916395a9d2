"""Owns what of a piece of code an attacker or an analyser would look at: risky and careful calls, by rule.

Read from tokens, not from the tree, because much of the code in question is Python 2 or a fragment.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from codefavor.features.lexing import Token, string_class

_CALLS: Final[tuple[tuple[str, str], ...]] = (
    (
        r"(os\.(system|popen\d?|spawn\w*|exec[lv]p?e?)|commands\.get\w+|popen2\.\w+|subprocess\.get\w+output|"
        r"getoutput)",
        "risk: shell command",
    ),
    (r"(eval|exec|execfile)", "risk: text run as code"),
    (
        r"(c?[pP]ickle\.(loads?|Unpickler)|marshal\.loads?|shelve\.open|dill\.loads?|jsonpickle\.decode|"
        r"joblib\.load|pd\.read_pickle)",
        "risk: unsafe deserialising",
    ),
    (r"yaml\.(unsafe_load|full_load)", "risk: unsafe deserialising"),
    (r"(hashlib\.(md5|sha1|md4)|md5|sha1|(md5|sha|MD5|SHA|SHA1|MD4|MD2)\.new|hashes\.(MD5|SHA1))", "risk: weak hash"),
    (
        r"(DES3?|ARC[24]|Blowfish|XOR|CAST)\.new|(algorithms|ciphers\.\w+)\.(ARC4|Blowfish|TripleDES|"
        r"IDEA)",
        "risk: weak cipher",
    ),
    (
        r"(np\.|numpy\.)?random\.(random|randint|randrange|choice|choices|sample|uniform|shuffle|seed|"
        r"getrandbits)|(randint|randrange|randbytes)",
        "risk: predictable random",
    ),
    (r"(tempfile\.mktemp|mktemp|os\.(tempnam|tmpnam))", "risk: temporary file race"),
    (r"(telnetlib\.\w+|ftplib\.FTP|FTP)", "risk: plain-text protocol"),
    (
        r"(ssl\._create_(unverified|stdlib)_context|ssl\.wrap_socket|\w+\.AutoAddPolicy|"
        r"\w+\.WarningPolicy)",
        "risk: no certificate check",
    ),
    (
        r"((\w+\.)*(minidom|ElementTree|ET|etree|expatbuilder|pulldom|sax)\.(parse|parseString|fromstring|"
        r"iterparse|make_parser)|xmlrpclib\.\w+)",
        "risk: XML parser",
    ),
    (r"(mark_safe|Markup|\w+\.Markup|render_template_string|\w+\.mark_safe)", "risk: unescaped output"),
    (r"(\w+\.)*extractall", "risk: archive unpacked"),
    (r"(urllib2?\.(urlopen|urlretrieve)|urllib\.request\.(urlopen|urlretrieve)|urlopen)", "risk: any URL opened"),
    (r"(input|raw_input)", "risk: input"),
    (r"ast\.literal_eval|literal_eval", "care: literals only"),
    (r"yaml\.safe_load(_all)?|\w*SafeLoader", "care: safe deserialising"),
    (r"json\.loads?", "care: JSON"),
    (r"secrets\.\w+|(random\.)?SystemRandom(\.\w+)*|os\.urandom|uuid\.uuid4", "care: secret random"),
    (
        r"hashlib\.(sha(224|256|384|512)|sha3_\w+|blake2\w|pbkdf2_hmac|scrypt)|(SHA256|SHA512)\.new|"
        r"bcrypt\.\w+",
        "care: strong hash",
    ),
    (r"(shlex|pipes)\.(quote|split)|quote", "care: quoted"),
    (r"hmac\.(compare_digest|new)|secrets\.compare_digest|compare_digest", "care: constant-time compare"),
    (r"(html|cgi|markupsafe|flask)\.escape|escape|bleach\.clean", "care: escaped output"),
    (
        r"os\.path\.(realpath|abspath|basename|commonpath|commonprefix|normpath)|secure_filename|(\w+\.)*(resolve|"
        r"is_relative_to)",
        "care: path checked",
    ),
    (r"tempfile\.(mkstemp|mkdtemp|NamedTemporaryFile|TemporaryDirectory|TemporaryFile)", "care: temporary file"),
    (r"defusedxml(\.\w+)*", "care: XML parser"),
    (r"subprocess\.(run|call|check_call|check_output|Popen)", "subprocess"),
    (r"os\.(getenv|environ\.get)|getpass(\.getpass)?", "care: secret from outside"),
    (r"(isinstance|\w+\.isdigit|\w+\.isalnum|re\.(full)?match|\w+\.isidentifier)", "care: value checked"),
    (r"getattr|setattr|globals|locals|__import__", "reflection"),
    (r"importlib\.import_module", "reflection"),
)  # fmt: skip
_CALL: Final = re.compile("|".join(f"(?P<r{index}>(?:{pattern})$)" for index, (pattern, _) in enumerate(_CALLS)))
_SECRET_NAME: Final = re.compile(r"(?i)(passw|pwd$|secret|token$|api_?key|private_?key|auth_?key)")
_NAMES: Final = {
    "MODE_ECB": "risk: weak cipher",
    "ECB": "risk: weak cipher",
    "CERT_NONE": "risk: no certificate check",
    "AutoAddPolicy": "risk: no certificate check",
    "PROTOCOL_SSLv2": "risk: old protocol",
    "PROTOCOL_SSLv3": "risk: old protocol",
    "PROTOCOL_SSLv23": "risk: old protocol",
    "PROTOCOL_TLSv1": "risk: old protocol",
    "SafeLoader": "care: safe deserialising",
    "CSafeLoader": "care: safe deserialising",
    "CERT_REQUIRED": "care: certificate check",
    "create_default_context": "care: certificate check",
    "RejectPolicy": "care: certificate check",
    "defusedxml": "care: XML parser",
    "MODE_GCM": "care: strong cipher",
    "FTP_TLS": "care: encrypted protocol",
    "environ": "care: secret from outside",
    "abort": "care: request refused",
    "PermissionError": "care: request refused",
    "ValueError": "care: request refused",
}
_ARGUMENTS: Final = {
    ("shell", "True"): "risk: shell=True",
    ("shell", "False"): "care: shell=False",
    ("verify", "False"): "risk: no certificate check",
    ("check_hostname", "False"): "risk: no certificate check",
    ("debug", "True"): "risk: debug on",
    ("debug", "False"): "care: debug off",
    ("autoescape", "False"): "risk: unescaped output",
    ("autoescape", "True"): "care: escaped output",
    ("usedforsecurity", "False"): "care: not for security",
    ("httponly", "True"): "care: cookie",
    ("secure", "True"): "care: cookie",
    ("resolve_entities", "False"): "care: XML parser",
}
_SHELLS: Final = re.compile(
    r"(os\.(system|popen\d?)|subprocess\.\w+|commands\.\w+|(\w+\.)*Popen|check_output|check_call|call)$"
)
_QUERIES: Final = re.compile(r"(\w+\.)+(execute|executemany|executescript|raw|query|read_sql|read_sql_query)$")


def risks(tokens: list[Token]) -> Counter[str]:
    """Return risky and careful things: readable name → how often."""
    found: Counter[str] = Counter()
    for index, token in enumerate(tokens):
        if token.kind == "name":
            text = token.text
            if text in _NAMES:
                found[_NAMES[text]] += 1
            following = tokens[index + 1].text if index + 1 < len(tokens) else ""
            if following == "=" and index + 2 < len(tokens):
                value = tokens[index + 2]
                if (text, value.text) in _ARGUMENTS:
                    found[_ARGUMENTS[text, value.text]] += 1
                if value.kind == "string" and len(value.text) > 3 and _SECRET_NAME.search(text):
                    found["risk: secret in the code"] += 1
                if text == "timeout":
                    found["care: timeout"] += 1
            elif text == "assert":
                found["risk: check by assert"] += 1
        elif token.kind == "string":
            body = token.text.strip("rRbBuUfF\"'")
            if body in ("0.0.0.0", "::"):
                found["risk: every interface"] += 1
            elif body.startswith("http:"):
                found["risk: plain-text protocol"] += 1
            elif body.startswith("/tmp"):
                found["risk: fixed temporary path"] += 1
        elif token.kind == "number" and token.text in ("0o777", "0777", "0o666", "0666", "511", "0o775"):
            found["risk: open file mode"] += 1
    for path, arguments in _calls(tokens):
        match = _CALL.match(path)
        if match and match.lastgroup:
            found[_CALLS[_RULE_OF[match.lastgroup]][1]] += 1
        if path.endswith("yaml.load") and not any("Safe" in item.text for item in arguments):
            found["risk: unsafe deserialising"] += 1
        if path.startswith("requests.") and not any(item.text == "timeout" for item in arguments):
            found["risk: no timeout"] += 1
        built = _is_built(arguments)
        if _SHELLS.match(path):
            first = arguments[0].text if arguments else ""
            if first == "[":
                found["care: command as a list"] += 1
            elif built:
                found["risk: command put together from text"] += 1
        elif _QUERIES.match(path):
            if built:
                found["risk: query put together from text"] += 1
            elif any(item.text == "," and item.brackets == arguments[0].brackets for item in arguments):
                found["care: query with parameters"] += 1
    # A query is often put together on a line of its own.
    for index, token in enumerate(tokens):
        if token.kind == "string" and (kind := string_class(token.text)).startswith("S-sql"):
            after = [item.text for item in tokens[index + 1 : index + 3]]
            if kind.endswith("{") or after[:1] in (["%"], ["+"]) or after == [".", "format"]:
                found["risk: query put together from text"] += 1
    found["risk"] = sum(count for name, count in found.items() if name.startswith("risk:"))
    found["care"] = sum(count for name, count in found.items() if name.startswith("care:"))
    return found


_RULE_OF: Final = {f"r{index}": index for index in range(len(_CALLS))}


def _calls(tokens: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """Yield (dotted path, tokens of the arguments) of every call."""
    path = ""
    wants_name = True
    for index, token in enumerate(tokens):
        if token.kind == "name" and wants_name:
            path, wants_name = path + token.text, False
        elif token.text == "." and path and not wants_name:
            path, wants_name = path + ".", True
        else:
            if token.text == "(" and path and not wants_name and not _defines(tokens, index):
                end = index + 1
                while end < len(tokens) and tokens[end].brackets > token.brackets:
                    end += 1
                yield path, tokens[index + 1 : end]
            path, wants_name = (token.text, False) if token.kind == "name" else ("", True)


def _defines(tokens: list[Token], index: int) -> bool:
    return index >= 2 and tokens[index - 2].text in ("def", "class")


def _is_built(arguments: list[Token]) -> bool:
    """Return whether the first argument is text with something put into it."""
    if not arguments:
        return False
    depth = arguments[0].brackets
    has_text = False
    for index, token in enumerate(arguments):
        if token.text == "," and token.brackets == depth:
            break
        if token.kind == "string":
            has_text = True
            if string_class(token.text).endswith("{"):
                return True
        if has_text or token.kind == "name":
            following = arguments[index + 1].text if index + 1 < len(arguments) else ""
            if following in ("%", "+") or (
                following == "." and arguments[index + 2 : index + 3][:1] and arguments[index + 2].text == "format"
            ):
                return has_text or any(item.kind == "string" for item in arguments[index + 1 :])
    return False
