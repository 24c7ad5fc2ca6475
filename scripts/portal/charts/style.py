"""How charts look: sizes in pixels, and colours."""

WIDE, NARROW = 720, 340  # the two widths in pixels for which every chart is designed
NOTHING = "–"  # what is written where no figure has been published
TEXT, TICK, SMALL = 13, 12, 11  # font sizes in pixels; nothing is smaller
LINE = 17  # height of a line of text in pixels
CLEAR = 3  # pixels between a text and a line that makes way for it
LINE_HEIGHT = 1.3  # of plotly.js, as a share of the font size

# The colours of the UK government's analysis function, in its order.
COLOURS = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
OURS, EARLIER, CONTEXT = COLOURS[0], "#7A95B4", "#8C8C8C"
WORSE, BETTER = COLOURS[2], "#1B6E66"
INK, QUIET, GRID, SAND, PAPER = "#1a1a1a", "#4a4f55", "#dfe3e6", "#f3efe4", "#ffffff"
SHADES = ("#e4edf4", "#bcd2e5", "#8bb3d3", "#2f6d9f", "#12436d")  # of classes, the palest first, as on maps
DARK_SHADE = 4  # letters on this shade and darker ones are white
PALETTE = frozenset((*COLOURS, *SHADES, BETTER, EARLIER, CONTEXT, INK, QUIET, GRID, SAND, PAPER))
FONT = "Arial, Helvetica, sans-serif"
