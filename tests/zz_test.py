import pytest
from tests.test_bad_input import world, address, ask
pytestmark=pytest.mark.django_db
def test_p(world):
    import time
    t=time.process_time()
    r=ask(world.clients["owner"], "POST", address("workbench:opportunity-note", world), {"text": "x" * 10_000_000}, headers={"HX-Request": "true"})
    print(r.status_code, len(r.content), time.process_time()-t)
    i=r.text.find("note-error"); print(r.text[i-100:i+600]); 
