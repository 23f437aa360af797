import os, pytest
from pathlib import Path
from core import clock
from tests.factories import *
from tests.browser.conftest import violations, SIZES
OUT=Path('/tmp/leads/shots'); OUT.mkdir(exist_ok=True)
FILE=Path('tests/data/dcc_leads_2026-11.csv').resolve()

@pytest.mark.django_db(transaction=True)
def test_shots(people, open_page, log_in):
    SeriesFactory(); SeriesFactory(code='e5',name='远岚 E5',aliases=['E5']); SeriesFactory(code='v8',name='远岚 V8',aliases=['V8'])
    c=CustomerFactory(store=people.store, phone='+8613605717788', name='宁晓峰')
    from django.db import transaction
    with transaction.atomic(): OpportunityFactory(customer=c, owner=people.owner)
    seen={}
    import datetime
    for size in os.environ.get('SIZES','desktop tablet phone').split():
        page=open_page(size); log_in(page,'dcc')
        def shot(name):
            page.wait_for_timeout(350)
            page.screenshot(path=str(OUT/f'{name}-{size}.png'), full_page=size=='phone')
            v=violations(page)
            over=page.evaluate("document.documentElement.scrollWidth>innerWidth")
            if v or over: print(name,size,v,'OVERFLOW' if over else '')
        page.goto('/leads/new/?kind=call'); shot('register-empty')
        page.fill('#id_phone','136 0571 7788'); page.wait_for_selector('.ld-prot'); page.fill('#id_name','宁晓峰'); page.click('label:has(input[name=gender][value=male])')
        page.select_option('#id_series',index=1); page.select_option('#id_channel',index=2); page.click('label:has(input[name=purchase_window][value="15d"])')
        shot('register-known')
        page.fill('#id_phone','1390571'); page.wait_for_timeout(500); shot('register-typing')
        page.fill('#id_phone','139057100'+str(10+list(SIZES).index(size))); page.fill('#id_area','滨江'); shot('register-new')
        page.click('button.btn-primary[type=submit]'); page.wait_for_url('**/leads/*/'); shot('registered')
        page.goto('/leads/new/?kind=walk_in'); page.click('button.btn-primary[type=submit]'); page.wait_for_timeout(500); shot('register-errors')
        page.goto('/leads/imports/'); shot('import-list')
        page.set_input_files('#id_file',str(FILE)); page.click('main button.btn-primary'); page.wait_for_url('**/mapping/'); shot('import-mapping')
        page.click('main button.btn-primary'); page.wait_for_url('**/check/'); shot('import-check')
        if page.is_enabled('main button.btn-primary'):
            row=page.locator('input[name=phone]').first; row.fill('1390000'); row.press('Enter'); page.wait_for_timeout(500); shot('import-fix-bad')
            row=page.locator('input[name=phone]').first; row.fill('139057299'+str(10+list(SIZES).index(size))); row.press('Enter'); page.wait_for_timeout(800); shot('import-fix')
            page.click('main button.btn-primary'); page.wait_for_url('**/progress/'); shot('import-done')
        page.goto('/leads/imports/'); shot('import-list2')
