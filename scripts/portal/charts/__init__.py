"""Charts as Plotly figures, sparklines and maps, drawn as SVG without a browser."""
