"""A judge behind HTTP, and its verdicts as rewards for trainers."""
