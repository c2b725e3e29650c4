"""Errors whose message is all that a notebook shows."""


class LessonError(Exception):
    """Input that cannot be used: the message says what was expected, what was found, and what to do."""

    def _render_traceback_(self):
        """Return what a notebook shows: the message alone, because the way to it helps nobody."""
        return [f"{type(self).__name__}: {self}"]


class FrameError(LessonError):
    """Frames that cannot be used: the message names the files and says what to do."""


class FetchError(LessonError):
    """Frames that could not be fetched: the message says why and what to do."""


class ArchiveError(FetchError):
    """An archive that is damaged, hostile or another one: its download is removed, because nobody should unpack it."""


class ParameterError(LessonError):
    """Parameters of the lesson that cannot be: the message says what was expected."""


class FrameWarning(UserWarning):
    """Frames that can be used, but that may not be what they should be."""
