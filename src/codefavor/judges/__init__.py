"""Comparison → Verdict: everything that can say which of two codes is better."""
