"""Registering people who contact the store, one by one and by list."""

from leads.services.forgetting import leads_forget
from leads.services.import_files import MAX_BYTES
from leads.services.import_run import import_confirm, import_run_next
from leads.services.import_undo import can_undo, import_undo
from leads.services.imports import (
    ImportOptions,
    import_discard,
    import_map,
    import_upload,
    result_counts,
    row_fix_phone,
    row_resolve,
)
from leads.services.register import LeadInput, RegisterResult, lead_register

__all__ = [
    "MAX_BYTES",
    "ImportOptions",
    "LeadInput",
    "RegisterResult",
    "can_undo",
    "import_confirm",
    "import_discard",
    "import_map",
    "import_run_next",
    "import_undo",
    "import_upload",
    "lead_register",
    "leads_forget",
    "result_counts",
    "row_fix_phone",
    "row_resolve",
]
