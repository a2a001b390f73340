"""`clearscene versus` and `clearscene seeds`: what differs between runs, and what is chance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError

RUN = "A folder of reports, a Git revision, an experiment of DVC, or `workspace`."


def versus(
    a: Annotated[str, typer.Argument(help=RUN, show_default=False)],
    b: Annotated[str, typer.Argument(help="The run that is compared with it.")],
    network: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given several times.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="A column of scores.csv instead of the main score.")
    ] = None,
    level: Annotated[float, typer.Option(help="Coverage of the intervals.")] = 0.95,
    md: Annotated[bool, typer.Option("--md", help="As a table of GitHub's Markdown.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the exact numbers there too.")] = None,
) -> None:
    """Compare two runs picture by picture, and say whether one is better."""
    from pipeline.runs.source import open_run  # loads OpenCV: not for --help
    from pipeline.runs.versus import How, compare_runs
    from pipeline.tables import aligned, csv_text, markdown
    from pipeline.workspace import write_whole

    if not 0 < level < 1:
        raise UsageError(f"--level {level}: must lie between 0 and 1, such as 0.95")
    rows = compare_runs(open_run(a), open_run(b), network or (), How(metric, level))
    if csv is not None:
        write_whole(csv, csv_text([row.exact() for row in rows]).encode())
    table = [row.shown() for row in rows]
    if md:
        typer.echo(f"A is `{a}`, B is `{b}`.\n\n{markdown(table)}")
    else:
        typer.echo(f"A is {a}, B is {b}.\n\n{aligned(table)}")
    compared = sum(row.comparison is not None for row in rows)
    if compared > 1:
        typer.echo(
            f"\n{compared} comparisons at {level:.0%}: of equal runs about one in "
            f"{1 / (1 - level):.0f} shows a difference by chance."
        )


def seeds(
    networks: Annotated[list[str], typer.Argument(help="Such as person_se.", metavar="NETWORK…")],
    seeds: Annotated[str, typer.Option(help="Seeds of the training.")] = "1,2,3",
    change: Annotated[
        list[str] | None,
        typer.Option("-S", "--set-param", metavar="KEY=VALUE", help="As of `dvc exp run`."),
    ] = None,
    name: Annotated[str, typer.Option(help="Experiments are called NAME-NETWORK-SEED.")] = "seeds",
) -> None:
    """Train from several seeds with DVC, and write mean and deviation to reports/seeds.csv."""
    from pipeline.runs.seeds import Plan, run_seeds  # loads OpenCV: not for --help
    from pipeline.runs.spread import SEEDS_FILE, spreads, write_spreads
    from pipeline.tables import aligned

    plan = Plan(networks, _numbers(seeds), _changes(change or ()), name)
    try:
        run_seeds(plan, typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped; what is done stays, the same command goes on from there", err=True)
        raise typer.Exit(130) from None
    found = spreads(plan)
    write_spreads(found, plan)
    if found:
        typer.echo(f"\n{aligned([one.shown() for one in found])}\n\n-> {SEEDS_FILE}")


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--seeds {text}: give whole numbers such as 1,2,3") from None


def _changes(options: list[str] | tuple[()]) -> dict[str, str]:
    for option in options:
        if not option.partition("=")[1]:
            raise UsageError(f"-S {option}: give KEY=VALUE, such as lr=1e-5")
    return {key: value for key, _, value in (option.partition("=") for option in options)}
