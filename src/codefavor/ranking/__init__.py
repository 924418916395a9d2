"""Owns ranking: many codes for one instruction → an order, from few pairwise verdicts."""
