"""What prepared templates call while they are rendered."""

import html
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.template.base import Template, Variable, VariableDoesNotExist, render_value_in_context
from django.template.context import Context
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.functional import SimpleLazyObject, empty
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString

MISSING = object()  # a name that the context does not have
PROBES = (7, 7_777_777)  # the address must be the same around both

has_items: dict[type, bool] = {}  # by class: whether Django would try current[bit] first

Pattern = tuple[str, ...] | None
Addresses = dict[tuple[str, int], Pattern]
_Place = tuple[str, str, str | None]
_addresses: dict[_Place, Addresses] = {}


class _LeaveToDjangoError(Exception):
    """Something rare: Django's own code decides, from the beginning."""


# ---- variables ---------------------------------------------------------------------------------------------------


def look(dicts: list[dict[str, Any]], name: str) -> Any:
    """What the context has under that name, or MISSING."""
    for names in reversed(dicts):
        if name in names:
            return names[name]
    return MISSING


def step(current: Any, bit: str) -> Any:
    """`current.bit` as a template means it: item, attribute, and what it gives when it is called."""
    kind = type(current)
    if (kind is list or kind is tuple) and bit.isdigit():
        current = current[int(bit)]
        return called(current) if callable(current) else current
    if kind is SimpleLazyObject:
        if current._wrapped is empty:
            current._setup()
        current = current._wrapped
        kind = type(current)
    tries_items = has_items.get(kind)
    if tries_items is None:
        tries_items = has_items[kind] = hasattr(kind, "__getitem__")
    if tries_items:
        try:
            current = current[bit]
        except (TypeError, AttributeError, KeyError, ValueError, IndexError):
            current = getattr(current, bit)
    else:
        current = getattr(current, bit)
    return called(current) if callable(current) else current


has_items[SimpleLazyObject] = True  # so that readers leave it to `step`


def called(value: Any) -> Any:
    if getattr(value, "do_not_call_in_templates", False):
        return value
    if getattr(value, "alters_data", False):
        raise _LeaveToDjangoError
    return value()


def by_django(var: Variable, context: Context, missing: Any) -> Any:
    """Django looks again and decides what the error means."""
    try:
        return var.resolve(context)
    except VariableDoesNotExist:
        return missing


def as_is(value: Any) -> Any:
    """A name inside {% blocktranslate %}: nothing is called, and there is nothing when it does not exist."""
    return "" if value is MISSING else value


def safe_like(value: Any, result: Any) -> Any:
    """The result of a filter that keeps safe texts safe."""
    return safe(result) if isinstance(value, SafeData) else result


def safe(value: Any) -> Any:
    return value if hasattr(value, "__html__") else SafeString(value)


# ---- writing -----------------------------------------------------------------------------------------------------


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


def shown(output: Any, context: Context) -> str:
    """What a simple tag gives, as it is written into the page."""
    if output.__class__ is SafeString:
        return output
    return str(conditional_escape(output)) if context.autoescape else str(output)


def csrf_field(node: Any, context: Context) -> str:
    """The same masked token for every form of one answer: to mask it anew for each row costs more than the row."""
    root = context.render_context.dicts[0]
    if "csrf_field" not in root:
        root["csrf_field"] = node.render_annotated(context)
    return str(root["csrf_field"])


def enter(context: Context, template: Template) -> Any:
    """A template inside another has a place of its own for what its tags keep."""
    rendering = context.render_context
    outer, rendering.template = rendering.template, template
    rendering.dicts.append({})
    return outer


def leave(context: Context, outer: Any) -> None:
    context.render_context.dicts.pop()
    context.render_context.template = outer


def loop_counts(loop: dict[str, Any], number: int, length: int) -> None:
    loop["counter0"], loop["counter"] = number, number + 1
    loop["revcounter"], loop["revcounter0"] = length - number, length - number - 1
    loop["first"], loop["last"] = number == 0, number == length - 1


def unpacked(names: list[str], item: Any) -> dict[str, Any]:
    count = len(item) if hasattr(item, "__len__") else 1
    if count != len(names):
        raise ValueError(f"Need {len(names)} values to unpack in for loop; got {count}. ")
    return dict(zip(names, item, strict=True))


# ---- addresses: reverse() once for each name, then only the number is put in -----------------------------------------


def addresses(context: Context) -> Addresses:
    """What is known of addresses as they are for the page that is shown: {% url %} passes its namespace on."""
    request = getattr(context, "request", None)
    match = getattr(request, "resolver_match", None)
    place = (
        get_script_prefix(),
        settings.ROOT_URLCONF,
        getattr(request, "current_app", getattr(match, "namespace", None)),
    )
    found = _addresses.get(place)
    if found is None:
        found = _addresses[place] = {}
    return found


def address(known: Addresses, name: str, arguments: Sequence[Any], context: Context) -> str | None:
    """The address of a page without arguments or with one number; None: ask Django."""
    if arguments and not (len(arguments) == 1 and type(arguments[0]) is int and arguments[0] >= 0):
        return None
    key = name, len(arguments)
    if key not in known:
        request = getattr(context, "request", None)
        match = getattr(request, "resolver_match", None)
        known[key] = _pattern(*key, getattr(request, "current_app", getattr(match, "namespace", None)))
    pattern = known[key]
    return None if pattern is None else str(arguments[0]).join(pattern) if arguments else pattern[0]


def link(node: Any, url: str | None, context: Context) -> str:
    """What {% url %} writes; None: Django knows how, or what is wrong."""
    if url is None:
        return str(node.render_annotated(context))
    return conditional_escape(url) if context.autoescape else url


def _pattern(name: str, count: int, namespace: str | None) -> Pattern:
    """What stands before and behind the number."""
    try:
        if not count:
            return (reverse(name, current_app=namespace),)
        found = {tuple(reverse(name, args=[probe], current_app=namespace).split(str(probe))) for probe in PROBES}
    except NoReverseMatch:
        return None
    pattern = found.pop()
    return pattern if not found and len(pattern) == 2 else None
