"""Verdicts on files of any size: block by block, by one process, several, or Ray."""
