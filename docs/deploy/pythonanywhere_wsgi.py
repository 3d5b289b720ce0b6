"""The WSGI file of a web app at PythonAnywhere (Web tab → WSGI configuration file): all of it.

Replace NAME by your user name. The checkout is ~/digits, its virtual environment ~/digits/.venv.
"""

import os
import sys

PROJECT = "/home/NAME/digits"

os.environ["TRUSTED_PROXIES"] = "1"  # PythonAnywhere's own, in front of every web app
sys.path.insert(0, PROJECT)

from wsgi import application  # noqa: E402, F401
