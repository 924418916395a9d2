"""Owns rules of networks: certificates, protocols, plain text, interfaces, requests made for others, time-outs."""

import re
from collections.abc import Iterator
from typing import Final

from codefavor.judges.evidence.security.rule import Rule, Site, assigned, calls, either, names, strings
from codefavor.judges.evidence.security.source import Call, Source

_REQUESTS: Final = r"requests\.(?:get|post|put|patch|delete|head|options|request)|(?:\w+\.)?session\.(?:get|post|put|patch|delete)|httpx\.(?:get|post|put)"
_OPENS: Final = r"urllib2?\.(?:urlopen|urlretrieve|URLopener|FancyURLopener)|urllib\.request\.(?:urlopen|urlretrieve)|urlopen|urlretrieve"


_WEAK_SUITES: Final = re.compile(
    r"(?:^[bru]?['\"]|[:, ])(?:(?:[\w-]*(?:RC4|DES|NULL|EXP|MD5|ADH)[\w-]*|LOW|ALL|DEFAULT|COMPLEMENTOFALL)(?::|,|['\"]|$)|.*@SECLEVEL=[01])"
)


def _low_version(source: Source) -> Iterator[Site]:
    """Find the old members of ssl.TLSVersion, and the removal of what forbids old versions."""
    tokens = source.tokens
    for index, token in enumerate(tokens):
        before = [item.text for item in tokens[max(0, index - 4) : index]]
        if token.text in ("SSLv3", "TLSv1", "TLSv1_1", "MINIMUM_SUPPORTED") and before[-2:] == ["TLSVersion", "."]:
            if "maximum_version" not in source.line(token.row):
                yield Site(token.row, "TLSVersion." + token.text)
        elif token.text.startswith("OP_NO_") and "~" in before:
            yield Site(token.row, "~" + token.text)


def _from_outside(source: Source, call: Call) -> bool:
    first = call.positional(0) or call.keyword("url")
    return first is not None and first.string is None and source.from_outside(first)


RULES: Final = (
    Rule(
        "certificate-unchecked", 295, 0.85, "anybody can stand in for the server",
        "leave verification on",
        either(assigned("verify|ssl_verify|verify_ssl|validate_certs", "False"), names("CERT_NONE|_create_unverified_context|_create_stdlib_context"),
               assigned("check_hostname", "False"), assigned("cert_reqs", r"['\"]?(?:ssl\.)?CERT_NONE['\"]?")),
        "import requests\nrequests.get(url, verify=False, timeout=5)", "import requests\nrequests.get(url, timeout=5)",
    ),
    Rule(
        "host-unchecked", 297, 0.6, "the certificate may be of any host",
        "wrap the socket with create_default_context",
        calls(r"ssl\.wrap_socket"),
        "import ssl\nssl.wrap_socket(connection)", "import ssl\nssl.create_default_context().wrap_socket(connection, server_hostname=host)",
    ),
    Rule(
        "old-protocol", 757, 0.7, "this version of TLS is broken",
        "use create_default_context or TLS 1.2 and later",
        either(names(r"PROTOCOL_(?:SSLv2|SSLv3|SSLv23|TLSv1|TLSv1_1)|(?:SSLv2|SSLv3|SSLv23|TLSv1)_METHOD"), _low_version),
        "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLSv1)", "import ssl\ncontext = ssl.create_default_context()",
    ),
    Rule(
        "weak-suites", 326, 0.65, "these cipher suites are broken or anonymous",
        "leave the defaults, or name suites with AES-GCM or ChaCha20",
        calls(r"(?:.*\.)?set_cipher(?:s|_list|suites)|(?:.*\.)?(?:create_urllib3_context|wrap_socket)", lambda source, call: any(
            _WEAK_SUITES.search(source.value(item).text) for item in call.arguments if item.name in ("", "ciphers"))),
        'context.set_ciphers("RC4-SHA:DES-CBC3-SHA")', 'context.set_ciphers("ECDHE+AESGCM:!aNULL:!RC4")',
    ),
    Rule(
        "host-key-unchecked", 322, 0.8, "any host's key is accepted",
        "load the known keys and refuse others",
        either(names("AutoAddPolicy|WarningPolicy"), strings(r"StrictHostKeyChecking[= ]no|UserKnownHostsFile[= ]/dev/null")),
        "client.set_missing_host_key_policy(paramiko.AutoAddPolicy())", "client.set_missing_host_key_policy(paramiko.RejectPolicy())",
    ),
    Rule(
        "plain-protocol", 319, 0.6, "passwords and data go over the wire in the clear",
        "use the encrypted variant",
        either(calls(r"telnetlib\.Telnet|Telnet|ftplib\.FTP|FTP|(?:smtplib\.)?SMTP(?!_SSL)|poplib\.POP3|imaplib\.IMAP4|nntplib\.NNTP",
                     lambda source, call: not source.mentions("starttls", "SMTP_SSL")),
               strings(r"^[rRbBuUfF]*['\"]ftp://|['\"]telnet://")),
        "import ftplib\nftplib.FTP(host)", "import ftplib\nftplib.FTP_TLS(host)",
    ),
    Rule(
        "plain-http", 311, 0.45, "what is sent and received can be read and changed on the way",
        "use https",
        strings(r"^[rRbBuUfF]*['\"]{1,3}http://(?!localhost|127\.0\.0\.1|0\.0\.0\.0|www\.w3\.org|schemas?\.|example\.|\[?::1|purl\.|xmlns|json-schema)"),
        'import requests\nrequests.get("http://api.service.org/v1", timeout=5)', 'import requests\nrequests.get("https://api.service.org/v1", timeout=5)',
    ),
    Rule(
        "every-interface", 605, 0.6, "the service is open to every network the machine is in",
        "bind to 127.0.0.1",
        strings(r"^[rRbBuUfF]*['\"](?:0\.0\.0\.0|::)['\"]$"),
        'server.bind(("0.0.0.0", 80))', 'server.bind(("127.0.0.1", 80))',
    ),
    Rule(
        "empty-interface", 605, 0.5, "the service is open to every network the machine is in",
        "bind to 127.0.0.1",
        calls(r"(?:.*\.)?bind", lambda source, call: call.text.startswith(("('',", '("",'))),
        'server.bind(("", 80))', 'server.bind(("localhost", 80))',
    ),
    Rule(
        "request-forgery", 918, 0.45, "whoever gives the address makes this machine ask for it",
        "check the host against a list",
        calls(_REQUESTS + "|" + _OPENS, lambda source, call: _from_outside(source, call)
              and (first := call.positional(0) or call.keyword("url")) is not None
              and source.from_outside(first)
              and not source.mentions("urlparse", "urlsplit", "ALLOWED", "ALLOWED_HOSTS", "hostname", "netloc")),
        "import requests\n\ndef fetch(url):\n    return requests.get(url, timeout=5)",
        'import requests\n\ndef fetch():\n    return requests.get("https://service.org", timeout=5)',
    ),
    Rule(
        "any-scheme", 939, 0.4, "addresses may also name files on this machine",
        "allow http and https only, or use requests",
        calls(_OPENS, lambda source, call: not source.mentions("urlparse", "urlsplit", "startswith", "scheme")),
        "import urllib.request\nurllib.request.urlopen(address)",
        'import urllib.request\nif address.startswith("https://"):\n    urllib.request.urlopen(address)',
    ),
    Rule(
        "no-timeout", 400, 0.4, "a server that does not answer holds the program for ever",
        "give a timeout",
        either(calls(_REQUESTS, lambda source, call: call.keyword("timeout") is None or call.says("timeout", "None")),
               calls(r"socket\.create_connection", lambda source, call: call.positional(1) is None
                     and (call.keyword("timeout") is None or call.says("timeout", "None")) and not source.mentions("setdefaulttimeout"))),
        'import requests\nrequests.get("https://service.org")', 'import requests\nrequests.get("https://service.org", timeout=5)',
    ),
    Rule(
        "open-redirect", 601, 0.55, "a link to this site can lead to any other",
        "redirect to known places only",
        calls(r"(?:.*\.)?(?:redirect|HttpResponseRedirect|RedirectResponse)", lambda source, call: (first := call.positional(0)) is not None
              and first.string is None and "url_for" not in first.text and "reverse" not in first.text
              and source.from_outside(first)
              and not source.mentions("url_has_allowed_host_and_scheme", "is_safe_url", "urlparse", "startswith")),
        'def go(request):\n    return redirect(request.args["next"])', 'def go(request):\n    return redirect(url_for("home"))',
    ),
    Rule(
        "any-origin", 942, 0.5, "pages of every site may read the answers",
        "name the origins",
        either(assigned(r"(?i)origins|allow_origins|cors_allowed_origins|Access-Control-Allow-Origin", r"\[?['\"]\*['\"]\]?"),
               calls(r"(?:.*\.)?(?:send_header|add_header|set_header)", lambda source, call: "Allow-Origin" in call.text and '*' in call.text)),
        'CORS(app, origins="*")', 'CORS(app, origins=["https://app.service.org"])',
    ),
    Rule(
        "snmp-plain", 306, 0.5, "no login protects it",
        "use version 3 with a login",
        calls(r"(?:.*\.)?(?:CommunityData|listen)", lambda source, call: call.path.endswith("CommunityData") or call.path == "logging.config.listen"),
        'CommunityData("public")', 'UsmUserData("user", key, key)',
    ),
)  # fmt: skip
