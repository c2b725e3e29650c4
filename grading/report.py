"""What is found in the exercises, in words: the report of one exercise, and the table of all."""
import textwrap

import outputs

MARKS = {"passed": "✓", "not yet": "✗", "error": "✗", "waits": "·"}
WIDTH = 98  # characters in a line of a report


def report_of(result):
    """Return the report of one exercise as text."""
    failed, command = result.failed, outputs.exercises[result.name]["check"]
    if failed is None:
        points = f"   {result.points} / {result.max_points}" if result.status == "passed" else ""
        text = f'{result.name}: {result.status}{points}{result.remark and f" ({result.remark})"}'
        return textwrap.fill(text, WIDTH, subsequent_indent="  ")
    passed = ", ".join(check.name for check in result.checks if check.status == "passed") or "nothing yet"
    lines = [f'{result.name} · {failed.name}: {"raised an exception" if failed.status == "error" else failed.status}']
    for label, text in [*failed.lines, ("passed", passed)]:
        for part in text.splitlines():
            lines += textwrap.wrap(part, WIDTH, initial_indent=f"  {label:<10}", subsequent_indent=" " * 12)
            label = ""
    hint = f"hint: {command}({result.name}, hint=1)"
    if len(lines[-1]) + len(hint) + 2 > WIDTH:
        lines.append("")
    lines[-1] += hint.rjust(WIDTH - len(lines[-1]))
    return "\n".join(lines)


def table_of(results):
    """Return the points of all exercises and what to do next, as text."""
    lines = ["Image segmentation with U-Net: score"]
    for number, result in enumerate(results, start=1):
        marks = "".join(MARKS[check.status] for check in result.checks)
        remark = {"passed": "", "waits": f"waits {result.remark}", "error": result.remark or "raised an exception",
                  "not yet": ", ".join(check.name for check in result.checks if check.status == "not yet"),
                  }.get(result.status, result.status)
        line = f"  {number} {result.name:<20}{marks:<9}{result.points:>3} / {result.max_points}   "
        lines.append((line + textwrap.shorten(remark, WIDTH - len(line), placeholder=" …")).rstrip())
    points, most = (sum(getattr(result, name) for result in results) for name in ("points", "max_points"))
    lines.append(f'  {"total":<31}{points:>3} / {most}')
    following = next((result for result in results if result.status != "passed"), None)
    if following:
        hint = "" if following.status == "not checked yet" else ", hint=1"
        lines.append(f'  next: {outputs.exercises[following.name]["check"]}({following.name}{hint})')
    return "\n".join(lines)
