"""What a schema cannot tell Schemathesis: valid pictures, and which values belong together."""

import base64
import io

import schemathesis
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from server.config import MEDIA_TYPES


@st.composite
def pictures(draw, kinds=("PNG", "JPEG", "GIF", "BMP", "WEBP")):
    """Draw pictures of a stroke from above, which may be a one."""
    size = draw(st.integers(24, 60))
    image = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(image)
    across = st.integers(size // 3, 2 * size // 3)
    start, end = (draw(across), size // 6), (draw(across), 5 * size // 6)
    pen.line([start, end], fill="black", width=draw(st.integers(3, 5)))
    file = io.BytesIO()
    image.save(file, draw(st.sampled_from(kinds)))
    return file.getvalue()


def in_base64(picture):
    return base64.b64encode(picture).decode()


schemathesis.openapi.format("picture", pictures().map(in_base64))
for media_type in (*MEDIA_TYPES, "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, pictures())


@schemathesis.hook
def before_call(context, case, kwargs):
    """Make the parts of a valid request consistent where the schema cannot express that."""
    if not case.meta.generation.mode.is_positive:
        return
    if case.path == "/explain":
        leave_detail(case.query)
        leave_detail(case.body)
    if case.path.endswith("/infer"):
        with_fitting_shape(case.body["inputs"][0])


def leave_detail(options):
    """Remove the layer detail from a request: which channels exist depends on the layer."""
    if isinstance(options, dict):
        for name in ("layer", "channel", "row", "column", "gradient"):
            options.pop(name, None)


def with_fitting_shape(tensor):
    """Give a tensor as many numbers or pictures as its shape says."""
    if tensor["datatype"] == "BYTES":
        tensor["shape"][0] = len(tensor["data"])
        return
    count = 1 if tensor["shape"] == [28, 28] else min(len(tensor["data"]) // 784, 256)
    if tensor["shape"] != [28, 28]:
        tensor["shape"][0] = count
    tensor["data"] = tensor["data"][: count * 784]
