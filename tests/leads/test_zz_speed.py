import time, pytest, random
from leads.services import *
from leads.models import *
from tests.factories import SeriesFactory
from core.heartbeats import *
@pytest.mark.django_db(transaction=True)
def test_speed(people):
    SeriesFactory()
    rng=random.Random(1)
    sur='王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗'; giv='建国志强晓丹雨桐美玲启航明珠子涵欣怡浩然'
    for part in range(2):
        lines=['线索编号,客户姓名,性别,手机号,来源渠道,意向车型,预计购车时间,所在区域,留资时间,备注']
        for i in range(10000):
            n=part*10000+i
            lines.append(f"X{n},{rng.choice(sur)}{rng.choice(giv)}{rng.choice(giv)},男,139{n:08},抖音,S7,一个月内,滨江,2026-11-01 10:00:00,要白色")
        t=time.time()
        li=import_upload(store_id=people.store.pk,name='a.csv',content='\n'.join(lines).encode(),by=people.dcc); a=time.time()
        li=import_map(import_id=li.pk,mapping=li.mapping,by=people.dcc); b=time.time()
        li=import_confirm(import_id=li.pk,options=ImportOptions(owner_ids=(people.owner.pk,people.rival.pk),source='x'),by=people.dcc); c=time.time()
        assert li.state=='queued'
        assert import_run_next(); d=time.time()
        li.refresh_from_db(); print(li.state, li.error, li.counts, 'upload',a-t,'check',b-a,'confirm',c-b,'run',d-c)
    t=time.time(); u=import_undo(import_id=li.pk,by=people.dcc); print('undo',time.time()-t,u.counts)
