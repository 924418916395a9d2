"""Comparison ↔ model text, in both directions."""
