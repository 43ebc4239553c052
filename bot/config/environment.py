"""Read the variables for settings from the environment and from `.env` in this folder."""

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from bot.config.config import ConfigError

ENV_FILE = Path(".env")


def read_environment() -> tuple[Mapping[str, str], Path | None]:
    """Return the variables, and the path of `.env`, or None if the file does not exist.

    The environment takes precedence. Raise ConfigError if the file cannot be read.
    """
    try:
        text = ENV_FILE.read_text("utf-8-sig")
    except FileNotFoundError:
        return os.environ, None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{ENV_FILE.absolute()}: cannot read the file ({type(error).__name__}). "
            "Make it a UTF-8 text file that this user may read, or remove it."
        ) from None
    in_file = dotenv_values(stream=StringIO(text), interpolate=False)
    given = {name: value for name, value in in_file.items() if value is not None}
    return {**given, **os.environ}, ENV_FILE.absolute()
