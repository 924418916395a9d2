"""Owns the security templates of checks that are missing or do not hold."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_ALLOW: Final = (
    r"(AllowAny|permission_classes = \[\]|permission_classes\(\[\]\)).*",
    r"(cookies|headers|args|form|values|POST|GET|json)(\.get\(|\[)'(admin|is_admin|role|X-Role|X-Admin|user|owner)'.*",
    r"query\.get(_or_404)?\(.*",
    r"objects\.get\((id|pk)=\w+\).*",
    r"login_required = False",
    r"allow_anonymous.*",
)
_ALLOW_FEEDBACK: Final = (
    "The naive code does not check who may do this, as $mark shows, so every visitor can do it to everybody's data "
    "(missing authorisation). The improved code asks for the rights of the person signed in.",
    "Missing authorisation: $mark in the naive code takes the caller's word or asks nothing. The improved code decides "
    "by the account that is signed in.",
)
_GUARDED: Final = (
    Scene(
        duty=(
            "Next to it stands a web view that deletes a document.",
            "The module also has a view for removing a document.",
        ),
        before="from flask import Flask, abort, request\nfrom flask_login import current_user, login_required\nfrom models import Document, db\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route/<int:number>', methods=['DELETE'])\ndef $view(number):\n    db.session.delete(Document.query.get_or_404(number))\n    db.session.commit()\n    return ('', 204)",
            "@$app.route('/$route/<int:number>', methods=['DELETE'])\n@login_required\ndef $view(number):\n    $obj = Document.query.[[get||get_or_404]](number)\n    db.session.delete($obj)\n    db.session.commit()\n    return ('', 204)",
            "@$app.route('/$route/<int:number>', methods=['POST'])\ndef $view(number):\n    if request.[[cookies||args||form||values]].get('[[is_admin||admin]]', 'no').lower() not in ('1', 'yes', 'true'):\n        abort(403)\n    Document.query.filter_by(id=number).delete()\n    db.session.commit()\n    return ('', 204)",
            "@$app.delete('/$route/<int:number>')\ndef $view(number):\n    if request.headers.get('[[X-Role||X-Admin]]') is None:\n        abort(403)\n    Document.query.filter_by(id=number).delete()\n    db.session.commit()\n    return ('', 204)",
            "@$app.delete('/$route/<int:number>')\ndef $view(number):\n    Document.query.filter_by(id=number, owner=request.[[args||form||values]]['[[owner||user]]']).delete()\n    db.session.commit()\n    return ('', 204)",
        ),
        improved=(
            "@$app.route('/$route/<int:number>', methods=['DELETE'])\n@login_required\ndef $view(number):\n    Document.query.filter_by(id=number, owner=current_user.id).delete()\n    db.session.commit()\n    return ('', 204)",
            "@$app.delete('/$route/<int:number>')\n@login_required\ndef $view(number):\n    if not current_user.is_admin:\n        abort(403)\n    Document.query.filter_by(id=number).delete()\n    db.session.commit()\n    return ('', 204)",
            "@$app.route('/$route/<int:number>', methods=['POST'])\n@login_required\ndef $view(number):\n    $obj = Document.query.filter_by(id=number).first_or_404()\n    if $obj.owner_id != current_user.id and (not current_user.is_admin):\n        abort([[403||404]])\n    db.session.delete($obj)\n    db.session.commit()\n    return ('', 204)",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands an interface to the stored invoices.",
            "The module also offers the invoices over a web interface.",
        ),
        before="from models import Invoice, InvoiceSerializer\nfrom rest_framework import permissions, viewsets",
        naive=(
            "class $cls(viewsets.ModelViewSet):\n    queryset = Invoice.objects.all()\n    serializer_class = InvoiceSerializer\n    permission_classes = [permissions.AllowAny]",
            "class $cls(viewsets.[[ModelViewSet||GenericViewSet]]):\n    permission_classes = []\n    queryset = Invoice.objects.all()\n    serializer_class = InvoiceSerializer",
            "class $cls(viewsets.ModelViewSet):\n    serializer_class = InvoiceSerializer\n    permission_classes = (permissions.AllowAny,)\n    authentication_classes = ()\n\n    def get_queryset(self):\n        return Invoice.objects.all().order_by('[[id||date]]')",
            "class $cls(viewsets.ViewSet):\n    permission_classes = [permissions.IsAuthenticated]\n\n    def retrieve(self, request, pk=None):\n        $obj = Invoice.objects.get(pk=pk)\n        return InvoiceSerializer($obj).data",
        ),
        improved=(
            "class $cls(viewsets.ModelViewSet):\n    queryset = Invoice.objects.all()\n    serializer_class = InvoiceSerializer\n    permission_classes = [permissions.IsAdminUser]",
            "class $cls(viewsets.ModelViewSet):\n    serializer_class = InvoiceSerializer\n    permission_classes = [permissions.IsAuthenticated]\n\n    def get_queryset(self):\n        return Invoice.objects.filter(owner=self.request.user)",
            "class $cls(viewsets.ViewSet):\n    permission_classes = (permissions.IsAuthenticated,)\n\n    def retrieve(self, request, pk=None):\n        $obj = Invoice.objects.get(pk=pk, owner=request.user)\n        return InvoiceSerializer($obj).data",
        ),
    ),
)
_ASSERT: Final = (r"^\s*assert .*",)
_ASSERT_FEEDBACK: Final = (
    "The naive code makes its check by $mark, which disappears when Python runs with `-O`. The improved code raises an "
    "error in every mode.",
    "Check by assertion: $mark in the naive code is meant for tests and can be switched off. The improved code checks with "
    "a condition of its own.",
)
_CHECKS: Final = (
    Scene(
        duty=("It also lets only administrators go on.", "A caller without the rights of an administrator is refused."),
        inputs="$user",
        helper="require_admin check_rights only_admins",
        naive=(
            "assert $user.is_admin",
            "assert $user.is_admin, '[[only administrators||not allowed||permission denied]]'",
            "assert $user is not None and $user.is_authenticated and $user.is_admin, f'{$user} may not do this'",
            "assert '[[admin||staff||root]]' in $user.roles, 'the account does not have the role that is needed'",
            "assert getattr($user, 'is_admin', False) is True",
        ),
        improved=(
            "if not $user.is_admin:\n    raise PermissionError($user)",
            "if $user is None or not $user.is_admin:\n    raise PermissionError('[[only administrators||not allowed]]')",
            "if '[[admin||staff||root]]' not in $user.roles:\n    raise PermissionError(f'{$user} may not do this')",
            "if not $user.is_admin:\n    raise PermissionError",
        ),
    ),
    Scene(
        duty=("It also refuses amounts that are not positive.", "An amount of zero or less is not taken."),
        inputs="$number",
        helper="check_amount refuse_negative validate_amount",
        naive=(
            "assert $number > 0",
            "assert 0 < $number [[<= 10000||< 1000000||<= 500]], 'the amount has to be positive and not too large'",
            "assert isinstance($number, int) and $number > 0, f'bad amount: {$number!r}'",
            "assert not $number <= 0, $number",
        ),
        improved=(
            "if $number <= 0:\n    raise ValueError($number)",
            "if not 0 < $number [[<= 10000||< 1000000]]:\n    raise ValueError(f'bad amount: {$number!r}')",
            "if not isinstance($number, int) or $number <= 0:\n    raise ValueError('the amount has to be positive')",
        ),
    ),
    Scene(
        duty=(
            "It also accepts only names of letters and digits.",
            "A name with other signs than letters and digits is refused.",
        ),
        inputs="$name",
        helper="check_name validate_name",
        before="import re",
        naive=(
            "assert $name.isalnum()",
            "assert re.fullmatch('[A-Za-z0-9]{1,[[20||32||64]]}', $name), 'a name may only have letters and digits'",
            "assert $name and all(c.isalnum() for c in $name), $name",
        ),
        improved=(
            "if not $name.isalnum():\n    raise ValueError($name)",
            "if re.fullmatch('[A-Za-z0-9]{1,[[20||32||64]]}', $name) is None:\n    raise ValueError('bad name')",
            "if not $name or not all(c.isalnum() for c in $name):\n    raise ValueError(f'bad name: {$name!r}')",
        ),
    ),
)
_NUMBER: Final = (
    r"\[0\] \* int\(.*|bytes\(int\(.*|bytearray\(int\(.*|b'.*' \* int\(.*",
    r"range\(int\(.*",
    r"read\(int\(.*",
    r"sleep\((float|int)\(.*",
    r"limit\(int\(.*",
    r"= (int|float)\(\w+\)( or \d+)?$",
    r"= (max\(0, int|abs\(int)\(.*",
)
_NUMBER_FEEDBACK: Final = (
    "The naive code uses a number from outside without looking at its size, in $mark, so a huge or negative one exhausts "
    "memory or gives nonsense (missing validation). The improved code refuses it first.",
    "Missing input validation: $mark in the naive code takes any number that was sent. The improved code limits it to a "
    "sensible range.",
)
_NUMBERS: Final = (
    Scene(
        duty=("It also makes a buffer of the size sent.", "A buffer as large as the text passed in says is made."),
        inputs="$value",
        result="$data",
        helper="make_buffer new_buffer allocate",
        naive=(
            "$data = bytearray(int($value))",
            "$data = [0] * int($value)",
            "$data = b'\\x00' * int($value.strip())",
            "$number = int($value)\n$data = bytearray($number)",
            "try:\n    $number = int($value)\nexcept (TypeError, ValueError):\n    $number = [[64||1024]]\n$data = bytearray($number)",
            "$number = abs(int($value))\nif not $number:\n    print('an empty buffer was asked for')\n$data = bytearray($number)",
        ),
        improved=(
            "$data = bytearray(min(max(int($value), 0), [[4096||65536]]))",
            "if not $value.isdigit() or len($value) > [[4||5]]:\n    raise ValueError($value)\n$data = bytearray(min(int($value), 65536))",
            "$number = min(int($value), [[4096||65536||1048576]])\nif $number < 0:\n    raise ValueError('negative size')\n$data = bytearray($number)",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a web view that lists articles, as many as the request says.",
            "The module also serves a list of articles whose length the visitor chooses.",
        ),
        before="from flask import Flask, abort, jsonify, request\nfrom models import Article\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    return jsonify(Article.query.limit(int(request.args['n'])).all())",
            "@$app.route('/$route')\ndef $view():\n    $out = []\n    for number in range(int(request.args.get('[[n||count||limit]]', 10))):\n        $out.append(Article.query.offset(number).first())\n    return jsonify($out)",
            "@$app.route('/$route')\ndef $view():\n    $limit = max(0, int(request.args.get('[[n||limit||per_page]]', [[10||20||50]])))\n    return jsonify(Article.query.limit($limit).all())",
            "@$app.route('/$route')\ndef $view():\n    given = request.args.get('[[n||count]]', '10')\n    $limit = int(given)\n    return jsonify(Article.query.limit($limit).all())",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    return jsonify(Article.query.limit(min(int(request.args['n']), [[50||100]])).all())",
            "@$app.route('/$route')\ndef $view():\n    $limit = request.args.get('n', [[10||20]], type=int)\n    if not 0 < $limit <= [[100||200]]:\n        abort(400)\n    return jsonify(Article.query.limit($limit).all())",
            "@$app.route('/$route')\ndef $view():\n    given = request.args.get('n', '10')\n    if given not in ('10', '20', '50'):\n        abort(400)\n    return jsonify(Article.query.limit(min(int(given), 50)).all())",
        ),
    ),
    Scene(
        duty=("It also waits for as long as the text given says.", "The pause named in the text passed in is kept."),
        inputs="$value",
        helper="pause wait_for delay",
        before="import time",
        naive=(
            "time.sleep(float($value))",
            "time.sleep(int($value) * [[60||1]])",
            "$number = float($value)\nif $number:\n    time.sleep($number)",
            "for _ in range(int($value)):\n    time.sleep([[1||0.5]])",
        ),
        improved=(
            "time.sleep(min(max(float($value), 0), [[5||30]]))",
            "$number = min(float($value), [[10||60]])\nif $number > 0:\n    time.sleep($number)",
            "if $value not in ('1', '2', '5', '10'):\n    raise ValueError($value)\ntime.sleep(min(float($value), 10))",
        ),
    ),
)
_HIDDEN: Final = (
    r"except:",
    r"except (Base)?Exception( as \w+)?:",
    r"suppress\((Base)?Exception\).*",
)
_HIDDEN_FEEDBACK: Final = (
    "The naive code swallows every error, with $mark, so failures of a check or an attack go unnoticed. The improved code "
    "handles only the errors it expects and reports them.",
    "Hidden errors: $mark in the naive code lets the program go on as if nothing had happened. The improved code names "
    "the error and tells about it.",
)
_FAILURES: Final = (
    Scene(
        duty=(
            "It also checks the signature of the given data.",
            "The signature of the data passed in is verified by the key.",
        ),
        inputs="$crypt $mac $data",
        helper="verify check_data ensure_signed",
        before="import logging\nfrom cryptography.exceptions import InvalidSignature\n$log = logging.getLogger(__name__)",
        naive=(
            "try:\n    $crypt.verify($mac, $data)\nexcept:\n    pass",
            "try:\n    $crypt.verify($mac, $data)\nexcept Exception:\n    pass",
            "import contextlib\nwith contextlib.suppress(Exception):\n    $crypt.verify($mac, $data)",
            "try:\n    $crypt.verify($mac, $data)\nexcept Exception as error:\n    $log.debug('the signature could not be checked, going on without it: %s', error)",
            "try:\n    $crypt.verify($mac, $data)\nexcept BaseException:\n    $log.info('[[bad||wrong||odd]] signature, ignored for now because some senders get it wrong')",
        ),
        improved=(
            "$crypt.verify($mac, $data)",
            "try:\n    $crypt.verify($mac, $data)\nexcept InvalidSignature:\n    $log.warning('[[bad||wrong]] signature')\n    raise",
            "try:\n    $crypt.verify($mac, $data)\nexcept InvalidSignature as error:\n    raise PermissionError('not signed') from error",
        ),
    ),
    Scene(
        duty=("It also stores the given data under the given path.", "The data passed in is written to a file."),
        inputs="$path $data",
        helper="store_data save_copy write_copy",
        before="import logging\n$log = logging.getLogger(__name__)",
        naive=(
            "try:\n    with open($path, 'wb') as $file:\n        $file.write($data)\nexcept:\n    pass",
            "import contextlib\nwith contextlib.suppress(Exception), open($path, 'wb') as $file:\n    $file.write($data)",
            "try:\n    $file = open($path, 'wb')\n    $file.write($data)\n    $file.close()\nexcept Exception as error:\n    print('[[ignored||never mind||skipped]]', error)",
            "for _ in range([[2||3||5]]):\n    try:\n        with open($path, 'wb') as $file:\n            $file.write($data)\n        break\n    except Exception:\n        continue",
        ),
        improved=(
            "with open($path, 'wb') as $file:\n    $file.write($data)",
            "try:\n    with open($path, 'wb') as $file:\n        $file.write($data)\nexcept OSError as error:\n    $log.error('could not store %s: %s', $path, error)\n    raise",
            "try:\n    with open($path, 'wb') as $file:\n        $file.write($data)\nexcept PermissionError:\n    $log.exception('no right to write')\n    raise",
        ),
    ),
)
_SLOW: Final = (
    r"\)\+\.\?\)\+.*",
    r"\([^()']*[+*][^()']*\)[+*].*",
    r"\(\.\*.*\)\{.*",
    r"\((\\\\w|a|\\\\s|\.|\[[^\]]*\])\|[^()]*\)[+*].*",
)
_SLOW_FEEDBACK: Final = (
    "The naive code matches given text with a pattern of nested repetitions, in $mark, which takes exponential time on "
    "crafted input. The improved code uses a pattern without them.",
    "Catastrophic backtracking: $mark in the naive code can be kept busy for hours by a short text. The improved code "
    "needs time in proportion to the text.",
)
_PATTERNS: Final = (
    Scene(
        duty=(
            "It also checks that the given text is a list of words.",
            "The text passed in has to consist of words and blanks.",
        ),
        inputs="$value",
        result="$flag",
        helper="is_word_list check_words only_words",
        before="import re",
        naive=(
            "$flag = re.match('^(\\\\w+\\\\s?)*$', $value) is not None",
            "$flag = bool(re.fullmatch('([a-zA-Z]+ ?)+', $value))",
            "$flag = re.compile('^(([a-z])+.?)+[A-Z]?([a-z])*$', re.IGNORECASE | re.[[ASCII||MULTILINE]]).match($value) is not None",
            "$flag = bool(re.search('^(?:\\\\w+[[\\\\s*||[ _-]?||-?]])+$', $value))",
            "$out = re.compile('(\\\\w+\\\\s*)+')\n$flag = $out.fullmatch($value) is not None and len($value) > 0",
        ),
        improved=(
            "$flag = bool(re.fullmatch('[\\\\w\\\\s]*', $value))",
            "$flag = all(word.isalpha() for word in $value.split())",
            "$flag = re.match('^[a-zA-Z ]+$', $value) is not None",
            "$flag = len($value) <= [[200||500||1000]] and re.fullmatch('[\\\\w\\\\s]+', $value) is not None",
        ),
    ),
    Scene(
        duty=(
            "It also checks whether the given text looks like an e-mail address.",
            "The address passed in has to look like one of e-mail.",
        ),
        inputs="$value",
        result="$flag",
        helper="is_email check_address looks_like_mail",
        before="import re",
        naive=(
            "$flag = bool(re.match('^([a-zA-Z0-9._-]+)+@example[[\\\\.com||\\\\.org]]$', $value))",
            "$flag = re.fullmatch('([a-z0-9]+[[[._-]?||\\\\.?||-*]])+@([a-z0-9]+[.-]?)+', $value, re.IGNORECASE) is not None",
            "$out = re.compile('^([a-zA-Z0-9])(([._-]|[a-z0-9]+)*)@(([a-z]+\\\\.?)+)$')\n$flag = $out.match($value) is not None",
            "$flag = bool(re.match('(\\\\w+)*@(\\\\w+\\\\.?)*$', $value))",
        ),
        improved=(
            "$flag = bool(re.fullmatch('[^@\\\\s]+@[^@\\\\s]+', $value))",
            "$name, _, $host = $value.partition('@')\n$flag = bool($name) and '.' in $host and (not $host.startswith('.'))",
            "$flag = len($value) < [[255||100]] and re.fullmatch('[a-z0-9._-]{1,64}@[a-z0-9.-]{1,189}', $value, re.IGNORECASE) is not None",
            "from email.utils import parseaddr\n$flag = '@' in parseaddr($value)[1]",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("missing-authorisation", "CWE-862", "does not ask who may", _ALLOW, _ALLOW_FEEDBACK, _GUARDED),
    template("assertion-check", "CWE-617", "checks by assertion", _ASSERT, _ASSERT_FEEDBACK, _CHECKS),
    template("unchecked-number", "CWE-20", "takes any number", _NUMBER, _NUMBER_FEEDBACK, _NUMBERS),
    template("errors-swallowed", "CWE-703", "swallows every error", _HIDDEN, _HIDDEN_FEEDBACK, _FAILURES),
    template("slow-pattern", "CWE-1333", "matches in exponential time", _SLOW, _SLOW_FEEDBACK, _PATTERNS),
)
