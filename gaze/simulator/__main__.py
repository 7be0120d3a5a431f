"""`python -m gaze.simulator`: the simulator without the rest of the program."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gaze.simulator import add_arguments, options_from, serve


def main(argv: Sequence[str] | None = None) -> None:
    """Read arguments and serve. Exits with 2 for arguments that make no sense."""
    parser = argparse.ArgumentParser(prog="gaze simulate-comfyui", description="Speak ComfyUI's protocol.")
    add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        options = options_from(args)
    except ValueError as error:
        parser.error(str(error))
    serve(options)


if __name__ == "__main__":
    main()
