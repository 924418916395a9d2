"""Owns rules of injection: commands, evaluated text, queries, templates, paths into interpreters of any kind."""

import re
from typing import Final

from codefavor.judges.evidence.security.rule import Rule, Site, calls, either
from codefavor.judges.evidence.security.source import Call, Source

_RUN: Final = r"subprocess\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)|Popen|popen2\.popen\d"
_SHELLS: Final = r"os\.(?:system|popen\d?)|commands\.get(?:status)?output|popen|platform\.popen"
_QUERY: Final = r"(?:.*\.)?(?:execute|executemany|executescript|raw|query|read_sql|read_sql_query|RunSQL|sql)"
_LDAP_ESCAPES: Final = frozenset(
    {"escape_filter_chars", "filter_format", "escape_dn_chars", "escape_rdn", "isalnum", "fullmatch"}
)
_SQL: Final = re.compile(r"(?i)\b(select|insert|update|delete|drop|create|alter|replace|where|from|into|values)\b")


def _shell(source: Source, call: Call) -> bool:
    return call.says("shell", "True") or call.says("shell", "1")


def _by_origin(source: Source, call: Call) -> float:
    """Return less for a command that is written down in the code: nobody else has a say in it."""
    first = call.positional(0)
    return 0.5 if first is not None and source.constant(first) else 1.0


def _starts_given(source: Source, call: Call) -> bool:
    """Return whether what is started is not written down, or is a shell: a mere argument is obeyed by nobody."""
    program = call.positional(1 if call.path.startswith("os.spawn") else 0)
    return program is not None and (not source.constant(program) or re.search(r"['\"]-c['\"]", call.text) is not None)


def _is_query(source: Source, call: Call) -> bool:
    first = call.positional(0)
    if first is None or not source.built(first):
        return False
    return _SQL.search(source.value(first).text) is not None


def _is_filter(source: Source, call: Call) -> bool:
    return any(
        re.search(r"\([\w.-]+[~<>]?=", source.value(item).text) is not None
        and source.built(item)
        and not source.checked(item, _LDAP_ESCAPES)
        for item in call.arguments
    )


def _not_literal(source: Source, call: Call) -> bool:
    first = call.positional(0)
    return first is not None and first.string is None


def _given(source: Source, call: Call) -> bool:
    first = call.positional(0)
    return first is not None and (source.built(first) or source.from_outside(first))


RULES: Final = (
    Rule(
        "shell-command", 78, 0.85, "a shell reads the command, so its special characters are obeyed",
        "start the program with a list of arguments",
        either(calls(_SHELLS, grade=_by_origin), calls(r"os\.(?:spawn\w+|exec[lv]p?e?)", _starts_given)), 'import os\nos.system("convert " + name)', 'import subprocess\nsubprocess.run(["convert", name], check=True)',
    ),
    Rule(
        "shell-true", 78, 0.85, "shell=True hands the command to a shell",
        "pass a list and leave the shell out",
        calls(_RUN + r"|call|check_output|check_call|run", _shell, _by_origin),
        "import subprocess\nsubprocess.call(command, shell=True)", 'import subprocess\nsubprocess.call(["ls", path])',
    ),
    Rule(
        "command-text", 88, 0.6, "the command is put together from text, so a value can add arguments",
        "pass each argument as an element of a list",
        calls(_RUN, lambda source, call: (first := call.positional(0)) is not None and not first.text.startswith("[")
              and source.built(first)),
        'import subprocess\nsubprocess.check_output("tar xf " + name)', 'import subprocess\nsubprocess.check_output(["tar", "xf", name])',
    ),
    Rule(
        "evaluated-text", 95, 0.85, "text is run as Python",
        "parse the value instead (ast.literal_eval, json, a table of allowed operations)",
        calls(r"eval|exec|execfile|compile|builtins\.(?:eval|exec)|__builtin__\.eval", _not_literal),
        "total = eval(expression)", "import ast\ntotal = ast.literal_eval(expression)",
    ),
    Rule(
        "exec-statement", 94, 0.85, "text is run as Python",
        "import the module or look the function up in a table",
        lambda source: (Site(token.row) for index, token in enumerate(source.tokens[:-1]) if token.text == "exec"
                        and source.tokens[index + 1].kind in ("name", "string") and (not index or source.tokens[index - 1].text != ".")),
        "exec source in namespace", "import importlib\nmodule = importlib.import_module(name)",
    ),
    Rule(
        "import-by-name", 470, 0.45, "a name from outside decides what is loaded",
        "look the name up in a table of allowed modules",
        calls(r"__import__|importlib\.import_module|imp\.load_\w+|imp\.find_module", _given),
        "def load(name):\n    return __import__(name)", 'ALLOWED = {"csv": csv}\n\ndef load(name):\n    return ALLOWED[name]',
    ),
    Rule(
        "attribute-by-name", 913, 0.3, "a name from outside decides which attribute is reached",
        "check the name against a list first",
        calls(r"getattr|setattr|globals|locals", lambda source, call: (call.path in ("globals", "locals") and "()" in call.path)
              or (call.path in ("getattr", "setattr") and (argument := call.positional(1)) is not None
              and source.from_outside(argument) and not source.built(argument))),
        "def call(thing, name):\n    return getattr(thing, name)()", "def call(thing):\n    return thing.start()",
    ),
    Rule(
        "query-text", 89, 0.9, "values become part of the query's text",
        "pass them as parameters",
        calls(_QUERY, _is_query),
        'cursor.execute("SELECT * FROM users WHERE name = \'%s\'" % name)',
        'cursor.execute("SELECT * FROM users WHERE name = ?", (name,))',
    ),
    Rule(
        "ldap-filter", 90, 0.8, "values become part of the LDAP filter",
        "escape them (ldap.filter.escape_filter_chars)",
        calls(r"(?!re\.)(?:.*\.)?(?:paged_)?search(?:_s|_st|_ext|_ext_s)?", _is_filter),
        'connection.search_s(base, ldap.SCOPE_SUBTREE, "(uid=" + name + ")")',
        'connection.search_s(base, ldap.SCOPE_SUBTREE, filter_format("(uid=%s)", [name]))',
    ),
    Rule(
        "xpath-text", 643, 0.75, "values become part of the XPath expression",
        "pass them as variables of the expression",
        calls(r"(?:.*\.)?xpath", lambda source, call: source.built(call.positional(0))),
        'tree.xpath("//user[name=\'" + name + "\']")', 'tree.xpath("//user[name=$name]", name=name)',
    ),
    Rule(
        "template-from-text", 1336, 0.8, "a template made from values lets them run expressions",
        "render a fixed template and pass the values to it",
        calls(r"(?:.*\.)?(?:render_template_string|from_string)|(?:jinja2|mako\.template)\.Template", _given),
        'def page(name):\n    return render_template_string("<p>" + name)', 'def page(name):\n    return render_template("page.html", name=name)',
    ),
    Rule(
        "header-text", 113, 0.4, "line breaks in a value add headers of their own",
        "refuse values that hold line breaks",
        calls(r"(?:.*\.)?(?:send_header|add_header|putheader)", lambda source, call: any(
            source.from_outside(item) for item in call.arguments)),
        'def reply(handler, place):\n    handler.send_header("Location", place)',
        'def reply(handler):\n    handler.send_header("Location", "/home")',
    ),
    Rule(
        "pattern-from-outside", 1333, 0.4, "a pattern from outside can take for ever",
        "escape it (re.escape)",
        calls(r"re\.(?:compile|match|search|findall|sub|fullmatch|split)", lambda source, call:
              (first := call.positional(0)) is not None and "re.escape" not in first.text and "escape(" not in first.text
              and source.from_caller(first) and first.string is None),
        "import re\n\ndef find(pattern, text):\n    return re.search(pattern, text)",
        "import re\n\ndef find(word, text):\n    return re.search(re.escape(word), text)",
    ),
    Rule(
        "nested-repeats", 185, 0.4, "a pattern with nested repeats takes exponential time on some input",
        "write it without one repeat inside another",
        calls(r"re\.(?:compile|match|search|findall|sub|fullmatch|split)", lambda source, call:
              (first := call.positional(0)) is not None and first.string is not None
              and re.search(r"\([^()]*[+*][^()]*\)[+*]", first.string) is not None),
        'import re\nre.match(r"(a+)+$", text)', 'import re\nre.match(r"a+$", text)',
    ),
    Rule(
        "format-from-outside", 134, 0.35, "a format from outside reads attributes of what it is given",
        "use a fixed format",
        calls(r"\w+\.format|\w+\.format_map", lambda source, call: source.from_caller(call.owner)),
        "def show(template, user):\n    return template.format(user=user)", 'def show(user):\n    return "{}".format(user)',
    ),
    Rule(
        "input-evaluated", 20, 0.3, "Python 2's input runs what is typed",
        "use raw_input and convert",
        calls(r"input", lambda source, call: source.prints_by_statement),
        'print "age?"\nage = input()', 'print "age?"\nage = int(raw_input())',
    ),
)  # fmt: skip
