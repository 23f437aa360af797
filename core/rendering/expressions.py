"""Variables, filters and conditions of the template language as Python expressions."""

from typing import Any, cast

from django.template.base import FilterExpression, Variable
from django.template.defaulttags import TemplateLiteral
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]

from core.rendering.runtime import safe, safe_like
from core.rendering.source import Source


def variable(var: Variable, source: Source, missing: str) -> str:
    """The value of `a.b.c`; `missing` when it does not exist. Everything unusual is left to Django."""
    if var.translate:
        return f"{source.value(var)}.resolve(context)"
    if var.lookups is None:
        return source.value(var.literal)
    first, *rest = var.lookups
    if first.isdigit():
        return f"by_django({source.value(var)}, context, {missing})"
    base = look_up(first, source)
    reader = f"{source.reader(tuple(var.lookups), var)}({base}, context, {missing})"
    return reader if rest or first not in source.known else f"({reader} if callable({base}) else {base})"


def look_up(name: str, source: Source) -> str:
    """What the context has under that name, or MISSING."""
    source.seen.add(name)
    return source.known.get(name) or f"look(dicts, {name!r})"


def expression(node: FilterExpression, source: Source, missing: str = "''") -> str:
    """What it resolves to; `missing` stands for a variable that does not exist ("None" inside conditions)."""
    found = variable(node.var, source, missing) if node.is_var else source.value(node.var)
    for function, arguments in node.filters:
        found = _filtered(found, function, arguments, source)
    return found


def _filtered(base: str, function: Any, arguments: Any, source: Source) -> str:
    if getattr(function, "expects_localtime", False):
        base = f"{source.value(template_localtime)}({base}, context.use_tz)"
    given = [
        _argument(argument, source) if is_variable else source.value(safe(argument))
        for is_variable, argument in arguments
    ]
    if getattr(function, "needs_autoescape", False):
        given.append("autoescape=context.autoescape")
    if not getattr(function, "is_safe", False):
        return f"{source.value(function)}({', '.join([base, *given])})"
    value = source.local()
    return f"{source.value(safe_like)}({value} := {base}, {source.value(function)}({', '.join([value, *given])}))"


def _argument(var: Variable, source: Source) -> str:
    """One that does not exist is an error."""
    if var.translate or var.lookups is None:
        return variable(var, source, "None")
    value = source.local()
    found = variable(var, source, "MISSING")
    return f"({value} if ({value} := {found}) is not MISSING else {source.value(var)}.resolve(context))"


def condition(node: Any, source: Source) -> str:
    """What stands in an {% if %}, as an expression behind the lines that it needs. An error inside an operator counts
    as false, as it does with Django. KeyError: an operator that is not known here."""
    if isinstance(node, TemplateLiteral):
        return expression(cast(FilterExpression, node.value), source, "None")
    operator, found = _OPERATORS[node.id], source.local()
    with source.body("try:"):
        first = condition(node.first, source)
        if operator in ("and", "or"):
            source.line(f"{found} = {first}")
            with source.body(f"if {found}:" if operator == "and" else f"if not {found}:"):
                source.line(f"{found} = {condition(node.second, source)}")
        elif operator == "not":
            source.line(f"{found} = not {first}")
        else:
            left = source.local()
            source.line(f"{left} = {first}")
            source.line(f"{found} = {left} {operator} {condition(node.second, source)}")
    with source.body("except Exception:"):
        source.line(f"{found} = False")
    return found


_OPERATORS = {
    name: name for name in ("or", "and", "not", "in", "not in", "is", "is not", "==", "!=", ">", ">=", "<", "<=")
}


def operators_known(node: Any) -> bool:
    if isinstance(node, TemplateLiteral):
        return True
    parts = [part for part in (node.first, node.second) if part is not None]
    return node.id in _OPERATORS and all(map(operators_known, parts))
