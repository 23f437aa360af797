"""How fast the pages are: `./dev bench`. Nothing here is part of the product."""
