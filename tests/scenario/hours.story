# Before the opening nobody is offered anything; who came first is served first. At closing time the line is served out.
queue billing needs billing>=JUNIOR hours 09:00-17:00 timeout 15s
queue night hours 09:00-17:00 closed queue:watch overflow closing queue:watch
queue watch
agent ana billing=JUNIOR phone=1

clock 08:30
signin ana
contact early billing phone
contact late night
advance 10m
contact gold billing phone vip gold
----
ana signed in
early queued billing headstart=0s
early is put off by 1800s (closed)
late queued night headstart=0s
late closed: goes on in watch
gold queued billing headstart=180s
gold is put off by 1200s (closed)

advance 20m
----
early is due
gold is due
early offered ana deadline=15s

accept ana early
clock 16:59
contact last billing phone
contact n1 night
----
early accepted ana
last queued billing headstart=0s
n1 queued night headstart=0s

advance 1m
----
n1 closing: goes on in watch

complete ana early
----
early ended completed
gold offered ana deadline=15s
