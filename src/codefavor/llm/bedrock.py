"""Owns AWS Bedrock's Converse API.

Keys, profiles, assumed roles and their renewal are botocore's own: whatever the AWS command line works with works.
"""

import json
import re
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import get_session
from botocore import exceptions
from botocore.awsrequest import AWSRequest
from botocore.parsers import create_parser
from yarl import URL

from codefavor.errors import InputError
from codefavor.llm.client import Messages, Reply, RequestError, Sampling, fault_of, said, split_system
from codefavor.llm.retry import retry_after
from codefavor.llm.settings import ChatSettings, Notice
from codefavor.llm.wire import Wire

_REFUSED = frozenset({"guardrail_intervened", "content_filtered"})
_NO_ACCESS = re.compile(r"AccessDenied|Unrecognized|InvalidSignature|ExpiredToken|ResourceNotFound|InvalidClientToken")
_BUSY = re.compile(r"Throttling|TooManyRequests|ServiceUnavailable|ModelNotReady|ServiceQuota")
_BROKEN = re.compile(r"InternalServer|ModelTimeout|ModelStreamError|ModelError")
_OPERATION = "Converse"
_BEFORE_SIGNING = f"before-sign.bedrock-runtime.{_OPERATION}"
_SIGNING = f"request-created.bedrock-runtime.{_OPERATION}"
_ERRORS = create_parser("rest-json")


class Bedrock:
    """A model behind Converse; there is no seed and there are no log-probabilities."""

    together = 1

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        self.name = f"bedrock:{model}"
        self.cannot: frozenset[str] = frozenset({"seed", "top_logprobs"})
        self._model, self._notice = model, notice
        if settings.temperature > 1:
            notice(f"{self.name} takes a temperature of at most 1; it is asked with 1")
        session = get_session()
        region = settings.region or session.get_config_variable("region")
        if not region:
            raise InputError("no AWS region is set; give --region, or export AWS_REGION")
        host = settings.base_url or f"https://bedrock-runtime.{region}.amazonaws.com"
        self.address = urlsplit(host).hostname or host
        config = AioConfig(
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=settings.concurrency,
            read_timeout=settings.timeout,
            connect_timeout=min(settings.timeout, 30),
            http_session_cls=self._connect,
            # Both are made anew for every request otherwise, and take a fifth of its time.
            user_agent="codefavor",
            parameter_validation=False,
        )
        self._make = partial(
            session.create_client,
            "bedrock-runtime",
            region_name=region,
            endpoint_url=settings.base_url,
            config=config,
        )
        self._client: Any = None
        self._connections: Any = None
        self._prepared: Any = None
        self._wire: Any = None
        self._timeout = settings.timeout

    def _connect(self, **how: Any) -> AIOHTTPSession:  # noqa: ANN401 (the library's)
        """Make the connections of a client, as the library would, and keep hold of them."""
        self._connections = AIOHTTPSession(**how)
        return self._connections

    async def open(self) -> None:
        """Make a client for the running event loop; reading botocore's models takes it a second or two."""
        self._client = await self._make().__aenter__()
        self.address = urlsplit(self._client.meta.endpoint_url).hostname or self.address  # a profile may name another
        events = self._client.meta.events
        events.register(_BEFORE_SIGNING, _keep)
        try:
            await self._client.converse(modelId=self._model)
        except _PreparedError as kept:
            self._prepared = kept.request
        events.unregister(_BEFORE_SIGNING, _keep)
        # Certificates and proxies of a profile are the library's to know; what it does for every request is not needed.
        proxies, url = self._connections._proxy_config, self._prepared.url
        proxy = proxies.proxy_url_for(url)
        session = await self._connections._get_session(proxy)
        self._wire = Wire(session, proxy, self._timeout, proxies.proxy_headers_for(url))

    async def _post(self, body: dict[str, Any]) -> Any:  # noqa: ANN401 (a server may send anything)
        """Return what a server answers to a question; botocore signs it, where for each it would prepare much anew."""
        like = self._prepared
        request = _Question(like.method, like.url, like.headers, json.dumps(body).encode())
        request.context = {name: value for name, value in like.context.items() if name != "retries"}  # there are none
        await self._client.meta.events.emit(_SIGNING, request=request, operation_name=_OPERATION)
        headers = dict(request.headers.items(), **{"Accept-Encoding": "identity"})
        received = await self._wire.post(URL(like.url, encoded=True), request.data, headers)
        if received.status < 300:
            return received.json()
        answer = {"status_code": received.status, "headers": received.headers, "body": received.body}
        raise exceptions.ClientError(_ERRORS.parse(answer, None), _OPERATION)

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return the model's answer."""
        try:
            return _reply(await self._post(self._request(messages, sampling)))
        except exceptions.ClientError as error:
            raise _client_fault(self, error) from error
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
            raise RequestError("no-access", f"{error}; configure AWS credentials as for its command line") from error
        except exceptions.BotoCoreError as error:
            raise RequestError("broken", str(error)) from error
        except (OSError, ValueError) as error:
            raise RequestError("broken", f"the reply is no answer ({type(error).__name__})") from error

    def _request(self, messages: Messages, sampling: Sampling) -> dict[str, Any]:
        system, turns = split_system(messages)
        limits: dict[str, Any] = {"maxTokens": sampling.max_tokens}
        if "temperature" not in self.cannot:
            limits["temperature"] = min(sampling.temperature, 1.0)  # its scale ends there
        if sampling.stop and "stop" not in self.cannot:
            limits["stopSequences"] = list(sampling.stop)
        wanted: dict[str, Any] = {
            "messages": [{"role": each["role"], "content": [{"text": each["content"]}]} for each in turns],
            "inferenceConfig": limits,
        }
        if system:
            wanted["system"] = [{"text": system}]
        return wanted

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class _PreparedError(Exception):
    """Ends what the SDK does for a question when it has prepared it."""

    def __init__(self, request: AWSRequest) -> None:
        self.request = request


def _keep(request: AWSRequest, **_: object) -> None:
    raise _PreparedError(request)


class _Question(AWSRequest):  # type: ignore[misc]  # the library has no types
    """A request whose body is there: the library would prepare the whole once more to sign it."""

    @property
    def body(self) -> bytes:
        content: bytes = self.data
        return content


def _client_fault(client: Bedrock, error: exceptions.ClientError) -> RequestError:
    response: Any = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    message = response.get("Error", {}).get("Message", "")
    reason = said(status, message) if 300 <= status < 400 else f"{code}: {message or 'no reason given'}"
    if _NO_ACCESS.search(code):
        return RequestError("no-access", reason)
    if _BUSY.search(code):
        return RequestError("busy", reason, retry_after(headers))
    if _BROKEN.search(code):
        return RequestError("broken", reason)
    return RequestError(fault_of(status) if status >= 300 else "broken", reason, retry_after(headers))


def _reply(answer: Any) -> Reply:  # noqa: ANN401 (a server may send anything)
    try:
        content = answer["output"]["message"]["content"]
        text = "".join(block["text"] for block in content if "text" in block)
        thoughts = (block["reasoningContent"] for block in content if "reasoningContent" in block)
        thinking = "".join(each.get("reasoningText", {}).get("text", "") for each in thoughts)
        usage, reason = answer["usage"], answer["stopReason"]
        tokens = (usage["inputTokens"], usage["outputTokens"])
    except (KeyError, TypeError) as error:
        raise RequestError("broken", "the reply is no answer") from error
    finish = "refused" if reason in _REFUSED else "length" if reason == "max_tokens" else "stop"
    return Reply(text, finish, thinking, *tokens)  # type: ignore[arg-type]  # it is one of the three
