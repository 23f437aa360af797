"""Settings: channels, and what protects the data of customers."""
