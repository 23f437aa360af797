"""Registering people who contact the store, one by one and by list."""

from leads.services.register import LeadInput, RegisterResult, lead_register

__all__ = ["LeadInput", "RegisterResult", "lead_register"]
