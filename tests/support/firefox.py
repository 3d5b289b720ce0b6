"""A real Firefox, controlled over its own protocol (Marionette), without a driver program."""

import contextlib
import json
import os
import shutil
import socket
import subprocess

from tests.support.live import PATIENCE, eventually, free_port

PREFERENCES = {
    "marionette.port": None,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "dom.disable_beforeunload": True,
}


def find_firefox():
    names = (os.environ.get("FIREFOX"), "firefox-esr", "firefox")
    return next((path for name in names if name and (path := shutil.which(name))), None)


class Firefox:
    """A session; commands are those of WebDriver (W3C), sent as JSON over a socket."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=3 * PATIENCE)
        self.stream = self.socket.makefile("rb")
        self.count = 0
        self.receive()  # its greeting
        self.command("WebDriver:NewSession", capabilities={})

    def close(self):
        self.stream.close()
        self.socket.close()

    def receive(self):
        length = b""
        while (byte := self.stream.read(1)) != b":":
            length += byte
        return json.loads(self.stream.read(int(length)))

    def command(self, name, **parameters):
        self.count += 1
        message = json.dumps([0, self.count, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self.receive()
        assert error is None, f"{name}: {error}"
        return result.get("value", result) if isinstance(result, dict) else result

    def open(self, url):
        self.command("WebDriver:Navigate", url=url)

    def run(self, script, *arguments):
        return self.command("WebDriver:ExecuteScript", script=script, args=list(arguments))

    def wait(self, condition):
        eventually(lambda: self.run(f"return {condition}"))

    def find(self, selector):
        return self.command("WebDriver:FindElement", using="css selector", value=selector)

    def element_id(self, selector):
        return next(iter(self.find(selector).values()))

    def click(self, selector):
        self.command("WebDriver:ElementClick", id=self.element_id(selector))

    def type(self, selector, text):
        self.command("WebDriver:ElementSendKeys", id=self.element_id(selector), text=text)

    def draw(self, strokes, pointer="mouse"):
        """Draw lists of (x, y), in heights of the sheet."""
        box = self.run(
            "const { x, y, height } = document.getElementById('sheet').getBoundingClientRect();"
            "return { x, y, height }"
        )

        def move(point, duration):
            x, y = (
                round(box[axis] + part * box["height"])
                for axis, part in zip("xy", point, strict=True)
            )
            return {"type": "pointerMove", "x": x, "y": y, "duration": duration}

        actions = []
        for first, *others in strokes:
            actions += [move(first, 0), {"type": "pointerDown", "button": 0}]
            actions += [move(point, 30) for point in others]
            actions += [{"type": "pointerUp", "button": 0}]
        source = {"type": "pointer", "id": "hand", "parameters": {"pointerType": pointer}}
        self.command("WebDriver:PerformActions", actions=[source | {"actions": actions}])
        self.command("WebDriver:ReleaseActions")


@contextlib.contextmanager
def start_firefox(folder):
    """Run a headless Firefox with a fresh profile in `folder`."""
    port = free_port()
    preferences = PREFERENCES | {"marionette.port": port}
    lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in preferences.items()]
    (folder / "user.js").write_text("\n".join(lines))
    command = [find_firefox(), "--headless", "--marionette", "--no-remote", "--profile", folder]
    environ = os.environ | {"MOZ_HEADLESS": "1", "HOME": str(folder)}
    log = (folder / "firefox.log").open("w")
    process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        eventually(lambda: listens(process, port), 3 * PATIENCE)
        with contextlib.closing(Firefox(port)) as session:
            yield session
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def listens(process, port):
    assert process.poll() is None, "Firefox ended"
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
