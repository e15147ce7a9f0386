# SPDX-License-Identifier: Apache-2.0
"""Draws the ratios of bench/results/torch_cpu.json as an SVG that needs no font and no script, and reads in light and
dark themes: a strip per family with one dot per row, the quartiles, and the geometric mean."""
import html
import math
import statistics

WIDTH, LEFT, RIGHT = 840, 112, 716  # of the picture, and of the plot in it
TOP, STRIP = 84, 38
RADIUS = 2.4

STYLE = """
    .card { fill: #ffffff; stroke: #d1d9e0 }
    text { fill: #1f2328; font: 13px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif }
    .title { font-size: 17px; font-weight: 600 }
    .small { font-size: 12px; fill: #59636e }
    .end { text-anchor: end } .middle { text-anchor: middle }
    .grid { stroke: #d1d9e0 } .even { stroke: #59636e; stroke-width: 1.5 }
    .slower { fill: #bc4c00 } .faster { fill: #0969da }
    .quartiles { fill: #818b98; opacity: 0.25 } .mean { stroke: #1f2328; stroke-width: 2.5 }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #3d444d }
      text { fill: #f0f6fc } .small { fill: #9198a1 }
      .grid { stroke: #3d444d } .even { stroke: #9198a1 }
      .slower { fill: #f0883e } .faster { fill: #58a6ff }
      .mean { stroke: #f0f6fc }
    }"""


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def by_family(data):
    """The ratios of each family that has any; rows that did not run have none."""
    families = {}
    for row in data["rows"]:
        if "ratio" in row:
            families.setdefault(row["family"], []).append(row["ratio"])
    return dict(sorted(families.items()))


def not_run(data):
    return sum("ratio" not in row for row in data["rows"])


def environment_line(data):
    environment = data["environment"]
    parts = [environment.get("cpu"), f"{environment['threads']} threads",
             f"PyTorch {environment['torch']} ({environment['torch_capability']})",
             (environment.get("date") or environment.get("time") or "")[:10],
             f"commit {environment['commit']}" if environment.get("commit") else None]
    return ", ".join(part for part in parts if part)


def tick_text(power):
    return str(2 ** power) if power >= 0 else f"1/{2 ** -power}"


def dots(ratios, x_of, middle):
    """Beside each other where they would cover each other: from the middle line up and down in turn."""
    columns = {}
    result = []
    most = max(1, int((STRIP - 12) / (2 * RADIUS)))
    for ratio in sorted(ratios):
        x = x_of(ratio)
        column = round(x / (2 * RADIUS))
        place = columns.get(column, 0)
        columns[column] = place + 1
        step = (place % most + 1) // 2 * (1 if place % 2 else -1)
        kind = "faster" if ratio >= 1 else "slower"
        result.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{middle + step * 2 * RADIUS:.1f}" r="{RADIUS}"/>')
    return result


def quartiles(ratios):
    if len(ratios) < 4:
        return min(ratios), max(ratios)
    cuts = statistics.quantiles(ratios, n=4)
    return cuts[0], cuts[2]


def draw(data):
    """The SVG's text."""
    families = by_family(data)
    everything = [ratio for ratios in families.values() for ratio in ratios]
    low = min(-1, math.floor(math.log2(min(everything))))
    high = max(1, math.ceil(math.log2(max(everything))))

    def x_of(ratio):
        return LEFT + (math.log2(ratio) - low) / (high - low) * (RIGHT - LEFT)

    bottom = TOP + STRIP * len(families)
    height = bottom + 78
    means = {family: geometric_mean(ratios) for family, ratios in families.items()}
    summary = "; ".join(f"{family} {mean:.2f}" for family, mean in means.items())
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" aria-labelledby="title summary">',
        '<title id="title">Speed against PyTorch on CPU</title>',
        f'<desc id="summary">PyTorch\'s time over ours, geometric mean per family: {html.escape(summary)}.</desc>',
        f"<style>{STYLE}\n</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        '<text class="title" x="20" y="32">Speed against PyTorch on CPU</text>',
        '<text class="small" x="20" y="54">PyTorch\'s time / ours: a dot is one row of the benchmark, the band their middle '
        'half, the bar their geometric mean</text>',
        f'<text class="small end" x="{WIDTH - 20}" y="{TOP - 8}">mean (rows)</text>',
    ]
    step = max(1, math.ceil((high - low) / 10))
    for power in range(low, high + 1):
        if power % step:
            continue
        x = x_of(2.0 ** power)
        kind = "even" if power == 0 else "grid"
        out.append(f'<line class="{kind}" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>')
        words = "1 = PyTorch" if power == 0 else tick_text(power)
        out.append(f'<text class="small middle" x="{x:.1f}" y="{bottom + 18}">{words}</text>')
    for index, (family, ratios) in enumerate(families.items()):
        middle = TOP + STRIP * index + STRIP / 2
        first, last = quartiles(ratios)
        mean = x_of(means[family])
        out.append(f'<text class="end" x="{LEFT - 14}" y="{middle + 4.5:.1f}">{html.escape(family)}</text>')
        out.append(f'<rect class="quartiles" x="{x_of(first):.1f}" y="{middle - STRIP / 2 + 4:.1f}" '
                   f'width="{max(1.0, x_of(last) - x_of(first)):.1f}" height="{STRIP - 8}" rx="3"/>')
        out += dots(ratios, x_of, middle)
        out.append(f'<line class="mean" x1="{mean:.1f}" y1="{middle - STRIP / 2 + 4:.1f}" x2="{mean:.1f}" '
                   f'y2="{middle + STRIP / 2 - 4:.1f}"/>')
        out.append(f'<text class="end" x="{WIDTH - 20}" y="{middle + 4.5:.1f}">{means[family]:.2f} ({len(ratios)})</text>')
    centre = (LEFT + RIGHT) / 2
    out.append(f'<text class="small middle" x="{centre:.1f}" y="{bottom + 38}">'
               "ratio of times, logarithmic; right of the line we are faster</text>")
    missing = f"; rows that did not run: {not_run(data)}" if not_run(data) else ""
    out.append(f'<text class="small" x="20" y="{height - 14}">{html.escape(environment_line(data) + missing)}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def alternative_text(data):
    means = ", ".join(f"{family} {geometric_mean(ratios):.2f}" for family, ratios in by_family(data).items())
    return f"Speed against PyTorch on CPU, PyTorch's time over ours, geometric mean per family: {means}"
