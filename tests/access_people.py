"""The part of the access table about people, teams, stores, rosters and limits of data; tests/access.py joins it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

# URL                                 method  anon strg rcpt  fin  dcc coll  own  sup  mgr   gm admin
PEOPLE_MATRIX = """
customers:protection                  GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
customers:policy-new                  GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
customers:reason-new                  GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
customers:reason-end                  GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  302
workbench:export-rules                GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:export-rule-new             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  403  403  403  403  403  403  403  403  403  422
staff:security-events                 GET        L  403  403  403  403  403  403  403  403  403  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
core:csp-report                       GET      405  405  405  405  405  405  405  405  405  405  405
                                      POST     400  400  400  400  400  400  400  400  400  400  400
staff:people                          GET      L  403  403  403  403  403  403  200  200  200  200
                                      POST     L  405  405  405  405  405  405  405  405  405  405
staff:person-new                      GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:person-edit                     GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:person-team                     GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:person-invite                   GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  403  403  403  403  403  403  403  403  403  200
staff:person-password                 GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  403  403  403  403  403  403  403  403  403  200
staff:person-rota                     GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  403  403  403  403  403  403  403  403  403  302
staff:person-leaving                  GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:person-return                   GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:activate                        GET    404  404  404  404  404  404  404  404  404  404  404
                                      POST   404  404  404  404  404  404  404  404  404  404  404
staff:roster                          GET      L  200  200  200  200  200  200  200  200  200  200
                                      POST     L  405  405  405  405  405  405  405  405  405  405
staff:roster-export                   GET      L  403  403  403  403  403  403  200  200  200  200
                                      POST     L  405  405  405  405  405  405  405  405  405  405
staff:roster-cell                     GET      L  403  403  403  403  403  403  404  404  404  404
                                      POST     L  403  403  403  403  403  403  404  404  404  404
staff:roster-copy                     GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  403  403  403  403  403  403  302  302  403  302
staff:roster-fill                     GET      L  403  403  403  403  403  403  200  200  403  200
                                      POST     L  403  403  403  403  403  403  422  422  403  422
staff:roster-undo                     GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  404  404  404  404  404  404  404  404  404  404
staff:leave-decide                    GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  404  404  404  404  404  404  302  302  302  404
staff:store-new                       GET      L  403  403  403  403  403  403  403  403  403  403
                                      POST     L  403  403  403  403  403  403  403  403  403  403
staff:store-edit                      GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:shift-edit                      GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:minimum-add                     GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:team-new                        GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:team-edit                       GET      L  403  403  403  403  403  403  403  403  403  200
                                      POST     L  403  403  403  403  403  403  403  403  403  422
staff:team-close                      GET      L  405  405  405  405  405  405  405  405  405  405
                                      POST     L  403  403  403  403  403  403  403  403  403  302
staff:role-list                       GET      L  403  403  403  403  403  403  403  403  200  200
                                      POST     L  405  405  405  405  405  405  405  405  405  405
workbench:person-handover             GET      L  403  403  403  403  403  403  200  200  200  403
                                      POST     L  403  403  403  403  403  403  422  422  422  403
"""

PEOPLE_PARAMETERS: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    "staff:leave-decide": lambda world: {"pk": world.leave.pk},
    **{
        f"staff:person-{verb}": lambda world: {"pk": world.owner.pk}
        for verb in ("edit", "team", "invite", "password", "rota", "leaving", "return")
    },
    "workbench:person-handover": lambda world: {"pk": world.owner.pk},
    "staff:activate": lambda world: {"token": "unknown"},
    "staff:roster-undo": lambda world: {"pk": 1},
    **{f"staff:{name}": lambda world: {"pk": world.store.pk} for name in ("store-edit", "shift-edit", "minimum-add")},
    **{f"staff:team-{verb}": lambda world: {"pk": world.team.pk} for verb in ("edit", "close")},
}
