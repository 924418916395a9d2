"""Owns the shapes of requests and answers: our own, and those that trainers and search engines know already."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from codefavor.records import Text

Texts: TypeAlias = Annotated[list[Text], Field(min_length=1)]


class _Request(BaseModel):
    # Clients of these protocols send fields of their own, such as labels or a model's name.
    model_config = ConfigDict(extra="ignore", frozen=True)

    criterion: Text | None = None
    """correctness, efficiency, security, human-preference, or a criterion in words; the server's own by default."""
    language: Text = "python"


class CompareRequest(_Request):
    """Two codes; the answer is a verdict, the same record that `codefavor judge --json` prints."""

    instruction: Text = ""
    """What both were asked to do."""
    code_a: Text
    code_b: Text


class RankRequest(_Request):
    """Codes to be put in order."""

    instruction: Text = ""
    candidates: Texts
    budget: PositiveInt | None = None
    """Comparisons at most; those of `codefavor rank` by default."""


class RankAnswer(BaseModel):
    """Candidates in order, the best first."""

    order: list[int]
    """Places in `candidates`, the best first."""
    scores: list[float]
    """By candidate, as they were given; higher is better."""
    comparisons: int
    """What the judge was asked."""


class RewardRequest(_Request):
    """OpenRLHF's request: prompts with their responses, and the prompts alone."""

    query: Texts
    """Each prompt followed by its response."""
    prompts: Texts
    labels: list[Any] | None = None
    """Not used: a comparison needs no reference."""

    @model_validator(mode="after")
    def _as_many(self) -> "RewardRequest":
        if len(self.query) != len(self.prompts):
            raise ValueError(f"{len(self.query)} queries and {len(self.prompts)} prompts; give one prompt for each")
        return self


class RewardAnswer(BaseModel):
    """OpenRLHF's answer; lists are in the order of `query`."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]]


class Document(BaseModel):
    """A document that is an object."""

    text: Text


class RerankRequest(_Request):
    """Jina's and vLLM's request: an instruction and codes that answer it."""

    model: str = ""
    query: Text
    documents: Annotated[list[Text | Document], Field(min_length=1)]
    top_n: int | None = None
    """How many to return; all where it is missing or not above zero."""
    return_documents: bool = True


class Usage(BaseModel):
    """Tokens that the judge read, where it counts them."""

    prompt_tokens: int = 0
    total_tokens: int = 0


class RerankResult(BaseModel):
    """One document's place."""

    index: int
    relevance_score: float
    document: Document | None = None


class RerankAnswer(BaseModel):
    """Jina's and vLLM's answer, the best document first."""

    id: str
    model: str
    results: list[RerankResult]
    usage: Usage


class ScoreRequest(_Request):
    """vLLM's request: an instruction and codes, or as many instructions as codes."""

    model: str = ""
    text_1: Text | Texts
    text_2: Text | Texts

    @model_validator(mode="after")
    def _as_many(self) -> "ScoreRequest":
        ones, twos = as_list(self.text_1), as_list(self.text_2)
        if len(ones) not in (1, len(twos)):
            raise ValueError(f"{len(ones)} texts in text_1 and {len(twos)} in text_2; give one, or as many")
        return self


class ScoreData(BaseModel):
    """One pair's score."""

    index: int
    object: str = "score"
    score: float


class ScoreAnswer(BaseModel):
    """vLLM's answer, in the order of `text_2`."""

    id: str
    object: str = "list"
    created: int
    model: str
    data: list[ScoreData]
    usage: Usage


class Refusal(BaseModel):
    """Why a request was not answered."""

    detail: str
    """One sentence."""


def as_list(texts: str | list[str]) -> list[str]:
    """Return one text as a list of one."""
    return [texts] if isinstance(texts, str) else texts
