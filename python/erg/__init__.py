# SPDX-License-Identifier: Apache-2.0
"""Regions and marks of liberg from Python: ctypes only, no compiler.

    import erg
    with erg.region("prefill"):
        ...
    erg.mark("loss", 0.5)

Under ``erg run`` regions and marks arrive in the run file. Outside it every call
is a cheap no-op, until ``erg.start()`` starts a sampler in this process; then a
region knows its energy. GPU work is asynchronous: give ``sync=f`` and f is called
before both stamps.
"""
import ctypes
import ctypes.util
import functools
import os

__all__ = ["Delivery", "Energy", "Error", "govern", "mark", "measured", "power_trace",
           "region", "start", "stop"]
_BAD_INPUT = 4      # of erg_code


class Error(RuntimeError):
    """A sentence of liberg: what, where, what to do."""


class _Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("text", ctypes.c_char * 480)]


class _Env(ctypes.Structure):
    _fields_ = [("root", ctypes.c_char_p), ("nvml", ctypes.c_char_p),
                ("path", ctypes.c_char_p), ("state_dir", ctypes.c_char_p),
                ("ring", ctypes.c_char_p), ("clock", ctypes.c_void_p),
                ("log", ctypes.c_void_p), ("log_self", ctypes.c_void_p),
                ("activities", ctypes.c_bool)]


class _Token(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int64)]


class _Options(ctypes.Structure):
    _fields_ = [("sensors", ctypes.POINTER(ctypes.c_char_p)),
                ("sensor_count", ctypes.c_size_t), ("rate_hz", ctypes.c_double),
                ("output", ctypes.c_char_p), ("job", ctypes.c_char_p)]


class _Hint(ctypes.Structure):
    _fields_ = [("power_cap_w", ctypes.c_double), ("window_s", ctypes.c_double),
                ("objective", ctypes.c_char_p), ("dvfs", ctypes.c_char_p),
                ("sm_clock_delta_hz", ctypes.c_double), ("slowdown", ctypes.c_double)]


class _Sample(ctypes.Structure):
    _fields_ = [("t_ns", ctypes.c_int64), ("half_width_ns", ctypes.c_int64),
                ("value", ctypes.c_double)]


class _Samples(ctypes.Structure):
    _fields_ = [("at", ctypes.POINTER(_Sample)), ("count", ctypes.c_size_t)]


class Delivery(ctypes.Structure):
    """What a sensor truly gave, as erg_delivery of <erg/record.h>; NaN is "not known"."""
    _fields_ = [("interval_s", ctypes.c_double), ("jitter_p99_s", ctypes.c_double),
                ("missed", ctypes.c_int64), ("update_s", ctypes.c_double),
                ("window_s", ctypes.c_double)]


class Energy(ctypes.Structure):
    """Joules of a region, as erg_energy of <erg/energy.h>; NaN is "not measured"."""
    _fields_ = ([(name, ctypes.c_double) for name in (
        "energy_j", "spread_j", "net_j", "net_spread_j", "idle_w", "window_s", "covered",
        "edges_held", "mean_w", "peak_w", "min_w", "max_gap_s", "gain_u_j")]
        + [("updates", ctypes.c_int64), ("samples", ctypes.c_int64),
           ("_method", ctypes.c_int), ("_scope", ctypes.c_int), ("_quality", ctypes.c_int),
           ("flags", ctypes.c_uint64)]
        + [(name, ctypes.c_double) for name in (
            "mean_spread_w", "peak_spread_w", "min_spread_w", "idle_spread_w")]
        + [("_peak_channel", ctypes.c_int)])

    @property
    def method(self):
        return _lib.erg_method_name(self._method).decode()

    @property
    def scope(self):
        return _lib.erg_scope_name(self._scope).decode()

    @property
    def quality(self):
        return _lib.erg_quality_name(self._quality).decode()

    def __repr__(self):
        return (f"Energy({self.energy_j:.4g} J +- {self.spread_j:.2g} J, "
                f"{self.method}, {self.quality})")


# name, result, arguments: one row a function.
_FUNCTIONS = (
    ("erg_recorder_join", ctypes.c_void_p, (ctypes.POINTER(_Env), ctypes.POINTER(_Error))),
    ("erg_recorder_start", ctypes.c_void_p, (ctypes.POINTER(_Env), ctypes.POINTER(_Options),
                                             ctypes.POINTER(_Error))),
    ("erg_recorder_free", None, (ctypes.c_void_p,)),
    ("erg_region_begin", _Token, (ctypes.c_void_p, ctypes.c_char_p)),
    ("erg_region_end", None, (ctypes.c_void_p, _Token)),
    ("erg_mark", None, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_double)),
    ("erg_recorder_govern", ctypes.c_bool,
     (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p,
      ctypes.POINTER(_Error))),
    ("erg_region_energy", ctypes.c_bool, (ctypes.c_void_p, _Token, ctypes.c_char_p,
                                          ctypes.POINTER(Energy), ctypes.POINTER(_Error))),
    ("erg_region_hint", ctypes.c_bool, (ctypes.c_void_p, _Token, ctypes.POINTER(_Hint),
                                        ctypes.POINTER(_Error))),
    ("erg_power_trace", ctypes.c_bool, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64,
                                        ctypes.c_int64, ctypes.POINTER(_Samples),
                                        ctypes.POINTER(Delivery), ctypes.POINTER(_Error))),
    ("erg_power_samples_free", None, (ctypes.POINTER(_Samples),)),
    ("erg_method_name", ctypes.c_char_p, (ctypes.c_int,)),
    ("erg_scope_name", ctypes.c_char_p, (ctypes.c_int,)),
    ("erg_quality_name", ctypes.c_char_p, (ctypes.c_int,)),
)


def _load():
    """$ERG_LIBRARY, then the linker's liberg; None, and why, where neither is there."""
    for name in (os.environ.get("ERG_LIBRARY"), "liberg.so.0", ctypes.util.find_library("erg")):
        if not name:
            continue
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        for symbol, result, arguments in _FUNCTIONS:
            function = getattr(library, symbol, None)
            if not function:
                return None, (f"{name} has no {symbol}: it is of another version: install "
                              "erg of this one, or set ERG_LIBRARY to its path")
            function.restype, function.argtypes = result, arguments
        return library, None
    return None, "liberg.so was not found: install erg, or set ERG_LIBRARY to its path"


_lib, _why_none = _load()
_env = None         # kept: the library borrows its texts
_recorder = None
_recording = 0      # counts them: a region of one that was stopped is not asked of the next
_joined = False


def _join():
    global _env, _recorder, _joined
    _joined = True
    ring = os.environ.get("ERG_RING")
    if _lib is None or not ring:
        return
    _env = _Env(ring=ring.encode())
    _recorder = _lib.erg_recorder_join(ctypes.byref(_env), None)


def start(sensors=(), rate_hz=0.0, output=None):
    """Starts a sampler in this process; under ``erg run`` that one is joined."""
    global _env, _recorder
    if not _joined:
        _join()
    if _recorder:
        return
    if _lib is None:
        raise Error(_why_none)
    names = (ctypes.c_char_p * max(1, len(sensors)))(*(s.encode() for s in sensors))
    options = _Options(names, len(sensors), rate_hz, output.encode() if output else None,
                       None)
    error = _Error()
    _env = _Env(path=os.environ.get("PATH", "").encode())
    _recorder = _lib.erg_recorder_start(ctypes.byref(_env), ctypes.byref(options),
                                        ctypes.byref(error))
    if not _recorder:
        raise Error(error.text.decode(errors="replace"))


def stop():
    """Stops sampling and completes the file, if one was asked for.

    Regions of it may end later, but no longer tell their energy. In a child of fork it
    stops nothing but its own calls.
    """
    global _recorder, _recording, _joined
    ended, _recorder, _joined = _recorder, None, False
    _recording += 1
    if ended:
        _lib.erg_recorder_free(ended)


def _bytes_of(name, what):
    if not isinstance(name, str):
        raise TypeError(f"the name of a {what} is a str, not {type(name).__name__}")
    if "\0" in name:
        raise ValueError(f"the name of a {what} ends at its NUL character")
    return name.encode()


class region:
    """``with erg.region("decode") as r: ...``; then r.energy, where it is known."""

    def __init__(self, name, sync=None):
        self._bytes = _bytes_of(name, "region")
        self.name, self.sync, self._token = name, sync, None
        self._of, self._recording = None, 0

    def __enter__(self):
        if not _joined and not _recorder:
            _join()
        if self.sync:
            self.sync()
        self._of, self._recording = _recorder, _recording
        if self._of:
            self._token = _lib.erg_region_begin(self._of, self._bytes)
        return self

    def __exit__(self, *exception):
        if self.sync:
            self.sync()
        if self._of and self._recording == _recording:
            _lib.erg_region_end(self._of, self._token)

    def _why_not(self):
        """None where the region is of what records now."""
        if not self._of:
            return f"region {self.name} was not recorded: use erg run, or erg.start()"
        if self._recording != _recording:
            return (f"region {self.name} is of a recording that was stopped: ask before "
                    "erg.stop()")
        return None

    def hint(self, *, power_cap_w=0.0, window_s=0.0, objective=None, dvfs=None,
             sm_clock_delta_hz=0.0, slowdown=0.0):
        """Asks ergd, until the region ends; None, or the sentence why it is not held.

        A word or number that nobody can ask for is a ValueError.
        """
        wish = _Hint(power_cap_w, window_s, objective.encode() if objective else None,
                     dvfs.encode() if dvfs else None, sm_clock_delta_hz, slowdown)
        error = _Error()
        if not self._of:
            return "nobody records: use erg run, or erg.start()"
        if self._why_not():
            return self._why_not()
        if _lib.erg_region_hint(self._of, self._token, ctypes.byref(wish),
                                ctypes.byref(error)):
            return None
        text = error.text.decode(errors="replace")
        if error.code == _BAD_INPUT:
            raise ValueError(text)
        return text

    @property
    def energy(self):
        """An Energy; raises Error with the reason where none is known."""
        if self._why_not():
            raise Error(self._why_not())
        out, error = Energy(), _Error()
        if not _lib.erg_region_energy(self._of, self._token, None, ctypes.byref(out),
                                      ctypes.byref(error)):
            raise Error(error.text.decode(errors="replace"))
        return out


def mark(name, value):
    """A named number at this instant: loss, grad_norm, step, tokens."""
    text = _bytes_of(name, "mark")
    if not _joined and not _recorder:
        _join()
    if _recorder:
        _lib.erg_mark(_recorder, text, float(value))


def govern(socket=None, device=None, job=None):
    """ergd hears of this process's phases from now on; False where none listens."""
    if not _joined and not _recorder:
        _join()
    texts = [text.encode() if text else None for text in (socket, device, job)]
    return bool(_recorder and _lib.erg_recorder_govern(_recorder, *texts,
                                                       ctypes.byref(_Error())))


def power_trace(begin_ns, end_ns, channel=None):
    """Samples [(t_ns, watts), ...] of time.monotonic_ns() from begin to end, and their
    Delivery; raises Error with the reason where none are known here."""
    samples, how, error = _Samples(), Delivery(), _Error()
    if not _recorder:
        raise Error("nothing is recorded in this process: use erg.start()")
    if not _lib.erg_power_trace(_recorder, channel.encode() if channel else None, begin_ns,
                                end_ns, ctypes.byref(samples), ctypes.byref(how),
                                ctypes.byref(error)):
        raise Error(error.text.decode(errors="replace"))
    rows = [(samples.at[i].t_ns, samples.at[i].value) for i in range(samples.count)]
    _lib.erg_power_samples_free(ctypes.byref(samples))
    return rows, how


def measured(function):
    """Decorator: each call is a region with the function's name, which lasts as long as
    what it gives: until a coroutine is done, or a generator has no more."""
    import inspect      # of those alone who use it: it takes milliseconds

    name = function.__name__
    if inspect.iscoroutinefunction(function):
        async def inner(*arguments, **named):
            with region(name):
                return await function(*arguments, **named)
    elif inspect.isasyncgenfunction(function):
        async def inner(*arguments, **named):
            with region(name):
                async for item in function(*arguments, **named):
                    yield item
    elif inspect.isgeneratorfunction(function):
        def inner(*arguments, **named):
            with region(name):
                return (yield from function(*arguments, **named))
    else:
        def inner(*arguments, **named):
            with region(name):
                return function(*arguments, **named)
    return functools.wraps(function)(inner)
