"""`triage demo`: the story succeeds."""

from tests.bot.cli.command_line import process


def test_the_demo_succeeds() -> None:
    done = process("demo", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The demo succeeded" in done.stdout
