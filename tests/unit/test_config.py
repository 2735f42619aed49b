import pytest

from cryokit.config import load_settings
from cryokit.errors import ConfigError


@pytest.mark.parametrize("inside", ["", "deeper/still"])
def test_a_state_folder_that_is_a_file_is_refused(tmp_path, inside):
    file = tmp_path / "file"
    file.write_text("")

    with pytest.raises(ConfigError, match=f"{file} is not a folder; set CRYOKIT_STATE_DIR"):
        load_settings(state_dir=file / inside)


def test_a_state_folder_that_is_not_there_yet_is_allowed(tmp_path):
    assert load_settings(state_dir=tmp_path / "a" / "b").state_dir == tmp_path / "a" / "b"
