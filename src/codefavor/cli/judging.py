"""Owns how commands load their judge: by name, perhaps told the evidence, perhaps allowed to run unsafely."""

from codefavor.judges.base import Judge


def load_for_command(spec: str, with_evidence: bool, unsafe: bool) -> Judge:
    """Return the judge a command asked for.

    Args:
        spec: KIND:NAME.
        with_evidence: whether it is told what running and scanning the codes showed.
        unsafe: whether codes may be run where this machine cannot hold them.

    Raises:
        InputError: there is no such judge, or it cannot be used.
    """
    from codefavor.judges.load import load_judge

    if unsafe:
        from codefavor.sandbox import permit_unsafe

        permit_unsafe("--unsafe")
    judge = load_judge(spec)
    if not with_evidence:
        return judge
    from codefavor.judges.with_evidence import WithEvidence

    return WithEvidence(judge, load_judge("evidence"))
