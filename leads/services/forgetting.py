"""The intakes of a customer who is made anonymous."""

from core.transactions import service
from leads.models import Lead, LeadImportRow


@service
def leads_forget(*, customer_id: int) -> dict[str, int]:
    """Empty who called and what was told, also in the rows of the lists that the customer came from."""
    leads = Lead.objects.filter(customer=customer_id)
    rows = LeadImportRow.objects.filter(lead__in=leads.values("pk")).update(raw=[], parsed={}, detail={})
    count = leads.update(phone="", name="", area="", model_text="", note="", external_no="")
    return {"leads": count, "import_rows": rows}
