"""A teacher's replies as data: its yes or no, and the sections it was asked to write."""
