"""The process behind a command: output that is safe for every name, signals, errors as one line and an exit code."""

from __future__ import annotations

import locale
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import typer

from evaltools.cli.app import app
from evaltools.errors import EvaltoolsError, UsageError, message
from evaltools.text import Lang

_STOPS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def _stop(number: int, _frame: FrameType | None) -> None:
    """Unwind like Ctrl-C, so that kernels end, the lock is freed and nothing half-written stays; then 128 + number."""
    signal.signal(number, signal.SIG_IGN)  # a second one would interrupt that
    raise SystemExit(128 + number)


def _prepare_process() -> None:
    """Make output safe for every name, and have a request to end unwind instead of cutting off."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller, as some schedulers do
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # open to the end
        # a Chinese path or name must not end a command on a terminal of another encoding
        getattr(sys, name).reconfigure(encoding="utf-8", errors="replace")
    for number in _STOPS:
        if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it stays ignored
            signal.signal(number, _stop)


def user_language() -> Lang:
    """Return the language of this machine's user, for errors that come before a campaign's own is known."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    given = next((name for name in names if name), None) or locale.getlocale()[0] or ""
    return "zh" if given.lower().startswith(("zh", "chinese")) else "en"


def _internal(error: Exception, lang: Lang) -> str:
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where else "?"
    return message("internal", {"kind": type(error).__name__, "place": place}, lang)


def main() -> None:
    """Run the command line; turn errors into one clear line and a documented exit code."""
    _prepare_process()
    lang = user_language()
    try:
        if sys.getfilesystemencoding() != "utf-8":
            raise UsageError("file-names", encoding=sys.getfilesystemencoding())
        app()
    except SystemExit as end:
        if end.code in {128 + number for number in (*_STOPS, signal.SIGINT)}:
            typer.echo(message("stopped", {}, lang), err=True)
        raise
    except EvaltoolsError as error:
        typer.echo(error.text(lang), err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # the last line of defence: a traceback could show an answer
        if os.environ.get("EVALTOOLS_TRACEBACK"):
            raise
        if isinstance(error, OSError) and error.strerror:
            file = Path(os.fsdecode(error.filename)).name if isinstance(error.filename, str | bytes) else "-"
            typer.echo(message("system", {"problem": error.strerror, "file": file}, lang), err=True)
        else:
            typer.echo(_internal(error, lang), err=True)
        sys.exit(1)
