"""Whole runs: the quickstart, and published settings."""
