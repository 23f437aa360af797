"""Making people on the command line and in tests."""

from typing import Any

from django.contrib.auth.base_user import BaseUserManager


class UserManager(BaseUserManager[Any]):
    def create_user(self, employee_number: str, password: str | None = None, **fields: Any) -> Any:
        user = self.model(employee_number=employee_number, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        return user

    def create_superuser(self, employee_number: str, password: str | None = None, **fields: Any) -> Any:
        fields |= {"is_staff": True, "is_superuser": True}
        fields.setdefault("roles", ["administrator"])
        return self.create_user(employee_number, password, **fields)
