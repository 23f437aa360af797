"""Signing in by employee number or phone (R-001)."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from core.statements import rows_of
from staff.models import User
from staff.selectors import person_of_login


class StaffBackend(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person of this employee number, else of this phone. An unknown one costs as much time as a known one."""
        if not username or password is None:
            return None
        user = person_of_login(username)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def get_user(self, user_id: int) -> User | None:
        """As Django does; every request asks this, so the statement is kept."""
        found = rows_of("person", None, lambda number: User.objects.filter(pk=number), user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None
