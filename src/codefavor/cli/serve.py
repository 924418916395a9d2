"""Owns `codefavor serve`: a judge behind HTTP."""

from typing import Annotated

import typer

from codefavor.cli.asking import ServingOptions, asking_settings
from codefavor.cli.option_groups import AskedOrders, Orders, Unsafe, WithEvidence
from codefavor.errors import InputError, MissingExtraError


def serve_command(
    judge: Annotated[str, typer.Argument(metavar="JUDGE", help="Who answers, as KIND:NAME.")],
    host: Annotated[str, typer.Option(help="Address to listen on; by default nobody else's machine can reach it.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any that is free.")] = 8017,
    criterion: Annotated[
        str, typer.Option(help="What requests ask for that name no criterion: an objective, or words.")
    ] = "human-preference",
    orders: AskedOrders = Orders.given,
    opponents: Annotated[
        int | None, typer.Option(min=1, help="Others that each code of a group is compared with; all by default.")
    ] = None,
    group_size: Annotated[
        int | None,
        typer.Option(min=2, help="Responses to a prompt that /get_reward gathers from requests before it judges them."),
    ] = None,
    group_wait: Annotated[
        float, typer.Option(min=0.01, help="Seconds a response waits for the rest of its group.")
    ] = 60.0,
    max_body: Annotated[int, typer.Option(min=1000, help="Bytes a request may have.")] = 4_000_000,
    max_in_flight: Annotated[int, typer.Option(min=1, help="Requests in work at a time.")] = 256,
    max_comparisons: Annotated[int, typer.Option(min=1, help="Comparisons one request may need.")] = 4096,
    max_batch: Annotated[int, typer.Option(min=1, help="Comparisons handed to the judge at a time.")] = 64,
    batch_wait: Annotated[float, typer.Option(min=0, help="Seconds an idle judge waits for more to batch.")] = 0.004,
    with_evidence: WithEvidence = False,
    unsafe: Unsafe = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log every request: method, endpoint, status and time.")
    ] = False,
    *,
    options: ServingOptions,
) -> None:
    """Serve JUDGE over HTTP: verdicts, orders, rewards for trainers, and a page to paste two codes.

    Requests show a token: the one in CODEFAVOR_TOKEN, or one that is made and printed.
    """
    import logging

    from codefavor.cli.judging import load_for_command, tell
    from codefavor.judges.both_orders import BothOrders
    from codefavor.judges.settings import Surroundings

    try:
        from codefavor.serving.server import TOKEN, is_loopback, listen, new_token, serve, token_of_environment
        from codefavor.serving.settings import ServingSettings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("codefavor"):
            raise
        raise MissingExtraError.of("serve", "codefavor serve") from error

    if not criterion.strip():
        raise InputError("--criterion is empty; give an objective's name or a criterion in words")
    settings = ServingSettings(
        criterion=criterion,
        max_body=max_body,
        max_in_flight=max_in_flight,
        max_comparisons=max_comparisons,
        max_batch=max_batch,
        batch_wait=batch_wait,
        opponents=opponents,
        group_size=group_size,
        group_wait=group_wait,
    )
    asking = asking_settings(judge, options)
    given = token_of_environment()
    token = given or new_token()
    listening = listen(host, port)
    asked = load_for_command(judge, with_evidence, unsafe, Surroundings(asking, notice=tell))
    asked = BothOrders(asked) if orders is Orders.both else asked
    logging.basicConfig(format="codefavor: %(message)s", level=logging.INFO if verbose else logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    address, taken = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address

    def ready() -> None:
        if not is_loopback(host):
            tell("other machines can reach this server, and what they send is not encrypted; put TLS before it")
        where = f"http://{shown}:{taken}/"
        tell(
            f"{judge} answers at {where}, with the token in {TOKEN}"
            if given
            else f"{judge} answers at {where}?token={token}"
        )

    with listening:
        serve(asked, token, listening, settings, ready)
    tell("stopped")
