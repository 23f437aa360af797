"""What pages and rules read about people."""

from staff.selectors.approvers import leave_approver
from staff.selectors.leave import (
    able_colleagues_of,
    leave_at,
    leave_next,
    leave_people_of,
    leaves_at,
    leaves_visible_to,
    stand_in_on_duty,
    stand_ins_for,
)
from staff.selectors.people import (
    LONGEST_LINE,
    known_words,
    leader_of,
    leader_on_duty,
    manager_over,
    name_of,
    owners_of_store,
    person_of_login,
    reporting_line,
    sales_manager_of,
    store_heading,
)

__all__ = [
    "able_colleagues_of",
    "LONGEST_LINE",
    "known_words",
    "leader_of",
    "leader_on_duty",
    "leave_approver",
    "leave_at",
    "leave_next",
    "leave_people_of",
    "leaves_at",
    "leaves_visible_to",
    "manager_over",
    "name_of",
    "owners_of_store",
    "person_of_login",
    "reporting_line",
    "sales_manager_of",
    "stand_in_on_duty",
    "stand_ins_for",
    "store_heading",
]
