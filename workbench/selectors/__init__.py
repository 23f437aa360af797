"""What the pages read: every list begins with what the person may see."""
