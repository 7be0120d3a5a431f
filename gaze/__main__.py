"""`python -m gaze`."""

from gaze.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
