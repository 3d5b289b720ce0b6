"""The client of the service under its former name; see `scripts.clients.convnet_client`."""

import time

from scripts.clients.convnet_client import Client, ServiceError
from scripts.clients.convnet_client.client import ATTEMPTS, backoff, waiting_time

__all__ = ["ATTEMPTS", "Client", "ServiceError", "backoff", "time", "waiting_time"]
