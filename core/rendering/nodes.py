"""Nodes of the template language as lines of a function, and the loader that prepares a template with them."""

from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from django.conf import settings
from django.template.base import Node, NodeList, Origin, Template, TextNode, VariableNode
from django.template.context import Context
from django.template.defaulttags import (
    ForNode,
    IfNode,
    WithNode,
)
from django.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode, ExtendsNode, IncludeNode, construct_relative_path
from django.template.loaders import cached
from django.utils import translation
from django.utils.safestring import SafeString

from core.rendering.expressions import condition, expression, operators_known
from core.rendering.leaves import LEAVES, UnknownShapeError
from core.rendering.runtime import unpacked
from core.rendering.source import Bound, Source, Write

_making = RLock()  # to make one takes 10 MB for a moment: not in eight threads at once


class PreparedNodeList(NodeList):
    """The nodes as Django knows them, for whoever looks for blocks, and the functions that write them."""

    def render(self, context: Context) -> SafeString:
        key = translation.get_language() or "", BLOCK_CONTEXT_KEY in context.render_context
        write = self.functions.get(key)
        if write is None:
            with _making:
                write = self.functions.get(key) or self.functions.setdefault(key, self._function(context, *key))
        return SafeString(write(context))

    @property
    def functions(self) -> dict[tuple[str, bool], Write]:
        """By language, because words that never change are part of the function, and by who keeps the blocks."""
        return vars(self).setdefault("written", {})

    def _function(self, context: Context, language: str, are_blocks_djangos: bool) -> Write:
        source = Source(context.template.engine, are_blocks_djangos=are_blocks_djangos)  # type: ignore[union-attr]
        try:
            write_all(self, source)
        except _LeaveToDjangoError:
            return self._function(context, language, are_blocks_djangos=True)
        return source.function()


class _LeaveToDjangoError(Exception):
    """Blocks and what they extend are put together in a way that is not known here."""


def prepared(nodes: NodeList) -> PreparedNodeList:
    """The same nodes; their function is made when they are shown for the first time."""
    found = PreparedNodeList(nodes)
    found.contains_nontext = nodes.contains_nontext
    return found


def write_all(nodes: Iterable[Node], source: Source) -> None:
    for node in nodes:
        _MAKERS.get(type(node), _as_django_does)(node, source)


def _as_django_does(node: Node, source: Source) -> None:
    """A node that is not known here renders itself; the node lists inside it are prepared."""
    if not source.are_blocks_djangos and any(isinstance(one, BlockNode) for one in node.get_nodes_by_type(BlockNode)):
        raise _LeaveToDjangoError
    if isinstance(node, ExtendsNode):
        for block in node.blocks.values():
            _prepare_lists(block)
    _prepare_lists(node)
    source.seen.add("")
    source.piece(f"str({source.value(node)}.render_annotated(context))")


def _prepare_lists(node: Node) -> None:
    for name in node.child_nodelists:
        children = vars(node).get(name)
        if isinstance(children, NodeList) and not isinstance(children, PreparedNodeList):
            setattr(node, name, prepared(children))


def _leaf(write: "_Maker") -> "_Maker":
    def make(node: Any, source: Source) -> None:
        try:
            write(node, source)
        except UnknownShapeError:  # raised before anything was written
            _as_django_does(node, source)

    return make


def _variable(node: VariableNode, source: Source) -> None:
    path = getattr(node.filter_expression.var, "lookups", None) or ("",)
    if source.block is None or path[0] != "block":
        source.piece(f"written({expression(node.filter_expression, source)}, context)")
    elif path == ("block", "super") and not node.filter_expression.filters:
        name, level = source.block
        _block_at(name, level + 1, source)
    else:
        raise _LeaveToDjangoError


# ---- branches, loops, scopes -----------------------------------------------------------------------------------------


def _if(node: Any, source: Source) -> None:
    tests = [test for test, _body in node.conditions_nodelists if test is not None]
    if all(map(operators_known, tests)):
        _branches(list(node.conditions_nodelists), source)
    else:
        _as_django_does(node, source)


def _branches(branches: list[Any], source: Source) -> None:
    (test, nodes), *others = branches
    if test is None:
        write_all(nodes, source)
        return
    with source.body(f"if {condition(test, source)}:"):
        write_all(nodes, source)
    if others:
        with source.body("else:"):
            _branches(others, source)


def _for(node: Any, source: Source) -> None:
    items, number, item = source.local(), source.local(), source.local()
    sequence = expression(node.sequence, source, "None")
    source.line(f"{items} = {sequence}")
    source.line(f"{items} = list({items}) if {items} is not None else []")
    bound = _bound(node.nodelist_loop, source)
    with source.body(f"if {items}:"):
        names = list(node.loopvars)
        _loop(node, names, (items, number, item), bound, source)
    if node.nodelist_empty:
        with source.body("else:"), source.scope("{}", bound=_bound(node.nodelist_empty, source)):
            write_all(node.nodelist_empty, source)


def _loop(node: Any, names: list[str], places: tuple[str, str, str], bound: Bound, source: Source) -> None:
    items, number, item = places
    loop, scope = source.local(), source.local()
    seen_before, source.seen = source.seen, set()
    known = {names[0]: item} if len(names) == 1 else {}
    turned = f"reversed({items})" if node.is_reversed else items
    source.line(f"{scope}, {loop} = {{}}, {{'parentloop': context.get('forloop', {{}})}}")
    with source.scope(scope, bound=bound, known=known):
        source.line(f"{scope}['forloop'] = {loop}")
        with source.body(f"for {number}, {item} in enumerate({turned}):"):
            count = source.placeholder()
            if len(names) == 1:
                source.line(f"{scope}[{names[0]!r}] = {item}")
                write_all(node.nodelist_loop, source)
            else:
                with source.scope(f"{source.value(unpacked)}({names!r}, {item})", bound=bound):
                    write_all(node.nodelist_loop, source)
            if source.seen & {"", "forloop"}:
                source.fill(count, f"loop_counts({loop}, {number}, len({items}))")
    source.seen |= seen_before


def _with(node: Any, source: Source) -> None:
    _named(node.extra_context, node.nodelist, source)


def _named(given: dict[str, Any], nodes: NodeList, source: Source) -> None:
    """The nodes with further names around them."""
    known = {name: source.local() for name in given}
    values = {name: expression(value, source) for name, value in given.items()}
    names = ", ".join(f"{name!r}: ({known[name]} := {value})" for name, value in values.items())
    with source.scope(f"{{{names}}}", bound=_bound(nodes, source), known=known):
        write_all(nodes, source)


def _include(node: Any, source: Source) -> None:
    """The other template is written into this one."""
    template = _included(node, source)
    if template is None:
        _as_django_does(node, source)
        return
    before = source.blocks, source.block, source.are_blocks_djangos
    source.blocks, source.block, source.are_blocks_djangos = {}, None, False
    source.inside.append(str(template.name))
    # What is not known here may keep something for the time of the other template.
    outer = source.local() if _bound(template.nodelist, source) is None else ""
    if outer:
        source.line(f"{outer} = enter(context, {source.value(template)})")
    _named(node.extra_context, template.nodelist, source)
    if outer:
        source.line(f"leave(context, {outer})")
    source.inside.pop()
    source.blocks, source.block, source.are_blocks_djangos = before


def _included(node: Any, source: Source) -> Template | None:
    if node.template.is_var or node.template.filters or not isinstance(node.template.var, str) or node.isolated_context:
        return None
    name = construct_relative_path(node.origin.template_name, node.template.var)
    try:
        return None if name in source.inside else source.engine.get_template(name)
    except (TemplateDoesNotExist, TemplateSyntaxError):
        return None  # an error only when it is shown


# ---- pages and their blocks ------------------------------------------------------------------------------------------


def _extends(node: Any, source: Source) -> None:
    """The page around is written, with the blocks of this template in it."""
    if source.are_blocks_djangos:
        _as_django_does(node, source)
        return
    name = node.parent_name.var
    if node.parent_name.is_var or node.parent_name.filters or not isinstance(name, str) or name in source.inside:
        raise _LeaveToDjangoError
    template = source.engine.get_template(name)
    _add_blocks(node.blocks.values(), source)
    first = next((one for one in template.nodelist if not isinstance(one, TextNode)), None)
    if not isinstance(first, ExtendsNode):
        _add_blocks(template.nodelist.get_nodes_by_type(BlockNode), source)
    source.inside.append(str(name))
    write_all(template.nodelist, source)
    source.inside.pop()


def _add_blocks(blocks: Iterable[Any], source: Source) -> None:
    for block in blocks:
        source.blocks.setdefault(block.name, []).append(block)


def _block(node: Any, source: Source) -> None:
    if source.are_blocks_djangos:
        _as_django_does(node, source)
        return
    source.blocks.setdefault(node.name, [node])
    _block_at(node.name, 0, source)


def _block_at(name: str, level: int, source: Source) -> None:
    """The block as the page shows it, or as the pages around have it."""
    if level == len(source.blocks[name]):
        return
    nodes, before = source.blocks[name][level].nodelist, source.block
    source.block = name, level
    with source.scope("{}", bound=_bound(nodes, source)):
        write_all(nodes, source)
    source.block = before


# ---- which names a piece of a template sets ------------------------------------------------------------------------


def _bound(nodes: NodeList, source: Source) -> Bound:
    if id(nodes) not in source.bound:
        found: set[str] | None = set()
        for node in nodes:
            names = _bound_by(node, source)
            found = None if found is None or names is None else found | names
        source.bound[id(nodes)] = None if found is None else frozenset(found)
    return source.bound[id(nodes)]


def _bound_by(node: Any, source: Source) -> Bound:
    is_foreign = type(node) not in _MAKERS or isinstance(node, ExtendsNode) or getattr(node, "takes_context", False)
    lists = [getattr(node, name, None) for name in node.child_nodelists]
    if isinstance(node, IfNode):
        lists = [nodes for _test, nodes in node.conditions_nodelists]
    if isinstance(node, IncludeNode):
        template = _included(node, source)
        is_foreign, lists = template is None, [template and template.nodelist]
    if is_foreign:
        return None
    names = {getattr(node, name, None) for name in _NAMES_SET}
    inside = [_bound(nodes, source) for nodes in lists if nodes]
    return None if None in inside else frozenset(name for name in names if name).union(*filter(None, inside))


_NAMES_SET = ("asvar", "target_var", "varname", "variable")

_Maker = Callable[[Any, Source], None]
_MAKERS: dict[type[Any], _Maker] = {
    VariableNode: _variable,
    IfNode: _if,
    ForNode: _for,
    WithNode: _with,
    IncludeNode: _include,
    ExtendsNode: _extends,
    BlockNode: _block,
    **{kind: _leaf(write) for kind, write in LEAVES.items()},
}


class Loader(cached.Loader):
    """Templates as Django's cached loader gives them, prepared; without PREPARED_TEMPLATES as they are.

    While debugging Django's own nodes are kept: they know the line of the template in which an error happened.
    """

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        with _making:  # or each of the threads that ask at the same time keeps a template of its own
            template = super().get_template(template_name, skip)
        if (
            settings.PREPARED_TEMPLATES
            and not self.engine.debug
            and not isinstance(template.nodelist, PreparedNodeList)
        ):
            template.nodelist = prepared(template.nodelist)
        return template
