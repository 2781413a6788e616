"""The two tables of the account database, in SQLAlchemy Core (B§6.5; libraries §7), and how they are made.

`recordings` has the documents, `chunks` the audio in pieces: so it streams in and out of every kind of server and meets
no packet limit. They are made where missing; there are no migrations. Nothing but the id is indexed: a
recording is asked for by its id, and whatever else is asked is in the document.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

CHUNK_BYTES: Final = 1 << 18
"""Length of a piece but the last. Drivers and SQLite copy each several times; with 1 MiB that made 4 MB, no faster."""

_MYSQL: Final = ("mysql", "mariadb")
# Ids differ in case alone; MySQL's usual collations would take two such for one.
_ID: Final = sql.String(128).with_variant(mysql.VARCHAR(128, charset="ascii", collation="ascii_bin"), *_MYSQL)
_OPTIONS: Final[dict[str, Any]] = {  # a server's own default may be latin1, or have no transactions
    "mysql_charset": "utf8mb4",
    "mariadb_charset": "utf8mb4",
    "mysql_engine": "InnoDB",
    "mariadb_engine": "InnoDB",
}
_TABLES: Final = sql.MetaData()

RECORDINGS: Final = sql.Table(
    "recordings",
    _TABLES,
    sql.Column("id", _ID, primary_key=True),
    sql.Column("database", sql.String(255), nullable=False),
    # MySQL's TEXT and BLOB end at 64 KB.
    sql.Column("doc", sql.Text().with_variant(mysql.LONGTEXT(), *_MYSQL), nullable=False),
    sql.Column("content_type", sql.String(127), nullable=False),
    sql.Column("bytes", sql.BigInteger),
    sql.Column("sha256", sql.String(64)),
    sql.Column("stored_at", sql.String(32)),
    **_OPTIONS,
)
CHUNKS: Final = sql.Table(
    "chunks",
    _TABLES,
    sql.Column("id", _ID, primary_key=True),
    sql.Column("n", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("data", sql.LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL), nullable=False),
    **_OPTIONS,
)


def make_tables(engine: sql.Engine) -> None:
    """Make the tables that are missing. Raises SQLAlchemy's errors.

    It is looked first: who may not make tables may use those that are there. When two processes make them at once, the
    later one is told so in several ways, PostgreSQL's being a broken unique key of its catalogue.
    """
    for table in _TABLES.sorted_tables:
        if sql.inspect(engine).has_table(table.name):
            continue
        try:
            with engine.begin() as connection:
                connection.execute(sql.schema.CreateTable(table))
        except (IntegrityError, OperationalError, ProgrammingError):
            if not sql.inspect(engine).has_table(table.name):
                raise


def saving_a_document(kind: str) -> sql.Executable:
    """The statement that saves a document, or replaces the one of the same id and leaves its audio: one step anywhere.

    `kind` is the dialect's name; the parameters are `id`, `database`, `doc` and `content_type`.
    """
    names = ("id", "database", "doc", "content_type")
    values: dict[str, Any] = {name: sql.bindparam(name) for name in names}
    if kind in _MYSQL:
        saving = mysql.insert(RECORDINGS).values(values)
        return saving.on_duplicate_key_update({name: saving.inserted[name] for name in names[1:]})
    insert = postgresql.insert if kind == "postgresql" else sqlite.insert
    adding = insert(RECORDINGS).values(values)
    return adding.on_conflict_do_update(index_elements=["id"], set_={name: adding.excluded[name] for name in names[1:]})
