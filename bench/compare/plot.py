"""A bar chart of the comparison: our time over the fastest peer's, per case. Readable on light and dark backgrounds."""

from xml.sax.saxutils import escape

from table import fastest, in_words, summarise

ROW, TOP, LEFT, UNIT, RIGHT = 22, 56, 230, 400, 300  # pixels; UNIT: the fastest peer's time
LONGEST = 1.3  # a longer bar is cut; its value is printed

# Mid tones that contrast with white and with black, since an SVG cannot always know its background.
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #6e7781 } .small { font-size: 11px }
  .ahead { fill: #2da16f } .behind { fill: #d1762a } .goal { stroke: #6e7781; stroke-width: 2 }
  .line { stroke: #8c959f; stroke-dasharray: 3 3 }
"""


def svg(cases, runs):
    found = summarise(runs)
    shown = [case for case in cases if "ours" in found.get(case.name, {}) and fastest(found[case.name])]
    height, width = TOP + ROW * len(shown) + 12, LEFT + int(UNIT * LONGEST) + RIGHT
    at = lambda ratio: LEFT + UNIT * min(ratio, LONGEST)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img">',
        "<title>Our time over the fastest peer's</title>",
        f"<style>{STYLE}</style>",
        f'<text x="{LEFT}" y="18">our time over the fastest peer’s; dashed line: equal; vertical mark: goal</text>',
        f'<line class="line" x1="{at(1)}" x2="{at(1)}" y1="{TOP - 16}" y2="{height - 8}"/>',
    ]
    parts += [
        f'<text class="small" x="{at(x)}" y="{TOP - 20}" text-anchor="middle">{x:g}</text>'
        for x in (0, 0.25, 0.5, 0.75, 1, 1.25)
    ]
    for i, case in enumerate(shown):
        programs, y = found[case.name], TOP + ROW * i
        peer = fastest(programs)
        ours, best = programs["ours"]["min"], programs[peer]["min"]
        ratio = ours / best
        parts.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(case.name)}</text>')
        parts.append(
            f'<rect class="{"ahead" if ratio <= 1 else "behind"}" x="{LEFT}" y="{y}" '
            f'width="{max(1, at(ratio) - LEFT):.1f}" height="15" rx="2"/>'
        )
        for goal in case.goals:
            if goal.of != "time" or (goal.against or peer) not in programs:
                continue
            limit = goal.limit * programs[goal.against or peer]["min"] / best
            if limit < LONGEST:
                x = at(limit)
                parts.append(f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{y + 17}"/>')
        words = f"{ratio:.3g} × · {in_words(ours)} · {peer} {in_words(best)}"
        parts.append(f'<text class="small" x="{at(LONGEST) + 10:.1f}" y="{y + 12}">{escape(words)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
