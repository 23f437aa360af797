"""Database triggers that several apps declare on their tables."""

import pgtrigger


def append_only() -> list[pgtrigger.Trigger]:
    """The table refuses UPDATE and DELETE, for everybody including raw SQL and the admin (reliability.md 27)."""
    return [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
