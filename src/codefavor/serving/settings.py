"""Owns what a server may be told: how much it takes on, and how long it waits."""

from typing import Final

from pydantic import Field, PositiveFloat, PositiveInt

from codefavor.runs import Config

DEFAULT_PORT: Final = 8017


class ServingSettings(Config):
    """Limits of a server, each with an answer of its own when it is reached."""

    criterion: str = "human-preference"
    """What a request asks for that names no criterion: an objective's name, or words."""
    max_body: PositiveInt = 4_000_000
    """Bytes of a request; more is answered 413."""
    max_in_flight: PositiveInt = 256
    """Requests worked on at a time; more are answered 429. Those that wait for their group count."""
    max_comparisons: PositiveInt = 4096
    """Comparisons one request may need; more is answered 422, with a word about `opponents`."""
    max_waiting: PositiveInt = 20_000
    """Comparisons of all requests that wait for the judge; more are answered 429."""
    max_batch: PositiveInt = 64
    """Comparisons handed to the judge at a time; 1 is one by one."""
    batch_wait: float = Field(default=0.004, ge=0)
    """Seconds an idle judge waits for company before it begins on what is there."""
    opponents: PositiveInt | None = None
    """Others that each of a group is compared with; all of them by default."""
    group_size: PositiveInt | None = None
    """Responses to one prompt that make a group, where a trainer sends them one a request; None judges each request
    by itself."""
    group_wait: PositiveFloat = 60.0
    """Seconds a response waits for the rest of its group; what has come by then is judged."""
    body_wait: PositiveFloat = 30.0
    """Seconds a request's body may take to arrive."""
    answer_wait: PositiveFloat = 170.0
    """Seconds a request may take; longer is answered 503. Trainers give up after 180."""
    stop_wait: PositiveFloat = 30.0
    """Seconds that requests in work are given to end when the server is stopped."""
