# ruff: noqa: E501 (a table of codes reads better on one line each)
import pytest

from codefavor.features.lexing import lex
from codefavor.features.risks import risks


@pytest.mark.parametrize(
    ("careful", "careless", "risk"),
    [
        ("subprocess.run(['ls', d])", "os.system('ls ' + d)", "risk: command put together from text"),
        ("subprocess.run(['ls', d])", "subprocess.run(f'ls {d}', shell=True)", "risk: shell=True"),
        ("c.execute('SELECT a FROM b WHERE c = ?', (d,))", "c.execute('SELECT a FROM b WHERE c = %s' % d)", "risk: query put together from text"),
        ("yaml.load(f, Loader=yaml.SafeLoader)", "yaml.load(f)", "risk: unsafe deserialising"),
        ("hashlib.sha256(x)", "hashlib.md5(x)", "risk: weak hash"),
        ("secrets.token_hex(8)", "random.randint(0, 9)", "risk: predictable random"),
        ("requests.get(u, timeout=5)", "requests.get(u, verify=False)", "risk: no certificate check"),
        ("password = os.environ['P']", "password = 'hunter22'", "risk: secret in the code"),
        ("ast.literal_eval(x)", "eval(x)", "risk: text run as code"),
        ("tempfile.mkstemp()", "tempfile.mktemp()", "risk: temporary file race"),
    ],
)  # fmt: skip
def test_a_risky_call_is_told_from_its_careful_form(careful: str, careless: str, risk: str) -> None:
    """Each rule must fire on one side only, or the model learns nothing from it."""
    assert risks(lex(careless))[risk] >= 1
    assert not risks(lex(careful))[risk]


def test_a_definition_is_not_a_call() -> None:
    """A function of one's own called `eval` or `input` is no risk where it is defined."""
    assert risks(lex("def eval(x):\n    return x\n"))["risk"] == 0
