"""How gunicorn runs the service: ``gunicorn --config server/gunicorn_conf.py wsgi:app``.

Every number is a setting of `server.config`; docs/deploy.md lists them.
"""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# Before NumPy is imported anywhere: each worker computes with one thread.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "CONVNET_THREADS"):
    os.environ.setdefault(_name, "1")

from server.config import (  # noqa: E402
    MAX_HEADER_FIELD,
    MAX_HEADER_FIELDS,
    MAX_REQUEST_LINE,
    Config,
    SettingError,
)


def _tell(kind: type[BaseException], error: BaseException, place: Any) -> None:
    """Say in one sentence which setting cannot be; anything else is a fault, with its place."""
    if issubclass(kind, SettingError):
        sys.stderr.write(f"{error}\n")
    else:
        sys.__excepthook__(kind, error, place)


sys.excepthook = _tell
try:
    _settings = Config.from_environment()
except SettingError as _error:  # gunicorn itself would print a traceback
    sys.exit(str(_error))
_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

bind = _settings.bind
backlog = _settings.backlog
workers = _settings.web_concurrency
worker_class = "server.worker.buffering.BufferingWorker"
threads = _settings.threads
worker_connections = _settings.connection_limit

timeout = _settings.worker_timeout
graceful_timeout = _settings.graceful_timeout
keepalive = _settings.keepalive
max_requests = _settings.max_requests
max_requests_jitter = _settings.max_requests_jitter

# The application is loaded once and shared by the workers, so a new one is there at once.
preload_app = True
# A worker shows that it lives by touching a file; on a disk that can block.
worker_tmp_dir = _memory
# The control socket is a file in the user's home, the same for every service of that user.
control_socket_disable = True

limit_request_line = MAX_REQUEST_LINE
limit_request_fields = MAX_HEADER_FIELDS
limit_request_field_size = MAX_HEADER_FIELD
# The application writes one line for each request itself.
accesslog = None
errorlog = "-"
loglevel = _settings.log_level


def post_worker_init(worker: object) -> None:
    """Set what holds for a worker alone."""
    # Left to `server.middleware.below_path`: gunicorn would answer 500 elsewhere.
    os.environ.pop("SCRIPT_NAME", None)
    # The loop takes the interpreter back from a thread that computes at every socket: by Python's
    # own 5 ms, those whom it refuses would wait one after the other.
    sys.setswitchinterval(0.0002)


def on_reload(server: Any) -> None:
    """Load the weights anew at SIGHUP, before new workers are made; bad ones are not taken."""
    loaded = sys.modules.pop("wsgi", None)
    try:
        server.app.callable = server.app.load()
    except Exception:
        if loaded is not None:
            sys.modules["wsgi"] = loaded
        server.log.exception(
            "The network cannot be loaded anew: the workers go on with the old one."
        )
    gc.collect()  # the application before is a circle of references


def _remove(folder: str, owner: int) -> None:
    """Remove what was made for the time of the run; workers, which end earlier, do not."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


# Workers count into files that they share. The client library looks for their folder when it is
# imported, so it is made now; a reload runs this file again and keeps the folder.
if find_spec("prometheus_client") and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    _folder = tempfile.mkdtemp(prefix="digits-metrics-", dir=_memory)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder
    atexit.register(_remove, _folder, os.getpid())  # also where the start fails
