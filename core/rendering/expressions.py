"""Variables, filters, conditions and addresses of the template language as functions of the context."""

import html
from collections.abc import Callable, Sequence
from typing import Any, cast

from django.conf import settings
from django.template.base import FilterExpression, Variable, VariableDoesNotExist, render_value_in_context
from django.template.context import Context
from django.template.defaulttags import TemplateLiteral
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.functional import SimpleLazyObject, empty
from django.utils.safestring import SafeData, SafeString
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]

Expression = Callable[[Context], Any]

MISSING = object()  # a name that the context does not have
_has_items: dict[type, bool] = {}  # by class: whether Django would try current[bit] first


class _LeaveToDjangoError(Exception):
    """Something rare: Django's own code decides, from the beginning."""


def variable(var: Variable) -> Expression:
    """The value of `a.b.c`, or MISSING. Everything unusual is left to Django."""
    if var.lookups is None or var.translate:
        return var.resolve
    first, *rest = var.lookups

    def resolve(context: Context) -> Any:
        for names in reversed(context.dicts):
            if first in names:
                current = names[first]
                break
        else:
            return MISSING if not first.isdigit() else _by_django(var, context)
        try:
            if callable(current):
                current = _called(current)
            for bit in rest:
                current = _step(current, bit)
        except Exception:  # noqa: BLE001 -- Django looks again and decides what the error means
            return _by_django(var, context)
        return current

    return resolve


def _step(current: Any, bit: str) -> Any:
    kind = type(current)
    if kind is SimpleLazyObject:
        if current._wrapped is empty:
            current._setup()
        current = current._wrapped
        kind = type(current)
    has_items = _has_items.get(kind)
    if has_items is None:
        has_items = _has_items[kind] = hasattr(kind, "__getitem__")
    if has_items:
        try:
            current = current[bit]
        except (TypeError, AttributeError, KeyError, ValueError, IndexError):
            current = getattr(current, bit)
    else:
        current = getattr(current, bit)
    return _called(current) if callable(current) else current


def _called(value: Any) -> Any:
    if getattr(value, "do_not_call_in_templates", False):
        return value
    if getattr(value, "alters_data", False):
        raise _LeaveToDjangoError
    return value()


def _by_django(var: Variable, context: Context) -> Any:
    try:
        return var.resolve(context)
    except VariableDoesNotExist:
        return MISSING


def expression(node: FilterExpression, *, missing: Any = "") -> Expression:
    """What the expression resolves to; `missing` stands for a variable that does not exist (None inside conditions)."""
    base: Expression
    if not node.is_var:
        constant = node.var
        base = lambda context: constant  # noqa: E731
    else:
        look_up = variable(node.var)

        def base(context: Context) -> Any:
            value = look_up(context)
            return missing if value is MISSING else value

    for function, arguments in node.filters:
        base = _filtered(base, function, arguments)
    return base


def _filtered(base: Expression, function: Callable[..., Any], arguments: Sequence[tuple[bool, Any]]) -> Expression:
    values = [_argument(argument) if is_variable else _constant(argument) for is_variable, argument in arguments]
    expects_localtime = getattr(function, "expects_localtime", False)
    needs_autoescape = getattr(function, "needs_autoescape", False)
    is_safe = getattr(function, "is_safe", False)

    def resolve(context: Context) -> Any:
        value = base(context)
        if expects_localtime:
            value = template_localtime(value, context.use_tz)
        found = [argument(context) for argument in values]
        result = function(value, *found, autoescape=context.autoescape) if needs_autoescape else function(value, *found)
        return _safe(result) if is_safe and isinstance(value, SafeData) else result

    return resolve


def _constant(value: Any) -> Expression:
    safe = _safe(value)  # it is written in the template
    return lambda context: safe


def _safe(value: Any) -> Any:
    return value if hasattr(value, "__html__") else SafeString(value)


def _argument(var: Variable) -> Expression:
    look_up = variable(var)

    def resolve(context: Context) -> Any:
        value = look_up(context)
        return var.resolve(context) if value is MISSING else value  # raises VariableDoesNotExist

    return resolve


def condition(node: Any) -> Expression:
    """What stands in an {% if %}; an error inside counts as false, as it does with Django. KeyError: not known here."""
    if isinstance(node, TemplateLiteral):
        return expression(cast(FilterExpression, node.value), missing=None)
    evaluate = _OPERATORS[node.id](condition(node.first), condition(node.second) if node.second is not None else None)

    def safely(context: Context) -> Any:
        try:
            return evaluate(context)
        except Exception:  # noqa: BLE001 -- see above
            return False

    return safely


_OPERATORS: dict[str, Callable[[Any, Any], Expression]] = {
    "or": lambda a, b: lambda context: a(context) or b(context),
    "and": lambda a, b: lambda context: a(context) and b(context),
    "not": lambda a, b: lambda context: not a(context),
    "in": lambda a, b: lambda context: a(context) in b(context),
    "not in": lambda a, b: lambda context: a(context) not in b(context),
    "is": lambda a, b: lambda context: a(context) is b(context),
    "is not": lambda a, b: lambda context: a(context) is not b(context),
    "==": lambda a, b: lambda context: a(context) == b(context),
    "!=": lambda a, b: lambda context: a(context) != b(context),
    ">": lambda a, b: lambda context: a(context) > b(context),
    ">=": lambda a, b: lambda context: a(context) >= b(context),
    "<": lambda a, b: lambda context: a(context) < b(context),
    "<=": lambda a, b: lambda context: a(context) <= b(context),
}


def written(value: Any, context: Context) -> str:
    """A value as it is written into the page: Django's render_value_in_context, faster for what comes most often."""
    kind = type(value)
    if kind is SafeString:
        return value
    if kind is str:
        return html.escape(value) if context.autoescape else value
    if kind is int and not settings.USE_THOUSAND_SEPARATOR:
        return str(value)
    return render_value_in_context(value, context)


# ---- addresses: reverse() once for each name, then only the number is put in -----------------------------------------

PROBES = (7, 7_777_777)  # the address must be the same around both

_Key = tuple[str, str, str, str | None, int]
_patterns: dict[_Key, tuple[str, ...] | None] = {}


def link(name: str, arguments: Sequence[Any], context: Context) -> str | None:
    """The address of a page without arguments or with one number; None: ask Django."""
    if arguments and not (len(arguments) == 1 and type(arguments[0]) is int and arguments[0] >= 0):
        return None
    key = (name, get_script_prefix(), settings.ROOT_URLCONF, _namespace(context), len(arguments))
    if key not in _patterns:
        _patterns[key] = _pattern(name, len(arguments), key[3])
    pattern = _patterns[key]
    return None if pattern is None else str(arguments[0]).join(pattern) if arguments else pattern[0]


def _namespace(context: Context) -> str | None:
    """Of the page that is shown, as {% url %} passes it on."""
    request = getattr(context, "request", None)
    match = getattr(request, "resolver_match", None)
    return getattr(request, "current_app", getattr(match, "namespace", None))


def _pattern(name: str, count: int, namespace: str | None) -> tuple[str, ...] | None:
    """What stands before and behind the number."""
    try:
        if not count:
            return (reverse(name, current_app=namespace),)
        found = {tuple(reverse(name, args=[probe], current_app=namespace).split(str(probe))) for probe in PROBES}
    except NoReverseMatch:
        return None
    pattern = found.pop()
    return pattern if not found and len(pattern) == 2 else None
