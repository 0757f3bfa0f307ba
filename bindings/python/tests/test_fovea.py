# SPDX-License-Identifier: Apache-2.0
"""The package beside the command, on a model that the command trains. FOVEA_COMMAND names the command, FOVEA_LIBRARY the library."""
import concurrent.futures
import glob
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import fovea

try:
    import numpy
except ImportError:
    numpy = None


def command(*words):
    return subprocess.run([os.environ["FOVEA_COMMAND"], *words], check=True, capture_output=True, text=True).stdout


class Picture:
    """A binary PPM or PGM and its pixels, read without any library."""

    def __init__(self, channels, height, width):
        self.shape = (height, width, channels) if channels == 3 else (height, width)
        self.pixels = bytes((7 * i + i // 50) % 256 for i in range(channels * height * width))
        self.file = b"P%d %d %d 255\n" % (6 if channels == 3 else 5, width, height) + self.pixels

    def view(self, data=None):
        return memoryview(data or self.pixels).cast("B", self.shape)


class Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        os.chdir(cls.folder.name)
        command("data", "demo", "digits", "--train", "6", "--test", "3", "--size", "16")
        command("train", "digits", "--epochs", "1", "--threads", "1", "--out", "run")
        cls.model = "run/best.safetensors"
        cls.pictures = sorted(glob.glob("digits/test/*/*.png"))
        cls.classifier = fovea.Classifier(cls.model, threads=2)

    @classmethod
    def tearDownClass(cls):
        cls.classifier.close()
        os.chdir("/")
        cls.folder.cleanup()

    def test_command(self):
        """The answers are those of `fovea predict`."""
        lines = command("predict", self.model, *self.pictures, "--top", "3", "--json").splitlines()
        for picture, line in zip(self.pictures, lines):
            expected, found = json.loads(line)["top"], self.classifier(picture, top=3)
            self.assertEqual([p.name for p in found], [e["class"] for e in expected])
            for p, e in zip(found, expected):
                self.assertAlmostEqual(p.probability, e["probability"], delta=1e-6)
            self.assertTrue(found[0].predicted)
            self.assertEqual(self.classifier.classes[found[0].index], found[0].name)

    def test_kinds_of_pictures(self):
        """A path, its bytes and its pixels give the same."""
        for picture in (Picture(3, 21, 34), Picture(1, 30, 17)):
            pathlib.Path("picture.pnm").write_bytes(picture.file)
            expected = self.classifier("picture.pnm")
            for given in (pathlib.Path("picture.pnm"), picture.file, bytearray(picture.file), memoryview(picture.file), picture.view(),
                          picture.view(bytearray(picture.pixels))):
                self.assertEqual(self.classifier(given), expected)

    @unittest.skipIf(numpy is None, "NumPy is missing")
    def test_numpy(self):
        picture = Picture(3, 21, 34)
        pixels = numpy.frombuffer(picture.pixels, numpy.uint8).reshape(picture.shape)
        expected = self.classifier(picture.file)
        wide = numpy.zeros((21, 68, 3), numpy.uint8)
        wide[:, ::2] = pixels
        for given in (pixels, pixels.copy(), wide[:, ::2], pixels.copy(order="F")):
            self.assertEqual(self.classifier(given), expected)
        self.assertEqual(self.classifier(pixels[:, :, :1]), self.classifier(pixels[:, :, 0]))
        for wrong, error in ((pixels.astype(numpy.float32), TypeError), (pixels[:, :, :2], ValueError), (pixels[None], ValueError)):
            self.assertRaises(error, self.classifier, wrong)

    def test_top(self):
        self.assertEqual(len(self.classifier(self.pictures[0])), 5)
        everything = self.classifier(self.pictures[0], top=100)
        self.assertEqual(sorted(p.index for p in everything), list(range(10)))
        self.assertAlmostEqual(sum(p.probability for p in everything), 1, places=5)
        self.assertRegex(str(everything[0]), r"^\d \d+\.\d %$")
        self.assertRaises(fovea.Error, self.classifier, self.pictures[0], top=0)

    def test_errors(self):
        for wrong in ("missing.png", b"no picture", b"", pathlib.Path("digits")):
            with self.assertRaises(fovea.Error) as caught:
                self.classifier(wrong)
            self.assertTrue(caught.exception.status)
        with self.assertRaisesRegex(fovea.Error, "missing.png"):
            self.classifier("missing.png")
        with self.assertRaisesRegex(fovea.Error, "missing.safetensors"):
            fovea.Classifier("missing.safetensors")
        self.assertRaises(fovea.Error, fovea.Classifier, self.model, threads=-3)
        self.assertRaises(fovea.Error, fovea.Classifier, self.model, engine="abacus")
        self.assertRaises(ValueError, self.classifier, "a\0b")
        for wrong in (None, 7, [1, 2], memoryview(b"12345678").cast("i")):
            self.assertRaises(TypeError, self.classifier, wrong)

    def test_threads(self):
        """Many threads at once give what one gives."""
        expected = [self.classifier(p) for p in self.pictures]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in range(3):
                self.assertEqual(list(pool.map(self.classifier, self.pictures)), expected)

    def test_close(self):
        """Closing waits for calls; later ones are errors."""
        with fovea.Classifier(self.model, threads=2) as classifier:
            stopped = []

            def call():
                try:
                    while True:
                        classifier(self.pictures[0])
                except fovea.Error as error:
                    stopped.append(str(error))

            threads = [threading.Thread(target=call) for _ in range(4)]
            for t in threads:
                t.start()
            classifier.close()
            for t in threads:
                t.join()
        self.assertEqual(stopped, ["the classifier is closed"] * 4)
        classifier.close()

    def test_library_is_found(self):
        package = str(pathlib.Path(fovea.__file__).parents[1])

        def load(**variables):
            return subprocess.run([sys.executable, "-c", "import fovea; print(fovea.version())"], capture_output=True, text=True,
                                  env={**os.environ, "PYTHONPATH": package, **variables})

        self.assertRegex(load().stdout, r"^\d+\.\d+\.\d+\n$")
        missing = load(FOVEA_LIBRARY="/nowhere/libfovea.so")
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("FOVEA_LIBRARY", missing.stderr)
        self.assertIn("is older than this package", load(FOVEA_LIBRARY="libc.so.6").stderr)


if __name__ == "__main__":
    unittest.main()
