"""Rows of a database, by SQLAlchemy. Passwords never leave this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.data.raw import Raw, sha256_of_rows
from reportgen.errors import DataError, Problem

_SECRET = ("password", "passwd", "pwd", "secret", "token", "key")


def read_sql(url: str, query: str, folder: Path, where: str) -> Raw:
    """The rows a query returns. SQLite files are opened for reading only, relative to the job.

    Raises
    ------
    DataError
        when the URL, the driver, the connection or the query fails; without the password.
    """
    import polars as pl
    import sqlalchemy as sa

    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise DataError(
            Problem(
                "this is no database URL",
                key=where,
                expected="dialect://user:password@host/database, e.g. sqlite:///data.db",
            )
        ) from None
    secrets = _secrets(address)
    if address.get_backend_name() == "sqlite":
        address = _read_only(address, folder, where)
    try:
        engine = sa.create_engine(address)
    except (ImportError, sa.exc.SQLAlchemyError) as error:
        raise DataError(
            Problem(
                "there is no driver for this database",
                key=where,
                got=_without(secrets, error),
                advice="Install the driver's package, e.g. psycopg for postgresql+psycopg.",
            )
        ) from None
    try:
        with engine.connect() as connection:
            frame = pl.read_database(
                sa.text(query.replace(":", r"\:")), connection, infer_schema_length=None
            )
    except Exception as error:  # drivers raise what they like
        raise DataError(
            Problem("the query failed", key=where, got=_without(secrets, error))
        ) from None
    finally:
        engine.dispose()
    frame = frame.with_columns(
        [column.cast(pl.Float64) for column in frame if column.dtype == pl.Null]
    )
    return Raw(where=where, sha256=sha256_of_rows(frame), n=frame.height, columns=frame)


def safe_url(url: str) -> str:
    """The URL without its secrets; ``…`` when it is no URL."""
    import sqlalchemy as sa

    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        return "…"
    hidden = {name: "***" for name in address.query if _is_secret(name)}
    return address.update_query_dict(hidden).render_as_string(hide_password=True)


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


def _secrets(address: Any) -> list[str]:
    found = [str(address.password)] if address.password else []
    for name, value in address.query.items():
        if _is_secret(name):
            found += [value] if isinstance(value, str) else list(value)
    return found


def _without(secrets: list[str], error: Exception) -> str:
    """The first lines of a driver's message with every secret blotted out."""
    from urllib.parse import quote, quote_plus

    text = str(getattr(error, "orig", None) or error).strip()
    for secret in secrets:
        for spelled in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(spelled, "***")
    return f"{type(error).__name__}: {text[:500]}"


def _read_only(address: Any, folder: Path, where: str) -> Any:
    """An SQLite file beside the job, opened so that nothing is created or changed."""
    database = address.database
    if not database or database == ":memory:":
        return address
    if database.startswith("file:"):
        return address
    path = (folder / Path(database).expanduser()).resolve()
    if not path.is_file():
        raise DataError(
            Problem("the SQLite file is not there", key=where, got=f"nothing at {path}")
        )
    return address.set(database=path.as_uri(), query={**address.query, "mode": "ro", "uri": "true"})
