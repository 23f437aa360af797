import time, pytest, random, collections, cProfile, pstats
from django.db import connection
from leads.services import *
from leads.models import *
from tests.factories import SeriesFactory
@pytest.mark.django_db(transaction=True)
def test_speed(people):
    SeriesFactory()
    rng=random.Random(1)
    sur='王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗'; giv='建国志强晓丹雨桐美玲启航明珠子涵欣怡浩然'
    N=10000
    lines=['线索编号,客户姓名,性别,手机号,来源渠道,意向车型,预计购车时间,所在区域,留资时间,备注']
    for n in range(N):
        lines.append(f"X{n},{rng.choice(sur)}{rng.choice(giv)}{rng.choice(giv)},男,139{n:08},抖音,S7,一个月内,滨江,2026-11-01 10:00:00,要白色")
    li=import_upload(store_id=people.store.pk,name='a.csv',content='\n'.join(lines).encode(),by=people.dcc)
    li=import_map(import_id=li.pk,mapping=li.mapping,by=people.dcc)
    li=import_confirm(import_id=li.pk,options=ImportOptions(owner_ids=(people.owner.pk,people.rival.pk),source='x'),by=people.dcc)
    tot=collections.Counter(); cnt=collections.Counter()
    def w(execute, sql, params, many, context):
        t=time.time()
        try: return execute(sql, params, many, context)
        finally:
            k=sql[:60]; tot[k]+=time.time()-t; cnt[k]+=1
    pr=cProfile.Profile()
    t=time.time(); c0=time.process_time()
    with connection.execute_wrapper(w):
        pr.enable(); assert import_run_next(); pr.disable()
    print('run',time.time()-t,'cpu',time.process_time()-c0)
    for k,v in tot.most_common(14): print(round(v,2),cnt[k],k)
    pstats.Stats(pr).sort_stats('tottime').print_stats(22)
