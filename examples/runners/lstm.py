# SPDX-License-Identifier: Apache-2.0
"""Sentiment of film reviews (IMDB): embedding 5000 x 15, LSTM 10, dense 1; 76,051 parameters."""
import sys

from common import Run, have

WORDS, LENGTH, WIDTH, UNITS = 5000, 500, 15, 10
PARAMETERS = WORDS * WIDTH + 4 * (WIDTH + UNITS + 1) * UNITS + UNITS + 1

run = Run("lstm", "sample", batch=1024, phase="inference", precision="fp32")
args = run.args


def keras_network():
    import keras
    if args.precision == "fp16":
        keras.mixed_precision.set_global_policy("mixed_float16")
    network = keras.Sequential([
        keras.layers.Input((LENGTH,)), keras.layers.Embedding(WORDS, WIDTH),
        keras.layers.LSTM(UNITS), keras.layers.Dense(1, activation="sigmoid", dtype="float32")])
    network.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    if network.count_params() != PARAMETERS:
        sys.exit(f"lstm: {network.count_params()} parameters, not {PARAMETERS}")
    (x, y), (tx, ty) = keras.datasets.imdb.load_data(num_words=WORDS)
    pad = keras.preprocessing.sequence.pad_sequences
    return network, (pad(x, maxlen=LENGTH), y) if args.phase == "train" else (
        pad(tx, maxlen=LENGTH), ty)


def keras_work(network, x, y, judge=False):
    if args.phase == "train" and not judge:
        return network.fit(x, y, batch_size=args.batch, epochs=1, verbose=0)
    return network.predict(x, batch_size=args.batch, verbose=0)[:, 0]


def tiny_network():
    """The same network in numpy; its training moves the last layer only."""
    import tiny
    np, weights = tiny.np, tiny.Weights(5, args.precision)
    parts = [weights(WORDS, WIDTH) * 70, weights(WIDTH, 4 * UNITS), weights(UNITS, 4 * UNITS),
             np.zeros(4 * UNITS, np.float32), weights(UNITS, 1), np.zeros(1, np.float32)]
    assert sum(p.size for p in parts) == PARAMETERS
    random = np.random.default_rng(6)
    return parts, (random.integers(0, WORDS, (64, 20)), random.integers(0, 2, 64))


def tiny_work(parts, x, y):
    import tiny
    np, (words, first, again, bias, last, end) = tiny.np, parts
    made = []
    for rows, want in zip(tiny.batches(x, args.batch), tiny.batches(y, args.batch)):
        h = c = np.zeros((len(rows), UNITS), np.float32)
        for step in range(rows.shape[1]):
            gates = words[rows[:, step]] @ first + h @ again + bias
            i, f, o = (1 / (1 + np.exp(-g)) for g in np.split(gates[:, :3 * UNITS], 3, 1))
            c = f * c + i * np.tanh(gates[:, 3 * UNITS:])
            h = o * np.tanh(c)
        p = 1 / (1 + np.exp(-(h @ last + end)))[:, 0]
        if args.phase == "train":
            last -= 0.1 * (h.T @ (p - want)[:, None] / len(rows)).astype(np.float32)
        made.append(p)
    return np.concatenate(made)


if not args.tiny:
    run.need("keras")
elif have("numpy"):
    sys.exit("lstm: the Python module numpy is missing")
with run.region("load"):
    network, (x, y) = tiny_network() if args.tiny else keras_network()
work = tiny_work if args.tiny else keras_work
with run.region("warmup"):
    work(network, x[:args.batch], y[:args.batch])
with run.region("work"):
    made = work(network, x, y)
if not args.tiny and args.phase == "train":     # not part of its work
    made = keras_work(network, x, y, judge=True)
run.finish(len(x), [{"label": int(want), "predicted": [int(p > .5), int(p <= .5)]}
                    for p, want in zip(made, y)], parameters=PARAMETERS)
