"""The service, and besides an address whose answer is as large as the client wants."""

from server import create_app

app = create_app()


@app.get("/large/<int:size>")
def large(size):
    return bytes(size)
