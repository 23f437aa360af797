from typing import Self

from django.db import models


class ApprovalRequestQuerySet(models.QuerySet):
    def pending(self) -> Self:
        return self.filter(state="pending")

    def of_subject(self, subject_type: str, subject_id: int) -> Self:
        return self.filter(subject_type=subject_type, subject_id=subject_id)
