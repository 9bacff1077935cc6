"""What `--out` writes: all files or none, no edited one without `--force`, never through a link, each as a whole."""

from __future__ import annotations

import doctest
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import otelml.cli.doctor
from otelml.cli import files, main, replacing, streams

# ruff: noqa: S603, S607 -- programs of our own

OTELML = (sys.executable, "-m", "otelml")
COMMANDS = {"rules": "service.rules.yml", "dashboards": "otelml-service.json"}

each_command = pytest.mark.parametrize(("command", "name"), COMMANDS.items())


@pytest.fixture
def written(tmp_path, capsys):
    """Offer a command that writes into a folder: its exit status, and what it wrote to the error output."""

    def run(command, *options, folder=tmp_path / "out"):
        status = main([command, "--out", str(folder), *options])
        return status, capsys.readouterr().err

    return run


def snapshot(folder):
    """Read every file of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@each_command
def test_what_it_wrote_it_writes_again(command, name, written, tmp_path):
    """Its own files are replaced by those of other thresholds, and nothing is left beside them."""
    assert written(command)[0] == 0
    before = snapshot(tmp_path / "out")
    assert written(command, "--latency", "0.123")[0] == 0
    after = snapshot(tmp_path / "out")
    assert before.keys() == after.keys()
    assert before[name] != after[name]
    assert b"0.123" in after[name]
    assert written(command) == (0, written(command)[1])
    assert snapshot(tmp_path / "out") == before


@each_command
@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda text: text.replace(b"latency", b"Latency", 1), "edited"),
        (lambda text: text + b"\n", "edited"),
        (lambda text: text[:-1], "edited"),
        (lambda text: b"\xef\xbb\xbf" + text, "edited"),
        (lambda text: text[: len(text) // 2], "edited"),
        (lambda text: text.replace(b"sha256:", b"sha256:0", 1), "edited"),
        (lambda text: b"\n".join(text.split(b"\n")[:1] + text.split(b"\n")[2:]), "not written by otelml"),
        (lambda _: b"", "not written by otelml"),
        (lambda _: b"groups: []\n", "not written by otelml"),
        (lambda _: b"\xff\xfe\x00" * 99, "not written by otelml"),
    ],
    ids=["word", "line", "end", "mark", "half", "hash", "no hash", "empty", "foreign", "binary"],
)
def test_an_edited_file_needs_force(command, name, edit, problem, written, tmp_path):
    """A file that is not exactly what otelml wrote is named, no file is written; `--force` overwrites it."""
    assert written(command)[0] == 0
    path = tmp_path / "out" / name
    path.write_bytes(edit(path.read_bytes()))
    before = snapshot(tmp_path / "out")
    status, err = written(command, "--latency", "0.123")
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith(f"otelml {command}: nothing was written to {tmp_path / 'out'} ({name}: {problem})")
    assert "--force" in err
    assert snapshot(tmp_path / "out") == before
    assert written(command, "--latency", "0.123", "--force")[0] == 0
    assert b"0.123" in path.read_bytes()


@each_command
def test_an_edit_that_was_taken_back_is_none(command, name, written, tmp_path):
    """A file edited and restored, and one whose line ends were converted by git, are written again."""
    assert written(command)[0] == 0
    path = tmp_path / "out" / name
    text = path.read_bytes()
    path.write_bytes(b"edited")
    path.write_bytes(text)
    assert written(command)[0] == 0
    path.write_bytes(text.replace(b"\n", b"\r\n"))
    assert written(command)[0] == 0
    assert path.read_bytes() == text


@each_command
def test_a_link_is_never_followed(command, name, written, tmp_path):
    """A link in the place of a file is refused, also with `--force`, to whatever it leads; nothing is written."""
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    assert written(command, folder=elsewhere)[0] == 0
    folder.mkdir()
    for target in (elsewhere / name, tmp_path / "nothing", tmp_path):
        (folder / name).symlink_to(target)
        for options in ((), ("--force",)):
            status, err = written(command, "--latency", "0.123", *options)
            assert (status, err.count("\n")) == (2, 1)
            assert f"{name}: a link" in err
        assert [path.name for path in folder.iterdir()] == [name]
        (folder / name).unlink()
    assert b"0.123" not in (elsewhere / name).read_bytes()
    assert not (tmp_path / "nothing").exists()


@each_command
def test_a_link_to_a_folder_is_named(command, name, written, tmp_path):
    """A link given as the folder is refused, with the folder that it leads to; a link above it is a way like others."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    status, err = written(command, folder=tmp_path / "link")
    assert (status, list((tmp_path / "real").iterdir())) == (2, [])
    assert f"{tmp_path}/link is a link to {tmp_path}/real" in err
    assert written(command, folder=tmp_path / "link" / "below")[0] == 0
    assert (tmp_path / "real" / "below" / name).exists()


@each_command
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["FIFO", "folder"])
def test_what_is_no_file_is_refused(command, name, make, written, tmp_path):
    """A FIFO or a folder in the place of a file is refused at once, also with `--force`."""
    (tmp_path / "out").mkdir()
    make(tmp_path / "out" / name)
    for options in ((), ("--force",)):
        status, err = written(command, *options)
        assert (status, f"{name}: no regular file" in err) == (2, True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


@each_command
@pytest.mark.parametrize("make", [Path.touch, os.mkfifo], ids=["file", "FIFO"])
def test_the_folder_is_a_folder(command, name, make, written, tmp_path):
    """A file, a FIFO or a device given as the folder ends with one line that says so."""
    del name
    make(tmp_path / "taken")
    for folder in (tmp_path / "taken", Path("/dev/null"), tmp_path / "taken" / "below"):
        status, err = written(command, folder=folder)
        assert (status, err.count("\n")) == (2, 1)
        assert f"{folder} " in err


def test_an_empty_path_is_a_mistake(capsys, tmp_path, monkeypatch):
    """`--out "$UNSET"` is no way to say the current folder; `~` is the home folder wherever it stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(SystemExit):
        main(["rules", "--out", ""])
    assert "the path is empty" in capsys.readouterr().err
    assert main(["rules", "--out=~/rules"]) == 0
    assert (tmp_path / "home" / "rules" / "service.rules.yml").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@each_command
def test_messages_are_one_line(command, name, written, tmp_path):
    """Nothing in a path breaks the line of a message, or moves the cursor; the command in it can be copied."""
    del name
    folder = tmp_path / "two\nlines \x1b[2J"
    status, err = written(command, folder=folder)
    assert (status, err.count("\n"), "\x1b" in err) == (0, 1, False)
    assert command == "dashboards" or "check rules '" in err
    next(folder.iterdir()).write_text("edited")
    status, err = written(command, folder=folder)
    assert (status, err.count("\n"), "\x1b" in err) == (2, 1, False)


def test_what_is_no_text_is_named(written, tmp_path):
    """Bytes of the command line that are no text end with one line that shows them, and nothing is made."""
    status, err = written("dashboards", "--runbooks", "http://wiki/\udcff")
    assert status == 2
    assert err.startswith("otelml dashboards: an option is no UTF-8 text: ")
    assert "http://wiki/\\udcff" in err
    assert list(tmp_path.iterdir()) == []


def test_permissions_stay(written, tmp_path):
    """A replaced file keeps its permissions, a new one has those of the umask, and a second name keeps the old text."""
    assert written("rules")[0] == 0
    path, other = tmp_path / "out" / "service.rules.yml", tmp_path / "second name"
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()
    path.chmod(0o640)
    other.hardlink_to(path)
    before = path.read_bytes()
    assert written("rules", "--latency", "0.123")[0] == 0
    assert path.stat().st_mode & 0o777 == 0o640
    assert other.read_bytes() == before != path.read_bytes()


def umask():
    """Read the mask of this process."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def test_a_read_only_file_needs_force(written, tmp_path):
    """Who took the right to write away meant it; `--force` overwrites, and it is read-only again."""
    assert written("rules")[0] == 0
    path = tmp_path / "out" / "service.rules.yml"
    path.chmod(0o444)
    status, err = written("rules", "--latency", "0.123")
    assert (status, "service.rules.yml: read-only" in err) == (2, True)
    assert written("rules", "--latency", "0.123", "--force")[0] == 0
    assert b"0.123" in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_full_disk_leaves_the_old_files(written, tmp_path):
    """Where the last of the files does not fit, the old ones stay as they are, and nothing lies beside them."""
    assert written("rules")[0] == 0
    before = snapshot(tmp_path / "out")
    limit = max(len(text) for text in before.values()) // 1024
    command = f'ulimit -f {limit} && exec "$0" -m otelml rules --out out --latency 0.123'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert "cannot be written: File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert snapshot(tmp_path / "out") == before


def test_a_folder_that_cannot_be_written_to_is_named():
    """Where no file can be made there is one line, with the file that was meant and not the one beside it."""
    command = (*OTELML, "dashboards", "--out", "/proc/self/fdinfo")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "/proc/self/fdinfo/otelml-fleet.json cannot be written: " in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_half(number, tmp_path):
    """A signal while files are written takes effect when all are in their places."""
    program = (
        "import os, sys; from otelml.cli import main, replacing; write = replacing._write\n"
        f"def signalled(*given): os.kill(os.getpid(), {int(number)}); write(*given)\n"
        "replacing._write = signalled; sys.exit(main(['rules', '--out', 'out']))"
    )
    command = (sys.executable, "-c", program)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in done.stderr
    assert len(snapshot(tmp_path / "out")) == 8
    assert all(path.suffix == ".yml" for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError(28, "No space left on device")])
def test_an_exception_leaves_nothing_beside(error, tmp_path, monkeypatch):
    """Whatever ends it while the last file is written: the old files stay, and the others are removed."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("old")
    write = replacing._write

    def fails(path, *given):
        write(path, *given)
        if "two" in path.name:
            raise error

    monkeypatch.setattr(replacing, "_write", fails)
    old = replacing.Version.of(one.stat())
    with pytest.raises((type(error) if isinstance(error, Exception) else error, replacing.FileError)):
        replacing.replace_all({one: b"new", two: b"new"}, {one: old, two: None})
    assert snapshot(tmp_path) == {"one": b"old"}


def test_an_edit_at_the_same_time_is_kept(tmp_path):
    """A file that was changed, made or removed since it was looked at is not overwritten."""
    path, other = tmp_path / "path", tmp_path / "other"
    path.write_text("looked at")
    old = replacing.Version.of(path.stat())
    path.write_text("edited meanwhile")
    with pytest.raises(replacing.FileError, match="changed at the same time"):
        replacing.replace_all({other: b"new", path: b"new"}, {other: None, path: old})
    with pytest.raises(replacing.FileError, match="changed at the same time"):
        replacing.replace_all({other: b"new", path: b"new"}, {other: None, path: None})
    assert snapshot(tmp_path) == {"path": b"edited meanwhile"}


def test_two_commands_write_one_after_the_other(written, tmp_path, monkeypatch):
    """While another otelml writes into the folder this one waits, but not for ever."""
    monkeypatch.setattr(replacing, "WAIT_S", 0)
    (tmp_path / "out").mkdir()
    handle = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    status, err = written("rules")
    assert (status, "another otelml writes into" in err) == (2, True)
    assert list((tmp_path / "out").iterdir()) == []
    os.close(handle)
    assert written("rules")[0] == 0


def test_commands_at_the_same_time_leave_one_set(tmp_path):
    """Of several at once the files are those of one, never of two."""
    started = [
        subprocess.Popen(
            (*OTELML, "rules", "--out", "out", "--latency", f"0.{n}"), cwd=tmp_path, stderr=subprocess.PIPE
        )
        for n in range(1, 5)
    ]
    assert [(process.communicate(timeout=60)[1] and process.returncode) for process in started] == [0] * 4
    heads = {text.split(b"\n")[0] for text in snapshot(tmp_path / "out").values()}
    assert len(heads) == 1


def test_the_line_with_the_hash_is_read_by_nobody(written, tmp_path):
    """The rules are YAML and the dashboards JSON as before, with one comment or member more."""
    for command in COMMANDS:
        assert written(command)[0] == 0
    for path in (tmp_path / "out").iterdir():
        text = path.read_text()
        lines = text.split("\n")
        bare = "\n".join([lines[0], *lines[2:]])
        assert files.sealed(bare) == text
        if path.suffix == ".json":
            document = json.loads(text)
            assert next(iter(document)) == "__otelml"
            del document["__otelml"]
            assert document == json.loads(bare)
        else:
            assert lines[1].startswith("# Content: sha256:")
            assert yaml.safe_load(text) == yaml.safe_load(bare)


def test_examples_in_docstrings_hold():
    """What the docstrings show is what happens."""
    for module in (files, streams, otelml.cli.doctor):
        assert doctest.testmod(module).failed == 0
