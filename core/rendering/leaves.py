"""Nodes of the template language that have no nodes inside, as lines of a function. `LEAVES`: who writes which."""

from collections.abc import Callable
from keyword import iskeyword
from typing import Any

from django.template.base import Node, TextNode
from django.template.context import Context
from django.template.defaulttags import CommentNode, CsrfTokenNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.templatetags.i18n import BlockTranslateNode, GetCurrentLanguageNode, TranslateNode
from django.templatetags.static import StaticNode
from django.utils import translation

from core.rendering.expressions import expression, look_up
from core.rendering.source import Source
from core.templatetags.ui import CONSTANT_TAGS


class UnknownShapeError(Exception):
    """A known node used in a way that is left to Django."""


def _text(node: TextNode, source: Source) -> None:
    source.text(node.s)


def _nothing(node: Node, source: Source) -> None:
    pass


def _set(name: str, value: str, source: Source) -> None:
    source.line(f"dicts[-1][{name!r}] = {value}")


def _url(node: Any, source: Source) -> None:
    if node.view_name.is_var or node.view_name.filters or node.kwargs:
        raise UnknownShapeError
    name, itself = str(node.view_name.var), source.value(node)
    arguments = "".join(f"{expression(value, source)}, " for value in node.args)
    found = f"address(known, {name!r}, ({arguments}), context)"
    if not node.asvar:
        source.piece(f"link({itself}, {found}, context)")
        return
    url = source.local()
    source.line(f"{url} = {found}")
    with source.body(f"if {url} is None:"):
        source.line(f"{itself}.render_annotated(context)")
    with source.body("else:"):
        _set(node.asvar, url, source)


def _simple_tag(node: Any, source: Source) -> None:
    constants = all(_is_written_out(value) for value in (*node.args, *node.kwargs.values()))
    if node.func in CONSTANT_TAGS and not node.target_var and constants:
        source.text(node.render(Context()))
        return
    arguments = [expression(value, source) for value in node.args]
    if node.takes_context:
        source.seen.add("")
        arguments.insert(0, "context")
    named = [(name, expression(value, source)) for name, value in node.kwargs.items()]
    arguments += [f"{name}={value}" if not iskeyword(name) else f"**{{{name!r}: {value}}}" for name, value in named]
    call = f"{source.value(node.func)}({', '.join(arguments)})"
    if node.target_var is None:
        source.piece(f"shown({call}, context)")
    else:
        _set(node.target_var, call, source)


def _is_written_out(value: Any) -> bool:
    """A number or a text without variables, filters and translation."""
    if value.filters:
        return False
    return not value.is_var or (value.var.lookups is None and not value.var.translate)


def _static(node: Any, source: Source) -> None:
    """The address of a file stays the same until the process ends."""
    if node.varname or not _is_written_out(node.path):
        raise UnknownShapeError
    source.text(node.render(Context()))


def _csrf_token(node: Any, source: Source) -> None:
    source.piece(f"csrf_field({source.value(node)}, context)")


# ---- words in the language of the function -------------------------------------------------------------------------


def _translate(node: Any, source: Source) -> None:
    """Fixed words are looked up once."""
    words = node.filter_expression
    is_fixed = words.is_var and words.var.lookups is None and not words.filters and not node.noop
    if not is_fixed or (node.message_context and not _is_written_out(node.message_context)):
        raise UnknownShapeError
    context = Context()
    word = node.render(context)
    if node.asvar:
        _set(node.asvar, source.value(context[node.asvar]), source)
    else:
        source.text(word)


def _current_language(node: Any, source: Source) -> None:
    _set(node.variable, source.value(translation.get_language()), source)


def _block_translate(node: Any, source: Source) -> None:
    """A sentence with values in it; one with a plural or an odd context is left to Django."""
    if node.plural or node.counter or (node.message_context and not _is_written_out(node.message_context)):
        raise UnknownShapeError
    message, names = node.render_token_list(node.singular)
    about = node.message_context.resolve(Context()) if node.message_context else None
    sentence = translation.pgettext(about, message) if about else translation.gettext(message)
    try:
        sentence % dict.fromkeys(names, "")
    except (KeyError, ValueError) as error:
        raise UnknownShapeError from error
    given = {name: expression(value, source) for name, value in node.extra_context.items()}
    values = {name: given.get(name) or f"as_is({look_up(name, source)})" for name in names}
    filled = repr(str(sentence))
    written = ", ".join(f"{name!r}: written({value}, context)" for name, value in values.items())
    filled = f"{filled} % {{{written}}}"
    if node.asvar:
        _set(node.asvar, f"SafeString({filled})", source)
    else:
        source.piece(filled)


LEAVES: dict[type[Any], Callable[[Any, Source], None]] = {
    TextNode: _text,
    LoadNode: _nothing,
    CommentNode: _nothing,
    URLNode: _url,
    SimpleNode: _simple_tag,
    StaticNode: _static,
    TranslateNode: _translate,
    BlockTranslateNode: _block_translate,
    GetCurrentLanguageNode: _current_language,
    CsrfTokenNode: _csrf_token,
}
