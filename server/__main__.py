"""``python -m server``: serve the page with gunicorn, or with Waitress where there is none.

gunicorn needs a Unix; on Windows the extra ``windows`` of pyproject.toml brings Waitress. The
settings are those of `server.config`.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

CONFIGURATION = Path(__file__).with_name("gunicorn_conf.py")


def main() -> int | str:
    """Serve until interrupted; return the exit status, or what is missing."""
    if os.name == "posix" and find_spec("gunicorn"):
        from gunicorn.app.wsgiapp import run

        sys.argv = ["gunicorn", "--config", str(CONFIGURATION), "wsgi:app"]
        run()
        return 0
    if not find_spec("waitress"):
        return "python -m server: there is no WSGI server here: pip install waitress"
    from waitress import serve

    from server import create_app
    from server.config import Config, SettingError

    try:
        config = Config.from_environment()
        application = create_app(config)
    except SettingError as error:
        return str(error)
    sys.stderr.write(f"Serving on http://{config.bind} (Ctrl-C stops)\n")
    serve(application, listen=config.bind, threads=config.threads, ident=None)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
