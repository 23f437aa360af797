"""Names of weekdays, Monday first."""

from django.utils.translation import pgettext_lazy

LETTERS = [
    pgettext_lazy("weekday in one letter: Monday", "M"),
    pgettext_lazy("weekday in one letter: Tuesday", "T"),
    pgettext_lazy("weekday in one letter: Wednesday", "W"),
    pgettext_lazy("weekday in one letter: Thursday", "T"),
    pgettext_lazy("weekday in one letter: Friday", "F"),
    pgettext_lazy("weekday in one letter: Saturday", "S"),
    pgettext_lazy("weekday in one letter: Sunday", "S"),
]
