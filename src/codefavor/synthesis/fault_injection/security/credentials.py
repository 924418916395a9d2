"""Owns the security templates of passwords, keys and other credentials."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_PASSWORD: Final = r"(password|secret|passphrase|pwd|given_password)\d*"
_CODED: Final = (
    _PASSWORD + r" = ['\"].*",
    r"(?<![\w'])(password|passwd|pwd|api_key|auth_token|secret_access_key)=['\"].*",
    r"://\w+:\w+@.*",
    r"\.login\('[^']*', '.*",
    r"'(password|passwd|api_key)': '\w.*",
    r"'Authorization': 'Bearer \w.*",
    r"get\('\w+', '\w.*",
    r"auth=\('\w+', '.*",
    r"(PASSWORD|API_KEY|TOKEN) = '.*",
)
_CODED_FEEDBACK: Final = (
    "The naive code has a password in its source, in $mark, where every reader of the code finds it. The improved code "
    "takes it from outside at run time.",
    "Hard-coded credentials: $mark in the naive code cannot be changed without a release and leaks with the source. The "
    "improved code keeps the secret out of it.",
)
_LOGINS: Final = (
    Scene(
        duty=("It also connects to the database on the given host.", "A connection to the database is opened."),
        inputs="$host",
        result="$db",
        helper="connect open_database database_connection",
        before="import os\nimport psycopg2",
        naive=(
            "$db = psycopg2.connect(host=$host, user='app', password='[[changeme||hunter2||Pa55w0rd||admin123]]')",
            "$password = '[[s3cr3t!||letmein||toor||qwerty12]]'\n$db = psycopg2.connect(host=$host, user='app', password=$password)",
            "import MySQLdb\n$db = MySQLdb.connect(host=$host, user='root', passwd='[[root||example||mysql]]', db='main')",
            "from sqlalchemy import create_engine\n$db = create_engine(f'postgresql://app:[[hunter2||welcome1||pgpass]]@{$host}/main').connect()",
            "from pymongo import MongoClient\n$db = MongoClient('mongodb://admin:[[admin||mongo123]]@' + $host).main",
            "$password = os.environ.get('DB_PASSWORD', '[[changeme||fallback9||dev-password]]')\n$db = psycopg2.connect(host=$host, user='app', password=$password, connect_timeout=[[5||10]])",
            "import redis\n$db = redis.Redis(host=$host, port=6379, password='[[foobared||redis-pass]]')",
        ),
        improved=(
            "$db = psycopg2.connect(host=$host, user='app', password=os.environ['DB_PASSWORD'])",
            "$password = os.environ['[[PGPASSWORD||DATABASE_PASSWORD]]']\n$db = psycopg2.connect(host=$host, user='app', password=$password)",
            "import keyring\n$db = psycopg2.connect(host=$host, user='app', password=keyring.get_password('db', 'app'))",
            "import getpass\n$db = psycopg2.connect(host=$host, user='app', password=getpass.getpass())",
            "import pathlib\n$password = pathlib.Path('/run/secrets/db_password').read_text(encoding='utf-8').strip()\n$db = psycopg2.connect(host=$host, user='app', password=$password)",
        ),
    ),
    Scene(
        duty=(
            "It also asks a web service for news about the given name.",
            "A remote interface is called for the name passed in.",
        ),
        inputs="$name",
        result="$out",
        helper="ask_service call_api fetch_entry",
        before="import os\nimport requests",
        naive=(
            "$out = requests.get('https://api.example.com/v1/' + $name, headers={'Authorization': 'Bearer [[x7Kq2mVt9||live-4f1b83||c0ffee77]]'}, timeout=10).json()",
            "$out = requests.get(f'https://api.example.com/{$name}', auth=('service', '[[p4ssw0rd||s3rvice||topsecret]]'), timeout=10).json()",
            "API_KEY = '[[9f8e7d6c5b4a||k-118209-aa||demo-key-2231]]'\n$out = requests.get('https://api.example.com/v1/items', params={'q': $name, 'key': API_KEY}, timeout=10).json()",
            "$config = {'api_key': '[[ab12cd34||prod-77f||q9w8e7]]', 'q': $name}\n$out = requests.post('https://api.example.com/search', json=$config, timeout=20).json()",
            "$out = requests.get('https://bot:[[b0tpass||robot1]]@api.example.com/' + $name, timeout=10).json()",
        ),
        improved=(
            "$out = requests.get('https://api.example.com/v1/' + $name, headers={'Authorization': 'Bearer ' + os.environ['API_TOKEN']}, timeout=10).json()",
            "$out = requests.get(f'https://api.example.com/{$name}', auth=('service', os.environ['API_PASSWORD']), timeout=10).json()",
            "import keyring\n$config = {'key': keyring.get_password('api.example.com', 'service'), 'q': $name}\n$out = requests.post('https://api.example.com/search', json=$config, timeout=20).json()",
            "$token = os.environ.get('API_TOKEN')\nif not $token:\n    raise RuntimeError('API_TOKEN is not set')\n$out = requests.get('https://api.example.com/v1/items', params={'q': $name, 'key': $token}, timeout=10).json()",
        ),
    ),
    Scene(
        duty=("It also sends the given message by mail.", "The message passed in is mailed to the operators."),
        inputs="$data",
        helper="send_mail notify mail_report",
        before="import os\nimport smtplib",
        naive=(
            "with smtplib.SMTP_SSL('mail.example.com') as $client:\n    $client.login('robot@example.com', '[[mailpass1||sommer2021||Xk39!]]')\n    $client.sendmail('robot@example.com', 'ops@example.com', $data)",
            "PASSWORD = '[[mail4you||n0tify||Winter#22]]'\nwith smtplib.SMTP_SSL('mail.example.com', 465) as $client:\n    $client.login(os.environ['MAIL_USER'], PASSWORD)\n    $client.sendmail('robot@example.com', 'ops@example.com', $data)",
            "$password = '[[abc123||mailer||geheim]]' or os.environ.get('MAIL_PASSWORD')\n$client = smtplib.SMTP_SSL('mail.example.com')\n$client.login(user='robot', password=$password)\n$client.sendmail('robot@example.com', ['ops@example.com'], $data)\n$client.quit()",
        ),
        improved=(
            "with smtplib.SMTP_SSL('mail.example.com') as $client:\n    $client.login(os.environ['MAIL_USER'], os.environ['MAIL_PASSWORD'])\n    $client.sendmail('robot@example.com', 'ops@example.com', $data)",
            "import netrc\n$user, _, $password = netrc.netrc().authenticators('mail.example.com')\nwith smtplib.SMTP_SSL('mail.example.com') as $client:\n    $client.login($user, $password)\n    $client.sendmail('robot@example.com', 'ops@example.com', $data)",
            "import getpass\nwith smtplib.SMTP_SSL('mail.example.com') as $client:\n    $client.login('robot', getpass.getpass())\n    $client.sendmail('robot@example.com', 'ops@example.com', $data)",
        ),
    ),
)
_KEY: Final = (
    r"b'[^']{4,}'.*",
    r"'[\w+/=-]{8,}'\.encode\(.*",
    r"fromhex\('.*",
    r"b64decode\('.*",
    r"(SECRET_KEY|secret_key).* = '.*",
    r"SECRET_KEY='.*",
    r"get\('\w+', '\w.*",
)
_KEY_FEEDBACK: Final = (
    "The naive code holds a key in its source, in $mark, so whoever has the code can decrypt or forge. The improved code "
    "gets the key from outside.",
    "Hard-coded key: $mark in the naive code is the same in every installation and known to every reader. The improved "
    "code loads it at run time.",
)
_KEYED: Final = (
    Scene(
        duty=("It also signs the given message.", "The message passed in gets a signature."),
        inputs="$data",
        result="$mac",
        helper="sign_message make_signature seal",
        before="import hmac\nimport os",
        naive=(
            "$mac = hmac.digest(b'[[my-signing-key||0123456789abcdef||keyboard cat]]', $data, 'sha256')",
            "$secret = b'[[s3cr3t-k3y||do-not-share||topsecretvalue]]'\n$mac = hmac.new($secret, $data, 'sha256').hexdigest()",
            "$secret = '[[c0mpanyw1de||qTz81kkLw0||signing-key-v2]]'.encode('utf-8')\n$mac = hmac.new($secret, $data, 'sha256').hexdigest()",
            "$secret = bytes.fromhex('[[00112233445566778899aabbccddeeff||deadbeefdeadbeefdeadbeefdeadbeef]]')\n$mac = hmac.new(key=$secret, msg=$data, digestmod='sha256').hexdigest()",
            "import base64\n$secret = base64.b64decode('[[c2VjcmV0LWtleS12YWx1ZQ==||bXkta2V5LWlzLWhlcmU=]]')\n$mac = hmac.new($secret, $data, 'sha512').hexdigest()",
            "$secret = os.environ.get('SIGNING_KEY', '[[development||default-key||changeme99]]')\n$mac = hmac.new($secret.encode(), $data, 'sha256').hexdigest()",
        ),
        improved=(
            "$mac = hmac.new(os.environ['SIGNING_KEY'].encode(), $data, 'sha256').hexdigest()",
            "$secret = os.environb[b'KEY']\n$mac = hmac.digest($secret, $data, 'sha256')",
            "with open('/run/secrets/signing_key', 'rb') as $file:\n    $secret = $file.read().strip()\n$mac = hmac.new($secret, $data, 'sha256').hexdigest()",
            "import keyring\n$secret = keyring.get_password('app', 'signing')\n$mac = hmac.new($secret.encode(), $data, 'sha256').hexdigest()",
        ),
    ),
    Scene(
        duty=("It also encrypts the given data.", "The data passed in is stored in encrypted form."),
        inputs="$data",
        result="$out",
        helper="encrypt_data seal encrypt_payload",
        before="import os\nfrom cryptography.fernet import Fernet",
        naive=(
            "$out = Fernet(b'[[pRmgMa8T0INjEAfksaq2aafzoZXEuwKI7wDe4c1F8AY=||cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=]]').encrypt($data)",
            "$crypt = b'[[pRmgMa8T0INjEAfksaq2aafzoZXEuwKI7wDe4c1F8AY=||cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=]]'\n$out = Fernet($crypt).encrypt($data)",
            "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\nnonce = os.urandom(12)\n$out = nonce + AESGCM(b'[[sixteen byte key||0123456789abcdef||YELLOW SUBMARINE]]').encrypt(nonce, $data, None)",
            "from Crypto.Cipher import AES\n$crypt = bytes.fromhex('[[2b7e151628aed2a6abf7158809cf4f3c||000102030405060708090a0b0c0d0e0f]]')\n$cipher = AES.new($crypt, AES.MODE_GCM)\nsealed, tag = $cipher.encrypt_and_digest($data)\n$out = $cipher.nonce + tag + sealed",
        ),
        improved=(
            "$out = Fernet(os.environ['[[DATA_KEY||FERNET_KEY]]']).encrypt($data)",
            "with open(os.environ['KEY_FILE'], 'rb') as $file:\n    $crypt = $file.read().strip()\n$out = Fernet($crypt).encrypt($data)",
            "import boto3\n$crypt = boto3.client('secretsmanager').get_secret_value(SecretId='[[app/key||data-key]]')['SecretString']\n$out = Fernet($crypt).encrypt($data)",
            "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\nnonce = os.urandom(12)\n$out = nonce + AESGCM(bytes.fromhex(os.environ['DATA_KEY'])).encrypt(nonce, $data, None)",
        ),
    ),
    Scene(
        duty=("Next to it stands a web application with sessions.", "The module also sets up a web application."),
        before="import os\nimport pathlib\nfrom flask import Flask\n$app = Flask(__name__)",
        after="@$app.route('/$route')\ndef $view():\n    return 'ok'",
        naive=(
            "$app.secret_key = '[[dev||super secret key||keyboard cat||s3ss10n]]'",
            "$app.config['SECRET_KEY'] = '[[changeme||you-will-never-guess||secret!]]'",
            "$app.config.update(SECRET_KEY='[[abcdef0123456789||flask-secret]]', SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SECURE=True)",
            "$app.secret_key = os.environ.get('SECRET_KEY', '[[default||not-so-secret]]')",
        ),
        improved=(
            "$app.secret_key = os.environ['SECRET_KEY']",
            "$app.config['SECRET_KEY'] = os.environ['[[APP_KEY||FLASK_SECRET]]']",
            "$app.config.from_prefixed_env()\nif not $app.config.get('SECRET_KEY'):\n    raise RuntimeError('no session key')",
            "$app.secret_key = pathlib.Path('/run/secrets/session_key').read_bytes()",
        ),
    ),
)
_TIMING: Final = (r" (==|!=) .*", r"\.startswith\(.*", r" in \w+\.values\(\).*")
_TIMING_FEEDBACK: Final = (
    "The naive code compares a secret with $mark, which stops at the first difference, so the time taken tells how much "
    "was right. The improved code compares in constant time.",
    "Timing attack: $mark in the naive code lets a caller find the value piece by piece. The improved code takes the "
    "same time for every value.",
)
_COMPARED: Final = (
    Scene(
        duty=(
            "It also checks whether the given token is the expected one.",
            "The token passed in is compared with the one stored.",
        ),
        inputs="$token $secret",
        result="$flag",
        helper="check_token token_matches is_valid",
        before="import hmac\nimport secrets",
        naive=(
            "$flag = $token == $secret",
            "$flag = not $token != $secret",
            "$flag = $secret == $token.strip()",
            "$flag = bool($token) and str($token) == str($secret)",
            "$flag = len($token) == len($secret) and all(left == right for left, right in zip($token, $secret))",
            "$flag = $token.startswith($secret)",
            "$flag = True\nfor left, right in zip($token, $secret):\n    if left != right:\n        $flag = False\n        break",
        ),
        improved=(
            "$flag = hmac.compare_digest($token, $secret)",
            "$flag = secrets.compare_digest($token.encode(), $secret.encode())",
            "$flag = hmac.compare_digest(str($token).encode('utf-8'), str($secret).encode('utf-8'))",
            "$flag = isinstance($token, str) and secrets.compare_digest($token, $secret)",
        ),
    ),
    Scene(
        duty=(
            "It also checks the signature that came with the message.",
            "The signature of the data passed in is verified.",
        ),
        inputs="$data $mac $secret",
        helper="verify_signature check_mac verify_message",
        before="import hashlib\nimport hmac",
        naive=(
            "if hmac.new($secret, $data, hashlib.[[sha256||sha512]]).hexdigest() != $mac:\n    raise ValueError('bad signature')",
            "$digest = hmac.new($secret, $data, 'sha256').hexdigest()\nif $mac == $digest:\n    pass\nelse:\n    raise PermissionError('the signature does not fit the message')",
            "$digest = hmac.digest($secret, $data, '[[sha256||sha384]]')\nif not $digest == $mac:\n    raise ValueError('signature mismatch')",
            "if str($mac) != hmac.new(key=$secret, msg=$data, digestmod='sha256').hexdigest():\n    raise PermissionError('[[rejected||refused]]')",
        ),
        improved=(
            "if not hmac.compare_digest(hmac.new($secret, $data, hashlib.sha256).hexdigest(), $mac):\n    raise ValueError('bad signature')",
            "$digest = hmac.digest($secret, $data, '[[sha256||sha384]]')\nif not hmac.compare_digest($digest, $mac):\n    raise PermissionError('rejected')",
            "from cryptography.hazmat.primitives import hashes\nfrom cryptography.hazmat.primitives.hmac import HMAC\n$out = HMAC($secret, hashes.SHA256())\n$out.update($data)\n$out.verify($mac)",
        ),
    ),
)
_LOGGED: Final = (
    r"(info|debug|warning|error|print|write|log)\(.*[{ (]" + _PASSWORD + r"\b(?! is|=).*",
    r"(info|debug|print)\(.*(locals|vars)\(\).*",
)
_LOGGED_FEEDBACK: Final = (
    "The naive code writes a secret to the log in $mark, where everyone who can read logs finds it. The improved code "
    "logs the event without the secret.",
    "Secrets in logs: $mark in the naive code leaves a password in plain text in files that are kept and copied. The "
    "improved code leaves it out.",
)
_LOG_INS: Final = (
    Scene(
        duty=(
            "It also logs that the given user signs in.",
            "A line about the login of the user is written to the log.",
        ),
        inputs="$user $password",
        helper="log_login note_login record_attempt",
        before="import logging\n$log = logging.getLogger(__name__)",
        naive=(
            "$log.info('login of %s with %s', $user, $password)",
            "$log.debug(f'{$user} signs in with {$password}')",
            "$log.info('login: user={}, password={}'.format($user, $password))",
            "print('login', $user, $password)",
            "$log.warning('attempt by ' + $user + ' using ' + $password)",
            "with open('login.log', 'a', encoding='utf-8') as $file:\n    $file.write(f'{$user}:{$password}\\n')",
            "$log.debug('login called with %r', locals())",
        ),
        improved=(
            "$log.info('login of %s', $user)",
            "$log.debug(f'{$user} signs in')",
            "$log.info('login: user={}, password={}'.format($user, '***'))",
            "$log.info('login attempt: user=%s, complete: %s', $user, $password is not None)",
            "with open('login.log', 'a', encoding='utf-8') as $file:\n    $file.write(f'{$user} signs in\\n')",
            "$log.info('login of %s from the [[form||page||web API]]', $user)",
        ),
    ),
)
_STORED: Final = (
    r"execute\(.*, " + _PASSWORD + r"\)\)",
    r"password=" + _PASSWORD + r"\b.*",
    r"\.password = " + _PASSWORD + r"$",
    r"': " + _PASSWORD + r"\b(?!\.).*",
    r"write(_text|row)?\(.*[{ (]" + _PASSWORD + r"\b(?!\.).*",
    r"b64encode\(" + _PASSWORD + r"\.encode\(.*",
)
_STORED_FEEDBACK: Final = (
    "The naive code stores a password readably, in $mark, so whoever gets the storage gets the password. The improved "
    "code stores only a slow salted hash.",
    "Clear-text storage: $mark in the naive code keeps the password itself. The improved code keeps a hash from which it "
    "cannot be computed.",
)
_RECORDED: Final = (
    Scene(
        duty=("It also creates a user in the database.", "A row for the new user is inserted."),
        inputs="$db $user $password",
        helper="create_user add_user register",
        before="import hashlib\nimport os",
        naive=(
            "$db.execute('INSERT INTO users (name, password) VALUES (?, ?)', ($user, $password))",
            "$db.execute('INSERT INTO accounts (login, pw) VALUES (%s, %s)', ($user, $password))\n$db.commit()",
            "import base64\n$digest = base64.b64encode($password.encode())\n$db.execute('INSERT INTO users (name, pw) VALUES (?, ?)', ($user, $digest))",
            "from models import User\n$db.add(User(name=$user, password=$password))\n$db.commit()",
            "$db.[[users||accounts||members]].insert_one({'name': $user, 'password': $password})",
            "from models import User\n$account = User()\n$account.name = $user\n$account.password = $password\n$db.add($account)\n$db.flush()\n$db.commit()",
        ),
        improved=(
            "import bcrypt\n$digest = bcrypt.hashpw($password.encode(), bcrypt.gensalt())\n$db.execute('INSERT INTO users (name, pw) VALUES (?, ?)', ($user, $digest))",
            "$salt = os.urandom(16)\n$digest = hashlib.pbkdf2_hmac('sha256', $password.encode(), $salt, 600000)\n$db.execute('INSERT INTO users (name, salt, pw) VALUES (?, ?, ?)', ($user, $salt, $digest))",
            "from argon2 import PasswordHasher\n$db.[[users||accounts]].insert_one({'name': $user, 'hash': PasswordHasher().hash($password)})",
            "from django.contrib.auth.models import User\nUser.objects.create_user($user, None, $password)",
        ),
    ),
    Scene(
        duty=("It also remembers the credentials for the next start.", "The login data passed in is kept for later."),
        inputs="$user $password",
        helper="remember save_login keep_credentials",
        before="import json\nimport pathlib",
        naive=(
            "pathlib.Path('[[login||settings||auth]].txt').write_text(f'{$user}:{$password}')",
            "with open('credentials.json', 'w', encoding='utf-8') as $file:\n    json.dump({'user': $user, 'password': $password}, $file)",
            "import csv\nwith open('logins.csv', 'a', newline='') as $file:\n    csv.writer($file).writerow([$user, $password])",
            "$config = {'last_user': $user, 'last_password': $password, 'remember': True}\nwith open('settings.json', 'w', encoding='utf-8') as $file:\n    $file.write(json.dumps($config, indent=[[2||4]], sort_keys=True))",
        ),
        improved=(
            "import keyring\nkeyring.set_password('[[app||main||desktop]]', $user, $password)",
            "import keyring\nkeyring.set_password('login', $user, $password)\npathlib.Path('login.txt').write_text($user)",
            "import keyring\ntry:\n    keyring.set_password('service', $user, $password)\nexcept keyring.errors.PasswordSetError:\n    print('the password could not be stored')",
            "import os\nfrom cryptography.fernet import Fernet\npathlib.Path('login.bin').write_bytes(Fernet(os.environ['LOGIN_KEY']).encrypt(json.dumps([$user, $password]).encode()))",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("hard-coded-password", "CWE-798", "holds a password in the source", _CODED, _CODED_FEEDBACK, _LOGINS),
    template("hard-coded-key", "CWE-321", "holds a key in the source", _KEY, _KEY_FEEDBACK, _KEYED),
    template("timing-comparison", "CWE-208", "compares secrets at once", _TIMING, _TIMING_FEEDBACK, _COMPARED),
    template("secret-logged", "CWE-532", "writes secrets to the log", _LOGGED, _LOGGED_FEEDBACK, _LOG_INS),
    template("secret-stored", "CWE-312", "stores passwords readably", _STORED, _STORED_FEEDBACK, _RECORDED),
)
