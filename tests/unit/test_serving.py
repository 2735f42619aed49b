import socket

import pytest

from cryokit.config import load_settings
from cryokit.errors import UnavailableError
from cryokit.serving import serve_pages, taken_port


def test_a_port_in_use_is_told_before_any_address():
    said = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"port {port} of 127.0.0.1 is in use"):
            serve_pages(load_settings(), port, said.append)

    assert said == []


def test_a_port_that_was_given_back_can_be_taken_again():
    with taken_port(0) as first:
        port = first.getsockname()[1]

    with taken_port(port) as again:
        assert again.getsockname()[1] == port
