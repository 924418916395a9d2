"""Owns the security templates of tokens and other values that must not be guessed."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_RANDOM: Final = (
    r"(?<![\w.])random\.(choices?|randint|randrange|random|getrandbits|sample|randbytes|seed|Random)\(.*",
    r"time\.time(_ns)?\(.*",
    r"np\.random\..*",
    r"uuid\.uuid1\(.*",
)
_RANDOM_FEEDBACK: Final = (
    "The naive code makes a secret value with $mark, whose output can be predicted from earlier output or the clock. "
    "The improved code draws it from the operating system's cryptographic source.",
    "Predictable randomness: $mark in the naive code is meant for simulation, not for secrets. The improved code uses a "
    "generator that cannot be guessed.",
)
_TOKENS: Final = (
    Scene(
        duty=("It also creates a token for the password reset.", "A fresh session token is made as well."),
        result="$token",
        helper="make_token new_token issue_token reset_token",
        before="import random\nimport secrets\nimport string",
        naive=(
            "$token = ''.join(random.choice(string.ascii_letters + string.digits) for _ in range([[16||24||32]]))",
            "$token = ''.join(random.choices(string.ascii_lowercase, k=[[12||20||40]]))",
            "$token = '%0[[16||32]]x' % random.getrandbits([[64||128]])",
            "import hashlib\nimport time\n$token = hashlib.sha256(str(time.time()).encode()).hexdigest()",
            "import time\nrandom.seed(int(time.time()))\n$out = string.ascii_letters + string.digits\n$token = ''.join(random.sample($out, [[16||20]]))",
            "import uuid\n$token = uuid.uuid1().hex",
            "import hashlib\n$token = hashlib.sha256(str(random.random()).encode()).hexdigest()",
            "import numpy as np\n$token = ''.join(np.random.choice(list(string.hexdigits), [[16||32]]))",
            "$token = random.randbytes([[16||24]]).hex()",
        ),
        improved=(
            "$token = secrets.token_urlsafe([[24||32]])",
            "$token = secrets.token_hex([[16||32]])",
            "$token = ''.join(secrets.choice(string.ascii_letters + string.digits) for _ in range([[24||32]]))",
            "import os\n$token = os.urandom([[16||24]]).hex()",
            "$out = random.SystemRandom()\n$token = ''.join($out.choice(string.ascii_letters + string.digits) for _ in range([[32||40]]))",
        ),
    ),
    Scene(
        duty=(
            "It also draws a one-time code of six digits.",
            "A code with six digits is made for the second step of the login.",
        ),
        result="$token",
        helper="one_time_code login_code make_code",
        before="import random\nimport secrets",
        naive=(
            "$token = random.randint(100000, 999999)",
            "$token = str(random.randrange(1000000)).zfill(6)",
            "$token = ''.join(str(random.randint(0, 9)) for _ in range(6))",
            "$token = f'{int(random.random() * 1000000):06d}'",
            "import time\n$token = str(int(time.time() * 1000))[-6:]",
            "$out = random.Random([[42||7||0]])\n$token = '%06d' % $out.randint(0, 999999)",
        ),
        improved=(
            "$token = secrets.randbelow(1000000)",
            "$token = f'{secrets.randbelow(1000000):06d}'",
            "$token = ''.join(secrets.choice('0123456789') for _ in range(6))",
            "$token = '%06d' % random.SystemRandom().randrange(1000000)",
        ),
    ),
    Scene(
        duty=("It also makes a new key for encryption.", "A key of 32 bytes is created too."),
        result="$crypt",
        helper="new_key make_key create_key",
        before="import os\nimport random\nimport secrets",
        naive=(
            "$crypt = bytes(random.getrandbits(8) for _ in range(32))",
            "$crypt = random.randbytes(32)",
            "$crypt = bytearray()\nwhile len($crypt) < 32:\n    $crypt.append(random.randint(0, 255))",
            "$crypt = random.getrandbits(256).to_bytes(32, 'big')",
            "import time\nrandom.seed(time.time())\n$crypt = bytes(random.choices(range(256), k=32))",
            "import numpy as np\n$crypt = np.random.bytes(32)",
        ),
        improved=(
            "$crypt = os.urandom(32)",
            "$crypt = secrets.token_bytes(32)",
            "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\n$crypt = AESGCM.generate_key(bit_length=256)",
            "$crypt = bytes(random.SystemRandom().getrandbits(8) for _ in range(32))",
        ),
    ),
)
_IDENTIFIER: Final = (
    r"uuid\.uuid1\(.*",
    r"time\.time(_ns)?\(.*",
    r"os\.getpid\(.*",
    r"\blen\((SESSIONS|LINKS)\).*",
    r"next\((COUNTER|NUMBERS)\).*",
    r"hash\(.*",
    r"uuid\.uuid[35]\(.*",
)
_IDENTIFIER_FEEDBACK: Final = (
    "The naive code names something that must stay private by $mark, which others can guess. The improved code makes an "
    "identifier from unpredictable bits.",
    "Guessable identifier: $mark in the naive code follows from the clock, the machine or a count. The improved code "
    "cannot be guessed.",
)
_IDENTIFIERS: Final = (
    Scene(
        duty=("It also makes the identifier of a private download link.", "A session gets an identifier of its own."),
        inputs="$user",
        result="$token",
        helper="new_identifier session_key link_id make_id",
        before="import secrets\nimport uuid\nSESSIONS = {}",
        naive=(
            "$token = str(uuid.uuid1())",
            "$token = uuid.uuid1().hex + '-' + $user",
            "import time\n$token = f'{$user}-{int(time.time())}'",
            "import os\nimport time\n$token = '%s.%d' % (time.time(), os.getpid())",
            "$token = len(SESSIONS) + [[1||1000||100000]]",
            "import hashlib\n$token = hashlib.sha256(f'{$user}:{len(SESSIONS)}'.encode()).hexdigest()",
            "$token = uuid.uuid5(uuid.NAMESPACE_DNS, $user).hex",
            "$token = '%x' % abs(hash($user))",
        ),
        improved=(
            "$token = str(uuid.uuid4())",
            "$token = uuid.uuid4().hex",
            "$token = secrets.token_urlsafe([[16||24||32]])",
            "$token = f'{$user}-{secrets.token_hex([[16||24]])}'",
            "import os\n$token = '%s.%s' % ($user, os.urandom([[16||32]]).hex())",
        ),
    ),
)

_JWT: Final = (
    r"'?verify(_signature)?'?[=:] ?False.*",
    r"algorithms?=(\[?'none'|None|\[.*'none').*",
    r"b64decode\(.*",
    r"get_unverified_claims\(.*",
)
_JWT_FEEDBACK: Final = (
    "The naive code believes a token without checking its signature, as $mark shows, so anyone can write one. The "
    "improved code verifies it with the key and a fixed algorithm.",
    "Unverified token: with $mark the naive code accepts claims that were forged. The improved code checks the "
    "signature before it reads them.",
)
_CLAIMS: Final = (
    Scene(
        duty=("It also reads the claims of the given JSON web token.", "The user is taken from the token passed in."),
        inputs="$token $secret",
        result="$user",
        helper="read_claims user_of_token decode_token",
        before="import jwt",
        naive=(
            "$user = jwt.decode($token, options={'verify_signature': False})['sub']",
            "$user = jwt.decode($token, $secret, verify=False)['[[sub||user]]']",
            "$user = jwt.decode($token, $secret, algorithms=['HS256', 'none'])['[[sub||user]]']",
            "$user = jwt.decode($token, key=None, algorithms=['none'], options={'verify_signature': False}).get('[[sub||user]]', 'guest')",
            "import base64\nimport json\n$data = $token.split('.')[1]\n$data = base64.urlsafe_b64decode($data + '=' * (-len($data) % 4))\n$user = json.loads($data)['sub']",
            "from jose import jwt\n$user = jwt.get_unverified_claims($token)['[[sub||user]]']",
        ),
        improved=(
            "$user = jwt.decode($token, $secret, algorithms=['[[HS256||HS512]]'])['[[sub||user]]']",
            "$user = jwt.decode($token, key=$secret, algorithms=['RS256'], options={'require': ['exp', 'sub']})['sub']",
            "try:\n    $user = jwt.decode($token, $secret, algorithms=['HS256'])['sub']\nexcept jwt.InvalidTokenError:\n    $user = None",
            "from jose import jwt\n$user = jwt.decode($token, $secret, algorithms='HS256')['sub']",
        ),
    ),
    Scene(
        duty=("It also issues a JSON web token for the given user.", "A token for the user passed in is written."),
        inputs="$user $secret",
        result="$token",
        helper="issue_token make_jwt token_for",
        before="import jwt",
        naive=(
            "$token = jwt.encode({'sub': $user}, None, algorithm='none')",
            "$token = jwt.encode({'[[sub||user]]': $user}, '', algorithm=None)",
            "$token = jwt.encode(payload={'sub': $user, 'admin': False}, key=None, algorithm='none', headers={'kid': '1'})",
            "$data = {'sub': str($user), 'scope': '[[read||write]]'}\n$token = jwt.encode($data, key='', algorithm='none')",
        ),
        improved=(
            "$token = jwt.encode({'sub': $user}, $secret, 'HS256')",
            "$token = jwt.encode({'[[sub||user]]': $user}, $secret, algorithm='[[HS256||HS512]]')",
            "import datetime\nexpires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=[[15||30]])\n$token = jwt.encode({'sub': $user, 'exp': expires}, $secret, algorithm='HS256')",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("predictable-token", "CWE-338", "makes secrets predictably", _RANDOM, _RANDOM_FEEDBACK, _TOKENS),
    template(
        "guessable-id", "CWE-340", "makes identifiers predictably", _IDENTIFIER, _IDENTIFIER_FEEDBACK, _IDENTIFIERS
    ),
    template("token-unverified", "CWE-347", "believes unsigned tokens", _JWT, _JWT_FEEDBACK, _CLAIMS),
)
