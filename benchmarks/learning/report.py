"""Format the figures as Markdown, and draw the chart."""

from pathlib import Path
from typing import Any

from learning.pictures import figure, png

_BOTS = (
    ("all", "fitted on every true label", "0.55", "s--"),
    ("accepted", "learns from corrections", "black", "o-"),
    ("never", "never learns", "tab:red", "^:"),
)


def markdown(found: dict[str, Any]) -> str:
    """Return the tables of traffic, verdicts and power."""
    plays, gates = found["traffic"], found["gates"]
    about = f"{found['machine']}, {found['date']}; traffic: means of {len(plays)} seeds."
    times = gates["times"]
    timing = (
        f"A model against itself, timed in turns (p50 {times['p50_ms']:.0f} ms, p99 "
        f"{times['p99_ms']:.0f} ms), looked twice as fast in {times['looked_faster']} of "
        f"{times['repeats']} samples of 200 messages."
    )
    picture = "![Accuracy on unseen messages against messages seen](pictures/learning.png)"
    parts = [[about], _traffic(plays), [picture], _work(plays)]
    parts += [_verdicts(gates), [timing], _power(gates)]
    return "\n\n".join("\n".join(part) for part in parts)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(names: list[str], rows: list[list[str]]) -> list[str]:
    return [_row(names), _row(["---"] * len(names)), *map(_row, rows)]


def _traffic(plays: list[dict[str, Any]]) -> list[str]:
    rows = []
    for place, one in enumerate(plays[0]["rows"]):
        row = [f"{one['messages']:,}"]
        row += [
            _percent(plays, place, bot, "accuracy")
            for bot in ("never", "corrections", "accepted", "all")
        ]
        rows.append(row)
    names = ["messages", "never learns", "corrections only", "accepted count", "all true labels"]
    return _table(names, rows)


_TEAMS = (
    ("all", "corrections", "no"),
    ("all", "accepted", "yes"),
    ("half of both", "half_corrections", "no"),
    ("half of both", "half", "yes"),
    ("half of wrong labels, all abstentions", "careless", "yes"),
)


def _work(plays: list[dict[str, Any]]) -> list[str]:
    rows = []
    for place, one in enumerate(plays[0]["rows"]):
        for team, bot, counted in _TEAMS:
            shares = [
                _percent(plays, place, bot, key)
                for key in ("given_a_label", "right_of_given", "right_so_far", "needless_share")
            ]
            corrections = f"{_mean(plays, place, bot, 'corrections'):.0f}"
            rows.append(
                [f"{one['messages']:,}", team, counted, *shares[:3], corrections, shares[3]]
            )
    names = ["messages", "agents label", "accepted count", "given a label", "right of them"]
    return _table([*names, "right so far", "corrections", "needless"], rows)


def _verdicts(gates: dict[str, Any]) -> list[str]:
    rows = [
        [
            name,
            str(row["promoted"]),
            f"{100 * row['mean_gain']:+.1f} points",
            f"{row['mean_discordant']:.1%}",
        ]
        for name, key in (("equal", "same"), ("three points better", "better"))
        for row in gates[key]
    ]
    return _table(["challenger", "promoted of 200", "mean gain", "models differ on"], rows)


def _power(gates: dict[str, Any]) -> list[str]:
    names = ["differ on", *(f"{row['discordant']:.0%}" for row in gates["power"])]
    rows = [
        [name, *(f"{row[key]:.1%}" for row in gates["power"])]
        for name, key in (
            ("equal, shown better", "equal"),
            ("3 points better, shown", "three_points"),
        )
    ]
    return _table(names, rows)


def _mean(plays: list[dict[str, Any]], place: int, part: str, key: str) -> float:
    return float(sum(one["rows"][place][part][key] for one in plays) / len(plays))


def _percent(plays: list[dict[str, Any]], place: int, part: str, key: str) -> str:
    return f"{100 * _mean(plays, place, part, key):.1f}"


def chart(plays: list[dict[str, Any]], path: Path) -> None:
    """Draw accuracy on unseen messages against messages seen, for the three bots."""
    drawn = figure(6.4, 4.0)
    axes = drawn.add_subplot()
    counts = [row["messages"] for row in plays[0]["rows"]]
    for bot, name, colour, style in _BOTS:
        values = [100 * _mean(plays, place, bot, "accuracy") for place in range(len(counts))]
        axes.plot(counts, values, style, color=colour, label=name)
    axes.set_xlabel("messages seen")
    axes.set_ylabel("accuracy on unseen messages, %")
    axes.set_title(f"{plays[0]['labels']} labels, {plays[0]['start']} examples to start with")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    path.write_bytes(png(drawn))
