"""Owns which pairs a teacher wrote are taken, and the fixed list of reasons why others are not."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from pydantic import PositiveInt

from codefavor.codetext.comments import strip
from codefavor.codetext.wholeness import flaw_of, same_but_for_looks
from codefavor.records import PreferencePair, Rejection, content_id
from codefavor.runs import Config

Reason: TypeAlias = Literal[
    "duplicate-row",
    "empty-side",
    "no-code",
    "too-long",
    "not-asked",
    "refused",
    "empty",
    "cut",
    "unclear",
    "no-improvement",
    "good-enough",
    "missing-section",
    "does-not-parse",
    "same-code",
    "same-pair",
    "leading-instruction",
    "names-in-feedback",
    "fails-examples",
]
REASONS: Final[dict[Reason, str]] = {
    "duplicate-row": "the row asks what an earlier one asks",
    "empty-side": "the commit adds or removes the whole file",
    "no-code": "the attempt holds no code",
    "too-long": "what is to be shown, or a text that was written, is longer than the limit",
    "not-asked": "no answer came, after all retries; the same command asks again",
    "refused": "the teacher, or a filter of its provider, declined",
    "empty": "the teacher said nothing, or only thought",
    "cut": "the answer ends at the limit of tokens",
    "unclear": "neither a yes nor a no can be read",
    "no-improvement": "the teacher sees no clear improvement in the commit",
    "good-enough": "the critic would accept the attempt as it is",
    "missing-section": "a section that was asked for is not there",
    "does-not-parse": "a code is not whole, or not code",
    "same-code": "the codes differ only in comments, layout or names of their own",
    "same-pair": "an earlier row gave the same two codes",
    "leading-instruction": "the instruction hints at one of the codes",
    "names-in-feedback": "the feedback does not name both codes, or calls them something else",
    "fails-examples": "the improved code meets fewer of the instruction's examples than the naive one (`--verify`)",
}
"""Every reason a row can be rejected for, and what it means."""


class AcceptanceConfig(Config):
    """What a pair must be to be taken."""

    comments: Literal["strip", "keep"] = "strip"
    """Whether comments and docstrings are taken out of the codes, as in the paper."""
    max_characters: PositiveInt = 6000
    """Longest code on either side."""
    max_words: PositiveInt = 600
    """Longest instruction or feedback."""


_CODE: Final = r"(?:code|snippet|implementation|script|function|method|class|module|version)"
_LEADING: Final = re.compile(
    r"^\W*(?:please |you (?:need|have|are asked) to |your task is to |the task is to )?"
    r"(?:improve|fix|optimi[sz]e|refactor|rewrite|enhance|simplify|clean up|debug|speed up|harden|"
    r"rework|repair|patch)\b|"
    rf"\b(?:update|modify|change|revise|correct|adapt) (?:the|this|an?) (?:[`\w.]+ ){{0,2}}?{_CODE}\b|"
    r"\b(?:fix|correct|address|resolve|remove|avoid|prevent) (?:the|a|this|that|any) (?:\w+ )?"
    r"(?:bugs?|issues?|defects?|flaws?|vulnerabilit\w+|inefficienc\w+|weakness\w*)\b|"
    r"\b(?:given|following|existing|above|below|current|provided|original|old) "
    r"(?:code|snippet|implementation|script)\b|\bthis (?:code|snippet|implementation|script)\b|"
    r"\bthe code (?:below|above|so that)\b|"
    r"\b(?:naive|improved|better|worse) (?:code|version|solution|implementation|approach|way)\b|"
    r"\bmore (?:efficient|secure|robust|readable|concise|pythonic|idiomatic)\b|"
    r"\b(?:faster|safer|cleaner|better) than\b|\binstead of (?:a |an |the )?(?:loop|manual|nested|hard|naive)|"
    r"\b(?:this|the) (?:commit|pull request|refactoring)\b|"
    r"^\W*(?:modify|change|extend|convert|adapt|update) `[^`]+`|"
    r"^\W*make (?:the |this )?\S+ (?:faster|safer|cleaner|more)\b|"
    r"\breplace the (?:\w+ )?(?:loops?|recursion|regex|quer(?:y|ies)|concatenation)\b|"
    r"\bavoid(?:s|ing)? (?:the |any )?"
    r"(?:unnecessary|redundant|repeated|needless|duplicate|quadratic|nested|hard-?coded)\b|"
    r"\brather than (?:using|building|looping|iterating|(?:a |an |the )?(?:loop|nested|manual|naive))\b|"
    r"\b(?:slow|inefficient|insecure|vulnerable|buggy|broken|faulty) (?:function|code|version|loop|implementation)\b|"
    r"\bthere (?:is|are) (?:a |some )?(?:bugs?|vulnerabilit\w+) in\b",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r"(?P<marks>[\[*_`\"']{0,4})(?:\b(?P<the>the|The|THE)[\s_]+[\[*_`\"']{0,4})?"
    r"\b(?P<side>naive|naïve|improved)[\s_-]+"
    r"(?:code|version|implementation|solution|snippet|approach|attempt)\b(?:[\]*_`\"]|'(?!s\b)){0,4}",
    re.IGNORECASE,
)
_OTHER_NAMES: Final = re.compile(
    r"\b(?:code|snippet|solution|implementation|attempt|option|approach) (?:(?-i:\(?[AB]\b)|[12]\b|#\d)|"
    r"\bversion (?-i:[AB])\b|\b(?:before|after|with) (?:the|this) (?:change|fix|commit|refactoring|update)\b|"
    r"\bthe (?:pull request|PR|refactoring|(?:first|second|old|new|original) approach)\b|"
    r"\b(?:first|second|former|latter|original|old|older|new|newer|previous|initial|earlier|updated|refactored|"
    r"optimi[sz]ed|revised|modified|fixed|better|worse) (?:code|version|implementation|snippet|solution|attempt)\b|"
    r"\bthe (?:former|latter|commit|attempt|diff|patch)\b|\bthis commit\b",
    re.IGNORECASE,
)


def accept(
    row: str,
    sections: Mapping[str, str],
    config: AcceptanceConfig,
    about: Mapping[str, Any],
    *,
    meta: Mapping[str, Any] | None = None,
    given: bool = False,
) -> PreferencePair | Rejection:
    """Return the pair that a teacher's sections make, or why they make none.

    Args:
        row: the id of the row it was made from; rejections have it.
        sections: "instruction", "criterion", "naive_code", "improved_code", "feedback"; what is not there is missing.
        config: what a pair must be.
        about: the pair's other fields (method, language, teacher, source).
        meta: what is kept of the row.
        given: whether the instruction came with the row, so that it was written before either code.
    """
    kept = dict(meta or {}) or None

    def rejected(reason: Reason, detail: str = "") -> Rejection:
        return Rejection(id=row, reason=reason, detail=detail[:300], meta=kept)

    for key in ("instruction", "criterion", "naive_code", "improved_code", "feedback"):
        if not sections.get(key, "").strip():
            return rejected("missing-section", key)
    language = str(about.get("language", "python"))
    codes = {}
    for key in ("naive_code", "improved_code"):
        code = sections[key]
        if flaw := flaw_of(code, language):
            return rejected("does-not-parse", f"{key}: {flaw}")
        codes[key] = strip(code, language).text.strip("\n") + "\n" if config.comments == "strip" else code
        if len(codes[key]) > config.max_characters:
            return rejected("too-long", f"{key}: {len(codes[key])} characters")
        if not codes[key].strip():
            return rejected("does-not-parse", f"{key}: nothing but comments")
    if same_but_for_looks(codes["naive_code"], codes["improved_code"], language):
        return rejected("same-code")
    instruction, criterion = sections["instruction"].strip(), " ".join(sections["criterion"].split())
    for key, text in (("instruction", instruction), ("criterion", criterion), ("feedback", sections["feedback"])):
        if len(text.split()) > config.max_words:
            return rejected("too-long", f"{key}: {len(text.split())} words")
    hint = None if given else leading(instruction, codes["naive_code"], codes["improved_code"])
    if hint:
        return rejected("leading-instruction", hint)
    feedback = labelled(sections["feedback"])
    if wrong := misnamed(feedback):
        return rejected("names-in-feedback", wrong)
    return PreferencePair.model_validate(
        {
            "instruction": instruction,
            "criterion": criterion,
            "naive_code": codes["naive_code"],
            "improved_code": codes["improved_code"],
            "feedback": feedback,
            **about,
            **({"meta": kept} if kept else {}),
        }
    )


def same_pair_key(pair: PreferencePair) -> str:
    """Return what two pairs share that hold the same two codes, white space aside, whichever is the better."""
    return content_id(*sorted(" ".join(code.split()) for code in (pair.naive_code, pair.improved_code)))


def leading(instruction: str, *codes: str) -> str | None:
    """Return the words of an instruction that hint at one of the codes, or None.

    >>> leading("Fix the race in `add`."), leading("Write `fix(html)`, which closes open tags.")
    ('Fix', None)
    """
    found = _LEADING.search(instruction)
    if found is not None:
        return found[0].strip()
    plain = " ".join(instruction.split())
    for code in codes:
        squeezed = " ".join(code.split())
        if len(squeezed) > 40 and squeezed in plain:
            return "one of the codes stands in it"
    return None


def labelled(feedback: str) -> str:
    """Return the feedback with every spelling of the two labels as "the naive code" and "the improved code".

    >>> labelled("**Naive Code** loops twice; [IMPROVED_CODE] once.")
    'The naive code loops twice; the improved code once.'
    """

    def label(found: "re.Match[str]") -> str:
        side = "improved" if found["side"].lower() == "improved" else "naive"
        before = feedback[: found.start()].rstrip(" \t*_`\"'>#-•")
        starts = not before or before[-1] in ".!?\n"
        opening = found["marks"] if found["marks"] and not found["marks"].strip("\"'") and found["the"] else ""
        return f"{opening}{'The' if starts else 'the'} {side} code"

    return _LABEL.sub(label, feedback.strip())


def misnamed(feedback: str) -> str | None:
    """Return what is wrong with how a feedback calls the codes, or None."""
    text = feedback.lower()
    for side in ("naive", "improved"):
        if f"the {side} code" not in text:
            return f"the {side} code is not named"
    other = _OTHER_NAMES.search(feedback)
    return other[0] if other else None
