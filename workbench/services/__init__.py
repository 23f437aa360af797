from workbench.services.assigning import ASSIGN_LIMIT, AssignResult, customers_hand_over, opportunities_assign
from workbench.services.export_rules import export_rule_change
from workbench.services.exports import (
    export_build_next,
    export_decided,
    export_download,
    export_dropped,
    export_expire_next,
    export_request,
)
from workbench.services.tallies import tally_close_next

__all__ = [
    "ASSIGN_LIMIT",
    "AssignResult",
    "customers_hand_over",
    "export_build_next",
    "export_decided",
    "export_download",
    "export_dropped",
    "export_expire_next",
    "export_request",
    "export_rule_change",
    "opportunities_assign",
    "tally_close_next",
]
