"""People as judges: the page they answer on, where answers are kept, who is asked what, and what comes of it."""
