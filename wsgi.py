"""The application for WSGI servers: gunicorn imports `app`, PythonAnywhere `application`."""

import os

# Workers share the cores among them, so each computes with one thread. NumPy and the engine read
# these when they are imported.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "CONVNET_THREADS"):
    os.environ.setdefault(name, "1")

from server import create_app  # noqa: E402

app = application = create_app()
# One picture is read before workers are made from this process: what the first needs to have loaded
# and prepared is then there for each of them.
app.extensions["services"].readiness.check()
