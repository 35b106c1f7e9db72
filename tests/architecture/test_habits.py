"""House rules that a reader can check file by file."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

import pytest

from tests.architecture.sources import ROOT, Source, docstrings, dotted, imports, sources


def _of_each(files: Sequence[Source]) -> Callable[[Callable[[Source], None]], Callable[[], None]]:
    """A rule for a file, as one test of all of these: as a test each they took longer to count than to read."""

    def of_each(rule: Callable[[Source], None]) -> Callable[[], None]:
        def test() -> None:
            broken = []
            for source in files:
                try:
                    rule(source)
                except AssertionError as error:
                    broken.append(f"{source.path}: {error}")
            assert not broken, "\n".join(broken)

        test.__doc__ = rule.__doc__
        return test

    return of_each


each_file = _of_each(sources())
each_core_file = _of_each([source for source in sources() if source.within("bot/core")])

LONG: Final = {
    "bot/core/payment.py": "the state machine is one file: all that affects it lives there",
}
"""Files over 300 lines, each with its reason."""

LONG_FUNCTIONS: Final = {
    ("bot/metrics.py", "__init__"): "a list of declarations",
    ("bot/term.py", "begin_term"): "the composition root: what is built from what is seen at once",
    ("bot/flows/settle.py", "__call__"): "one case an outcome",
    ("bot/storage/migrations/versions/0001_the_first_tables.py", "upgrade"): "a migration is never changed",
}
"""Functions over 40 lines, each with its reason."""

MAY_RUN_AT_IMPORT: Final = {
    "dataclass", "field", "fields", "auto", "contextmanager", "asynccontextmanager", "cache", "lru_cache", "wraps",
    "total_ordering", "TypeVar", "TypeVarTuple", "ParamSpec", "NewType", "cast", "get_args", "namedtuple",
    "attrgetter", "itemgetter", "MappingProxyType", "compile", "escape", "frozenset", "set", "dict", "tuple", "list",
    "range", "zip", "enumerate", "sorted", "min", "max", "sum", "len", "round", "int", "float", "str", "bytes",
    "fromkeys", "items", "keys", "values", "encode", "split", "join", "lower", "upper", "strip", "format", "maketrans",
    "fromhex", "timedelta", "timezone", "ZoneInfo", "date", "datetime", "Decimal", "Path", "PurePath", "files",
    "joinpath", "Field", "SettingsConfigDict", "ConfigDict", "TypeAdapter", "BeforeValidator", "AfterValidator",
    "PlainValidator", "StringConstraints", "field_validator", "model_validator", "get_logger", "getLogger",
    "Typer", "Option", "Argument", "callback", "command", "add_typer", "Table", "Column", "MetaData", "ForeignKey",
    "Index", "UniqueConstraint", "CheckConstraint", "PrimaryKeyConstraint", "ForeignKeyConstraint", "DateTime",
    "String", "LargeBinary", "Integer", "BigInteger", "NullType", "with_variant", "text", "null",
}  # fmt: skip
"""Definitions, constants and declarations, by the last part of the name. What opens, connects, reads settings or holds
state is built in `bot.app`."""
STATEMENTS_ARE_WRITTEN_WITH: Final = {
    "select", "insert", "update", "delete", "values", "returning", "where", "join", "outerjoin", "order_by", "desc",
    "limit", "with_for_update", "with_only_columns", "correlate", "scalar_subquery", "subquery", "label", "alias",
    "distinct", "bindparam", "tuple_", "literal", "case", "exists", "and_", "or_", "is_", "is_not", "in_", "not_in",
    "startswith", "is_listed", "compiles", "func.min", "func.max", "func.count", "func.coalesce",
}  # fmt: skip
"""What makes a statement: in `bot/storage` they are built once, and carried out with their parameters."""

SQL: Final = re.compile(
    r"\bSELECT\s.+\sFROM\s|\bINSERT\s+(OR\s\w+\s+)?INTO\s|\bUPDATE\s+\w+\s+SET\s|\bDELETE\s+FROM\s"
    r"|\b(CREATE|ALTER|DROP)\s+(TABLE|INDEX|DATABASE)\s|\bPRAGMA\s+\w|\bBEGIN\s+(IMMEDIATE|EXCLUSIVE)\b|\bVACUUM\s+INTO\b"
    r"|\bpg_(try_)?advisory\w*\(",
    re.DOTALL,
)


@each_file
def test_only_settings_read_the_environment(source: Source) -> None:
    """`os.environ`, `getenv` and the like stand in `bot/settings.py` alone."""
    if source.within("bot/settings.py"):
        return
    readers = {"environ", "environb", "getenv", "getenvb", "putenv", "dotenv_values", "load_dotenv"}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            assert dotted(node).split(".")[-1] not in readers, f"{source.at(node)} reads the environment"
    for name, node in imports(source):
        assert name.split(".")[-1] not in readers, f"{source.at(node)} reads the environment"
        assert name.split(".")[0] not in {"dotenv", "pydantic_settings"}, f"{source.at(node)} reads the environment"


@each_file
def test_sql_stands_only_in_storage(source: Source) -> None:
    """No SQL text elsewhere; docstrings may speak of it."""
    if source.within("bot/storage"):
        return
    prose = docstrings(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            assert not SQL.search(node.value), f"{source.at(node)} holds SQL"


@pytest.mark.parametrize(
    ("text", "is_sql"),
    [
        ("SELECT id\n FROM payments", True),
        ("INSERT OR IGNORE INTO inbox VALUES (?)", True),
        ("UPDATE outbox SET done = 1", True),
        ("PRAGMA journal_mode = WAL", True),
        ("Select a payment from the list", False),
        ("UPDATE_ID", False),
        ("select", False),
    ],
)
def test_sql_is_told_from_prose(text: str, is_sql: bool) -> None:
    """The check above recognises statements by their upper-case keywords."""
    assert bool(SQL.search(text)) is is_sql


def test_nothing_is_named_for_being_shared() -> None:
    """No `utils`, `common`, `helpers`, and no folder named `telegram`, which would shadow the library."""
    for part in {part.removesuffix(".py") for source in sources() for part in source.path.split("/")}:
        assert not re.fullmatch(r"_?(utils?|common|helpers?|misc|shared|tools?)", part), f"a module is named {part}"
    assert not [path for path in (ROOT / "bot").rglob("telegram") if path.is_dir()]


def calls_at_import(tree: ast.Module) -> Iterator[ast.Call]:
    """Every call that runs when the module is imported: not those within functions, but decorators and defaults."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                defaults = [default for default in node.args.kw_defaults if default is not None]
                waiting += [*node.decorator_list, *node.args.defaults, *defaults]
            case ast.Lambda():
                pass
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                pass
            case _:
                if isinstance(node, ast.Call):
                    yield node
                waiting += ast.iter_child_nodes(node)


@cache
def value_classes() -> frozenset[str]:
    """Frozen dataclasses and enums of ours are values: constants of them may be built anywhere."""
    return frozenset(
        node.name
        for source in sources()
        for node in source.tree.body
        if isinstance(node, ast.ClassDef)
        and (
            any("frozen=True" in ast.unparse(decorator) for decorator in node.decorator_list)
            or any(dotted(base).split(".")[-1] in {"Enum", "StrEnum", "IntEnum", "NamedTuple"} for base in node.bases)
        )
    )


@each_file
def test_nothing_is_built_at_import(source: Source) -> None:
    """Importing a module defines; whatever opens, connects or holds state is built by the composition root.

    A cheap heuristic: calls at module level go to a known definition, to a frozen value of ours, or it is named here.
    """
    if source.within("bot/storage/migrations", "bot/__main__.py"):
        return  # Alembic runs its files by importing them
    may_run = MAY_RUN_AT_IMPORT | value_classes()
    statements = STATEMENTS_ARE_WRITTEN_WITH if source.within("bot/storage") else frozenset()
    for call in calls_at_import(source.tree):
        name = dotted(call.func)
        known = name.split(".")[-1] in may_run | statements or name in statements
        assert known, f"{source.at(call)} calls {name or ast.unparse(call.func)}() at import"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("engine = create_engine()", 1),
        ("class A:\n    client = Client()", 1),
        ("@register()\ndef f(x=g()): h()", 2),
        ("f = lambda: g()", 0),
        ("if __name__ == '__main__':\n    main()", 0),
        ("def f():\n    main()", 0),
    ],
)
def test_calls_at_import_are_found(text: str, count: int) -> None:
    """The check above sees class bodies, decorators and defaults, and not what runs later."""
    assert len(list(calls_at_import(ast.parse(text)))) == count


@each_core_file
def test_the_core_neither_waits_nor_looks_at_the_clock(source: Source) -> None:
    """No `await`, no `now()`: the time is an argument."""
    for node in ast.walk(source.tree):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith), (
            f"{source.at(node)} waits"
        )
        if isinstance(node, ast.Call):
            last = dotted(node.func).split(".")[-1]
            assert last not in {"now", "utcnow", "today", "open", "print", "input"}, (
                f"{source.at(node)} calls {last}()"
            )


@each_file
def test_a_long_file_has_a_reason(source: Source) -> None:
    """Over 300 lines a file stands in `LONG`; it leaves the list when it no longer needs it."""
    assert (source.lines > 300) == (source.path in LONG), f"{source.path} has {source.lines} lines"


def test_the_list_of_long_files_names_files() -> None:
    """None that was moved or deleted."""
    assert set(LONG) <= {source.path for source in sources()}


def long_functions(source: Source) -> set[tuple[str, str]]:
    """Those whose lines below signature and docstring are more than 40."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body and (node.end_lineno or 0) - body[0].lineno >= 40:
                found.add((source.path, node.name))
    return found


def test_a_long_function_has_a_reason() -> None:
    """Over 40 lines it stands in `LONG_FUNCTIONS`; it leaves the list when it no longer needs it."""
    assert set().union(*map(long_functions, sources())) == set(LONG_FUNCTIONS)
