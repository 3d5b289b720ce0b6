# docker build -t digits . && docker run --rm --read-only --tmpfs /tmp -p 8000:8000 digits
FROM python:3.13-slim

WORKDIR /app

COPY requirements.lock ./
COPY requirements-metrics.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock -r requirements-metrics.lock

COPY convnet convnet
COPY server server
COPY static static
COPY templates templates
COPY wsgi.py ./
RUN python -m compileall -q convnet server wsgi.py

USER 10001:10001
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=4)"]

CMD ["gunicorn", "--config", "server/gunicorn_conf.py", "wsgi:app"]
