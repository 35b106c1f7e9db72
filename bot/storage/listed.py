"""Whether a column's value is in a list that is one parameter: the statement is the same however long it is, also
where it is empty. SQLAlchemy's own `in_` spells the list out and compiles that part anew each time."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Dialect, String, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine


class _Many(TypeDecorator[Collection[Any]]):
    """Numbers or texts: an array on PostgreSQL, JSON on SQLite."""

    impl = String
    cache_ok = True

    def __init__(self, each: TypeEngine[Any]) -> None:
        super().__init__()
        self.each = each

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.each) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        many = [] if value is None else [*value]
        return many if dialect.name == "postgresql" else json.dumps(many)


class _IsListed(FunctionElement[bool]):
    inherit_cache = True
    type: TypeEngine[Any] = NullType()
    """Not Boolean: SQLite has none, so that SQLAlchemy would compare it with 1, which no index serves."""


def is_listed(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the column's value is in the list that is given by this name."""
    return _IsListed(column, bindparam(name, type_=_Many(column.type)))


@compiles(_IsListed, "postgresql")
def _in_array(element: _IsListed, compiler: SQLCompiler, **given: Any) -> str:
    column, many = _parts(element, compiler, **given)
    return f"({column} = ANY ({many}))"


@compiles(_IsListed, "sqlite")
def _in_json(element: _IsListed, compiler: SQLCompiler, **given: Any) -> str:
    column, many = _parts(element, compiler, **given)
    return f"({column} IN (SELECT value FROM json_each({many})))"  # noqa: S608  # of columns and places


def _parts(element: _IsListed, compiler: SQLCompiler, **given: Any) -> tuple[str, str]:
    column, many = (compiler.process(part, **given) for part in element.clauses)
    return column, many
