"""Building blocks of HTML pages: layout, code diff, tables, plots as inline SVG."""
