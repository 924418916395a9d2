"""Owns rules of web applications and data formats: pages, cookies, forms, debug servers, XML, pickles, YAML."""

import re
from typing import Final

from codefavor.judges.evidence.security.rule import Rule, Site, assigned, calls, either, names, strings
from codefavor.judges.evidence.security.source import Argument, Call, Source

_XML: Final = (
    r"(?:.*\.)?(?:minidom|ElementTree|ET|etree|cElementTree|expatbuilder|pulldom|sax|expatreader)\.(?:parse|parseString|fromstring|"
    r"XML|iterparse|XMLParser|make_parser|create_parser)|xml\.\w+\.\w+\.(?:parse|parseString|fromstring)|xmlrpclib\.\w+|(?:.*\.)?XMLTreeBuilder|"
    r"xml\.dom\.minidom\.parse\w*|lxml\.etree\.(?:parse|fromstring|XML)|lxml\.objectify\.\w+|SimpleXMLRPCServer\.SimpleXMLRPCServer|xmltodict\.parse"
)

_TAG: Final = re.compile(
    r"(?i)</?(?:html|head|body|title|style|link|meta|script|iframe|div|span|p|a|b|i|u|em|strong|br|hr|h[1-6]|ul|ol|li|dl|dt|dd|table|"
    r"thead|tbody|tr|td|th|img|form|input|select|option|button|label|textarea|pre|code|small|font|center|section|article|nav|svg|video)\b[^<>]*>?"
)
_FIELDS: Final = frozenset(
    {"load", "validate", "model_validate", "cleaned_data", "validated_data", "pick", "ALLOWED", "FIELDS"}
)


def _takes_all(source: Source, call: Call) -> bool:
    """Return whether fields of a record are named by a request."""
    if call.path == "setattr":
        name = call.positional(1)
        return name is not None and source.from_request(name) and not source.checked(name, _FIELDS)
    if call.path.endswith("__dict__.update"):
        return any(source.from_request(item) for item in call.arguments)
    return any(
        item.tokens[0].text == "**"
        and (
            source.from_request(Argument("", item.tokens[1:], item.node))
            or item.text in ("**request", "**data", "**payload")
        )
        and not source.checked(Argument("", item.tokens[1:], item.node), _FIELDS)
        for item in call.arguments
        if len(item.tokens) > 1
    )


RULES: Final = (
    Rule(
        "unsafe-pickle", 502, 0.85, "loading runs whatever code the data holds",
        "use JSON or another format without code",
        calls(r"(?:.*\.)?(?:c?[pP]ickle|_pickle|dill|marshal|cloudpickle)\.(?:loads?|Unpickler)|shelve\.open|jsonpickle\.decode|joblib\.load|"
              r"(?:pd|pandas)\.read_pickle|torch\.load|numpy\.load|np\.load",
              lambda source, call: not (call.path.endswith("np.load") or call.path.endswith("numpy.load")) or call.says("allow_pickle", "True")),
        "import pickle\npickle.loads(data)", "import json\njson.loads(data)",
    ),
    Rule(
        "pickle-imported", 502, 0.5, "pickles hold code",
        "use JSON or another format without code",
        lambda source: (Site(token.row) for index, token in enumerate(source.tokens)
                        if token.text in ("pickle", "cPickle", "dill", "shelve", "marshal") and index
                        and source.tokens[index - 1].text in ("import", ",") ),
        "import pickle", "import json",
    ),
    Rule(
        "unsafe-yaml", 502, 0.85, "loading builds any object the data names",
        "use safe_load",
        calls(r"yaml\.(?:load|load_all|unsafe_load|full_load)", lambda source, call: "Safe" not in call.text or "unsafe" in call.path),
        "import yaml\nyaml.load(text)", "import yaml\nyaml.safe_load(text)",
    ),
    Rule(
        "xml-entities", 611, 0.75, "entities in the data read files and reach other hosts",
        "use defusedxml",
        calls(_XML, lambda source, call: "defusedxml" not in call.path and not source.mentions("resolve_entities")),
        "import xml.etree.ElementTree as ET\nET.fromstring(text)", "import defusedxml.ElementTree as ET\nET.fromstring(text)",
    ),
    Rule(
        "xml-bombs", 776, 0.5, "nested entities fill the memory",
        "use defusedxml",
        lambda source: (Site(token.row) for token in source.tokens[:1] for name, path in source.aliases.items()
                        if re.match(r"xml\.(?:etree|dom|sax)|lxml\.etree", path) ),
        "from xml.etree import ElementTree", "from defusedxml import ElementTree",
    ),
    Rule(
        "debug-server", 489, 0.7, "the debug page runs code for everybody",
        "leave debug off",
        either(calls(r"(?:.*\.)?run", lambda source, call: call.says("debug", "True")), assigned("DEBUG|TEMPLATE_DEBUG|app.debug", "True")),
        "app.run(debug=True)", "app.run()",
    ),
    Rule(
        "unescaped-page", 79, 0.7, "values become part of the page, scripts included",
        "escape them, or leave it to the template",
        either(calls(r"(?:.*\.)?(?:mark_safe|Markup|SafeString)", lambda source, call: (first := call.positional(0)) is not None and first.string is None),
               assigned("autoescape", "False")),
        "page = mark_safe(comment)", "page = escape(comment)",
    ),
    Rule(
        "page-from-text", 80, 0.5, "values become part of the page, scripts included",
        "escape them (html.escape), or use a template",
        lambda source: (Site(token.row) for index, token in enumerate(source.tokens) if token.kind == "string"
                        and _TAG.search(token.text)
                        and _holds_values(source, index) and not source.mentions("escape", "bleach", "quote", "Template")),
        'def page(name):\n    return "<h1>" + name + "</h1>"', 'def page(name):\n    return "<h1>" + escape(name) + "</h1>"',
    ),
    Rule(
        "autoescape-missing", 116, 0.6, "templates do not escape what they are given",
        "give autoescape=select_autoescape()",
        calls(r"(?:jinja2\.)?Environment", lambda source, call: call.keyword("autoescape") is None),
        "import jinja2\njinja2.Environment(loader=loader)", "import jinja2\njinja2.Environment(loader=loader, autoescape=True)",
    ),
    Rule(
        "csrf-off", 352, 0.6, "other sites can send the form in a user's name",
        "leave the check on",
        either(names("csrf_exempt"), assigned("WTF_CSRF_ENABLED|CSRF_ENABLED", "False")),
        "@csrf_exempt\ndef change(request):\n    pass", "@csrf_protect\ndef change(request):\n    pass",
    ),
    Rule(
        "cookie-script", 1004, 0.4, "scripts can read the cookie",
        "set httponly",
        either(calls(r"(?:.*\.)?set_cookie", lambda source, call: not call.says("httponly", "True")), assigned("SESSION_COOKIE_HTTPONLY", "False")),
        'reply.set_cookie("id", value, secure=True)', 'reply.set_cookie("id", value, secure=True, httponly=True)',
    ),
    Rule(
        "cookie-plain", 614, 0.4, "the cookie is also sent without encryption",
        "set secure",
        either(calls(r"(?:.*\.)?set_cookie", lambda source, call: not call.says("secure", "True")), assigned("SESSION_COOKIE_SECURE", "False")),
        'reply.set_cookie("id", value, httponly=True)', 'reply.set_cookie("id", value, httponly=True, secure=True)',
    ),
    Rule(
        "cookie-anywhere", 1275, 0.35, "the cookie goes along with requests of other sites",
        "set samesite to Lax or Strict",
        assigned("(?i)samesite|SESSION_COOKIE_SAMESITE", r"['\"]?(?i:none)['\"]?"),
        'reply.set_cookie("id", value, samesite="None", httponly=True, secure=True)',
        'reply.set_cookie("id", value, samesite="Lax", httponly=True, secure=True)',
    ),
    Rule(
        "any-host", 644, 0.4, "requests for every host name are answered",
        "name the hosts",
        assigned("ALLOWED_HOSTS", r"\[['\"]\*['\"],?\]"),
        'ALLOWED_HOSTS = ["*"]', 'ALLOWED_HOSTS = ["service.org"]',
    ),
    Rule(
        "mass-assignment", 915, 0.45, "a request can set every field",
        "name the fields",
        either(calls(r"(?:.*\.)?(?:create|update|insert|filter_by|\w*Model|[A-Z]\w+)|setattr|(?:.*\.)?__dict__\.update", _takes_all),
               assigned("fields", r"['\"]__all__['\"]")),
        "User.create(**request.json)", 'User.create(name=request.json["name"])',
    ),
    Rule(
        "missing-login", 862, 0.4, "anybody may call it",
        "ask for a login",
        lambda source: (Site(token.row) for index, token in enumerate(source.tokens) if token.text == "route" and index > 1
                        and re.search(r"admin|delete|users?/|account|manage", source.line(token.row))
                        and not source.mentions("login_required", "abort", "current_user", "permission_required", "requires_auth", "session",
                                                   "Forbidden", "PermissionDenied", "roles_required")),
        '@app.route("/admin/delete")\ndef delete():\n    pass', '@app.route("/admin/delete")\n@login_required\ndef delete():\n    pass',
    ),
    Rule(
        "record-of-others", 639, 0.35, "a number in the address reaches everybody's records",
        "look it up among the user's own",
        calls(r"(?:.*\.)?objects\.get|(?:.*\.)?query\.get(?:_or_404)?|get_object_or_404", lambda source, call: re.search(
            r"request\.|(?:^|[,(=])(?:\w*_)?id$", call.text) is not None and not re.search(r"user|owner", call.text)),
        "order = Order.objects.get(id=order_id)", "order = Order.objects.get(id=order_id, owner=request.user)",
    ),
    Rule(
        "session-kept", 384, 0.35, "a session known before the login is known after it",
        "start a new session at login",
        assigned("SESSION_REFRESH_EACH_REQUEST|session_protection", r"None|False"),
        "login_manager.session_protection = None", 'login_manager.session_protection = "strong"',
    ),
    Rule(
        "upgrade-missing", 693, 0.3, "browsers may go on without encryption",
        "turn the redirect on",
        assigned("SECURE_SSL_REDIRECT|SECURE_CONTENT_TYPE_NOSNIFF|force_https", "False"),
        "SECURE_SSL_REDIRECT = False", "SECURE_SSL_REDIRECT = True",
    ),
    Rule(
        "frames-allowed", 1021, 0.35, "other sites can put the page into a frame",
        "leave the protection on",
        either(names("xframe_options_exempt"), assigned("X_FRAME_OPTIONS", r"['\"]ALLOWALL['\"]")),
        "@xframe_options_exempt\ndef page(request):\n    pass", "@xframe_options_deny\ndef page(request):\n    pass",
    ),
    Rule(
        "script-in-page", 95, 0.3, "script is put together from values",
        "pass values as data",
        strings(r"(?i)javascript:|document\.write\("),
        'link = "javascript:go()"', 'link = "/go"',
    ),
)  # fmt: skip


def _holds_values(source, index: int) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Return whether a string is joined with, or filled with, something that is not constant."""
    tokens = source.tokens
    text = tokens[index].text
    if re.match(r"(?i)[rbu]*f", text) and re.search(r"\{[^{}]+\}", text):
        return True
    after = [token.text for token in tokens[index + 1 : index + 4]]
    if (
        after[:1] == ["+"]
        and len(after) > 1
        and tokens[index + 2].kind == "name"
        and after[1] not in ("escape", "str", "html")
    ):
        return True
    return after[:1] == ["%"] or after[:2] == [".", "format"]
