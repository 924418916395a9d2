"""Talking to chat models: one protocol, one retry policy, one ledger, and one file for each provider's SDK."""
