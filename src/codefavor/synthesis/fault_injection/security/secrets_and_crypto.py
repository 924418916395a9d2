"""Owns the security templates of hashes, ciphers, keys and random values."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_HASH: Final = (
    r"hashlib\.(md5|sha1)\b.*",
    r"new\('(md5|sha1|md4)'.*",
    r"'(md5|sha1)'\).*",
    r"\b(MD5|SHA1|MD4)\b.*",
    r"\bcrc32\(.*",
)
_HASH_FEEDBACK: Final = (
    "The naive code relies on a broken hash in $mark, for which two inputs with the same value can be made. The "
    "improved code uses a hash without known collisions.",
    "Weak hash: $mark in the naive code can be fooled with a crafted collision. The improved code takes a modern hash "
    "function.",
    "With $mark the naive code cannot prove that the data is unchanged, because collisions of this hash are cheap. The "
    "improved code uses a strong one.",
)
_HASHED: Final = (
    Scene(
        duty=("It also computes a checksum of the given file.", "The file passed in is hashed as well."),
        inputs="$path",
        result="$digest",
        helper="file_checksum hash_file fingerprint_of",
        before="import hashlib\nimport zlib",
        naive=(
            "$digest = hashlib.[[md5||sha1]](open($path, 'rb').read()).hexdigest()",
            "with open($path, 'rb') as $file:\n    $digest = hashlib.new('[[md5||sha1]]', $file.read()).hexdigest()",
            "$out = hashlib.[[md5||sha1]]()\nwith open($path, 'rb') as $file:\n    for $data in iter(lambda: $file.read([[4096||8192||65536]]), b''):\n        $out.update($data)\n$digest = $out.hexdigest()",
            "with open($path, 'rb') as $file:\n    $digest = hashlib.file_digest($file, '[[md5||sha1]]').hexdigest()",
            "with open($path, 'rb') as $file:\n    $digest = format(zlib.crc32($file.read()), '08x')",
            "from Crypto.Hash import MD5\n$digest = MD5.new(open($path, 'rb').read()).hexdigest()",
        ),
        improved=(
            "$digest = hashlib.[[sha256||sha512||sha3_256||blake2b]](open($path, 'rb').read()).hexdigest()",
            "with open($path, 'rb') as $file:\n    $digest = hashlib.new('[[sha256||sha384]]', $file.read()).hexdigest()",
            "$out = hashlib.[[sha256||sha512]]()\nwith open($path, 'rb') as $file:\n    while ($data := $file.read([[8192||1048576]])):\n        $out.update($data)\n$digest = $out.hexdigest()",
            "with open($path, 'rb') as $file:\n    $digest = hashlib.file_digest($file, '[[sha256||blake2b]]').hexdigest()",
        ),
    ),
    Scene(
        duty=("It also signs the given message with the secret passed in.", "A signature of the message is made."),
        inputs="$data $secret",
        result="$mac",
        helper="sign_message make_signature",
        before="import hashlib\nimport hmac",
        naive=(
            "$mac = hmac.new($secret, $data, hashlib.[[md5||sha1]]).hexdigest()",
            "$mac = hmac.new($secret, $data, '[[md5||sha1]]').hexdigest()",
            "$mac = hashlib.[[md5||sha1]]($secret + $data).hexdigest()",
            "$out = hashlib.[[md5||sha1]]()\n$out.update($secret)\n$out.update(b':')\n$out.update($data)\n$mac = $out.hexdigest()",
            "$mac = hmac.new(key=$secret, msg=$data, digestmod=hashlib.[[md5||sha1]]).digest().hex()",
        ),
        improved=(
            "$mac = hmac.new($secret, $data, hashlib.[[sha256||sha512]]).hexdigest()",
            "$mac = hmac.digest($secret, $data, 'sha256').hex()",
            "$mac = hashlib.blake2b($data, key=$secret).hexdigest()",
            "$out = hmac.new($secret, digestmod='[[sha256||sha384]]')\n$out.update($data)\n$mac = $out.hexdigest()",
        ),
    ),
    Scene(
        duty=(
            "It also derives a short identifier from the given text.",
            "The text passed in gets a digest as its key.",
        ),
        inputs="$value",
        result="$digest",
        helper="digest_of key_for content_id",
        before="import hashlib",
        naive=(
            "$digest = hashlib.[[md5||sha1]]($value.encode()).hexdigest()",
            "$digest = hashlib.[[md5||sha1]](str($value).encode('utf-8')).hexdigest()[:[[12||16||20]]]",
            "$out = hashlib.new('[[md5||sha1||md4]]')\n$out.update($value.encode('utf-8'))\n$digest = $out.hexdigest()",
            "from cryptography.hazmat.primitives import hashes\n$out = hashes.Hash(hashes.[[MD5||SHA1]]())\n$out.update($value.encode())\n$digest = $out.finalize().hex()",
            "from Crypto.Hash import SHA as SHA1\n$digest = SHA1.new($value.encode()).hexdigest()",
        ),
        improved=(
            "$digest = hashlib.sha256($value.encode()).hexdigest()",
            "$digest = hashlib.[[sha256||sha3_256]](str($value).encode('utf-8')).hexdigest()[:32]",
            "$digest = hashlib.blake2s($value.encode(), digest_size=[[16||20]]).hexdigest()",
            "from cryptography.hazmat.primitives import hashes\n$out = hashes.Hash(hashes.SHA256())\n$out.update($value.encode())\n$digest = $out.finalize().hex()",
        ),
    ),
)

_GCM: Final = (
    "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\nimport os\nnonce = os.urandom(12)\n$out = nonce + AESGCM($crypt).encrypt(nonce, $data, None)",
    "from Crypto.Cipher import AES\n$cipher = AES.new($crypt, AES.MODE_GCM)\nsealed, tag = $cipher.encrypt_and_digest($data)\n$out = $cipher.nonce + tag + sealed",
    "from cryptography.fernet import Fernet\n$out = Fernet($crypt).encrypt($data)",
    "from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305\nimport secrets\nnonce = secrets.token_bytes(12)\n$out = nonce + ChaCha20Poly1305($crypt).encrypt(nonce, $data, b'')",
    "import nacl.secret\n$out = bytes(nacl.secret.SecretBox($crypt).encrypt($data))",
)
_CIPHER: Final = (
    r"\b(DES3?|ARC4|ARC2|Blowfish|CAST|CAST5|XOR|RC4|IDEA|TripleDES)\b\.?.*(new|\().*",
    r"\^.*",
)
_CIPHER_FEEDBACK: Final = (
    "The naive code encrypts with an outdated cipher in $mark, which can be broken in practice. The improved code uses "
    "a modern authenticated cipher.",
    "Broken cipher: $mark in the naive code gives little protection to the data. The improved code encrypts and "
    "authenticates it with a current algorithm.",
)
_ENCRYPTED: Final = (
    Scene(
        duty=("It also encrypts the given data with the key passed in.", "The data is encrypted under the key given."),
        inputs="$data $crypt",
        result="$out",
        helper="encrypt_data seal encrypt_payload protect",
        naive=(
            "from Crypto.Cipher import DES\n$cipher = DES.new($crypt[:8], DES.MODE_[[CBC||CFB]])\n$out = $cipher.iv + $cipher.encrypt($data)",
            "from Crypto.Cipher import ARC4\n$out = ARC4.new($crypt).encrypt($data)",
            "from Cryptodome.Cipher import Blowfish\n$cipher = Blowfish.new($crypt, Blowfish.MODE_CBC)\n$out = $cipher.iv + $cipher.encrypt($data)",
            "from Crypto.Cipher import DES3\n$cipher = DES3.new($crypt, DES3.MODE_CFB)\n$out = $cipher.iv + $cipher.encrypt($data)",
            "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms\n$cipher = Cipher(algorithms.ARC4($crypt), mode=None).encryptor()\n$out = $cipher.update($data) + $cipher.finalize()",
            "import os\nfrom cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\niv = os.urandom(8)\n$cipher = Cipher(algorithms.[[Blowfish||TripleDES||CAST5||IDEA]]($crypt), modes.CBC(iv)).encryptor()\n$out = iv + $cipher.update($data) + $cipher.finalize()",
            "$out = bytes((byte ^ $crypt[at % len($crypt)] for at, byte in enumerate($data)))",
            "from itertools import cycle\n$out = bytes((left ^ right for left, right in zip($data, cycle($crypt))))",
        ),
        improved=_GCM,
    ),
)
_ECB: Final = (r"MODE_ECB.*", r"modes\.ECB\(.*", r"AES\.new\(\w+, 1\)")
_ECB_FEEDBACK: Final = (
    "The naive code encrypts every block on its own with $mark, so equal blocks stay equal and the structure of the "
    "data shows. The improved code uses an authenticated mode with a fresh nonce.",
    "ECB mode: $mark in the naive code reveals repeated content and lets blocks be exchanged. The improved code hides "
    "both.",
)
_MODES: Final = (
    Scene(
        duty=("It also encrypts the given data with the key passed in.", "The data given is stored in encrypted form."),
        inputs="$data $crypt",
        result="$out",
        helper="encrypt_data seal encrypt_payload protect",
        naive=(
            "from Crypto.Cipher import AES\n$out = AES.new($crypt, AES.MODE_ECB).encrypt($data.ljust([[1024||4096]], b'\\x00'))",
            "from Crypto.Cipher import AES\nfrom Crypto.Util.Padding import pad\n$cipher = AES.new($crypt, AES.MODE_ECB)\n$out = $cipher.encrypt(pad($data, AES.block_size))",
            "from Cryptodome.Cipher import AES\n$cipher = AES.new($crypt[:[[16||32]]], mode=AES.MODE_ECB)\n$out = b''.join($cipher.encrypt($data[at:at + 16].ljust(16)) for at in range(0, len($data), 16))",
            "from cryptography.hazmat.primitives import padding\nfrom cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\npadder = padding.PKCS7(128).padder()\npadded = padder.update($data) + padder.finalize()\n$cipher = Cipher(algorithms.AES($crypt), modes.ECB()).encryptor()\n$out = $cipher.update(padded) + $cipher.finalize()",
            "from Crypto.Cipher import AES\n$cipher = AES.new($crypt, 1)\n$out = $cipher.encrypt($data + b' ' * (-len($data) % 16))",
        ),
        improved=_GCM,
    ),
)
_IV: Final = (
    r"\b(iv|nonce) = (b'|bytes\().*",
    r"(iv|nonce|initial_value)=(b'|bytes|\w+\[).*",
    r"MODE_(CBC|GCM|CFB), .*",
    r"modes\.(CBC|CTR|CFB|GCM)\((b'|bytes\(|\w+\[).*",
)
_IV_FEEDBACK: Final = (
    "The naive code encrypts with a fixed initialisation vector, as $mark shows, so equal messages give equal "
    "ciphertexts. The improved code draws a new random value for each message.",
    "Static IV: because of $mark in the naive code ciphertexts can be compared and, in some modes, decrypted. The "
    "improved code uses a fresh random nonce each time.",
)
_VECTORS: Final = (
    Scene(
        duty=("It also encrypts the given data with the key passed in.", "The data is encrypted with AES."),
        inputs="$data $crypt",
        result="$out",
        helper="encrypt_data seal encrypt_payload protect",
        naive=(
            "from Crypto.Cipher import AES\n$cipher = AES.new($crypt, AES.MODE_CFB, iv=b'[[0000000000000000||abcdefghijklmnop||1234567890123456]]')\n$out = $cipher.encrypt($data)",
            "from Crypto.Cipher import AES\n$cipher = AES.new($crypt, AES.MODE_GCM, nonce=b'[[0000||nonce12bytes||static_nonce]]')\n$out = b''.join($cipher.encrypt_and_digest($data))",
            "from Crypto.Cipher import AES\n$cipher = AES.new($crypt, AES.MODE_CFB, iv=bytes(16))\n$out = $cipher.encrypt($data)",
            "from Cryptodome.Cipher import AES\nfrom Cryptodome.Util.Padding import pad\n$cipher = AES.new($crypt, AES.MODE_CBC, iv=$crypt[:16])\n$out = $cipher.encrypt(pad($data, AES.block_size))",
            "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\n$cipher = Cipher(algorithms.AES($crypt), modes.[[CTR||CFB]]([[b'\\x00' * 16||bytes(16)||b'initialvector456']])).encryptor()\n$out = $cipher.update($data) + $cipher.finalize()",
            "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\nnonce = b'[[000000000000||unique-nonce||fixed__nonce]]'\n$out = nonce + AESGCM($crypt).encrypt(nonce, $data, None)",
        ),
        improved=(
            "import os\nfrom cryptography.hazmat.primitives.ciphers.aead import AESGCM\nnonce = os.urandom(12)\n$out = nonce + AESGCM($crypt).encrypt(nonce, $data, None)",
            "from Crypto.Cipher import AES\n$cipher = AES.new($crypt, AES.MODE_GCM)\nsealed, tag = $cipher.encrypt_and_digest($data)\n$out = $cipher.nonce + tag + sealed",
            "from Crypto.Cipher import AES\n$cipher = AES.new($crypt, AES.MODE_CFB)\n$out = $cipher.iv + $cipher.encrypt($data)",
            "import secrets\nfrom cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\niv = secrets.token_bytes(16)\n$cipher = Cipher(algorithms.AES($crypt), modes.CTR(iv)).encryptor()\n$out = iv + $cipher.update($data) + $cipher.finalize()",
        ),
    ),
)

_FAST: Final = (
    r"hashlib\.(md5|sha1|sha256|sha512)\(.*",
    r"hashlib\.new\(.*",
    r"iterations=\d{1,3}\b.*",
    r"\bcrypt\.crypt\(.*",
    r", [1-9]\d{0,2}\)(\.hex\(\))?$",
    r"method='plain.*|method='(md5|sha1)'.*",
    r"\bblake2b\(.*",
)
_FAST_FEEDBACK: Final = (
    "The naive code hashes a password with $mark, which is so fast that stolen hashes are guessed in bulk. The improved "
    "code uses a slow, salted password hash.",
    "Fast password hash: $mark in the naive code lets an attacker try billions of passwords per second. The improved "
    "code makes every guess expensive.",
)
_SLOW: Final = (
    "import bcrypt\n$digest = bcrypt.hashpw($password.encode(), bcrypt.gensalt())",
    "import hashlib\nimport os\n$salt = os.urandom(16)\n$digest = $salt + hashlib.pbkdf2_hmac('sha256', $password.encode(), $salt, [[310000||600000]])",
    "import hashlib\nimport secrets\n$salt = secrets.token_bytes(16)\n$digest = $salt + hashlib.scrypt($password.encode('utf-8'), salt=$salt, n=[[16384||32768]], r=8, p=1, maxmem=67108864)",
    "from argon2 import PasswordHasher\n$digest = PasswordHasher().hash($password)",
    "from werkzeug.security import generate_password_hash\n$digest = generate_password_hash($password)",
    "from passlib.hash import [[bcrypt||argon2]] as scheme\n$digest = scheme.hash($password)",
    "from django.contrib.auth.hashers import make_password\n$digest = make_password($password)",
)
_PASSWORDS: Final = (
    Scene(
        duty=(
            "It also turns the given password into the form that is stored.",
            "The password of a new user is hashed.",
        ),
        inputs="$password",
        result="$digest",
        helper="hash_password encode_password protect_password",
        naive=(
            "import hashlib\n$digest = hashlib.[[md5||sha1||sha256||sha512]]($password.encode()).hexdigest()",
            "import hashlib\nimport os\n$salt = os.urandom([[8||16]])\n$digest = $salt + hashlib.[[sha256||sha512||sha1]]($salt + $password.encode('utf-8')).digest()",
            "import hashlib\nimport secrets\n$salt = secrets.token_hex(8)\n$out = hashlib.new('[[sha256||md5]]')\n$out.update($salt.encode('utf-8'))\n$out.update($password.encode('utf-8'))\n$digest = $salt + ':' + $out.hexdigest()",
            "import hashlib\nimport os\n$salt = os.urandom(16)\n$digest = $salt + hashlib.pbkdf2_hmac('[[sha256||sha1]]', $password.encode(), $salt, iterations=[[1||10||100||500]])",
            "import crypt\n$digest = crypt.crypt($password, crypt.METHOD_[[CRYPT||MD5]])",
            "import base64\nimport hashlib\n$digest = base64.b64encode(hashlib.[[md5||sha1||sha256]]($password.encode('utf-8')).digest())",
            "from hashlib import blake2b\n$digest = blake2b($password.encode(), digest_size=[[20||32]]).hexdigest()",
        ),
        improved=_SLOW,
    ),
    Scene(
        duty=(
            "It also derives a key from the password given.",
            "An encryption key is made from the password passed in.",
        ),
        inputs="$password $salt",
        result="$crypt",
        helper="derive_key key_from_password",
        before="import hashlib",
        naive=(
            "$crypt = hashlib.[[md5||sha256||sha512]]($password.encode() + $salt).digest()",
            "$crypt = hashlib.pbkdf2_hmac('sha256', $password.encode(), $salt, iterations=[[1||50||100]])",
            "from cryptography.hazmat.primitives import hashes\nfrom cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC\n$crypt = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=$salt, iterations=[[1||100||999]]).derive($password.encode())",
            "$crypt = hashlib.new('[[md5||sha256]]', $salt + $password.encode()).digest()",
        ),
        improved=(
            "$crypt = hashlib.scrypt($password.encode(), salt=$salt, n=16384, r=8, p=1)",
            "$crypt = hashlib.pbkdf2_hmac('sha256', $password.encode(), $salt, [[310000||600000]])",
            "from cryptography.hazmat.primitives import hashes\nfrom cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC\n$crypt = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=$salt, iterations=[[480000||600000]]).derive($password.encode())",
            "from cryptography.hazmat.primitives.kdf.scrypt import Scrypt\n$crypt = Scrypt(salt=$salt, length=32, n=32768, r=8, p=1).derive($password.encode())",
        ),
    ),
)
_SALT: Final = (
    r"pbkdf2_hmac\(.*, (b'|bytes\(|\w+\.encode\(\), \d).*",
    r"salt=(b'|bytes\(|''|\$?'\w).*",
    r"^\s*(salt|pepper|user_salt|random_salt|given_salt)\d* = (b'|').*",
)
_SALT_FEEDBACK: Final = (
    "The naive code hashes every password with the same or no salt, as $mark shows, so one table of hashes serves for "
    "all users. The improved code draws a random salt for each.",
    "Missing salt: because of $mark in the naive code equal passwords have equal hashes. The improved code salts each "
    "hash with random bytes.",
)
_SALTED: Final = (
    Scene(
        duty=(
            "It also turns the given password into the form that is stored.",
            "The password of a new user is hashed.",
        ),
        inputs="$password",
        result="$digest",
        helper="hash_password encode_password protect_password",
        naive=(
            "import hashlib\n$digest = hashlib.pbkdf2_hmac('[[sha256||sha512]]', $password.encode(), b'[[||salt||s4lt||static||pepper]]', [[310000||600000]])",
            "import hashlib\n$digest = hashlib.scrypt($password.encode(), salt=b'[[salt||nacl||app-wide||0000]]', n=16384, r=8, p=1)",
            "import hashlib\n$salt = b'[[fixed-salt-for-all||mysalt||2019-release-salt]]'\n$digest = $salt + hashlib.pbkdf2_hmac('sha256', $password.encode('utf-8'), $salt, [[310000||600000]])",
            "import hashlib\n$digest = hashlib.pbkdf2_hmac('sha512', $password.encode(), bytes(16), 600000).hex()",
            "from cryptography.hazmat.primitives.kdf.scrypt import Scrypt\n$digest = Scrypt(salt=b'[[constant||0123456789abcdef]]', length=32, n=32768, r=8, p=1).derive($password.encode())",
            "import base64\nimport hashlib\n$salt = '[[all users share this||company||q8Zt]]'.encode()\n$out = hashlib.scrypt($password.encode('utf-8'), salt=$salt, n=16384, r=8, p=1)\n$digest = base64.b64encode($salt + b'.' + $out).decode('ascii')",
        ),
        improved=_SLOW,
    ),
)

_SHORT: Final = (
    r"(key_size=|generate\(|bits=|newkeys\()(512|768|1024)\b.*",
    r"generate_private_key\((65537|3), (512|1024)\).*",
    r"SECP192R1.*|SECT163.*",
    r"DSA\.generate\(1024.*",
    r"TYPE_RSA, (512|768|1024).*",
)
_SHORT_FEEDBACK: Final = (
    "The naive code makes a key that is too short, as $mark shows; keys of that size can be factored or computed. The "
    "improved code uses a size that holds today.",
    "Short key: $mark in the naive code is below what current attacks need. The improved code makes a longer key or "
    "one on a strong curve.",
)
_KEYS: Final = (
    Scene(
        duty=("It also makes a key pair.", "A private key for signatures is created as well."),
        result="$crypt",
        helper="new_key_pair make_private_key create_key_pair",
        naive=(
            "from Crypto.PublicKey import RSA\n$crypt = RSA.generate([[512||768||1024]])",
            "from cryptography.hazmat.primitives.asymmetric import rsa\n$crypt = rsa.generate_private_key(public_exponent=65537, key_size=[[512||1024]])",
            "from cryptography.hazmat.primitives.asymmetric import rsa\n$crypt = rsa.generate_private_key([[3||65537]], [[512||1024]])",
            "from Cryptodome.PublicKey import DSA\n$crypt = DSA.generate(1024)",
            "from cryptography.hazmat.backends import default_backend\nfrom cryptography.hazmat.primitives.asymmetric import dsa\n$crypt = dsa.generate_private_key(key_size=1024, backend=default_backend())",
            "from cryptography.hazmat.primitives.asymmetric import ec\n$crypt = ec.generate_private_key(ec.[[SECP192R1||SECT163K1||SECT163R2]]())",
            "import rsa\n$crypt = rsa.newkeys([[512||1024]])[1]",
            "import paramiko\n$crypt = paramiko.RSAKey.generate(bits=1024)",
            "from OpenSSL import crypto\n$crypt = crypto.PKey()\n$crypt.generate_key(crypto.TYPE_RSA, [[512||1024]])",
        ),
        improved=(
            "from Crypto.PublicKey import RSA\n$crypt = RSA.generate([[3072||4096]])",
            "from cryptography.hazmat.primitives.asymmetric import rsa\n$crypt = rsa.generate_private_key(public_exponent=65537, key_size=[[3072||4096]])",
            "from cryptography.hazmat.primitives.asymmetric import ed25519\n$crypt = ed25519.Ed25519PrivateKey.generate()",
            "from cryptography.hazmat.primitives.asymmetric import ec\n$crypt = ec.generate_private_key(ec.[[SECP256R1||SECP384R1]]())",
            "import paramiko\n$crypt = paramiko.RSAKey.generate(bits=4096)",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("weak-hash", "CWE-328", "hashes with a broken function", _HASH, _HASH_FEEDBACK, _HASHED),
    template("weak-cipher", "CWE-327", "encrypts with a broken cipher", _CIPHER, _CIPHER_FEEDBACK, _ENCRYPTED),
    template("ecb-mode", "CWE-327", "encrypts block by block", _ECB, _ECB_FEEDBACK, _MODES),
    template("static-iv", "CWE-329", "encrypts with a fixed vector", _IV, _IV_FEEDBACK, _VECTORS),
    template("fast-password-hash", "CWE-916", "hashes passwords fast", _FAST, _FAST_FEEDBACK, _PASSWORDS),
    template("unsalted-hash", "CWE-759", "hashes without a random salt", _SALT, _SALT_FEEDBACK, _SALTED),
    template("short-key", "CWE-326", "makes keys too short", _SHORT, _SHORT_FEEDBACK, _KEYS),
)
