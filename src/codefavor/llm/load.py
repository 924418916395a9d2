"""Owns the names of chat models: PROVIDER:MODEL → ChatClient, each SDK imported when it is first asked for."""

import os
from importlib import import_module
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from codefavor.errors import InputError, MissingExtraError, UnknownNameError
from codefavor.llm.client import ChatClient, Redactor
from codefavor.llm.settings import ChatSettings, Notice


class _Provider(NamedTuple):
    place: str
    """module:class."""
    extra: str
    """The pip extra it needs; empty where it needs none."""
    keys: tuple[str, ...] = ()
    """Variables that its keys stand in."""


_AWS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK")
PROVIDERS: Final[dict[str, _Provider]] = {
    "anthropic": _Provider("codefavor.llm.anthropic:Anthropic", "anthropic", ("ANTHROPIC_API_KEY",)),
    "bedrock": _Provider("codefavor.llm.bedrock:Bedrock", "bedrock", _AWS),
    "google": _Provider("codefavor.llm.google:Google", "google", ("GOOGLE_API_KEY", "GEMINI_API_KEY")),
    "huggingface": _Provider("codefavor.llm.huggingface:HuggingFace", "torch"),
    "openai": _Provider("codefavor.llm.openai_compatible:OpenaiCompatible", "openai", ("OPENAI_API_KEY",)),
    "scripted": _Provider("codefavor.llm.scripted:Scripted", ""),
}

_SECRETS: Final = (*(key for provider in PROVIDERS.values() for key in provider.keys), "HF_TOKEN", "CODEFAVOR_TOKEN")


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
    if settings is not None and settings.base_url is not None:
        _check_address(settings.base_url)
    if not model:
        raise InputError(f"{spec!r} names no model; give {provider}:MODEL")
    for variable in known.keys:
        if not (os.environ.get(variable) or "x").isascii() or not os.environ.get(variable, "").isprintable():
            raise InputError(f"{variable} holds a line break or a letter that no key has; export it again without")
    module, _, name = known.place.partition(":")
    try:
        make = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if not known.extra or (error.name or "").startswith("codefavor."):
            raise
        raise MissingExtraError.of(known.extra, f"the model {spec}") from error
    client: ChatClient = make(model, settings or ChatSettings(), notice)
    return client


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, or a port that is none
        whole = False
    if not whole or not url.isprintable() or " " in url:
        raise InputError("the --base-url is not a whole address; give one such as http://localhost:8000/v1")
    if parts.username or parts.password:
        raise InputError(
            f"the address at {parts.hostname} holds a user name or password; leave it out and export the provider's key"
        )


def redactor() -> Redactor:
    """Return what takes this process's keys out of text."""
    return Redactor([os.environ.get(name) for name in _SECRETS])
