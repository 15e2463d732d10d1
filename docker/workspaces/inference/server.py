"""Tells handwritten digits over HTTP: which digit 64 pixels show, and how sure that is.

    POST /    {"pixels": [64 numbers from 0 (paper) to 16 (ink), row by row]}
    GET  /    what this is
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy

# More bytes than 64 numbers take.
MOST_BYTES = 4096


class Model:
    """A network of one hidden layer."""

    def __init__(self, path):
        weights = numpy.load(path)
        self.hidden, self.hidden_bias = weights["hidden"], weights["hidden_bias"]
        self.out, self.out_bias = weights["out"], weights["out_bias"]
        self.right = float(weights["right"])

    def probabilities(self, pixels):
        """Of each digit, for 64 numbers from 0 to 16."""
        inner = numpy.maximum(pixels / 16 @ self.hidden + self.hidden_bias, 0)
        scores = inner @ self.out + self.out_bias
        powers = numpy.exp(scores - scores.max())
        return powers / powers.sum()


def read(body):
    """The pixels of a request; ValueError says what is wrong with it."""
    try:
        pixels = numpy.array(json.loads(body)["pixels"], dtype="float32")
    except (KeyError, TypeError, ValueError):
        raise ValueError('say {"pixels": [64 numbers from 0 to 16]}') from None
    if pixels.shape != (64,) or not ((pixels >= 0) & (pixels <= 16)).all():
        raise ValueError("there must be 64 pixels, each from 0 to 16")
    return pixels


class Handler(BaseHTTPRequestHandler):
    """One request."""

    model = None

    def answer(self, status, document):
        body = (json.dumps(document) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, {"model": "digits, 64-64-10", "right": self.model.right, "device": "cpu"})

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 <= length <= MOST_BYTES:
                raise ValueError(f"a request has at most {MOST_BYTES} bytes")
            pixels = read(self.rfile.read(length))
        except ValueError as error:
            self.answer(400, {"error": str(error)})
            return
        probabilities = self.model.probabilities(pixels)
        digit = int(probabilities.argmax())
        self.answer(200, {"digit": digit, "probability": round(float(probabilities[digit]), 4)})

    def log_message(self, form, *values):
        print(form % values, flush=True)


if __name__ == "__main__":
    Handler.model = Model(sys.argv[1])
    ThreadingHTTPServer(("", int(sys.argv[2])), Handler).serve_forever()
