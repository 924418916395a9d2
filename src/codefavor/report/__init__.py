"""Judgements → what a person looks at."""
