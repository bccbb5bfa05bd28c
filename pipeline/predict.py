"""The predict script: `python -m pipeline.predict INPUT... --model MODEL -o OUT` is `frames predict`."""

import typer

from pipeline.commands.predict import predict_command


def main() -> None:
    """Entry point of `python -m pipeline.predict`."""
    typer.run(predict_command)


if __name__ == "__main__":
    main()
