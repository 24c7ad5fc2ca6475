"""Draw figures: Plotly figures, sparklines and maps, made into SVG by one headless Chromium."""
