from collections.abc import Iterator

import pytest

from dealership.embedded import EmbeddedError
from tests.deploy.actors import Plant


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Servers, roles, tables: made once, because the migrations take a while."""
    try:
        made = Plant.build(tmp_path_factory.mktemp("plant"))
    except EmbeddedError as error:
        pytest.fail(str(error))
    try:
        made.make_roles()
        made.run("migrate")
        yield made
    finally:
        made.tear_down()
