"""The pages over all stages: today, customers, one customer, search."""
