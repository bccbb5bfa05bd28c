"""The predict script: `python -m pipeline.predict INPUT... --model MODEL -o OUT` is `frames predict`."""

import sys

from pipeline.cli import app


def main() -> None:
    """Entry point of `python -m pipeline.predict`."""
    app(["predict", *sys.argv[1:]], prog_name="frames")


if __name__ == "__main__":
    main()
