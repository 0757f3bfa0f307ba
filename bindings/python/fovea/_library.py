# SPDX-License-Identifier: Apache-2.0
"""libfovea through ctypes: where it is, and the functions of <fovea/classifier.h>."""
import ctypes
import ctypes.util
import os
import pathlib
from ctypes import POINTER, c_char_p, c_float, c_int, c_int64, c_size_t, c_void_p

NAME = "libfovea.so"


class Prediction(ctypes.Structure):
    """fv_prediction"""

    _fields_ = [("class_index", c_int64), ("name", c_char_p), ("probability", c_float), ("predicted", c_int)]


class ClassifierOptions(ctypes.Structure):
    """fv_classifier_options"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("path", c_char_p),
        ("engine", c_char_p),
        ("threads", c_int64),
        ("callers", c_int64),
        ("max_pixels", c_int64),
        ("max_bytes", c_int64),
    ]


# Name, what it returns, what it takes.
FUNCTIONS = [
    ("fv_version", c_char_p, []),
    ("fv_error_message", c_char_p, []),
    ("fv_status_name", c_char_p, [c_int]),
    ("fv_classifier_open_with", c_void_p, [POINTER(ClassifierOptions)]),
    ("fv_classifier_close", None, [c_void_p]),
    ("fv_classify_file", c_int, [c_void_p, c_char_p, POINTER(Prediction), c_int64]),
    ("fv_classify_bytes", c_int, [c_void_p, c_void_p, c_size_t, POINTER(Prediction), c_int64]),
    ("fv_classify_rgb", c_int, [c_void_p, c_void_p, c_int64, c_int64, POINTER(Prediction), c_int64]),
    ("fv_classifier_class_count", c_int64, [c_void_p]),
    ("fv_classifier_model", c_void_p, [c_void_p]),
    ("fv_model_class_name", c_char_p, [c_void_p, c_int64]),
]


def _candidates():
    """What FOVEA_LIBRARY names and nothing else; or the system's, then that of a source tree's build folder."""
    named = os.environ.get("FOVEA_LIBRARY")
    if named:
        return [named]
    tree = pathlib.Path(__file__).resolve().parents[3]
    return [ctypes.util.find_library("fovea"), NAME, str(tree / "build" / NAME)]


def _open():
    reasons = []
    for path in filter(None, _candidates()):
        try:
            return ctypes.CDLL(path)
        except OSError as error:
            reasons.append(str(error))
    raise ImportError("libfovea was not found; install it, or name the file in FOVEA_LIBRARY (" + "; ".join(reasons) + ")")


def load():
    """The library with its functions declared."""
    library = _open()
    for name, result, arguments in FUNCTIONS:
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{library._name} has no {name}: it is older than this package") from None
        function.restype = result
        function.argtypes = arguments
    return library
