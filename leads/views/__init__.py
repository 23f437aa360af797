"""Pages of the lead desk: register one (register), import many (imports)."""
