"""Owns the names of chat models: PROVIDER:MODEL → ChatClient, each SDK imported when it is first asked for."""

import os
from importlib import import_module
from typing import Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from codefavor.errors import InputError, MissingExtraError, UnknownNameError
from codefavor.llm.client import ChatClient, Redactor
from codefavor.llm.settings import ChatSettings, Notice

SettingsT = TypeVar("SettingsT", bound=ChatSettings)


class _Provider(NamedTuple):
    place: str
    """module:class."""
    extra: str
    """The pip extra it needs; empty where it needs none."""
    keys: tuple[str, ...] = ()
    """Variables that its keys stand in."""
    addresses: tuple[str, ...] = ()
    """Variables that its SDK takes another address from; the first that is set counts."""


_AWS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK")
PROVIDERS: Final[dict[str, _Provider]] = {
    "anthropic": _Provider(
        "codefavor.llm.anthropic:Anthropic", "anthropic", ("ANTHROPIC_API_KEY",), ("ANTHROPIC_BASE_URL",)
    ),
    "bedrock": _Provider(
        "codefavor.llm.bedrock:Bedrock", "bedrock", _AWS, ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL")
    ),
    "google": _Provider(
        "codefavor.llm.google:Google", "google", ("GOOGLE_API_KEY", "GEMINI_API_KEY"), ("GOOGLE_GEMINI_BASE_URL",)
    ),
    "huggingface": _Provider("codefavor.llm.huggingface:HuggingFace", "torch"),
    "openai": _Provider(
        "codefavor.llm.openai_compatible:OpenaiCompatible", "openai", ("OPENAI_API_KEY",), ("OPENAI_BASE_URL",)
    ),
    "scripted": _Provider("codefavor.llm.scripted:Scripted", ""),
}

_REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_SECRETS: Final = (
    *(key for provider in PROVIDERS.values() for key in provider.keys),
    "HF_TOKEN",
    "CODEFAVOR_TOKEN",
    "VLLM_API_KEY",
)


def addressed(spec: str, settings: SettingsT) -> SettingsT:
    """Return the settings with the address and region that the environment names, where they name none themselves.

    What a run keeps of them then says which server it was, so that it cannot go on with another unnoticed.

    Raises:
        InputError: the address is none, or holds a password.
    """
    provider = spec.partition(":")[0]
    known = PROVIDERS.get(provider)
    found: dict[str, str] = {}
    if settings.base_url is not None:
        _check_address(settings.base_url, "the --base-url")
    elif known is not None and (variable := next(filter(os.environ.get, known.addresses), None)):
        found["base_url"] = os.environ[variable]
        _check_address(found["base_url"], variable)
    region = next(filter(None, map(os.environ.get, _REGIONS)), None)
    if provider == "bedrock" and settings.region is None and region:
        found["region"] = region
    return settings.model_copy(update=found)


def load_client(spec: str, settings: ChatSettings | None = None, notice: Notice = lambda _: None) -> ChatClient:
    """Return the chat model that PROVIDER:MODEL stands for; nothing is sent yet.

    Args:
        spec: PROVIDER:MODEL.
        settings: where it is and how it is asked.
        notice: told what a person should know, a line each.

    Raises:
        UnknownNameError: there is no such provider.
        MissingExtraError: its SDK is not installed.
        InputError: MODEL is missing, or there is no key for it.
    """
    provider, _, model = spec.partition(":")
    known = PROVIDERS.get(provider)
    if known is None:
        raise UnknownNameError.of("provider of chat models", provider, PROVIDERS)
    if not model:
        raise InputError(f"{spec!r} names no model; give {provider}:MODEL")
    for variable in known.keys:
        if not (os.environ.get(variable) or "x").isascii() or not os.environ.get(variable, "").isprintable():
            raise InputError(f"{variable} holds a line break or a letter that no key has; export it again without")
    settings = addressed(spec, settings or ChatSettings())
    module, _, name = known.place.partition(":")
    try:
        make = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if not known.extra or (error.name or "").startswith("codefavor."):
            raise
        raise MissingExtraError.of(known.extra, f"the model {spec}") from error
    client: ChatClient = make(model, settings, notice)
    for field, wanted in (("temperature", True), ("seed", settings.seed is not None), ("stop", bool(settings.stop))):
        if wanted and field in client.cannot:
            notice(f"{client.name} does not take {field}; it is asked without")
    return client


def _check_address(url: str, source: str) -> None:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, or a port that is none
        whole = False
    if not whole or not url.isprintable() or " " in url:
        raise InputError(f"{source} is not a whole address; give one such as http://localhost:8000/v1")
    if parts.username or parts.password:
        raise InputError(
            f"{source} (at {parts.hostname}) holds a user name or password; leave it out and export the provider's key"
        )


def redactor() -> Redactor:
    """Return what takes this process's keys out of text."""
    return Redactor([os.environ.get(name) for name in _SECRETS])
