"""Makes a command group and its commands, so that what they share is said once."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from musicctl.cli import shared_options, verbose
from musicctl.cli.coercion import plain

P = ParamSpec("P")
R = TypeVar("R")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


class Command(TyperCommand):
    """A command whose parameters need no pydantic, and whose help names arguments as the README does."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters: a command's own, those of every reading command, and that for help."""
        *own, for_help = super().get_params(ctx)
        shared = [*shared_options.options(ctx.command_path), *verbose.options(own)]
        return [plain(param) for param in (*own, *shared, for_help)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words of the command; an error knows of which, that of an option without a value too."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            known: Any = error
            known.ctx = getattr(known, "ctx", None) or ctx
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command with what the shared options say."""
        with shared_options.choosing(ctx.command_path, ctx.params), verbose.telling(ctx.params):
            return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the usage line: USER, NAME..., [FILE]."""
        return ["[OPTIONS]", *(_usage(param) for param in self._arguments(ctx))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and then the options, each with its help."""
        arguments = [(_name(param), param.help or "") for param in self._arguments(ctx)]
        options = [param.get_help_record(ctx) for param in self.get_params(ctx) if not _is_argument(param)]
        for title, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, and the exit codes that the command can give."""
        from musicctl.cli.manuals import MANUALS

        name = ctx.command_path.removeprefix("musicctl ")
        manual = MANUALS.get(name)
        if manual is None:
            return
        if shared_options.COLUMNS.get(name):
            with formatter.section("Columns"):
                formatter.write_text(", ".join(shared_options.COLUMNS[name]))
        with formatter.section("Examples"):
            for line in manual.examples:  # never folded: they are there to be copied
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(each)), each.meaning) for each in sorted(manual.exits)])

    def _arguments(self, ctx: Any) -> list[Any]:
        return [param for param in self.get_params(ctx) if _is_argument(param)]


class Group(TyperGroup):
    """A group of commands; without arguments it prints its help and exits 2."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, that for help among them."""
        return [plain(param) for param in super().get_params(ctx)]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the words begin with; raises UsageError with what may have been meant."""
        known = self.list_commands(ctx)
        if not ctx.resilient_parsing and args[0] not in known and not args[0].startswith("-"):
            from musicctl.cli.hints import no_command

            raise no_command(ctx.command_path, known, args[0], args[1:])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command with its whole first sentence."""
        rows = [(name, purpose(self.get_command(ctx, name))) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def purpose(command: Any) -> str:
    """Return the one sentence that a command's help begins with."""
    return " ".join(str(command.help).partition("\n\n")[0].split())


def group(purpose: str) -> typer.Typer:
    """Return an empty group of commands with plain help; `purpose` is its one sentence."""
    app = alone()
    app.info.help = purpose
    app.info.no_args_is_help = True
    app.callback(cls=Group)(_nothing)  # without it, Typer makes a group of one into a plain command
    return app


def alone() -> typer.Typer:
    """Return what holds a single command that is no group."""
    return typer.Typer(
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        context_settings=CONTEXT,
    )


def command(app: typer.Typer, name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function as the command `name` of `app`; its docstring is the help."""
    return app.command(name, cls=Command, context_settings=CONTEXT)


def _nothing() -> None:
    pass


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _name(param: Any) -> str:
    return f"{param.metavar}..." if param.nargs == -1 else str(param.metavar)


def _usage(param: Any) -> str:
    return _name(param) if param.required else f"[{_name(param)}]"
