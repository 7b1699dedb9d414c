"""What the Python scripts of the client suites share: sentences that hold or do not, told line by line."""

import sys
import traceback

_failed = False


def check(sentence, expected, got):
    """Tells whether a sentence holds: what was expected is what came."""
    if expected == got:
        print(f"ok {sentence}", flush=True)
    else:
        _not_ok(sentence, f"expected {expected!r}", f"got      {got!r}")


def refused(sentence, code, call, error=Exception):
    """Tells whether a call is refused with Azure's code."""
    try:
        got = call()
    except error as refusal:
        check(sentence, code, code_of(refusal))
    else:
        _not_ok(sentence, f"expected the error {code}", f"got      {got!r}")


def code_of(refusal):
    """The code of an error, wherever a client keeps it."""
    inner = getattr(refusal, "error", None)
    code = getattr(inner, "code", None) or getattr(refusal, "error_code", None)
    return getattr(code, "value", code) or f"{type(refusal).__name__}: {refusal}"


def story(title, tell):
    """Runs a story; where it breaks off is told, and the others go on."""
    try:
        tell()
    except Exception:
        _not_ok(title, *traceback.format_exc().strip().splitlines()[-12:])


def end():
    """Ends the script with a status that says whether all sentences held."""
    sys.exit(1 if _failed else 0)


def _not_ok(sentence, *why):
    global _failed
    _failed = True
    print(f"not ok {sentence}")
    for line in why:
        print(f"  {line}")
    sys.stdout.flush()
