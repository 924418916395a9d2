"""Where values come from is known function by function for code that parses, and roughly for the rest."""

import pytest

from codefavor.judges.evidence.security.compare import scan, security_evidence
from codefavor.judges.evidence.security.source import Argument, Source, TokenSource, TreeSource, read
from codefavor.judges.evidence.weigh import weigh
from codefavor.records import Comparison

_COMMON = frozenset({"basename", "realpath"})


def _argument(code: str, path: str = "sink") -> tuple[Source, Argument]:
    """Return a code, read, and the first argument of its first call of a name."""
    source = read(code)
    call = source.calls_by_path[path][0]
    return source, call.arguments[0]


def _rules(code: str) -> set[str]:
    return {finding.rule for finding in scan(code)}


def test_code_that_parses_is_read_by_its_tree_and_other_code_by_its_tokens() -> None:
    """Rules need not know which."""
    assert isinstance(read("x = 1\n"), TreeSource)
    assert type(read("print 'x'\n")) is TokenSource
    assert type(read("x = " + "-" * 300 + "1")) is TokenSource


@pytest.mark.parametrize(
    ("code", "outside"),
    [
        ("def f(a):\n    sink(a)\n", True),
        ("def f(a):\n    b = a.strip()\n    sink(b)\n", True),
        ("def g(a):\n    pass\n\ndef f():\n    a = 1\n    sink(a)\n", False),
        ("def f(a):\n    a = 'fixed'\n    sink(a)\n", False),
        ("def f(a):\n    if a:\n        a = 'fixed'\n    sink(a)\n", True),
        ("def f(a):\n    sink(int(a))\n", False),
        ("def f(a):\n    def g():\n        sink(a)\n    return g\n", True),
        ("import sys\nsink(sys.argv[1])\n", True),
        ("for line in open(p):\n    sink(line)\n", False),
        ("def f(a):\n    for b in a:\n        sink(b)\n", True),
        ("def f(a):\n    with open(a) as b:\n        sink(b)\n", True),
        ("x = x + 'a'\nsink(x)\n", False),
    ],
)
def test_a_value_comes_from_outside_where_a_parameter_or_a_user_has_a_say_in_it(code: str, outside: bool) -> None:
    """Names are those of the function they stand in, as they are when they are used."""
    source, argument = _argument(code)

    assert source.from_outside(argument) is outside


@pytest.mark.parametrize(
    ("code", "built"),
    [
        ("sink('a' + b)\n", True),
        ("sink(f'a {b}')\n", True),
        ("sink('a %s' % b)\n", True),
        ("sink('a {}'.format(b))\n", True),
        ("q = 'a'\nq += b\nsink(q)\n", True),
        ("sink(' '.join(['a', b]))\n", True),
        ("T = 'users'\nsink(f'select 1 from {T}')\n", False),
        ("sink('a %d' % int(b))\n", False),
        ("sink('a' + 'b')\n", False),
        ("q = 'a' + b\nq = 'fixed'\nsink(q)\n", False),
        ("sink(b)\n", False),
    ],
)
def test_text_is_built_where_a_part_of_it_is_not_constant(code: str, built: bool) -> None:
    """A table's name in a constant is no injection; a part added later is."""
    source, argument = _argument(code)

    assert source.built(argument) is built


@pytest.mark.parametrize(
    ("code", "checked"),
    [
        ("def f(a):\n    b = basename(a)\n    sink(b)\n", True),
        ("def f(a):\n    if realpath(a) != ROOT:\n        raise ValueError\n    sink(a)\n", True),
        ("def clean(x):\n    return os.path.basename(x)\n\ndef f(a):\n    sink(clean(a))\n", True),
        ("def g(c):\n    return basename(c)\n\ndef f(a):\n    sink(a)\n", False),
        ("def f(a, c):\n    d = basename(c)\n    sink(a)\n", False),
    ],
)
def test_a_check_counts_for_the_value_it_is_applied_to(code: str, checked: bool) -> None:
    """That a module checks something elsewhere makes no other value safe."""
    source, argument = _argument(code)

    assert source.checked(argument, _COMMON) is checked


def test_columns_after_wide_letters_are_found() -> None:
    """The tree counts bytes, the tokens count letters."""
    source, argument = _argument("def f(a):\n    é = 'üüü'; sink('ß' + a)\n")

    assert argument.node is not None
    assert source.built(argument)


@pytest.mark.parametrize(
    ("insecure", "secure", "rule"),
    [
        ("import os\nMASK = 0\nos.umask(MASK)\n", "import os\nMASK = 0o077\nos.umask(MASK)\n", "cleared-mask"),
        (
            "import os, stat\nos.umask(stat.S_IXOTH)\n",
            "import os, stat\nos.umask(stat.S_IRWXG | stat.S_IRWXO)\n",
            "cleared-mask",
        ),
        (
            "def find(c, name):\n    q = '(|(uid={0})(mail={0}))'.format(name)\n    return c.search_s(BASE, 2, q)\n",
            "def find(c, name):\n    q = f'(uid={escape_filter_chars(name)})'\n    return c.search_s(BASE, 2, q)\n",
            "ldap-filter",
        ),
        (
            "def view():\n    data = request.form.to_dict()\n    return User.create(**data)\n",
            "def view():\n    data = request.get_json()\n    return User.create(name=data['name'])\n",
            "mass-assignment",
        ),
        (
            "def view():\n    data = request.get_json()\n    return User(**data)\n",
            "def view():\n    data = {k: v for k, v in request.get_json().items() if k in FIELDS}\n"
            "    return User(**data)\n",
            "mass-assignment",
        ),
        (
            "@app.errorhandler(500)\ndef failed(error):\n    return f'failed: {error}', 500\n",
            "@app.errorhandler(500)\ndef failed(error):\n    log.error('x', exc_info=error)\n    return 'failed'\n",
            "error-shown",
        ),
        (
            "def enter(user, pwd):\n    log.info('login of %s with %s', user, pwd)\n",
            "def enter(user, pwd):\n    log.info('login of %r: %s', user, pwd is not None)\n",
            "secret-logged",
        ),
        (
            "def enter(user):\n    log.info(f'login of {user}')\n",
            "def enter(user):\n    log.info(f'login of {user!r}')\n",
            "log-text",
        ),
        (
            "client.connect(host, username='root')\n",
            "client.connect(host, username='upload')\n",
            "runs-as-root",
        ),
        (
            "context.minimum_version = ssl.TLSVersion.TLSv1_1\n",
            "context.minimum_version = ssl.TLSVersion.TLSv1_2\n",
            "old-protocol",
        ),
    ],
)
def test_forms_that_a_weakness_really_takes_are_told_from_their_remedies(insecure: str, secure: str, rule: str) -> None:
    """A constant under a name, a filter in a variable, a handler's answer."""
    assert rule in _rules(insecure)
    assert rule not in _rules(secure)


def _favoured(a: str, b: str) -> dict[str, str | None]:
    comparison = Comparison(instruction="Do it.", code_a=a, code_b=b, criterion="security", id="x")
    return {item.rule: item.favours for item in security_evidence(comparison)}


def test_findings_are_matched_by_what_they_are_about() -> None:
    """The line that is named is the one that differs, not the first of its kind."""
    both = "import yaml\na = yaml.load(f)\n"
    comparison = Comparison(
        instruction="Do it.", code_a=both + "b = yaml.load(g)\n", code_b=both, criterion="security", id="x"
    )

    (item,) = [item for item in security_evidence(comparison) if item.rule == "unsafe-yaml"]

    assert item.favours == "B"
    assert item.details["line"] == 3


def test_protections_never_outweigh_a_grave_finding() -> None:
    """Time-outs and JSON do not make up for a command from outside."""
    grave = (
        "import json, os, requests, secrets\n\ndef f(name):\n    os.system('convert ' + name)\n"
        "    requests.get(HOME, timeout=5)\n    secrets.token_hex(8)\n    json.dumps({})\n    html.escape(name)\n"
    )
    plain = "def f(name):\n    convert(name)\n"
    comparison = Comparison(instruction="Do it.", code_a=grave, code_b=plain, criterion="security", id="x")
    p_a = weigh(security_evidence(comparison), "security")

    assert _favoured(grave, plain)["shell-command"] == "B"
    assert p_a is not None
    assert p_a < 0.5


@pytest.mark.parametrize(
    ("insecure", "secure", "rule"),
    [
        ("import os\nos.system('rm ' + name)\n", "import os\nos.system('clear')\n", "shell-command"),
        ("subprocess.run(line, shell=True)\n", "subprocess.run('make all', shell=True)\n", "shell-true"),
    ],
)
def test_a_command_that_is_written_down_is_a_smaller_finding(insecure: str, secure: str, rule: str) -> None:
    """Nobody else has a say in it, so one with a value in it is worse."""
    assert rule in _rules(secure)
    assert _favoured(insecure, secure)[rule] == "B"


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01\x02",
        "\ud800",
        "x = '\ud800'\neval(y)\n",
        "\r",
        "\x0c",
        "a" * 50_000,
        "(" * 3000,
        "x = " + "a + " * 3000 + "a",
    ],
    ids=["nul", "surrogate", "surrogate-in-text", "return", "feed", "word", "brackets", "sum"],
)
def test_text_that_is_hardly_code_is_scanned_without_an_error(text: str) -> None:
    """Both readers, and bandit, meet whatever is compared."""
    assert all(finding.row >= 1 for finding in scan(text))


def test_an_argument_of_a_program_that_is_written_down_is_no_command() -> None:
    """No shell reads it, unless a shell is what is started."""
    assert "shell-command" not in _rules("import os\nos.spawnl(os.P_WAIT, '/bin/df', '/bin/df', place)\n")
    assert "shell-command" in _rules("import os\nos.execl('/bin/sh', 'sh', '-c', 'df ' + place)\n")
