# SPDX-License-Identifier: Apache-2.0
"""Image classification with libfovea.

    import fovea
    classify = fovea.Classifier("model.safetensors")
    print(classify("cat.jpg")[0])

A classifier may be called from any number of threads at once: the library runs without Python's lock, and the weights are in memory
once.
"""
import ctypes
import os
import threading
from typing import Any, List, NamedTuple, Optional, Union

from . import _library

__all__ = ["Classifier", "Error", "Prediction", "version"]

_fv = _library.load()


class Error(Exception):
    """What the library says went wrong. `status` is its kind in words, such as "input/output error"."""

    def __init__(self, message: str, status: str = "") -> None:
        super().__init__(message)
        self.status = status


class Prediction(NamedTuple):
    """A class, and how likely the picture is of it."""

    name: str
    probability: float
    index: int
    predicted: bool
    """Whether the picture counts as of this class: the likeliest one, or what the model's thresholds choose."""

    def __str__(self) -> str:
        return f"{self.name or self.index} {100 * self.probability:.1f} %"


def version() -> str:
    """The library's version."""
    return _fv.fv_version().decode()


def _message() -> str:
    return _fv.fv_error_message().decode(errors="replace")


class Classifier:
    """A model file in use.

    threads: that compute, in all; 0: one a core. callers: calls that run at the same time, each with its share of the threads; 0: as many
    as there are threads, which gives the most pictures a second; 1 gives the quickest single answer. max_pixels, max_bytes: of a
    picture and of its file; 0: the library's own limits. A context manager closes it; else it is closed when it is no longer used.
    """

    def __init__(
        self,
        path: Union[str, "os.PathLike[str]"],
        *,
        engine: Optional[str] = None,
        threads: int = 0,
        callers: int = 0,
        max_pixels: int = 0,
        max_bytes: int = 0,
    ) -> None:
        self._handle = None
        self._calls = 0
        self._idle = threading.Condition()
        options = _library.ClassifierOptions(
            ctypes.sizeof(_library.ClassifierOptions), _path(path), engine.encode() if engine else None, threads, callers, max_pixels,
            max_bytes)
        handle = _fv.fv_classifier_open_with(ctypes.byref(options))
        if not handle:
            raise Error(_message())
        self._handle = handle
        model = _fv.fv_classifier_model(handle)
        count = _fv.fv_classifier_class_count(handle)
        names = [_fv.fv_model_class_name(model, i) for i in range(count)]
        #: The classes' names, in the order of their indices; empty where the model has none.
        self.classes: List[str] = [(name or b"").decode(errors="replace") for name in names]

    def __call__(self, picture: Any, top: int = 5) -> List[Prediction]:
        """The `top` likeliest classes (at most as many as there are), the likeliest first.

        picture: the path of a file; bytes, of an encoded picture (JPEG, PNG, …); or anything with the buffer protocol that holds 8-bit
        pixels (height, width, 3) in the order red, green, blue, or grey ones (height, width), such as a NumPy array.
        """
        count = min(top, len(self.classes))
        found = (_library.Prediction * max(count, 1))()
        with self._idle:
            handle = self._handle
            if handle is None:
                raise Error("the classifier is closed")
            self._calls += 1
        try:
            status = _classify(handle, picture, found, count)
            if status != 0:
                raise Error(_message(), _fv.fv_status_name(status).decode())
            return [Prediction((p.name or b"").decode(errors="replace"), p.probability, p.class_index, bool(p.predicted))
                    for p in found[:count]]
        finally:
            with self._idle:
                self._calls -= 1
                self._idle.notify_all()

    def close(self) -> None:
        """Waits for calls that are running and frees the model. Further calls are errors."""
        with self._idle:
            handle, self._handle = self._handle, None
            self._idle.wait_for(lambda: self._calls == 0)
        if handle:
            _fv.fv_classifier_close(handle)

    def __enter__(self) -> "Classifier":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()


def _classify(handle: int, picture: Any, found: Any, count: int) -> int:
    if isinstance(picture, (str, os.PathLike)):
        return _fv.fv_classify_file(handle, _path(picture), found, count)
    try:
        view = memoryview(picture)
    except TypeError:
        raise TypeError(f"a picture is a path, bytes or an array of pixels, not {type(picture).__name__}") from None
    if view.format != "B":
        raise TypeError(f"pixels must be of 8 bits without sign (format 'B'), not '{view.format}'")
    if view.ndim == 1:
        return _fv.fv_classify_bytes(handle, _address(view), view.nbytes, found, count)
    if view.ndim == 2 or (view.ndim == 3 and view.shape[2] == 1):
        pixels = _grey_to_rgb(view.tobytes())
    elif view.ndim == 3 and view.shape[2] == 3:
        pixels = view
    else:
        raise ValueError(f"pixels must be (height, width, 3) or (height, width), not {view.shape}")
    return _fv.fv_classify_rgb(handle, _address(pixels), view.shape[0], view.shape[1], found, count)


def _path(path: Union[str, "os.PathLike[str]"]) -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path cannot hold a zero byte")
    return encoded


def _address(data: Any) -> Any:
    """What ctypes passes as a pointer to the numbers: the memory itself where it may be, a copy of what is read-only or has gaps."""
    if isinstance(data, bytes):
        return data
    if data.c_contiguous and not data.readonly and data.nbytes > 0:
        return (ctypes.c_uint8 * data.nbytes).from_buffer(data)
    return data.tobytes()


def _grey_to_rgb(grey: bytes) -> bytes:
    rgb = bytearray(3 * len(grey))
    for channel in range(3):
        rgb[channel::3] = grey
    return bytes(rgb)
