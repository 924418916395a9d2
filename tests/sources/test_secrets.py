"""Owns the checks of telling secrets; all made up here, and in parts, so that no scanner takes them for real."""

import time

import pytest

from codefavor.sources.secrets import secret_kind

RANDOM = "q7Zr2LmX9tVb4KdW8sHnP3cYg6Fj5RaT1eUw0BvQ"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("key = 'AK" + "IAQ3EGRIBW7LPTZ5MV'", "aws-key"),
        ("gh" + "p_" + RANDOM[:36], "github-token"),
        ("xo" + "xb-123456789012-" + RANDOM[:24], "slack-token"),
        ("AI" + "za" + RANDOM[:35], "google-key"),
        ("s" + "k-proj-" + RANDOM, "openai-key"),
        ("-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEowIBAAKCAQEA" + RANDOM, "private-key"),
        ("postgres://admin:" + RANDOM[:12] + "@db.internal/x", "password-in-address"),
        ("ey" + "J" + RANDOM[:20] + ".eyJ" + RANDOM[:30] + "." + RANDOM[:30], "signed-token"),
        ("dop" + "_v1_" + "a1b2c3d4" * 8, "digitalocean-token"),
        ("bot = '123456789" + ":AA" + RANDOM[:33] + "'", "telegram-token"),
        ("Account" + "Key=" + RANDOM + RANDOM + "==;", "azure-key"),
        ("{'Authorization': 'Bear" + "er " + RANDOM + "'}", "bearer-token"),
        ("'Server=db;User Id=sa;Pass" + "word=" + RANDOM[:12] + ";'", "password-in-connection"),
        (f"export API_KEY={RANDOM[:20]}", "assigned-secret"),
        (f'API_KEY = "{RANDOM[:24]}"', "assigned-secret"),
        (f"config['db_password'] = '{RANDOM[:16]}'", "assigned-secret"),
        (f'"secret_key": "{RANDOM[:20]}"', "assigned-secret"),
        (f"password: str = '{RANDOM[:16]}'", "assigned-secret"),
    ],
)
def test_secrets_are_told_by_shape_or_by_name(text: str, kind: str) -> None:
    """The kind is said, and nothing of the secret."""
    assert secret_kind(f"import x\n{text}\n") == kind


@pytest.mark.parametrize(
    "text",
    [
        "password = 'your-password-here'",
        "password = getpass()",
        "token = os.environ['API_TOKEN']",
        "AWS = 'AK" + "IAIOSFODNN7EXAMPLE'",
        "url = 'postgres://user:password@localhost/db'",
        "url = f'https://{user}:{password}@host'",
        "secret_name = 'projects/alpha/database-main'",
        "PASSWORD_FIELD = 'password_confirmation'",
        "token_type = 'identifier'",
        "-----BEGIN PRIVATE" + " KEY-----",
        "key = 'sk-" + "x" * 40 + "'",
        "def tokenize(text, token='[A-Za-z0-9_]+'): ...",
        "sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "secret = 'correct horse battery'",
        "task-" + "a" * 40,
        "headers = {'Authorization': f'Bearer {key}'}",
        "headers = {'Authorization': 'Bearer your-token-goes-here'}",
        "token=response_token_of_page_2",
        "'Server=db;User Id=sa;Password={password};'",
    ],
)
def test_what_only_speaks_of_secrets_is_none(text: str) -> None:
    """Much code handles passwords and holds none."""
    assert secret_kind(text) is None


@pytest.mark.parametrize(
    "part",
    [
        "token",
        "token ",
        "token: ",
        "eyJ-",
        "a.",
        "a://b:",
        "sk-",
        "password = '",
        "AKIA",
        "token=a",
        "Bearer ",
        ";Password=",
        ":AA1",
    ],
)
def test_no_text_takes_long(part: str) -> None:
    """Texts come from strangers, who may want to see this program stand still."""
    began = time.process_time()

    secret_kind(part * (300_000 // len(part)))

    assert time.process_time() - began < 2
