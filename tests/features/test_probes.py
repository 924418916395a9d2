from codefavor.features.probes import length_probe, ngram_probe
from codefavor.records import PreferencePair, content_id


def _pair(naive: str, improved: str, number: int = 0) -> PreferencePair:
    row = {"instruction": f"task {number}", "criterion": "Correctness: right.", "naive_code": naive}
    return PreferencePair.model_validate({**row, "improved_code": improved, "feedback": "x", "method": "m"})


def test_length_probe_counts_ties_as_half() -> None:
    """A judge that only counts characters cannot decide a tie."""
    probe = length_probe([_pair("aaaa", "a"), _pair("b", "b\nb"), _pair("c", "d"), _pair("e", "f")])

    assert probe["all"]["shorter"] == 0.5
    assert probe["correctness"]["same_length"] == 0.5


def test_ngram_probe_finds_a_mark_one_side_always_bears() -> None:
    """This is what it is for: data whose answer is in the wording must be shown up."""
    pairs = [_pair(f"x{n} = foo({n})", f"x{n} = foo({n}) ;", n) for n in range(60)]

    assert ngram_probe(pairs, [str(n % 12) for n in range(60)]) > 0.95


def test_ngram_probe_is_near_chance_without_a_mark_and_repeats() -> None:
    """Chance on innocent data, and the same number every time, so that a card can hold it."""
    pairs = [_pair(content_id("a", str(n)), content_id("b", str(n)), n) for n in range(400)]
    groups = [str(n) for n in range(400)]

    first = ngram_probe(pairs, groups)

    assert 0.35 < first < 0.65
    assert ngram_probe(pairs, groups) == first


def test_ngram_probe_without_enough_pairs_says_a_half() -> None:
    """Nothing can be learned from one pair or one group."""
    assert ngram_probe([_pair("a", "b")], ["g"]) == 0.5
    assert ngram_probe([_pair("a", "b"), _pair("c", "d")], ["g", "g"]) == 0.5
