"""Options of `otelml demo`, and what it says when it cannot run."""

from __future__ import annotations

from argparse import ArgumentParser

import pytest

from otelml.cli import demo


def parse(*options: str) -> object:
    """Parse a command line of the demo."""
    parser = ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(options)


def test_months_are_a_range_or_one() -> None:
    """Both bounds are served; without the option it is the whole rest of the year."""
    assert [parse(*options).months for options in ([], ["--months", "9"], ["--months", "4-5"])] == [
        (4, 12), (9, 9), (4, 5),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["3-5", "6-5", "4-13", "april", "", "4-5-6"])
def test_a_wrong_range_names_the_mend(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no range after the baseline's month is refused, with an example of what is taken."""
    with pytest.raises(SystemExit):
        parse("--months", text)
    assert "write 4-12, or 9" in capsys.readouterr().err


def test_what_is_not_installed_is_named_with_the_mend(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extra the demo says what is missing and how to get it."""
    monkeypatch.setattr(demo, "NEEDED", ("rich", "no_such_package"))
    assert demo.run(parse()) == demo.USAGE_ERROR
    said = capsys.readouterr().err
    assert "no_such_package not found" in said
    assert "pip install 'otelml[demo]'" in said
    assert "rich" not in said
