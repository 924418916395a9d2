"""Owns the table of secure and insecure calls and settings that are found in real functions and swapped."""
# ruff: noqa: E501 — a spelling is easier to compare with its neighbours on one line

from importlib import resources
from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.patterns import Swap, swap_operator

_RUN: Final = ("run", "call", "check_call", "check_output", "Popen")
_SECRET: Final = r"secret|token|passw|session|nonce|salt|uuid|tmp|temp|boundary|captcha|otp|_id\b"

SWAPS: Final = (
    Swap(
        "found-shell", "CWE-78",
        tuple(f"subprocess.{name}(_A, **_K)" for name in _RUN),
        (*(f"subprocess.{name}(' '.join(_A), shell=True, **_K)" for name in _RUN), "subprocess.run(_A, shell=True, **_K)", "subprocess.Popen(_A, shell=True, **_K)", "os.system(' '.join(_A))", "os.popen(' '.join(_A)).read()"),
        "command injection", "which gives a command line to a shell that interprets whatever the values contain",
        "starts the program with a list of arguments and no shell",
    ),
    Swap(
        "found-shell-line", "CWE-78",
        ("subprocess.run(shlex.split(_A), check=True)", "subprocess.call(shlex.split(_A))", "subprocess.check_output(shlex.split(_A))", "subprocess.run(shlex.split(_A), shell=False, check=False).returncode"),
        ("os.system(_A)", "os.popen(_A)", "subprocess.call(_A, shell=True)", "subprocess.getoutput(_A)", "commands.getoutput(_A)", "subprocess.check_output(_A, shell=True)"),
        "command injection", "which runs a whole line in a shell", "splits the line and runs the program without a shell",
    ),
    Swap(
        "found-file-work-by-shell", "CWE-78",
        ("shutil.rmtree(_A)", "shutil.rmtree(_A, ignore_errors=True)"),
        ("os.system('rm -rf ' + _A)", "os.system(f'rm -rf {_A}')", "subprocess.call('rm -rf %s' % _A, shell=True)", "os.popen('rm -rf ' + _A)"),
        "command injection", "in which a path with shell characters runs other commands", "removes the tree with `shutil.rmtree` and no shell",
    ),
    Swap(
        "found-folder-by-shell", "CWE-78",
        ("os.makedirs(_A, exist_ok=True)", "os.makedirs(_A)", "os.mkdir(_A)"),
        ("os.system('mkdir -p ' + _A)", "os.system('mkdir -p %s' % _A)", "subprocess.call(f'mkdir -p {_A}', shell=True)", "os.popen('mkdir ' + _A)"),
        "command injection", "in which a folder name with shell characters runs other commands", "makes the folder through the `os` module, without a shell",
    ),
    Swap(
        "found-removal-by-shell", "CWE-78",
        ("os.remove(_A)", "os.unlink(_A)"),
        ("os.system('rm -f ' + _A)", "os.system(f'rm {_A}')", "subprocess.Popen('rm ' + str(_A), shell=True).wait()"),
        "command injection", "in which a file name with shell characters runs other commands", "deletes the file through the `os` module, without a shell",
    ),
    Swap(
        "found-listing-by-shell", "CWE-78",
        ("os.listdir(_A)", "sorted(os.listdir(_A))"),
        ("os.popen('ls ' + _A).read().split()", "subprocess.check_output(f'ls {_A}', shell=True, text=True).split()", "subprocess.getoutput('ls %s' % _A).split()"),
        "command injection", "in which a path with shell characters runs other commands", "lists the folder through the `os` module, without a shell",
    ),
    Swap(
        "found-copy-by-shell", "CWE-78",
        ("shutil.copy(_A, _B)", "shutil.copyfile(_A, _B)", "shutil.copy2(_A, _B)", "shutil.move(_A, _B)", "os.rename(_A, _B)", "os.replace(_A, _B)"),
        ("os.system('mv ' + _A + ' ' + _B)", "os.system(f'cp {_A} {_B}')", "subprocess.call('cp %s %s' % (_A, _B), shell=True)"),
        "command injection", "in which paths with shell characters run other commands", "handles the files with library calls and no shell",
    ),
    Swap(
        "found-evaluated-text", "CWE-95",
        ("ast.literal_eval(_A)", "json.loads(_A)"), ("eval(_A)", "eval(_A, {})", "eval(str(_A))", "eval(compile(_A, '<string>', 'eval'))"),
        "code injection", "which executes whatever expression the text holds", "only reads plain data from the text",
    ),
    Swap(
        "found-evaluated-number", "CWE-95",
        ("int(_A)", "float(_A)"), ("eval(_A)", "eval(str(_A))", "eval(_A, {'__builtins__': {}})"),
        "code injection", "which executes the text as an expression where a number is wanted", "converts the text to a number and refuses all else",
        site=r"text|str|line|value|arg|match|group|split|field|data",
    ),
    Swap(
        "found-evaluated-attribute", "CWE-95",
        ("getattr(_A, _B)",), ("eval('_A.' + _B)", "eval(f'_A.{_B}')", "eval('_A.%s' % _B)", "eval('_A.{}'.format(_B))"),
        "code injection", "which turns a name into code and runs it", "reads the attribute with `getattr` and executes no text",
    ),
    Swap(
        "found-executed-assignment", "CWE-95",
        ("setattr(_A, _B, _C)",), ("exec(f'_A.{_B} = {_C!r}')", "exec('_A.%s = _C' % _B)", "exec('_A.' + _B + ' = ' + repr(_C))"),
        "code injection", "which builds a statement from a name and runs it", "sets the attribute with `setattr` and executes no text",
    ),
    Swap(
        "found-executed-import", "CWE-95",
        ("importlib.import_module(_A)",), ("exec('import ' + _A)", "exec(f'import {_A}')", "eval('__import__(%r)' % _A)"),
        "code injection", "which runs text as a statement to import a module", "imports by `importlib.import_module`, which accepts nothing but a module's name",
    ),
    Swap(
        "found-pickle", "CWE-502",
        ("json.load(_A, **_K)", "json.loads(_A, **_K)"), ("pickle.load(_A)", "pickle.loads(_A)", "marshal.loads(_A)", "cPickle.loads(_A)", "dill.load(_A)", "jsonpickle.decode(_A)", "pickle.Unpickler(_A).load()"),
        "unsafe deserialization", "which can run any code that the data names", "reads JSON, which holds nothing but data",
    ),
    Swap(
        "found-pickle-written", "CWE-502",
        ("json.dumps(_A, **_K)", "json.dumps(_A)"), ("pickle.dumps(_A)", "cPickle.dumps(_A)", "marshal.dumps(_A)", "pickle.dumps(_A, protocol=2)"),
        "unsafe serialization format", "a format whose readers run any code that the data names", "writes JSON, which holds nothing but data",
    ),
    Swap(
        "found-pickle-dumped", "CWE-502",
        ("json.dump(_A, _B, **_K)", "json.dump(_A, _B)"), ("pickle.dump(_A, _B)", "pickle.dump(_A, _B, -1)", "marshal.dump(_A, _B)", "cPickle.dump(_A, _B)"),
        "unsafe serialization format", "a format whose readers run any code that the data names", "writes JSON, which holds nothing but data",
    ),
    Swap(
        "found-yaml-load", "CWE-502",
        ("yaml.safe_load(_A)", "yaml.load(_A, Loader=yaml.SafeLoader)"), ("yaml.load(_A)", "yaml.load(_A, Loader=yaml.Loader)", "yaml.unsafe_load(_A)", "yaml.load(_A, Loader=yaml.UnsafeLoader)"),
        "unsafe deserialization", "which builds any Python object the document asks for", "loads plain data with the safe loader",
    ),
    Swap(
        "found-weak-hash", "CWE-328",
        ("hashlib.sha256(*_R, **_K)", "hashlib.sha512(*_R, **_K)", "hashlib.sha3_256(*_R, **_K)"), ("hashlib.md5(*_R, **_K)", "hashlib.sha1(*_R, **_K)", "hashlib.new('md5', *_R)", "md5.new(*_R)"),
        "weak hash", "a hash for which collisions can be made", "uses a hash of the SHA-2 or SHA-3 family",
    ),
    Swap(
        "found-builtin-hash", "CWE-328",
        ("hashlib.sha256(repr(_A).encode()).hexdigest()", "hashlib.sha256(str(_A).encode('utf-8')).hexdigest()"),
        ("hashlib.md5(repr(_A).encode()).hexdigest()", "hashlib.sha1(str(_A).encode('utf-8')).hexdigest()", "hashlib.md5(str(_A)).hexdigest()"),
        "weak hash", "a hash for which collisions can be made", "uses SHA-256", neutral=("hash(_A)",),
    ),
    Swap(
        "found-random-choice", "CWE-330",
        ("secrets.choice(_A)", "random.SystemRandom().choice(_A)"), ("random.choice(_A)", "random.sample(_A, 1)[0]"),
        "predictable randomness", "whose generator can be predicted from its output", "draws from the operating system's secure source",
    ),
    Swap(
        "found-random-number", "CWE-330",
        ("random.SystemRandom().random()", "secrets.SystemRandom().random()"), ("random.random()",),
        "predictable randomness", "whose generator can be predicted from its output", "draws from the operating system's secure source",
    ),
    Swap(
        "found-random-integer", "CWE-330",
        ("secrets.randbelow(_B - _A + 1) + _A", "random.SystemRandom().randint(_A, _B)", "secrets.SystemRandom().randint(_A, _B)"), ("random.randint(_A, _B)",),
        "predictable randomness", "whose generator can be predicted from its output", "draws from the operating system's secure source",
    ),
    Swap(
        "found-random-bytes", "CWE-338",
        ("os.urandom(_A)", "secrets.token_bytes(_A)"), ("bytes((random.randrange(256) for _ in range(_A)))", "random.randbytes(_A)", "''.join((chr(random.randint(0, 255)) for _ in range(_A)))"),
        "predictable randomness", "whose generator is no cryptographic one", "takes the bytes from the operating system's secure source",
    ),
    Swap(
        "found-predictable-identifier", "CWE-340",
        ("uuid.uuid4()", "secrets.token_hex()"), ("uuid.uuid1()", "str(time.time())", "random.getrandbits(128)"),
        "guessable identifier", "which others can guess", "makes an identifier nobody can guess",
    ),
    Swap(
        "found-clock-as-seed", "CWE-337",
        ("secrets.token_hex(16)", "secrets.token_urlsafe()"), ("hashlib.md5(str(time.time()).encode()).hexdigest()", "str(random.random())"),
        "predictable value", "which follows from the clock or a predictable generator", "draws an unpredictable value", neutral=("time.time()",), only_with=_SECRET,
    ),
    Swap(
        "found-temporary-name", "CWE-377",
        ("tempfile.mkstemp(**_K)[1]", "tempfile.NamedTemporaryFile(delete=False, **_K).name", "tempfile.mkstemp(**_K)", "tempfile.NamedTemporaryFile(**_K)"),
        ("tempfile.mktemp(**_K)", "os.tmpnam()", "os.path.join('/tmp', str(os.getpid()))", "open('/tmp/output.tmp', 'w+')", "tempfile.mktemp()"),
        "insecure temporary file", "a name that another process can take before the file is made", "makes the file and its name at once, for its owner only",
    ),
    Swap(
        "found-temporary-folder", "CWE-377",
        ("tempfile.mkdtemp(**_K)", "tempfile.TemporaryDirectory(**_K)", "tempfile.mkdtemp()"), ("tempfile.mktemp(**_K)", "'/tmp/work'", "os.path.join('/tmp', 'build')"),
        "insecure temporary folder", "a place that others can prepare or read", "makes a folder of its own with an unguessable name",
    ),
    Swap(
        "found-open-permissions", "CWE-732",
        ("os.chmod(_A, 384)", "os.chmod(_A, 448)", "os.chmod(_A, 0o640)"), ("os.chmod(_A, 511)", "os.chmod(_A, 438)", "os.chmod(_A, 0o777)", "os.system('chmod 777 ' + _A)"),
        "excessive permissions", "which lets every user write the file", "gives the file to its owner only", neutral=("os.chmod(_A, _B)",),
    ),
    Swap(
        "found-open-folder-mode", "CWE-732",
        ("os.makedirs(_A, mode=448, exist_ok=True)", "os.makedirs(_A, mode=0o750)", "os.mkdir(_A, 448)"), ("os.makedirs(_A, mode=511, exist_ok=True)", "os.makedirs(_A, 0o777)", "os.mkdir(_A, 511)"),
        "excessive permissions", "which lets every user write into the folder", "makes a folder that others cannot write to", neutral=("os.makedirs(_A, **_K)", "os.mkdir(_A)"),
    ),
    Swap(
        "found-timing-comparison", "CWE-208",
        ("hmac.compare_digest(_A, _B)", "secrets.compare_digest(_A, _B)"), ("_A == _B",),
        "timing attack", "a comparison whose duration tells how much of the secret was right", "compares in constant time",
        site=r"digest|signature|hmac|passw|secret",
    ),
    Swap(
        "found-html-unescaped", "CWE-79",
        ("html.escape(_A)", "escape(_A)", "self.escape(_A)", "html.escape(_A, quote=True)", "quoteattr(_A)", "markupsafe.escape(_A)"), ("Markup(_A)", "mark_safe(_A)", "'%s' % _A", "html.unescape(_A)"),
        "cross-site scripting", "which puts the value into the page as it is", "escapes the value for its place",
        one_way=True,
    ),
    Swap(
        "found-shell-word-unquoted", "CWE-78",
        ("shlex.quote(_A)",), ("str(_A)", "'\"%s\"' % _A", "f\"'{_A}'\"", "'{}'.format(_A)"),
        "command injection", "which leaves shell characters of the value alive", "quotes the value with `shlex.quote`", neutral=("pipes.quote(_A)",),
        one_way=True,
    ),
    Swap(
        "found-pattern-unescaped", "CWE-625",
        ("re.escape(_A)",), ("str(_A)", "'(%s)' % _A", "_A.replace('.', '\\\\.')"),
        "regular-expression injection", "so that the value is read as a pattern, which may match anything or never end", "escapes the value with `re.escape`",
        one_way=True,
    ),
    Swap(
        "found-url-unquoted", "CWE-74",
        ("quote(_A)", "urllib.parse.quote(_A)", "urllib.parse.quote_plus(_A)", "quote(_A, safe='')"), ("str(_A)", "_A.replace(' ', '%20')", "'%s' % _A"),
        "URL injection", "so that characters of the value change the address", "quotes the value for an address",
        one_way=True,
    ),
    Swap(
        "found-unverified-context", "CWE-295",
        ("ssl.create_default_context(**_K)", "ssl.create_default_context()"), ("ssl._create_unverified_context()", "ssl.SSLContext(ssl.PROTOCOL_SSLv23)", "ssl._create_unverified_context(**_K)"),
        "missing certificate check", "which accepts any certificate", "verifies certificates and host names", neutral=("ssl._create_stdlib_context(**_K)",),
    ),
    Swap(
        "found-certificates-ignored", "CWE-295",
        ("ssl.CERT_REQUIRED",), ("ssl.CERT_NONE", "ssl.CERT_OPTIONAL"),
        "missing certificate check", "with which a forged certificate is accepted", "requires a valid certificate",
    ),
    Swap(
        "found-old-protocol", "CWE-327",
        ("ssl.PROTOCOL_TLS_CLIENT", "ssl.PROTOCOL_TLS_SERVER", "ssl.PROTOCOL_TLS"), ("ssl.PROTOCOL_SSLv3", "ssl.PROTOCOL_TLSv1", "ssl.PROTOCOL_SSLv2", "ssl.PROTOCOL_SSLv23"),
        "broken protocol version", "a version with known attacks", "lets both ends agree on a current version of TLS",
    ),
    Swap(
        "found-clear-connection", "CWE-319",
        ("http.client.HTTPSConnection(_A, **_K)", "ftplib.FTP_TLS(_A)", "smtplib.SMTP_SSL(_A, **_K)", "imaplib.IMAP4_SSL(_A)", "poplib.POP3_SSL(_A)"), ("http.client.HTTPConnection(_A, **_K)", "ftplib.FTP(_A)", "smtplib.SMTP(_A, **_K)", "telnetlib.Telnet(_A)", "httplib.HTTPConnection(_A)"),
        "clear-text transmission", "over which everybody on the way can read along", "connects over TLS",
    ),
    Swap(
        "found-verification-off", "CWE-295",
        ("requests.get(*_R, timeout=10)", "requests.get(*_R, verify=True, timeout=30)"), ("requests.get(*_R, verify=False)", "requests.get(*_R, timeout=10, verify=False)"),
        "missing certificate check", "which accepts any certificate", "keeps the certificate check and sets a timeout", neutral=("requests.get(*_R, **_K)",),
    ),
    Swap(
        "found-no-timeout", "CWE-400",
        ("requests.post(*_R, timeout=10, **_K)", "requests.post(*_R, timeout=(5, 30), **_K)"), ("requests.post(*_R, **_K)", "requests.post(*_R, timeout=None, **_K)"),
        "uncontrolled resource consumption", "which waits for ever when the server does not answer", "gives up after a stated time",
    ),
    Swap(
        "found-connection-no-timeout", "CWE-400",
        ("urlopen(_A, timeout=10)", "urllib.request.urlopen(_A, timeout=30)", "socket.create_connection(_A, timeout=10)"), ("urlopen(_A)", "urllib.request.urlopen(_A)", "urllib2.urlopen(_A)", "urllib.urlopen(_A)", "socket.create_connection(_A)"),
        "uncontrolled resource consumption", "which waits for ever when the other end does not answer", "gives up after a stated time",
    ),
    Swap(
        "found-unbounded-read", "CWE-770",
        ("_A.read(65536)", "_A.read(MAX_SIZE)", "_A.read(1024 * 1024)", "_A.read(10000000)"), ("_A.read()", "_A.read(-1)"),
        "unlimited allocation", "which reads as much as the other side cares to send", "reads at most a stated number of bytes",
    ),
    Swap(
        "found-extraction-unchecked", "CWE-22",
        ("_A.extractall(_B, filter='data')", "_A.extractall(path=_B, filter='data')"), ("_A.extractall(_B)", "_A.extractall(path=_B)", "_A.extractall(_B, filter='fully_trusted')"),
        "path traversal", "with which members of the archive can land outside the folder", "lets only members through that stay inside the folder",
    ),
    Swap(
        "found-base-name-kept", "CWE-22",
        ("os.path.basename(_A)", "secure_filename(_A)", "werkzeug.utils.secure_filename(_A)"), ("str(_A)", "_A.strip()", "_A.lstrip('/')"),
        "path traversal", "which leaves `../` in the name of a file", "keeps nothing but the last part of the path",
        one_way=True,
    ),
    Swap(
        "found-links-not-resolved", "CWE-59",
        ("os.path.realpath(_A)",), ("os.path.join(os.getcwd(), _A)", "os.path.expanduser(_A)", "os.getcwd() + '/' + _A"),
        "link following", "which neither resolves links nor `..`", "resolves the path before it is used",
        one_way=True,
    ),
    Swap(
        "found-query-formatted", "CWE-89",
        ("_A.execute(_B, (_C,))", "_A.execute(_B, [_C])"), ("_A.execute(_B % _C)", "_A.execute(_B + str(_C))", "_A.execute(_B.format(_C))"),
        "SQL injection", "which puts values into the text of the query", "hands the values over as parameters",
    ),
    Swap(
        "found-xml-entities", "CWE-611",
        ("defusedxml.ElementTree.parse(_A)", "lxml.etree.parse(_A, lxml.etree.XMLParser(resolve_entities=False))"), ("ET.parse(_A)", "xml.etree.ElementTree.parse(_A)", "etree.parse(_A)", "ElementTree.parse(_A)", "minidom.parse(_A)"),
        "XML external entities", "which expands entities that a document defines", "parses with entities switched off",
    ),
    Swap(
        "found-bind-everywhere", "CWE-605",
        ("_A.bind(('127.0.0.1', _B))", "_A.bind(('localhost', _B))"), ("_A.bind(('0.0.0.0', _B))", "_A.bind(('', _B))"),
        "binding to all interfaces", "which offers the service on every network", "listens on the local interface only", neutral=("_A.bind((_C, _B))",),
    ),
    Swap(
        "found-hard-coded-setting", "CWE-798",
        ("os.environ[_A]", "os.environ.get(_A)", "os.getenv(_A)", "os.environ.get(_A, _B)"), ("'s3cr3t-value'", "'admin123'", "'changeme'", "'P@ssw0rd'", "'AKIA4F0X9Q2Z7L1M'"),
        "hard-coded credentials", "a value that stands in the source for every reader", "takes the value from the environment",
        site=r"key|secret|token|passw|pwd|auth|user|credential|login|netrc",
    ),
)  # fmt: skip
EXAMPLES: Final = "examples_of_found.txt"


def read_examples() -> dict[str, tuple[str, str]]:
    """Return (a function, its naive side) by operator from the text file beside this module."""
    text = resources.files(__package__).joinpath(EXAMPLES).read_text(encoding="utf-8")
    examples: dict[str, tuple[str, str]] = {}
    for block in text.split("=== ")[1:]:
        head, _, rest = block.partition("\n")
        before, _, naive = rest.partition("\n--- naive\n")
        examples[head] = (before, naive.rstrip("\n"))
    return examples


_EXAMPLES: Final = read_examples()
OPERATORS: Final[tuple[Operator, ...]] = tuple(
    swap_operator(swap, _EXAMPLES.get(swap.name, ("", ""))) for swap in SWAPS
)
