"""Building blocks of HTML pages: layout, tables, code side by side, plots as inline SVG; nothing comes from outside."""
