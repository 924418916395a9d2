"""Worse versions of real functions, made by rule: preference pairs with no language model."""
