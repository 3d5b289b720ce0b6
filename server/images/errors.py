"""Why a picture cannot be used: every reason is an `ImageError`, with a code for programs."""


class ImageError(Exception):
    """A picture that cannot be used, through no fault of the service.

    Attributes
    ----------
    code : str
        A name for programs, with which `server.problems.KINDS` has the HTTP status.
    detail : str
        A sentence for people.
    """

    code = "bad_image"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotAnImage(ImageError):
    """The bytes are not a picture of a supported format, or the file is damaged."""

    code = "not_an_image"


class TooManyPixels(ImageError):
    """The picture is larger than the service decodes."""

    code = "too_many_pixels"


class TooManyBytes(ImageError):
    """The file is larger than the service reads."""

    code = "too_large"


class DecoderBusy(ImageError):
    """Other large pictures are still being decoded."""

    code = "busy"


class BlankImage(ImageError):
    """Nothing is drawn in the picture."""

    code = "blank_image"


class TooManyMarks(ImageError):
    """There are more marks in the picture than a number has."""

    code = "too_many_marks"
