"""A file has its name when it is whole, and not before."""
import pytest

from lesson.files import write_whole


def test_write_whole(tmp_path):
    path = tmp_path / "a.png"

    def save(draft):
        draft.write_text("half")
        assert draft.suffix == ".png" and not path.exists()
        draft.write_text("whole")

    def break_off(draft):
        draft.write_text("half")
        raise KeyboardInterrupt

    write_whole(path, save)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, break_off)
    with pytest.raises(FileNotFoundError):
        write_whole(path, lambda draft: None)
    assert path.read_text() == "whole" and [*tmp_path.iterdir()] == [path]
