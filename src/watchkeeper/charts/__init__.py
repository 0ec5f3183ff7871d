"""From numbers to SVG text: pure functions, one file a kind of chart."""
