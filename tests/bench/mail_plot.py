#!/usr/bin/env python3
"""Draws the table of mail_bench.sh (MAIL_BENCH_TABLE) as bars: SVG on standard output.

    mail_plot.py TABLE COLUMN TITLE     COLUMN is accepted, delivered, cpu or memory

One group for each load, one bar for each server, each group on a scale of its own.
"""

import sys
from html import escape

COLUMNS = {"accepted": 2, "delivered": 3, "cpu": 4, "memory": 5}
COLOURS = {"mailstackd": "#1f6f54", "Postfix": "#b5651d", "chasquid": "#5b7db1", "straight": "#b8b8b8"}
NAMES = {"straight": "source into sink"}
LEFT, WIDTH, BAR, GAP, TOP = 130, 420, 16, 34, 44


def read(path, column):
    groups = {}
    with open(path) as file:
        for line in file:
            words = line.rstrip("\n").split("\t")
            value = float(words[COLUMNS[column]])
            if value > 0 and (words[1] != "straight" or column == "delivered"):
                groups.setdefault(words[0], []).append((words[1], value))
    return groups


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw(groups, title):
    rows, y = [], TOP
    for load, bars in groups.items():
        rows.append(f'<text x="8" y="{y}" font-weight="bold">{escape(load)}</text>')
        y += 8
        most = max(value for _, value in bars)
        for server, value in bars:
            length = max(1.0, value / most * WIDTH)
            middle = y + BAR - 4
            rows.append(f'<text x="{LEFT - 6}" y="{middle}" text-anchor="end">{escape(NAMES.get(server, server))}</text>')
            rows.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 3}" fill="{COLOURS[server]}"/>')
            rows.append(f'<text x="{LEFT + length + 5:.1f}" y="{middle}">{number(value)}</text>')
            y += BAR
        y += GAP
    head = f'<text x="8" y="20" font-size="15" font-weight="bold">{escape(title)}</text>'
    size = f'width="{LEFT + WIDTH + 90}" height="{y - GAP + 12}"'
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>', head]
        + rows
        + ["</svg>"]
    )


print(draw(read(sys.argv[1], sys.argv[2]), sys.argv[3]))
