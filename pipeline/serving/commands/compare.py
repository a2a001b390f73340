"""`clearscene compare`: methods on the same pictures, by the same scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.errors import PipelineError, UsageError

if TYPE_CHECKING:
    from pipeline.comparison.cases import Case, Cases
    from pipeline.comparison.methods import Method
    from pipeline.comparison.scoring import Result

Category = Literal["car", "person"]  # as in inference.choosing, which loads NumPy: not for --help


def compare(
    pictures: Annotated[Path, typer.Argument(help="Folder of pictures.")],
    masks: Annotated[Path, typer.Argument(help="Folder of their true masks, of the same stems.")],
    network: Annotated[
        list[str] | None,
        typer.Option(help="Trained network in models/ (repeat it); all there without it."),
    ] = None,
    weights: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FILE.pt", help="Other weights of ours.")
    ] = None,
    tool_masks: Annotated[
        list[str] | None,
        typer.Option("--masks", metavar="NAME=FOLDER", help="What another tool made of them."),
    ] = None,
    off_the_shelf: Annotated[
        bool, typer.Option("--off-the-shelf", help="Also torchvision's networks (downloaded).")
    ] = False,
    category: Annotated[Category, typer.Option(help="What the masks show.")] = "person",
    grabcut: Annotated[bool, typer.Option(help="Also GrabCut from a central box.")] = True,
    split: Annotated[
        Path | None, typer.Option(help="A split.csv: only the pictures of its part test.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Probability that counts as inside.")
    ] = 0.5,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("reports/compare"),
) -> None:
    """Score trained networks, off-the-shelf ones and other tools' masks on the same pictures."""
    from pipeline.comparison import methods
    from pipeline.comparison.cases import find_cases

    tools = methods.named_paths(tool_masks or [], "--masks")
    chosen = methods.ours(network or [], methods.named_paths(weights or [], "--weights"), category)
    chosen += methods.published(category) if off_the_shelf else []
    chosen += [methods.classical()] if grabcut else []
    _refuse_missing(chosen, tools, out)
    cases = find_cases(pictures, masks, split)
    folders, broken = _run(chosen, cases.good, out, threshold)
    results, unread = _judge(folders | tools, cases.good, threshold)
    _report(results, folders | tools, cases, out, threshold)
    if _list_problems(cases, broken + unread, results):
        raise typer.Exit(1)


def _refuse_missing(chosen: list[Method], tools: dict[str, Path], out: Path) -> None:
    names = [method.name for method in chosen] + list(tools)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two methods are called {twice[0]}; give one another name")
    for name, folder in tools.items():
        if not folder.is_dir():
            raise UsageError(f"--masks {name}={folder}: no such folder")
        if folder.resolve() in (out.resolve() / "masks" / one.name for one in chosen):
            raise UsageError(f"--masks {name}={folder}: would be overwritten; give another --out")
    if not names:
        raise UsageError("nothing to compare: give --network, --weights, --masks or --grabcut")


def _run(
    chosen: list[Method], cases: list[Case], out: Path, threshold: float
) -> tuple[dict[str, Path], list[str]]:
    """Folders of masks by method, and which methods could not run."""
    from pipeline.comparison.running import run_alone

    folders, problems = {}, []
    for method in chosen:
        typer.echo(f"{method.name}: {len(cases)} pictures", err=True)
        folder = out / "masks" / method.name
        try:
            run_alone(method, cases, folder, threshold)
            folders[method.name] = folder
        except PipelineError as problem:
            problems.append(f"{method.name}: {problem}")
    return folders, problems


def _judge(
    folders: dict[str, Path], cases: list[Case], threshold: float
) -> tuple[list[Result], list[str]]:
    from pipeline.comparison.scoring import judge

    results, problems = [], []
    for name, folder in folders.items():
        try:
            results.append(judge(name, folder, cases, threshold))
        except PipelineError as problem:
            problems.append(f"{name}: {problem}")
    return results, problems


def _report(
    results: list[Result], folders: dict[str, Path], cases: Cases, out: Path, threshold: float
) -> None:
    from pipeline.comparison.reports import describe, verdicts, write_sheet, write_tables

    if not results:
        return
    write_tables(out, results, cases.rejects)
    write_sheet(out, results, folders, cases.good, threshold)
    typer.echo(describe(results))
    for line in verdicts(results):
        typer.echo(line)
    typer.echo(f"{out}: summary.csv, paired.csv, scores.csv, rejects.csv, examples.png")
    for result in results:
        resized = sum(one.resized for one in result.pictures)
        if resized:
            typer.echo(f"{result.method}: {resized} masks had another size and were resized")


def _list_problems(cases: Cases, broken: list[str], results: list[Result]) -> bool:
    """Say what was left out or failed; whether there was anything."""
    lines = [f"{one.file}: {one.reason}; left out" for one in cases.rejects] + broken
    lines += [
        f"{result.method}: {one.name}: {one.failed}; counted as a failure"
        for result in results
        for one in result.failures
    ]
    for line in lines:
        typer.echo(f"clearscene: {line}", err=True)
    return bool(lines)
