from django.db import models
from django.utils.translation import gettext_lazy as _


class EnergyType(models.TextChoices):
    PETROL = "petrol", _("Petrol")
    HYBRID = "hybrid", _("Hybrid")
    PLUG_IN = "plug_in", _("Plug-in hybrid")
    ELECTRIC = "electric", _("Electric")
