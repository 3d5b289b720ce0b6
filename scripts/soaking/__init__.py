"""The service in bad times: what scripts/soak tries, each trial a row of its table."""
