"""What a migration may not do to a table that the version before still uses (expand now, contract one release later).

During an upgrade the processes of version N-1 keep running on the tables of version N: they insert rows without the new
columns and read the columns they know.
"""

from collections.abc import Iterator
from typing import Any

from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

Table = tuple[str, str]
TAKES_AWAY = (operations.RemoveField, operations.RenameField)
TAKES_TABLE_AWAY = (operations.DeleteModel, operations.RenameModel, operations.AlterModelTable)


def in_order(loader: MigrationLoader) -> list[tuple[str, str]]:
    plan: dict[tuple[str, str], None] = {}
    for leaf in loader.graph.leaf_nodes():
        plan |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    return list(plan)


def all_violations(own_apps: set[str], baseline: set[str]) -> dict[str, list[str]]:
    """Migration ("app.0007_name") -> sentences, for the migrations of our apps that are not in the baseline."""
    loader = MigrationLoader(None)
    state, new_tables = ProjectState(), set[Table]()
    found: dict[str, list[str]] = {}
    for key in in_order(loader):
        migration, name = loader.graph.nodes[key], ".".join(key)
        if key[0] in own_apps and name not in baseline:
            if sentences := list(violations(migration, state, new_tables)):
                found[name] = sentences
        else:
            for operation in migration.operations:
                operation.state_forwards(migration.app_label, state)
    return found


def violations(migration: Migration, state: ProjectState, new_tables: set[Table]) -> Iterator[str]:
    """Walk through the operations; `state` is moved on, `new_tables` collects those the old version does not know."""
    app = migration.app_label
    for operation in _flat(migration.operations):
        if isinstance(operation, operations.CreateModel):
            new_tables.add((app, operation.name_lower))
        elif (app, _model_of(operation)) not in new_tables:
            yield from _judged(operation, app, state)
    for operation in migration.operations:
        operation.state_forwards(app, state)


def _flat(found: list[Any]) -> Iterator[Any]:
    for operation in found:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _model_of(operation: Any) -> str:
    name = getattr(operation, "model_name", "") or getattr(operation, "name", "") or getattr(operation, "old_name", "")
    return str(name).lower()


def _judged(operation: Any, app: str, state: ProjectState) -> Iterator[str]:
    place = f"{app}.{_model_of(operation)}"
    if isinstance(operation, TAKES_TABLE_AWAY):
        yield f"{place}: the table goes or changes its name while the version before uses it"
    elif isinstance(operation, TAKES_AWAY):
        column = getattr(operation, "name", None) or operation.old_name
        yield f"{place}.{column}: the column goes or changes its name while the version before uses it"
    elif isinstance(operation, operations.AddField) and not _may_be_left_out(operation.field):
        yield f"{place}.{operation.name}: the version before inserts rows without it; give it null or db_default"
    elif isinstance(operation, operations.AlterField):
        old = state.models[app, _model_of(operation)].fields.get(operation.name)
        if old is not None:
            yield from _altered(f"{place}.{operation.name}", old, operation.field)


def _may_be_left_out(field: Any) -> bool:
    return (
        field.null or field.many_to_many or getattr(field, "generated", False) or field.db_default is not NOT_PROVIDED
    )


def _altered(place: str, old: Any, new: Any) -> Iterator[str]:
    if old.null and not new.null and new.db_default is NOT_PROVIDED:
        yield f"{place}: becomes NOT NULL while the version before writes nothing into it"
    if old.get_internal_type() != new.get_internal_type():
        yield f"{place}: another type rewrites the table under a lock"
    if new.max_length and old.max_length and new.max_length < old.max_length:
        yield f"{place}: becomes shorter than what the version before writes"
