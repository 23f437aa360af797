"""Templates rendered by prepared functions.

Django walks the node tree of a template and asks of every node, every variable and every word anew what it is. Here the
tree is walked once for each language, when it is first shown, and becomes the text of a Python function (`nodes`,
`expressions`, `source`), which calls little else than `runtime`. What is written is the same to the byte
(tests/core/test_rendering.py); what is not known here is left to Django's own node.
"""
