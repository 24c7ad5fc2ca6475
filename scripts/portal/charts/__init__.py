"""Plotly charts, sparklines and maps, drawn as SVG with headless Chromium."""
