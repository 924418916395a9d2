"""Owns how a verdict is put on a page: what a judge chose, what it said in each order, what spoke for it."""

import json
from collections.abc import Mapping, Sequence

from codefavor.records import Verdict


def said(verdict: Verdict) -> list[tuple[str, str]]:
    """Return what a judge said as names and values."""
    stated = "" if verdict.p_a is None else f", P(A is better) = {verdict.p_a:.3g}"
    said = [("Chose", f"{verdict.choice}{stated}")]
    for number, order in enumerate(verdict.per_order or (), start=1):
        rest = {key: value for key, value in order.items() if (key, value) != ("status", "ok") and key != "order"}
        said.append((f"Order {order.get('order', number)}", plain(rest)))
    for piece in verdict.evidence or ():
        kind = str(piece.get("kind", "evidence"))
        if "says" in piece:
            favours = f" (speaks for {piece['favours']})" if piece.get("favours") else ""
            said.append((kind, f"{piece['says']}{favours}"))
            continue
        rest = {key: value for key, value in piece.items() if key not in ("kind", kind)}
        said.append((kind, "; ".join(filter(None, (plain(piece.get(kind, "")), plain(rest))))))
    return said


def plain(value: object) -> str:
    """Return a value of a verdict's free fields in a line of text."""
    if isinstance(value, Mapping):
        text = "; ".join(f"{key.replace('_', ' ')} {plain(inner)}" for key, inner in value.items() if inner is not None)
    elif isinstance(value, float):
        text = f"{value:.4g}"
    elif isinstance(value, str):
        text = value
    elif isinstance(value, Sequence):
        text = ", ".join(plain(inner) for inner in value)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 600 else f"{text[:600]} ⋯"
