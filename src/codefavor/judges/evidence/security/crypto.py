"""Owns rules of cryptography: hashes, ciphers, keys, random numbers, passwords, signatures."""

import re
from typing import Final

from codefavor.judges.evidence.security.rule import Rule, Site, assigned, calls, either, names
from codefavor.judges.evidence.security.source import Call, Source

_PASSWORD: Final = re.compile(r"(?i)passw|pwd|passphrase|pin\b")
_SECRET_USE: Final = re.compile(
    r"(?i)passw|token|secret|key|salt|nonce|session|otp|code|captcha|csrf|auth|random_?string|uuid|id$"
)


def _short(source: Source, call: Call, least: int) -> bool:
    return any(
        argument.text.isdigit() and 0 < int(argument.text) < least
        for argument in call.arguments
        if argument.name in ("", "key_size", "bits", "e", "iterations", "rounds")
    )


def _hashes_password(source: Source, call: Call) -> bool:
    around = call.text + " ".join(source.line(call.row + step) for step in (-1, 0, 1))
    return _PASSWORD.search(around) is not None


RULES: Final = (
    Rule(
        "weak-hash", 328, 0.75, "collisions of this hash can be made",
        "use SHA-256 or better",
        calls(r"hashlib\.(?:md5|sha1|md4)|md5(?:\.(?:new|md5))?|sha(?:\.(?:new|sha))?|sha1|"
              r"(?:Crypto(?:dome)?\.Hash\.)?(?:MD5|SHA1?|MD4|MD2)(?:\.new)?|hashes\.(?:MD5|SHA1)|(?:.*\.)?hashes\.(?:MD5|SHA1)",
              lambda source, call: not call.says("usedforsecurity", "False")),
        "import hashlib\nhashlib.md5(data).hexdigest()", "import hashlib\nhashlib.sha256(data).hexdigest()",
    ),
    Rule(
        "hash-by-name", 327, 0.7, "the named hash is broken",
        "use SHA-256 or better",
        calls(r"hashlib\.new|hmac\.new", lambda source, call: re.search(r"(?i)['\"](?:md5|sha1|md4)['\"]|hashlib\.(?:md5|sha1)\b",
                                                                   call.text) is not None),
        'import hashlib\nhashlib.new("md5", data)', 'import hashlib\nhashlib.new("sha256", data)',
    ),
    Rule(
        "fast-password-hash", 916, 0.6, "a fast hash of a password is guessed at billions a second",
        "use a slow one: scrypt, bcrypt, argon2, pbkdf2_hmac",
        calls(r"hashlib\.(?:sha\d+|sha3_\d+|md5|blake2\w)", _hashes_password),
        "import hashlib\ndigest = hashlib.sha256(password.encode()).hexdigest()",
        "import hashlib\ndigest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)",
    ),
    Rule(
        "weak-cipher", 326, 0.75, "the cipher is broken or its keys are short",
        "use AES-GCM or ChaCha20-Poly1305",
        calls(r"(?:.*\.)?(?:DES3?|ARC[24]|RC4|Blowfish|XOR|CAST|IDEA)\.new|(?:.*\.)?(?:ARC4|Blowfish|TripleDES|IDEA|SEED)|pyDes\.\w+"),
        "from Crypto.Cipher import DES\nDES.new(key)", "from Crypto.Cipher import AES\nAES.new(key, AES.MODE_GCM)",
    ),
    Rule(
        "ecb-mode", 327, 0.7, "equal blocks stay equal in the ciphertext",
        "use an authenticated mode such as GCM",
        either(names("MODE_ECB"), calls(r"(?:.*\.)?(?:modes\.)?ECB")),
        "AES.new(key, AES.MODE_ECB)", "AES.new(key, AES.MODE_GCM)",
    ),
    Rule(
        "fixed-iv", 329, 0.6, "a fixed initialisation vector shows which messages are equal",
        "draw a new one for each message",
        either(assigned(r"(?i)(?:\w*_)?(?:iv|nonce)", r"[bB]?['\"].*['\"].*|bytes\(\d+\)"),
               calls(r"(?:.*\.)?(?:CBC|CTR|OFB|CFB|GCM)", lambda source, call: "'" in call.text or '"' in call.text)),
        'iv = b"0000000000000000"', "import os\niv = os.urandom(16)",
    ),
    Rule(
        "short-key", 326, 0.6, "a key this short can be found by trying",
        "use at least 2048 bits for RSA",
        either(calls(r"(?:.*\.)?(?:RSA|DSA|RSAKey|DSSKey)\.generate|(?:.*\.)?(?:rsa|dsa)\.(?:generate_private_key|newkeys)",
                     lambda source, call: _short(source, call, 2048) and call.text != "65537"),
               names(r"(?i)SECT(?:113|131|163|193)[RK]\d|SECP(?:112|128|160|192)[RK]\d")),
        "from Crypto.PublicKey import RSA\nkey = RSA.generate(1024)", "from Crypto.PublicKey import RSA\nkey = RSA.generate(3072)",
    ),
    Rule(
        "unpadded-rsa", 780, 0.5, "RSA without OAEP lets ciphertexts be changed",
        "use OAEP",
        calls(r"(?:.*\.)?PKCS1_v1_5\.new|(?:.*\.)?PKCS1v15"),
        "from Crypto.Cipher import PKCS1_v1_5\nPKCS1_v1_5.new(key)", "from Crypto.Cipher import PKCS1_OAEP\nPKCS1_OAEP.new(key)",
    ),
    Rule(
        "predictable-random", 338, 0.7, "these random numbers can be predicted",
        "use the secrets module",
        calls(r"random\.(?:random|randint|randrange|choice|choices|sample|uniform|getrandbits|randbytes|shuffle)|"
              r"(?:np|numpy)\.random\.(?:rand|randn|randint|random|choice|bytes|shuffle|random_sample)"),
        "import random\ntoken = random.randint(0, 10**9)", "import secrets\ntoken = secrets.token_hex(16)",
    ),
    Rule(
        "fixed-seed", 335, 0.5, "a known seed makes every number known",
        "leave the seed out, or use secrets",
        calls(r"random\.seed|(?:np|numpy)\.random\.seed"),
        "import random\nrandom.seed(1)", "import secrets\nvalue = secrets.randbelow(10)",
    ),
    Rule(
        "guessable-id", 330, 0.4, "identifiers from the clock or the network card can be guessed",
        "use uuid4 or secrets",
        calls(r"uuid\.uuid1|(?:uuid\.)?uuid1"),
        "import uuid\nname = uuid.uuid1()", "import uuid\nname = uuid.uuid4()",
    ),
    Rule(
        "unsalted-hash", 759, 0.35, "without a salt equal passwords have equal hashes",
        "use a function that takes a salt, such as scrypt",
        calls(r"hashlib\.(?:md5|sha1|sha224|sha256|sha384|sha512)", lambda source, call: _PASSWORD.search(call.text) is not None
              and "salt" not in call.text.lower()),
        "import hashlib\nhashlib.sha512(password)", "import hashlib\nhashlib.sha512(salt + record)",
    ),
    Rule(
        "fixed-salt", 760, 0.5, "one salt for all lets one table serve for every password",
        "draw a salt for each password",
        either(assigned(r"(?i)(?:\w*_)?salt", r"[bB]?['\"].+['\"](?:\.encode\(\))?"),
               calls(r"hashlib\.pbkdf2_hmac", lambda source, call: (salt := call.positional(2) or call.keyword("salt")) is not None
                     and source.constant(salt))),
        'import hashlib\nhashlib.pbkdf2_hmac("sha256", word, b"pepper", 600000)',
        'import hashlib\nimport os\nhashlib.pbkdf2_hmac("sha256", word, os.urandom(16), 600000)',
    ),
    Rule(
        "few-rounds", 916, 0.5, "so few rounds make a password cheap to guess",
        "use several hundred thousand",
        calls(r"hashlib\.pbkdf2_hmac|(?:.*\.)?PBKDF2(?:HMAC)?", lambda source, call: _short(source, call, 50_000)
              and not call.text.isdigit()),
        'import hashlib\nhashlib.pbkdf2_hmac("sha256", word, salt, 1000)',
        'import hashlib\nhashlib.pbkdf2_hmac("sha256", word, salt, 600000)',
    ),
    Rule(
        "timing", 208, 0.4, "the time a comparison takes tells how much of a secret was right",
        "use hmac.compare_digest",
        lambda source: (
            Site(token.row)
            for index, token in enumerate(source.tokens)
            if token.text in ("==", "!=") and index and re.fullmatch(r"(?i)\w*(?:signature|hmac|mac|digest|token|hexdigest|csrf\w*)",
                                                            _before(source, index))
        ),
        "if signature == expected:\n    accept()", "if hmac.compare_digest(signature, expected):\n    accept()",
    ),
    Rule(
        "unverified-token", 347, 0.8, "the token's signature is not checked",
        "verify it with a key and a fixed algorithm",
        calls(r"(?:.*\.)?jwt\.(?:decode|encode)", lambda source, call: re.search(
            r"verify=False|verify_signature['\"]:False|['\"](?i:none)['\"]|algorithm=None", call.text) is not None),
        "import jwt\njwt.decode(token, verify=False)", 'import jwt\njwt.decode(token, key, algorithms=["HS256"])',
    ),
)  # fmt: skip


def _before(source: Source, index: int) -> str:
    """Return the name before a comparison sign, through closing brackets of a call."""
    place = index - 1
    if source.tokens[place].text == ")":
        depth = source.tokens[place].brackets
        while place > 0 and not (source.tokens[place].text == "(" and source.tokens[place].brackets == depth):
            place -= 1
        place -= 1
    return source.tokens[place].text if place >= 0 else ""
