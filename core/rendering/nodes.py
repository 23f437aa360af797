"""Nodes of the template language as functions that write them, and the loader that prepares a template with them."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.template.base import Node, NodeList, Origin, Template, TextNode, VariableNode
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode, ForNode, IfNode, LoadNode, URLNode, WithNode
from django.template.library import SimpleNode
from django.template.loader_tags import IncludeNode, construct_relative_path
from django.template.loaders import cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.utils import translation
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from core.rendering.expressions import MISSING, condition, expression, link, written
from core.templatetags.ui import CONSTANT_TAGS

# Writes one node; the second argument is the language of the moment.
Writer = Callable[[Context, str], str]
Part = str | Writer


class PreparedNodeList(NodeList):
    """The nodes as Django knows them, for whoever looks for blocks, and the functions that write them."""

    parts: list[Part]

    def render(self, context: Context) -> SafeString:
        return SafeString(_written(self.parts, context, translation.get_language() or ""))


def prepared(nodes: NodeList) -> PreparedNodeList:
    """The same nodes, with everything inside them prepared as well."""
    found = PreparedNodeList(nodes)
    found.contains_nontext = nodes.contains_nontext
    found.parts = parts_of(nodes)
    return found


def parts_of(nodes: NodeList) -> list[Part]:
    """Texts and functions in the order of the nodes; neighbouring texts become one."""
    parts: list[Part] = []
    for node in nodes:
        part = _MAKERS.get(type(node), _as_django_does)(node)
        if isinstance(part, str):
            before = parts.pop() if parts and isinstance(parts[-1], str) else ""
            part = "".join((str(before), part))  # a plain text, not a SafeString
        if part != "":
            parts.append(part)
    return parts


def _written(parts: list[Part], context: Context, language: str) -> str:
    return "".join([part if part.__class__ is str else part(context, language) for part in parts])  # type: ignore[operator]


def _as_django_does(node: Node) -> Part:
    """A node that is not known here renders itself; the node lists inside it are prepared."""
    for name in node.child_nodelists:
        children = vars(node).get(name)
        if isinstance(children, NodeList) and not isinstance(children, PreparedNodeList):
            setattr(node, name, prepared(children))
    return lambda context, language: str(node.render_annotated(context))


def _text(node: TextNode) -> Part:
    return node.s


def _nothing(node: Node) -> Part:
    return ""


def _variable(node: VariableNode) -> Part:
    resolve = expression(node.filter_expression)
    return lambda context, language: written(resolve(context), context)


def _if(node: Any) -> Part:
    try:
        tests = [condition(test) if test is not None else None for test, _body in node.conditions_nodelists]
    except KeyError:
        return _as_django_does(node)
    branches = list(zip(tests, [parts_of(body) for _test, body in node.conditions_nodelists], strict=True))

    def write(context: Context, language: str) -> str:
        for test, parts in branches:
            if test is None or test(context):
                return _written(parts, context, language)
        return ""

    return write


def _for(node: Any) -> Part:
    sequence, parts = expression(node.sequence, missing=None), parts_of(node.nodelist_loop)
    names, is_reversed, otherwise = list(node.loopvars), node.is_reversed, parts_of(node.nodelist_empty)

    def write(context: Context, language: str) -> str:
        scope: dict[str, Any] = {}
        loop: dict[str, Any] = {"parentloop": context.get("forloop", {})}
        context.dicts.append(scope)
        try:
            values = sequence(context)
            items = list(values) if values is not None else []
            if not items:
                return _written(otherwise, context, language)
            scope["forloop"] = loop
            done = []
            for number, item in enumerate(reversed(items) if is_reversed else items):
                _count(loop, number, len(items))
                if len(names) == 1:
                    scope[names[0]] = item
                    done.append(_written(parts, context, language))
                else:
                    context.dicts.append(_unpacked(names, item))
                    done.append(_written(parts, context, language))
                    context.dicts.pop()
            return "".join(done)
        finally:
            context.dicts.pop()

    return write


def _count(loop: dict[str, Any], number: int, length: int) -> None:
    loop["counter0"], loop["counter"] = number, number + 1
    loop["revcounter"], loop["revcounter0"] = length - number, length - number - 1
    loop["first"], loop["last"] = number == 0, number == length - 1


def _unpacked(names: list[str], item: Any) -> dict[str, Any]:
    count = len(item) if hasattr(item, "__len__") else 1
    if count != len(names):
        raise ValueError(f"Need {len(names)} values to unpack in for loop; got {count}. ")
    return dict(zip(names, item, strict=True))


def _with(node: Any) -> Part:
    values, parts = _expressions(node.extra_context), parts_of(node.nodelist)

    def write(context: Context, language: str) -> str:
        context.dicts.append({name: resolve(context) for name, resolve in values})
        try:
            return _written(parts, context, language)
        finally:
            context.dicts.pop()

    return write


def _expressions(named: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, expression(value)) for name, value in named.items()]


def _include(node: Any) -> Part:
    if node.template.is_var or node.template.filters or not isinstance(node.template.var, str) or node.isolated_context:
        return _as_django_does(node)
    name = construct_relative_path(node.origin.template_name, node.template.var)
    values = _expressions(node.extra_context)
    found: list[Any] = []

    def write(context: Context, language: str) -> str:
        if not found:
            found.append(context.template.engine.get_template(name))  # type: ignore[union-attr]
        rendering, template = context.render_context, found[0]
        outer = rendering.template
        context.dicts.append({key: resolve(context) for key, resolve in values})
        rendering.template = template
        rendering.dicts.append({})
        try:
            return str(template._render(context))
        finally:
            rendering.dicts.pop()
            rendering.template = outer
            context.dicts.pop()

    return write


def _url(node: Any) -> Part:
    if node.view_name.is_var or node.view_name.filters or node.kwargs:
        return _as_django_does(node)
    name, values, target = str(node.view_name.var), [expression(value) for value in node.args], node.asvar

    def write(context: Context, language: str) -> str:
        url = link(name, [resolve(context) for resolve in values], context)
        if url is None:
            return str(node.render_annotated(context))
        if target:
            context[target] = url
            return ""
        return conditional_escape(url) if context.autoescape else url

    return write


def _simple_tag(node: Any) -> Part:
    function, values, named, target = (
        node.func,
        [expression(v) for v in node.args],
        _expressions(node.kwargs),
        node.target_var,
    )
    if (
        function in CONSTANT_TAGS
        and not target
        and all(_is_written_out(value) for value in (*node.args, *node.kwargs.values()))
    ):
        return str(node.render(Context()))

    def write(context: Context, language: str) -> str:
        arguments = [resolve(context) for resolve in values]
        if node.takes_context:
            arguments.insert(0, context)
        output = function(*arguments, **{name: resolve(context) for name, resolve in named})
        if target is not None:
            context[target] = output
            return ""
        if output.__class__ is SafeString:
            return output
        return str(conditional_escape(output)) if context.autoescape else str(output)

    return write


def _is_written_out(value: Any) -> bool:
    """A number or a text without variables, filters and translation."""
    if value.filters:
        return False
    return not value.is_var or (value.var.lookups is None and not value.var.translate)


def _static(node: Any) -> Part:
    """The address of a file stays the same until the process ends."""
    if node.varname or not _is_written_out(node.path):
        return _as_django_does(node)
    found: list[str] = []

    def write(context: Context, language: str) -> str:
        if not found:
            found.append(str(node.render_annotated(context)))
        return found[0]

    return write


def _translate(node: Any) -> Part:
    """Fixed words: looked up once in each language."""
    words = node.filter_expression
    is_fixed = words.is_var and words.var.lookups is None and not words.filters and not node.noop
    if not is_fixed or (node.message_context and not _is_written_out(node.message_context)):
        return _as_django_does(node)
    known: dict[str, str] = {}

    def write(context: Context, language: str) -> str:
        value = known.get(language)
        if value is None:
            shown = node.render_annotated(context)
            value = known[language] = context[node.asvar] if node.asvar else shown
        if node.asvar:
            context[node.asvar] = value
            return ""
        return value

    return write


def _block_translate(node: Any) -> Part:
    """A sentence with values in it; one with a plural or an odd context is left to Django."""
    if node.plural or node.counter or (node.message_context and not _is_written_out(node.message_context)):
        return _as_django_does(node)
    message, names = node.render_token_list(node.singular)
    given = dict(_expressions(node.extra_context))
    values = [(name, given.get(name) or variable_named(name)) for name in names]
    known: dict[str, str] = {}

    def write(context: Context, language: str) -> str:
        sentence = known.get(language)
        if sentence is None:
            about = node.message_context.resolve(context) if node.message_context else None
            sentence = translation.pgettext(about, message) if about else translation.gettext(message)
            known[language] = sentence
        try:
            result = sentence % {name: written(resolve(context), context) for name, resolve in values}
        except (KeyError, ValueError):
            return str(node.render_annotated(context))
        if node.asvar:
            context[node.asvar] = SafeString(result)
            return ""
        return result

    return write


def variable_named(name: str) -> Callable[[Context], Any]:
    """A name of the context as {% blocktranslate %} reads it: nothing else, and empty when it does not exist."""

    def resolve(context: Context) -> Any:
        value = context.get(name, MISSING)
        return "" if value is MISSING else value

    return resolve


def _csrf_token(node: Any) -> Part:
    """The same masked token for every form of one answer: to mask it anew for each row costs more than the row."""

    def write(context: Context, language: str) -> str:
        root = context.render_context.dicts[0]
        if "csrf_field" not in root:
            root["csrf_field"] = node.render_annotated(context)
        return str(root["csrf_field"])

    return write


_MAKERS: dict[type[Any], Callable[[Any], Part]] = {
    TextNode: _text,
    LoadNode: _nothing,
    VariableNode: _variable,
    IfNode: _if,
    ForNode: _for,
    WithNode: _with,
    IncludeNode: _include,
    URLNode: _url,
    SimpleNode: _simple_tag,
    StaticNode: _static,
    TranslateNode: _translate,
    BlockTranslateNode: _block_translate,
    CsrfTokenNode: _csrf_token,
}


class Loader(cached.Loader):
    """Templates as Django's cached loader gives them, prepared; without PREPARED_TEMPLATES as they are.

    While debugging Django's own nodes are kept: they know the line of the template in which an error happened.
    """

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template = super().get_template(template_name, skip)
        if (
            settings.PREPARED_TEMPLATES
            and not self.engine.debug
            and not isinstance(template.nodelist, PreparedNodeList)
        ):
            template.nodelist = prepared(template.nodelist)
        return template
