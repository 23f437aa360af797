"""Templates rendered by prepared functions.

Django walks the node tree of a template and asks of every node, every variable and every word anew what it is. Here the
tree is walked once, when the template is loaded, and becomes functions that know it already. What is written is the
same to the byte (tests/core/test_rendering.py); what is not known here is left to Django's own node.
"""
