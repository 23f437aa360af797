"""What a password must be (reliability.md 4.4): long; no forced characters, no forced rotation."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LongPasswordValidator(MinimumLengthValidator):
    """Django's own, whose error has no Chinese translation in 5.2."""

    def get_error_message(self) -> str:
        text = ngettext(
            "A password has at least %(length)s character.",
            "A password has at least %(length)s characters.",
            self.min_length,
        )
        return text % {"length": self.min_length}
