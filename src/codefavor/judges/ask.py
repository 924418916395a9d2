"""Owns asking one question: two codes in, one verdict out."""

from codefavor.judges.base import Judge, judge_in_order
from codefavor.judges.load import load_judge
from codefavor.objectives import CRITERIA
from codefavor.records import Comparison, Verdict


def judge(
    code_a: str,
    code_b: str,
    *,
    instruction: str = "",
    criterion: str = "human-preference",
    judge: str | Judge = "auto",
    language: str = "python",
) -> Verdict:
    """Return one judge's verdict on two codes.

    Args:
        code_a: the first code, as text.
        code_b: the second code, as text.
        instruction: what both were asked to do; judges that read it decide better with it.
        criterion: one of the four objectives by name, or the criterion in free words.
        judge: KIND:NAME (see `codefavor.load_judge`) or a judge that is already loaded.
        language: what both are written in.

    Raises:
        InputError: there is no such judge, or its checkpoint cannot be used.
    """
    question = Comparison.model_validate(
        {
            "instruction": instruction,
            "code_a": code_a,
            "code_b": code_b,
            "criterion": CRITERIA.get(criterion, criterion),
            "language": language,
        }
    )
    asked = load_judge(judge) if isinstance(judge, str) else judge
    return judge_in_order(asked, [question])[0]
