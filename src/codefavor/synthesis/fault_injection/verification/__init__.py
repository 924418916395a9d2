"""Verification of fault-injection pairs: both sides are run, and what was seen decides whether a pair is kept."""
