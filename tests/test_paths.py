"""Files and folders that are written whole or not at all."""

import logging
import os

import pytest

from embedlib._util.paths import made_whole, written_whole
from embedlib.book.run import leftovers


def test_a_file_is_the_old_one_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "folder" / "some.json"
    with written_whole(path) as aside:
        aside.write_text("one")
        assert not path.exists()
    assert path.read_text() == "one"


def test_an_exception_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "some.json"
    path.write_text("one")

    def interrupted():
        with written_whole(path) as aside:
            aside.write_text("tw")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["ipynb", "json", "csv", "parquet"])
def test_the_unfinished_file_of_a_killed_process_is_known_by_its_name(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(leftovers, "_is_gone", lambda process, path: process == os.getpid())
    monkeypatch.setattr(leftovers.tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(leftovers, "SHORT", ())
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with written_whole(tmp_path / "state" / f"01_a--9.{ending}") as aside:
        aside.touch()
        assert list(leftovers.leftovers(tmp_path, "01_a--9")) == [aside]


def test_a_folder_is_made_once_and_clears_what_killed_processes_left(tmp_path, caplog):
    folder = tmp_path / "converted" / "model-v1"
    made = []

    def make(work):
        made.append(work)
        (work / "whole").touch()

    def is_intact(path):
        return (path / "whole").exists()

    (tmp_path / "converted" / "model-v1.tmp-abc").mkdir(parents=True)
    assert [made_whole(folder, is_intact, make) for _ in range(2)] == [folder] * 2
    assert len(made) == 1
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model-v1", "model-v1.lock"]
    (folder / "whole").unlink()
    with caplog.at_level(logging.WARNING):
        made_whole(folder, is_intact, make)
    assert "model-v1: damaged and is made again" in caplog.text


def test_a_folder_that_cannot_be_made_leaves_nothing(tmp_path):
    def make(work):
        (work / "half").touch()
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        made_whole(tmp_path / "model", lambda path: path.exists(), make)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
