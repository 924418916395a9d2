"""Judgements → what a person looks at: one HTML page, a table in the terminal."""
