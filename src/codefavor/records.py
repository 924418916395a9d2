"""Owns what stages hand on: the records, their content ids and their checks.

A record is frozen, keeps fields it does not know, and is named by the hash of what makes it what it is, so the
same row has the same name on every machine and in every run.
"""

import hashlib
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Label: TypeAlias = Literal["A", "B"]
Choice: TypeAlias = Literal["A", "B", "tie", "abstain"]
Status: TypeAlias = Literal["ok", "unparsed", "refused", "error"]

_SWAPPED: dict[str | None, Any] = {"A": "B", "B": "A"}


def content_id(*parts: str) -> str:
    """Return 20 hex digits naming the parts; where one part ends and the next begins counts.

    >>> content_id("ab", "c") == content_id("a", "bc")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()[:20]


def _whole_text(value: object) -> object:
    # JSON can carry half of a surrogate pair; UTF-8 cannot, and a file that cannot be written again is no record.
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "replace").decode()
    return value


Text: TypeAlias = Annotated[str, BeforeValidator(_whole_text)]


class Record(BaseModel):
    """One line of a record file."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    identity: ClassVar[tuple[str, ...]] = ()
    """The fields whose content names the record when no id is given; empty for records without an id."""

    @model_validator(mode="before")
    @classmethod
    def _name_by_content(cls, data: Any) -> Any:  # noqa: ANN401 (whatever the caller passed)
        if cls.identity and isinstance(data, dict) and not data.get("id"):
            parts = (_whole_text(data.get(field, "")) for field in cls.identity)
            data = {**data, "id": content_id(*(str(part) for part in parts))}
        return data

    def to_json(self) -> bytes:
        """Return the record as one line of JSON without its newline; optional fields that are unset are left out."""
        data = self.model_dump(mode="json")
        for name, field in type(self).model_fields.items():
            if field.default is None and data[name] is None:
                del data[name]
        return orjson.dumps(data)


class Function(Record):
    """A function found in installed code."""

    identity = ("package", "module", "qualname", "code")

    id: str
    package: str
    module: str
    qualname: str
    code: Text
    docstring: Text | None = None
    license: str | None = None


class Commit(Record):
    """What one commit did to one file."""

    identity = ("repo", "commit", "path", "old_contents", "new_contents")

    id: str
    repo: str
    commit: str
    path: str
    """After the commit."""
    message: Text
    old_contents: Text
    new_contents: Text
    lang: str | None = None
    license: str | None = None
    date: str | None = None


class Instruction(Record):
    """A request for code, perhaps with a code that fulfils it."""

    identity: ClassVar[tuple[str, ...]] = ("instruction",)

    id: str
    instruction: Text
    reference: Text | None = None
    language: str = "python"


class Attempt(Instruction):
    """A model's answer to an instruction."""

    identity = ("instruction", "response", "model")

    response: Text
    """What the model said, its words around the code included."""
    model: str
    """PROVIDER:MODEL."""


class Comparison(Record):
    """A question to a judge: which of two codes better meets the criterion, for this instruction."""

    identity = ("instruction", "code_a", "code_b", "criterion")

    id: str
    instruction: Text
    code_a: Text
    code_b: Text
    criterion: Text
    language: str = "python"
    meta: dict[str, Any] | None = None

    def swapped(self) -> "Comparison":
        """Return the same question with the codes in the other order."""
        return Comparison.model_validate(
            {
                "instruction": self.instruction,
                "code_a": self.code_b,
                "code_b": self.code_a,
                "criterion": self.criterion,
                "language": self.language,
                "meta": self.meta,
            }
        )


class BenchmarkTask(Comparison):
    """A comparison whose answer is known."""

    label: Label
    objective: str
    cluster: str
    """Tasks that share a source problem; intervals are drawn over clusters."""
    source: str = ""
    task_id: str = ""
    """The benchmark's own name of the task; several tasks may share one."""


class PreferencePair(Record):
    """Two codes for one instruction, one better by the criterion, with words that say why."""

    identity = ("instruction", "criterion", "naive_code", "improved_code")

    id: str
    instruction: Text
    criterion: Text
    naive_code: Text
    improved_code: Text
    feedback: Text
    method: str
    language: str = "python"
    teacher: str | None = None
    source: str | None = None
    verified: bool | None = None
    p_a: Annotated[float, Field(ge=0, le=1)] | None = None
    """How much speaks for the improved code, which is A in the order improved-first: 0.5 is a tie, 0.8 four of five
    voters. Unset, everything does."""
    meta: dict[str, Any] | None = None


class Rejection(Record):
    """A row that did not become what it could have become, and why."""

    id: str
    reason: str
    """A short name from a fixed list, so that reasons can be counted."""
    detail: Text = ""
    meta: dict[str, Any] | None = None


class TrainingExample(Record):
    """A preference pair as model text, in one order."""

    messages: list[dict[str, str]]
    format: str
    pair_id: str
    order: Literal["improved-first", "naive-first"]
    instruction: Text
    code_a: Text
    code_b: Text
    criterion: Text
    label: Label
    p_a: Annotated[float, Field(ge=0, le=1)] | None = None
    """How much speaks for A, where the label does not say it all: 0.5 is a tie, 0.8 four of five voters."""
    language: str = "python"
    group: str = ""
    """Examples that share a source (a module, a problem); splits never cut through a group."""
    meta: dict[str, Any] | None = None

    @property
    def target(self) -> float:
        """What a model is to give as the probability that A is better."""
        return float(self.label == "A") if self.p_a is None else self.p_a

    def comparison(self) -> Comparison:
        """Return the question this example answers."""
        return Comparison.model_validate(
            {
                "instruction": self.instruction,
                "code_a": self.code_a,
                "code_b": self.code_b,
                "criterion": self.criterion,
                "language": self.language,
            }
        )


class Verdict(Record):
    """A judge's answer to one comparison.

    `p_a` is the judge's probability that A is better (null where it gives none). A judge that answered without
    deciding (tie, abstain, unparsed, refused) earns a half; one that could not be asked (error) is a failure.
    """

    id: str
    p_a: Annotated[float, Field(ge=0, le=1)] | None
    choice: Choice | None
    status: Status = "ok"
    judge: str
    per_order: list[dict[str, Any]] | None = None
    evidence: list[dict[str, Any]] | None = None
    usage: dict[str, int] | None = None
    cost_usd: float | None = None

    def swapped(self) -> Self:
        """Return what the same answer says of the question with the codes in the other order."""
        p_a = None if self.p_a is None else 1.0 - self.p_a
        return self.model_copy(update={"p_a": p_a, "choice": _SWAPPED.get(self.choice, self.choice)})


class Judgement(Verdict):
    """A verdict beside the label it is held against."""

    task_id: str
    objective: str
    cluster: str
    label: Label
    correct: float
    """1 right, 0 wrong, 0.5 where the judge answered but did not decide."""
