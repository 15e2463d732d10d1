"""Trains a network of one hidden layer on the 1,797 digits of 8 x 8 pixels that come with scikit-learn.

Writes its weights to the file that is named. Always the same ones: the seed is fixed, a quarter of the digits is kept
back, and a network that tells fewer than 95 % of those right is an error.
"""

import sys

import numpy
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

pixels, digits = load_digits(return_X_y=True)
known, kept, known_digits, kept_digits = train_test_split(
    pixels / 16, digits, test_size=0.25, random_state=1
)
network = MLPClassifier(hidden_layer_sizes=(64,), max_iter=500, random_state=1)
network.fit(known, known_digits)
right = network.score(kept, kept_digits)
print(f"{right:.1%} of {len(kept)} digits that it had not seen are told right")
if right < 0.95:
    sys.exit("the network did not learn")
hidden, out = network.coefs_
hidden_bias, out_bias = network.intercepts_
numpy.savez(
    sys.argv[1],
    hidden=hidden.astype("float32"),
    hidden_bias=hidden_bias.astype("float32"),
    out=out.astype("float32"),
    out_bias=out_bias.astype("float32"),
    right=right,
)
