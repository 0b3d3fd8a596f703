"""Logs of every process: one JSON object a line, or colored lines on a terminal."""

import logging
import sys
from typing import Any

import structlog

# Libraries whose INFO says nothing that we do not say ourselves.
_QUIET = ("uvicorn", "aio_pika", "aiormq", "asyncio", "httpx", "httpcore")


def configure(process: str, level: str = "INFO") -> None:
    """Send the logs of structlog and of `logging` to standard error.

    Args:
        process: `web`, `worker`, …: a field of each line.
        level: The least level to write.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=_renderers(process)
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    # It warns of every 404 and 403; what matters of those is an event.
    logging.getLogger("django.request").setLevel(logging.ERROR)


def _renderers(process: str) -> list[structlog.typing.Processor]:
    def name_process(_: Any, __: str, line: structlog.typing.EventDict) -> Any:
        return {"process": process, **line}

    chain: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        name_process,
    ]
    if sys.stderr.isatty():
        return [*chain, structlog.dev.ConsoleRenderer()]
    return [
        *chain,
        structlog.processors.dict_tracebacks,
        structlog.processors.JSONRenderer(),
    ]
